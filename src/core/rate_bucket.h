#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>

#include "core/call.h"

namespace waggle {

/// A token bucket in one atomic, shared by all cores: the generic cell rate algorithm (ITU-T I.371, annex A). It fills by
/// itself, one second's worth in each second, up to `burst` seconds' worth; what is taken is given as the time in which it
/// fills again.
class rate_bucket {
 public:
  explicit rate_bucket(duration burst) : burst_(burst) {}

  /// Takes what fills again in `cost`; zero where it is there, else nothing is taken: how long until it will be there.
  [[nodiscard]] duration take(duration cost, time_point now) {
    std::int64_t full = full_.load(std::memory_order_relaxed);
    for (;;) {
      const std::int64_t after = std::max(full, count(now)) + cost.count();
      if (const duration wait = duration(after - count(now)) - burst_; wait > duration(0)) return wait;
      if (full_.compare_exchange_weak(full, after, std::memory_order_relaxed)) return duration(0);
    }
  }
  /// Takes it whether it is there or not: what is owed has to be filled up first.
  void spend(duration cost, time_point now) {
    std::int64_t full = full_.load(std::memory_order_relaxed);
    while (!full_.compare_exchange_weak(full, std::max(full, count(now)) + cost.count(), std::memory_order_relaxed)) {
    }
  }
  /// What `take` would say now.
  [[nodiscard]] duration wait_for(duration cost, time_point now) const {
    const std::int64_t full = std::max(full_.load(std::memory_order_relaxed), count(now));
    return std::max(duration(0), duration(full - count(now)) + cost - burst_);
  }
  /// How long until nothing is owed; zero: now.
  [[nodiscard]] duration empty_for(time_point now) const {
    return std::max(duration(0), duration(full_.load(std::memory_order_relaxed) - count(now)) - burst_);
  }

 private:
  static std::int64_t count(time_point t) { return t.time_since_epoch().count(); }

  const duration burst_;
  std::atomic<std::int64_t> full_{0};  // when it will be full, if nothing is taken
};

}  // namespace waggle
