#pragma once
#include <string>
#include <string_view>

#include "core/error.h"

namespace waggle {

/// What a guest answered as its error: `{"error":{"code":"not_found","message":"…","details":…}}`. Code `unknown` where
/// it gave none that exists. Anything else is the guest's fault too: `internal`, and says what is wrong with it.
/// `answer`'s capacity may be grown.
[[nodiscard]] error guest_error(std::string& answer);

}  // namespace waggle
