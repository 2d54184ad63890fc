#pragma once
#include <optional>

#include "core/caller.h"
#include "core/error.h"
#include "schema/contract.h"

namespace waggle {

/// May this caller (null: anonymous) call that method from outside, by `@auth`? Else why not, the caller's fault:
/// `unauthenticated` where it does not say who it is, `permission_denied` where it has none of the method's scopes.
[[nodiscard]] std::optional<error> denies(const method& m, const caller* who);

}  // namespace waggle
