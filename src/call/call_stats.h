#pragma once
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

#include "core/call.h"
#include "core/counter.h"
#include "core/refusals.h"

namespace waggle {

/// Durations counted in buckets of powers of two microseconds: ≤ 1 µs, ≤ 2 µs, … ≤ 2^26 µs (67 s), more.
class duration_histogram {
 public:
  static constexpr std::size_t buckets = 28;

  void add(duration d) {
    const auto us = static_cast<std::uint64_t>(d.count() > 0 ? (d.count() + 999) / 1000 : 1);
    counts_[std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(us - 1)), buckets - 1)].add();
    nanoseconds_.add(static_cast<std::uint64_t>(std::max<std::int64_t>(d.count(), 0)));
  }
  [[nodiscard]] std::uint64_t count(std::size_t bucket) const { return counts_[bucket].get(); }
  [[nodiscard]] double seconds() const { return static_cast<double>(nanoseconds_.get()) / 1e9; }
  /// The upper bound of a bucket in seconds.
  static double bound(std::size_t bucket) { return static_cast<double>(std::uint64_t{1} << bucket) / 1e6; }

 private:
  std::array<counter, buckets> counts_;
  counter nanoseconds_;
};

/// Figures of a service on one core; read by the metrics from any thread.
struct call_stats {
  counter requests;
  std::array<counter, 17> by_code;  ///< errors; [0] is success
  refusal_counters refused;         ///< by the operator's limits
  duration_histogram total;
  duration_histogram queue;
  duration_histogram guest;
};

}  // namespace waggle
