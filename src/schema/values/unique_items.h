#pragma once
#include <string_view>

namespace waggle::graphql {

/// Is no item of a JSON array equal to another one, as JSON Schema has it (2020-12 §4.2.2: numbers by value, the order of
/// an object's members does not count)? The text is well-formed and at most `deepest_value` deep.
[[nodiscard]] bool items_differ(std::string_view array);

}  // namespace waggle::graphql
