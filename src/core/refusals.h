#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "core/counter.h"

namespace waggle {

/// Why a request was turned away before it began, for want of room: `fault::overload` (docs/capacity.md).
enum class refusal : std::uint8_t {
  queue,        ///< as many wait as may
  wait,         ///< it would wait for longer than it may
  deadline,     ///< its caller's time would be over before its answer
  ring,         ///< on a ring of services a call never waits
  rate,         ///< more requests a second than the operator allows
  concurrency,  ///< more at a time than the operator allows
  cpu,          ///< the service has used the time that the operator gives it
  memory,       ///< no room for another instance
};

inline constexpr std::array<std::string_view, 8> refusal_names = {"queue", "wait",        "deadline", "ring",
                                                                  "rate",  "concurrency", "cpu",      "memory"};

/// How many of each; written by one core, read from any thread.
class refusal_counters {
 public:
  void add(refusal why) { counts_[static_cast<std::size_t>(why)].add(); }
  [[nodiscard]] std::uint64_t get(refusal why) const { return counts_[static_cast<std::size_t>(why)].get(); }

 private:
  std::array<counter, refusal_names.size()> counts_;
};

}  // namespace waggle
