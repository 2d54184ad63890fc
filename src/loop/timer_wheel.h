#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/call.h"

namespace waggle {

class timer_wheel;

/// Something to do at a time. It belongs to whoever embeds it and stops itself when it is destroyed.
class timer {
 public:
  using action = void (*)(void* self);

  timer(void* self, action run) : self_(self), run_(run) {}
  ~timer() { stop(); }
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;

  void stop();
  [[nodiscard]] bool running() const { return wheel_ != nullptr; }

 private:
  friend class timer_wheel;
  void* self_;
  action run_;
  timer_wheel* wheel_ = nullptr;
  timer* next_ = nullptr;
  timer** link_ = nullptr;  // what points at this timer
  std::uint64_t tick_ = 0;
};

/// A hashed timing wheel (Varghese & Lauck 1987, scheme 6) of 1 ms: starting and stopping a timer costs a few
/// nanoseconds. A timer runs at its time or up to 1 ms later, never before. One per core, used on that core only.
class timer_wheel {
 public:
  explicit timer_wheel(time_point start) : start_(start) {}
  ~timer_wheel();
  timer_wheel(const timer_wheel&) = delete;
  timer_wheel& operator=(const timer_wheel&) = delete;

  /// Starts it, or moves it when it was running.
  void start(timer& t, time_point when);
  /// Runs what is due at `now`. What an action starts for a time that has passed runs at the next `advance`.
  void advance(time_point now);
  /// No timer is due before this; `time_point::max()` without timers. It may be early, never late.
  [[nodiscard]] time_point next() const;
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  friend class timer;
  static constexpr std::size_t slots = 4096;
  static constexpr duration tick = std::chrono::milliseconds(1);
  void insert(timer& t);
  void unlink(timer& t);

  time_point start_;
  std::uint64_t current_ = 0;  // the last tick that ran
  std::size_t size_ = 0;
  std::array<timer*, slots> heads_{};
  std::array<std::uint64_t, slots / 64> used_{};  // a bit for each slot that is not empty
};

}  // namespace waggle
