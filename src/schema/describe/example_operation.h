#pragma once
#include <string>

#include "schema/describe/json_schema.h"

namespace waggle::graphql {

/// A request of the executable language (§2) that calls one method.
struct example_operation {
  std::string text;  ///< `query Greet($person: PersonInput!) {…}`, some lines
  std::string
      variables;  ///< JSON for its variables, `method.example` as an object of arguments; `{}` where it has none
};

/// An operation that is valid (§5) for the contract `c`, and that asks for what one would look at first: the leaves of the
/// answer, some levels deep, without what needs arguments or is deprecated. Bounded, however large the types are.
/// The variables fit where the method's example does (`has_example`). `m` is one of `methods_of(c)`.
[[nodiscard]] example_operation operation_for(const contract& c, const described_method& m);

}  // namespace waggle::graphql
