#pragma once
#include <atomic>

#include "core/call.h"

namespace waggle {

/// Where waggle asks for the time, so that tests can set it. Thread-safe.
class clock_source {
 public:
  virtual ~clock_source() = default;
  [[nodiscard]] virtual time_point now() const = 0;
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
  void advance(duration by) { now_.fetch_add(by.count(), std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> now_{1'000'000'000};
};

}  // namespace waggle
