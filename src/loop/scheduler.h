#pragma once
#include <cstddef>

#include "loop/clock.h"

namespace waggle {

class flow;

/// How a slice ended.
enum class slice_end {
  finished,  ///< nothing left to run; the task may be gone
  yielded,   ///< used up its slice, wants another
  waiting,   ///< waits for an event, whose arrival calls `scheduler::ready`
};

/// Something that runs in slices: a worker with its guest on a fiber. It belongs to whoever made it.
class task {
 public:
  explicit task(flow& of) : flow_(of) {}
  virtual ~task();
  task(const task&) = delete;
  task& operator=(const task&) = delete;

  /// Runs for one slice at most. `started` is the time now; puts the time at the end into `ended`.
  virtual slice_end run_slice(time_point started, time_point& ended) = 0;

  [[nodiscard]] bool queued() const { return queued_; }

 private:
  friend class scheduler;
  friend class flow;
  flow& flow_;
  task* next_ = nullptr;
  task* previous_ = nullptr;
  bool queued_ = false;
};

class scheduler;

/// The runnable tasks of one service on one core, first in first out, and its share of the core.
/// It outlives its tasks and is not destroyed from within one of their slices.
class flow {
 public:
  /// `weight`: how many slices it gets when others get one.
  flow(scheduler& owner, unsigned weight = 1) : owner_(owner), weight_(weight) {}
  ~flow();
  flow(const flow&) = delete;
  flow& operator=(const flow&) = delete;

 private:
  friend class scheduler;
  friend class task;
  enum class place { nowhere, fresh, old };

  scheduler& owner_;
  unsigned weight_;
  duration credit_{0};
  task* first_ = nullptr;
  task* last_ = nullptr;
  flow* next_ = nullptr;
  flow* previous_ = nullptr;
  place place_ = place::nowhere;
  bool held_ = false;
};

/// Shares a core between services: deficit round robin (Shreedhar & Varghese 1995) over their runnable tasks, a service
/// that just became runnable first, once, as in FQ-CoDel (RFC 8290 §4.2). One per core, used on that core only.
class scheduler {
 public:
  /// A slice: what a service of weight 1 may use before others get their turn.
  static constexpr duration slice = std::chrono::milliseconds(1);

  explicit scheduler(const clock_source& time) : time_(time) {}
  scheduler(const scheduler&) = delete;
  scheduler& operator=(const scheduler&) = delete;

  /// `t` can run. A newcomer may run its first slice before this returns; true where it did (it may be gone then),
  /// false where it waits for its turn.
  bool ready(task& t);
  /// `f` gets no turn until it is released, whatever of it becomes ready meanwhile. Also from within one of its slices.
  void hold(flow& f);
  void release(flow& f);
  /// Runs one slice of whoever's turn it is. False where nothing is runnable.
  bool run_one();
  /// Runs slices until `budget` is used up. True where something is left to run.
  bool run(duration budget);
  /// When the slice began that ran last or runs now: the time without asking for it.
  [[nodiscard]] time_point recent() const { return recent_; }
  [[nodiscard]] bool idle() const { return fresh_.first == nullptr && old_.first == nullptr; }

  /// Called when there is something to run and nobody is running it: `run` must be called soon.
  void on_work(void* self, void (*wake)(void*)) {
    wake_self_ = self;
    wake_ = wake;
  }

 private:
  friend class flow;
  friend class task;
  struct flow_list {
    flow* first = nullptr;
    flow* last = nullptr;
  };

  void append(flow_list& list, flow& f, flow::place where);
  void remove(flow& f);
  void enqueue(task& t);
  void dequeue(task& t);
  void retire(flow& f);
  flow* next_flow();

  const clock_source& time_;
  flow_list fresh_;
  flow_list old_;
  bool running_ = false;
  time_point recent_{};
  void* wake_self_ = nullptr;
  void (*wake_)(void*) = nullptr;
};

}  // namespace waggle
