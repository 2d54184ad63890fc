#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "core/call.h"
#include "core/counter.h"

namespace waggle {

/// Durations counted in buckets of powers of two microseconds: ≤ 1 µs, ≤ 2 µs, … ≤ 2^26 µs (67 s), more.
class duration_histogram {
 public:
  static constexpr std::size_t buckets = 28;

  void add(duration d) {
    if (d.count() <= 0) return counts_[0].add();
    const auto us = static_cast<std::uint64_t>((d.count() + 999) / 1000);
    counts_[std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(us - 1)), buckets - 1)].add();
    nanoseconds_.add(static_cast<std::uint64_t>(d.count()));
  }
  [[nodiscard]] std::uint64_t count(std::size_t bucket) const { return counts_[bucket].get(); }
  [[nodiscard]] std::uint64_t nanoseconds() const { return nanoseconds_.get(); }
  /// The upper bound of a bucket in seconds.
  static double bound(std::size_t bucket) { return static_cast<double>(std::uint64_t{1} << bucket) / 1e6; }

 private:
  std::array<counter, buckets> counts_;
  counter nanoseconds_;
};

/// What several of them hold.
struct duration_sum {
  std::array<std::uint64_t, duration_histogram::buckets> counts{};
  std::uint64_t nanoseconds = 0;

  void add(const duration_histogram& h) {
    for (std::size_t b = 0; b < counts.size(); ++b) counts[b] += h.count(b);
    nanoseconds += h.nanoseconds();
  }
};

}  // namespace waggle
