#pragma once
#include "schema/language/findings.h"
#include "schema/schema.h"

namespace waggle::graphql {

/// Reports directives whose definition needs itself: by the directives on its arguments, by the types of these, or by
/// what stands on those types (§3.13).
void check_directive_cycles(const schema& s, findings& found);

}  // namespace waggle::graphql
