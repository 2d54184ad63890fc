#pragma once
#include "schema/language/ast.h"

namespace waggle::graphql {

/// What became of the values that a `@constraint` allows. Both are false where it allows the same.
struct constraint_change {
  bool narrowed = false;  ///< a value that was allowed may be refused now
  bool widened = false;   ///< a value that was refused may be allowed now
};

/// Compares two uses of `@constraint` (prelude.graphql); null where there is none. In doubt it says both: of two patterns
/// nobody knows, and numbers are compared as 64-bit floating point.
[[nodiscard]] constraint_change compare_constraints(const directive* before, const directive* after);

}  // namespace waggle::graphql
