#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace waggle {

/// What a payload or an answer may be at most, unless the operator says otherwise (docs/configuration.md).
struct payload_limits {
  std::size_t input_bytes = std::size_t{1} << 20;
  std::size_t output_bytes = std::size_t{1} << 20;
  std::size_t depth = 128;  ///< nested arrays and objects
};

/// What the operator allows one service, over all cores: `[[limit]]` (docs/capacity.md). Zero: no limit.
struct service_limits {
  std::uint32_t rate = 0;             ///< requests a second
  std::uint32_t burst = 0;            ///< requests at once; zero: those of a second
  std::uint32_t rate_per_caller = 0;  ///< requests a second of each verified caller, and of all others together
  std::uint32_t concurrency = 0;      ///< requests that wait or run
  std::uint32_t cpu_ms = 0;           ///< time of its guests in a second
  std::uint32_t memory_mb = 0;        ///< of an instance
  std::uint32_t total_memory_mb = 0;  ///< of all instances together
  std::optional<std::chrono::milliseconds> queue;  ///< instead of `limits.queue_ms`
};

}  // namespace waggle
