#pragma once
#include <string>
#include <vector>

#include "schema/schema.h"

namespace waggle::graphql {

/// The arguments that the example gives: those that must be given, or the first String; of a bare method the first one.
[[nodiscard]] std::vector<const input_value*> example_arguments(const field& f, bool bare);

/// A payload that fits the method `f`: JSON with the arguments that must be given, and of their input types the fields
/// that must be given. Where no argument must be given, the first String is there all the same, so that there is
/// something to look at. Of a bare method it is the argument's value itself.
/// `{}` where there is nothing to give, or where the types ask for more than one would want to read.
/// Values keep to @constraint, the scalar's too, and to the form that a scalar has, where trying a few finds such. They
/// are the usual ones for patterns that no common text fits, many items, long texts, and in very large contracts.
[[nodiscard]] std::string example_payload(const schema& s, const field& f, bool bare);

}  // namespace waggle::graphql
