#pragma once
#include <atomic>

#include "core/call.h"

namespace waggle {

using wall_time = std::chrono::system_clock::time_point;

/// Where waggle asks for the time, so that tests can set it. Thread-safe.
class clock_source {
 public:
  virtual ~clock_source() = default;
  [[nodiscard]] virtual time_point now() const = 0;
  /// The calendar's time, which may be set back; for what people and other machines see.
  [[nodiscard]] virtual wall_time wall() const { return std::chrono::system_clock::now(); }
  /// Time passes only when a test says so: nobody should wait for it.
  [[nodiscard]] virtual bool manual() const { return false; }
};

class steady_clock_source final : public clock_source {
 public:
  [[nodiscard]] time_point now() const override { return std::chrono::steady_clock::now(); }
};

/// Stands still until it is moved.
class manual_clock final : public clock_source {
 public:
  [[nodiscard]] time_point now() const override { return time_point(duration(now_.load(std::memory_order_relaxed))); }
  [[nodiscard]] bool manual() const override { return true; }
  [[nodiscard]] wall_time wall() const override {
    return wall_time(std::chrono::duration_cast<wall_time::duration>(
        duration(now_.load(std::memory_order_relaxed) + ahead_.load(std::memory_order_relaxed))));
  }
  /// Both clocks.
  void advance(duration by) { now_.fetch_add(by.count(), std::memory_order_relaxed); }
  /// The calendar alone.
  void set_wall(wall_time to) {
    ahead_ = std::chrono::duration_cast<duration>(to.time_since_epoch()).count() - now_.load();
  }

 private:
  std::atomic<std::int64_t> now_{1'000'000'000};
  std::atomic<std::int64_t> ahead_{0};
};

}  // namespace waggle
