#pragma once
#include <cstddef>

namespace waggle {

/// What a payload or an answer may be at most, unless the operator says otherwise (docs/configuration.md).
struct payload_limits {
  std::size_t input_bytes = std::size_t{1} << 20;
  std::size_t output_bytes = std::size_t{1} << 20;
  std::size_t depth = 128;  ///< nested arrays and objects
};

}  // namespace waggle
