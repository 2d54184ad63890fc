#pragma once
#include <memory>
#include <optional>

#include "core/rate_bucket.h"
#include "loop/core_loop.h"

namespace waggle {

/// The time that the guests of one service may use in each second, over all cores. Up to a second's worth may be saved up.
class cpu_budget {
 public:
  explicit cpu_budget(std::uint32_t ms_a_second) : ms_(ms_a_second), bucket_(std::chrono::seconds(1)) {}

  void used(duration guest, time_point now) { bucket_.spend(guest * 1000 / ms_, now); }
  /// How long until there is some of it again; zero: now.
  [[nodiscard]] duration empty_for(time_point now) const { return bucket_.empty_for(now); }
  [[nodiscard]] std::uint32_t ms() const { return ms_; }

 private:
  const std::uint32_t ms_;
  rate_bucket bucket_;
};

/// Keeps a service on one core to its budget: counts after each slice, and holds the service's turns while there is nothing
/// left.
class cpu_limit {
 public:
  /// `budget` may be null: no limit.
  cpu_limit(core_loop& core, flow& share, std::shared_ptr<cpu_budget> budget)
      : core_(core), share_(share), budget_(std::move(budget)) {}

  void used(duration guest, time_point now) {
    if (!budget_) return;
    budget_->used(guest, now);
    if (const duration wait = budget_->empty_for(now); wait > duration(0) && !again_.running()) {
      core_.slices().hold(share_);
      core_.start(again_, now + wait);
    }
  }
  /// How long a request would wait for the budget alone; zero: not at all.
  [[nodiscard]] duration wait() const { return budget_ ? budget_->empty_for(core_.now()) : duration(0); }
  [[nodiscard]] std::uint32_t ms() const { return budget_ ? budget_->ms() : 0; }

 private:
  core_loop& core_;
  flow& share_;
  std::shared_ptr<cpu_budget> budget_;
  // Other cores may have used meanwhile what has come in. It gets its slice all the same, and owes it: else the core that
  // looks first would get everything.
  timer again_{this, [](void* self) {
                 auto& me = *static_cast<cpu_limit*>(self);
                 me.core_.slices().release(me.share_);
               }};
};

}  // namespace waggle
