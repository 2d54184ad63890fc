#pragma once
#include <string>

#include "schema/schema.h"

namespace waggle::graphql {

/// A payload that fits the method `f`: JSON with the arguments that must be given, and of their input types the fields
/// that must be given. Where no argument must be given, the first String is there all the same, so that there is
/// something to look at. Of a bare method it is the argument's value itself.
/// `{}` where there is nothing to give, or where the types ask for more than one would want to read.
[[nodiscard]] std::string example_payload(const schema& s, const field& f, bool bare);

}  // namespace waggle::graphql
