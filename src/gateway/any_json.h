#pragma once
#include <string>
#include <string_view>

#include "schema/contract.h"

namespace waggle {

/// A method whose payload and answer are any JSON: texts for the gateway itself are checked by it.
[[nodiscard]] const method& any_json();

/// The most that `limits.depth` may be, and what is around it.
inline constexpr payload_limits any_size = {
    .input_bytes = std::size_t{1} << 31, .output_bytes = std::size_t{1} << 31, .depth = 1002};

/// What is wrong with a text that is not JSON, to put behind "is not JSON": `: at byte 12: expected …`. Nothing where it cannot be told.
[[nodiscard]] std::string where_not_json(std::string_view text);

}  // namespace waggle
