#pragma once
#include <atomic>
#include <functional>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/counter.h"
#include "loop/clock.h"
#include "loop/scheduler.h"
#include "loop/timer_wheel.h"

namespace waggle {

/// One core: one thread, one `io_context`, one set of timers, one scheduler. Everything on it is used by its own
/// thread only; `post` is how others reach it. Sockets are polled between slices.
///
/// With a manual clock nothing starts by itself: a test runs `poll`.
class core_loop {
 public:
  using executor_type = boost::asio::io_context::executor_type;
  using job = std::move_only_function<void()>;

  /// `time` must outlive the loop.
  core_loop(unsigned index, const clock_source& time);
  ~core_loop();
  core_loop(const core_loop&) = delete;
  core_loop& operator=(const core_loop&) = delete;

  [[nodiscard]] unsigned index() const { return index_; }
  [[nodiscard]] time_point now() const { return time_.now(); }
  [[nodiscard]] const clock_source& time() const { return time_; }
  boost::asio::io_context& io() { return io_; }
  scheduler& slices() { return slices_; }

  /// Runs `what` on this core's thread, later, in order. From any thread.
  void post(job what);

  /// On this core: there is as much to run as it can, or more.
  [[nodiscard]] bool crowded() const { return queued_.load(std::memory_order_relaxed) || slices_.full(); }
  /// Nothing runs or waits for a slice. From any thread; it may be too late when it is used.
  [[nodiscard]] bool free() const { return !queued_.load(std::memory_order_relaxed) && !slices_.running(); }

  /// Starts `t`, to run at `when` or at most a millisecond later (on this core).
  void start(timer& t, time_point when);
  void start_after(timer& t, duration wait) { start(t, now() + wait); }

  /// Serves until `stop`, on the calling thread.
  void run();
  /// From any thread. What is posted but has not run is dropped when the loop is destroyed.
  void stop();

  /// For tests: runs due timers and everything that is ready, without waiting. How many handlers ran.
  std::size_t poll();
  /// For tests: runs one posted job or ready handler. False where there was none.
  bool poll_one();

 private:
  void wake();
  void look();
  void arm(time_point when);
  void on_alarm();

  unsigned index_;
  const clock_source& time_;
  boost::asio::io_context io_;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                    executor_type>
      alarm_;
  time_point armed_ = time_point::max();
  bool woken_ = false;
  std::atomic<bool> queued_{false};  // something has used up a slice and wants another, or waits for its first
  scheduler slices_;
  timer_wheel timers_;
};

/// What may block or takes long: compilation, files, name resolution. A few threads of their own.
class blocking_pool {
 public:
  explicit blocking_pool(unsigned threads = 2);
  /// Waits for what runs; what has not begun is dropped.
  ~blocking_pool();
  blocking_pool(const blocking_pool&) = delete;
  blocking_pool& operator=(const blocking_pool&) = delete;

  void run(core_loop::job what);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// A thread that calls `tick` every `period`: the heartbeat of the slices. Whether it beats can be seen from any thread:
/// without it a guest that spins is never interrupted.
class ticker {
 public:
  /// A beat that comes so much later than it should is counted: the machine was overloaded, or stood still.
  static constexpr duration late = std::chrono::milliseconds(20);
  /// Without a beat for so long it is taken for dead.
  static constexpr duration dead = std::chrono::seconds(1);

  ticker(duration period, std::move_only_function<void()> tick);
  ~ticker();
  ticker(const ticker&) = delete;
  ticker& operator=(const ticker&) = delete;

  /// How long ago it beat.
  [[nodiscard]] duration silent_for() const;
  /// Beats that came late since it began.
  [[nodiscard]] std::uint64_t late_beats() const { return late_beats_.get(); }

 private:
  std::atomic<bool> stop_{false};
  std::atomic<time_point::rep> last_;
  counter late_beats_;
  std::thread thread_;
};

}  // namespace waggle
