#pragma once
#include <algorithm>
#include <optional>
#include <string>

#include "core/call.h"

namespace waggle {

/// How long a request would wait in a shard, judged by what the shard did lately: how fast its queue was drained, and
/// what its requests took. Little's law with measured rates, as CoDel (RFC 8289) bounds the wait and not the length;
/// unlike there the request is refused when it comes, not when it has waited.
///
/// Used on one core. It knows nothing at first, and then nobody is refused.
class wait_estimate {
 public:
  /// A queue in which each request waits as long as some requests take keeps the workers busy whatever the arrivals are
  /// like (a Poisson stream at full load loses about 1/20 with ten). More only makes answers late.
  static constexpr int patience = 10;
  /// A queue that was not empty for as long as a request may wait is no burst: more comes than can be answered, and to let
  /// them wait would help nobody. From then on the wait is bounded by such a part of it.
  static constexpr int standing = 2;

  /// `longest`: how long a request may wait, however short the service's requests are. Zero: it is never judged.
  explicit wait_estimate(duration longest) : limit_(longest) {}

  /// `call` was answered, or failed: a guest that fails keeps others waiting as long.
  void answered(const service_call& call) {
    const duration busy = call.response.cost.guest + call.response.cost.waited;
    if (busy <= duration(0)) return;
    approach(typical_, busy);
  }

  /// The first request begins to wait.
  void queue_began(time_point now) {
    since_ = began_ = now;
    interval_ = std::min(interval_, typical_);  // what was measured in an older queue may be true no more
  }
  /// A worker took a waiting request.
  void left_queue(time_point now) {
    approach(interval_, now - since_);
    since_ = now;
  }

  /// What a request would wait behind `waiting` others.
  [[nodiscard]] duration wait(std::uint32_t waiting) const { return interval_ * waiting; }
  /// What it may wait: a burst longer than what has to wait all the time.
  [[nodiscard]] duration longest(time_point now) const {
    return std::max(now - began_ <= limit_ ? limit_ : limit_ / standing, typical_ * patience);
  }
  [[nodiscard]] bool too_long(std::uint32_t waiting, time_point now) const {
    return limit_ > duration(0) && typical_ > duration(0) && wait(waiting) > longest(now);
  }
  /// The refusal of a request that would wait for too long behind `waiting` others.
  [[nodiscard]] std::optional<error> waits_too_long(std::uint32_t waiting, time_point now) const;
  /// The refusal of a request whose caller's deadline is over before `waiting` others have had their turn. How long it will
  /// run is not judged: its method may be another, and who is never let in is never measured. `call.began` is the time now.
  [[nodiscard]] std::optional<error> comes_too_late(const service_call& call, std::uint32_t waiting) const;

 private:
  /// The mean of about the last 16, the last the most.
  static void approach(duration& mean, duration sample) {
    mean = mean == duration(0) ? sample : mean + (sample - mean) / 16;
  }

  duration limit_;
  duration typical_{0};  // of guest and waits for others
  duration interval_{0};
  time_point began_{};  // since when somebody waits
  time_point since_{};  // since the last of them was taken
};

}  // namespace waggle
