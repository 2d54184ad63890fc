#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>

#include "core/call.h"

namespace waggle {

/// Keeps requests away from a service whose guest fails all the time: after 20 guest faults in a row within 10 s it opens
/// for 1 s, then, as long as the next request fails again, for twice as long each time up to 30 s. Shared by all cores.
class breaker {
 public:
  static constexpr std::uint32_t faults_to_open = 20;
  static constexpr duration within = std::chrono::seconds(10);
  static constexpr duration shortest = std::chrono::seconds(1);
  static constexpr duration longest = std::chrono::seconds(30);

  /// Nothing when requests may pass, else how long they may not. `now` is only asked for when it matters.
  template <class Now>
  [[nodiscard]] std::optional<duration> closed_for(Now now) const {
    const std::int64_t until = open_until_.load(std::memory_order_relaxed);
    if (until == 0) return std::nullopt;
    const duration left = duration(until) - now().time_since_epoch();
    return left > duration(0) ? std::optional(left) : std::nullopt;
  }

  void fine() {
    if (faults_.load(std::memory_order_relaxed) == 0) return;
    faults_ = 0;
    open_for_ = 0;
    open_until_ = 0;
  }

  void fault(time_point now) {
    const std::int64_t at = now.time_since_epoch().count();
    if (open_until_.load() > at) return;  // of a request from before it opened
    if (faults_.load() == 0 || (open_for_.load() == 0 && at - first_.load() > within.count())) {
      first_ = at;
      faults_ = 0;
    }
    if (++faults_ < faults_to_open && open_for_.load() == 0) return;
    open_for_ = open_for_.load() == 0 ? shortest.count() : std::min(open_for_.load() * 2, longest.count());
    open_until_ = at + open_for_.load();
  }

 private:
  // Two cores that fail at the same moment may lose a count: harmless.
  std::atomic<std::uint32_t> faults_{0};
  std::atomic<std::int64_t> first_{0};
  std::atomic<std::int64_t> open_for_{0};
  std::atomic<std::int64_t> open_until_{0};
};

}  // namespace waggle
