#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <boost/intrusive/set.hpp>

#include "core/counter.h"
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

  [[nodiscard]] bool queued() const { return queue_ != nullptr; }

 protected:
  /// What runs from now on is another request: it is short until it has used a slice.
  void begin_request() { used_ = duration(0); }

 private:
  friend class scheduler;
  friend class flow;
  struct queue {
    task* first = nullptr;
    task* last = nullptr;
  };
  flow& flow_;
  duration used_{0};  // by its request, up to now
  std::uint64_t place_ = 0;
  queue* queue_ = nullptr;
  task* next_ = nullptr;
  task* previous_ = nullptr;
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

  /// How long its slices have run, those that are over. From any thread.
  [[nodiscard]] duration used() const { return duration(static_cast<duration::rep>(used_.get())); }

 private:
  friend class scheduler;
  friend class task;
  using hook = boost::intrusive::set_member_hook<>;

  scheduler& owner_;
  unsigned weight_;
  duration spent_{0};  // its time on the core, divided by its weight: its virtual time
  counter used_;       // ns on the core
  task::queue short_;  // tasks whose request has used less than a slice
  task::queue long_;
  hook in_turn_;   // has tasks and is not held
  hook in_short_;  // has short ones, likewise
  bool held_ = false;
};

/// Shares a core between services. The service that has had the least, by its weight, goes first (start-time fair queueing:
/// Goyal, Vin, Cheng 1996); who was idle comes back with at most one slice saved up. So a service that needs less than its
/// share waits for the slice that runs, whatever the others do, and the others share by weight what is left.
///
/// A request that has used less than a slice goes before those that have used more, out of turn, also where its service has
/// had its share: but out of turn at most as long as the long ones ran, so that those get half of the core. That is what
/// keeps a service of short requests quick beside a hundred that spin. One per core, used on that core only.
class scheduler {
 public:
  /// A slice: what a service of weight 1 may use before others get their turn.
  static constexpr duration slice = std::chrono::milliseconds(1);

  explicit scheduler(const clock_source& time) : time_(time) {}
  scheduler(const scheduler&) = delete;
  scheduler& operator=(const scheduler&) = delete;

  /// `t` can run. If it is its turn it runs its first slice before this returns; true where it did (it may be gone
  /// then), false where it waits for its turn.
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
  [[nodiscard]] bool idle() const { return in_turn_.empty(); }
  /// A slice runs. From any thread.
  [[nodiscard]] bool running() const { return running_.load(std::memory_order_relaxed); }
  /// Slices have taken three quarters of the time lately.
  [[nodiscard]] bool full() const { return full_until_ > recent_; }

  /// Called when there is something to run and nobody is running it: `run` must be called soon.
  void on_work(void* self, void (*wake)(void*)) {
    wake_self_ = self;
    wake_ = wake;
  }

 private:
  friend class flow;
  friend class task;
  struct had_less {
    bool operator()(const flow& a, const flow& b) const { return a.spent_ < b.spent_; }
  };
  template <flow::hook flow::*where>
  using flows =
      boost::intrusive::multiset<flow, boost::intrusive::member_hook<flow, flow::hook, where>,
                                 boost::intrusive::compare<had_less>, boost::intrusive::constant_time_size<false>>;
  struct choice {
    task* it = nullptr;
    bool out_of_turn = false;
  };

  void enqueue(task& t);
  void dequeue(task& t);
  void line_up(flow& f);
  void leave(flow& f);
  void run(choice c);
  [[nodiscard]] choice next();
  void charge(flow& f, duration took, bool out_of_turn);
  void note_use(duration took, time_point ended);

  const clock_source& time_;
  flows<&flow::in_turn_> in_turn_;
  flows<&flow::in_short_> in_short_;
  duration reached_{0};      // the virtual time of whoever had its turn last
  duration favour_ = slice;  // what short ones may still use out of turn
  std::size_t long_ones_ = 0;
  std::uint64_t places_ = 0;
  std::atomic<bool> running_{false};
  time_point recent_{};
  time_point window_began_{};
  duration window_used_{0};
  time_point full_until_{};
  void* wake_self_ = nullptr;
  void (*wake_)(void*) = nullptr;
};

}  // namespace waggle
