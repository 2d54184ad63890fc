#include "loop/core_loop.h"

#include <boost/asio/post.hpp>
#include <gmock/gmock.h>

#include <future>
#include <latch>
#include <semaphore>
#include <vector>

namespace waggle {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

TEST(CoreLoop, RunsWhatIsPostedInItsOrder) {
  manual_clock clock;
  core_loop core(0, clock);
  std::vector<int> order;
  for (int i = 0; i < 4; ++i) core.post([&order, i] { order.push_back(i); });
  EXPECT_TRUE(order.empty());
  core.poll();
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3));
}

TEST(CoreLoop, PollOneRunsOne) {
  manual_clock clock;
  core_loop core(0, clock);
  int ran = 0;
  core.post([&] { ++ran; });
  core.post([&] { ++ran; });
  EXPECT_TRUE(core.poll_one());
  EXPECT_EQ(ran, 1);
  EXPECT_TRUE(core.poll_one());
  EXPECT_FALSE(core.poll_one());
}

TEST(CoreLoop, WhatAJobPostsRunsAfterWhatWasThere) {
  manual_clock clock;
  core_loop core(0, clock);
  std::vector<int> order;
  core.post([&] {
    order.push_back(1);
    core.post([&] { order.push_back(3); });
  });
  core.post([&] { order.push_back(2); });
  core.poll();
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

struct ring {
  int times = 0;
  core_loop* stop = nullptr;
  time_point at{};
  timer t{this, [](void* self) {
            auto& me = *static_cast<ring*>(self);
            ++me.times;
            if (me.stop == nullptr) return;
            me.at = me.stop->now();
            me.stop->stop();
          }};
};

TEST(CoreLoop, WithAManualClockTimersRunWhenATestMovesTimeAndPolls) {
  manual_clock clock;
  core_loop core(0, clock);
  ring r;
  core.start_after(r.t, 10ms);
  core.poll();
  EXPECT_EQ(r.times, 0);
  clock.advance(10ms);
  EXPECT_EQ(r.times, 0);
  core.poll();
  EXPECT_EQ(r.times, 1);
}

TEST(CoreLoop, OnTheRealClockTimersRunByThemselvesAndNotEarly) {
  const steady_clock_source clock;
  core_loop core(0, clock);
  ring far;
  core.start_after(far.t, 1h);
  ring near;  // sooner than what the loop is waiting for
  near.stop = &core;
  const time_point due = clock.now() + 3ms;
  core.start(near.t, due);
  ring between;
  core.start_after(between.t, 1ms);
  core.run();
  EXPECT_EQ(near.times, 1);
  EXPECT_GE(near.at, due);
  EXPECT_EQ(between.times, 1);
  EXPECT_EQ(far.times, 0);
}

TEST(CoreLoop, ATimerStartedFromATimerRunsOnTheRealClockToo) {
  const steady_clock_source clock;
  core_loop core(0, clock);
  struct chain {
    core_loop& core;
    int left = 5;
    timer t{this, [](void* self) {
              auto& me = *static_cast<chain*>(self);
              if (--me.left == 0) return me.core.stop();
              me.core.start_after(me.t, 1ms);
            }};
  } c{core};
  core.start_after(c.t, 1ms);
  core.run();
  EXPECT_EQ(c.left, 0);
}

TEST(CoreLoop, IsReachedFromOtherThreadsInTheOrderOfEach) {
  const steady_clock_source clock;
  core_loop core(0, clock);
  std::thread loop([&] { core.run(); });
  constexpr int each = 5'000;
  std::array<int, 2> next{};  // on the core only
  std::latch all(2);
  std::vector<std::thread> senders;
  for (std::size_t who = 0; who < 2; ++who)
    senders.emplace_back([&, who] {
      for (int i = 0; i < each; ++i)
        core.post([&, who, i] {
          EXPECT_EQ(next[who], i);
          if (++next[who] == each) all.count_down();
        });
    });
  all.wait();
  for (auto& t : senders) t.join();
  core.stop();
  loop.join();
}

TEST(CoreLoop, WhatHasNotRunWhenItIsDestroyedIsDropped) {
  auto held = std::make_shared<int>(1);
  {
    manual_clock clock;
    core_loop core(0, clock);
    core.post([held] { FAIL(); });
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
}

/// Runs as long as its slices are asked for.
struct endless final : task {
  endless(flow& of, const clock_source& time) : task(of), clock(time) {}
  slice_end run_slice(time_point, time_point& ended) override {
    ++slices;
    ended = clock.now();
    return stop ? slice_end::finished : slice_end::yielded;
  }
  const clock_source& clock;
  int slices = 0;
  bool stop = false;
};

TEST(CoreLoop, HandlersRunBetweenTheSlicesOfATaskThatNeverEnds) {
  const steady_clock_source clock;
  core_loop core(0, clock);
  flow share(core.slices());
  endless spins(share, clock);
  ring r;
  r.stop = &core;
  core.start_after(r.t, 5ms);
  int handlers = 0;
  struct again {
    core_loop& core;
    int& count;
    void operator()() const {
      if (++count < 3) core.post(again{core, count});
    }
  };
  core.post([&] {
    core.slices().ready(spins);
    core.post(again{core, handlers});
  });
  core.run();  // ends by the timer, though the task never waits
  EXPECT_EQ(handlers, 3);
  EXPECT_GT(spins.slices, 3);
}

TEST(BlockingPool, RunsOffTheCoreAndTheAnswerIsPostedBack) {
  const steady_clock_source clock;
  core_loop core(0, clock);
  blocking_pool threads(1);
  std::thread::id where;
  bool back = false;
  threads.run([&] {
    where = std::this_thread::get_id();
    core.post([&] {
      back = true;
      core.stop();
    });
  });
  core.run();
  EXPECT_TRUE(back);
  EXPECT_NE(where, std::this_thread::get_id());
}

TEST(BlockingPool, ThreadsWorkAtTheSameTime) {
  blocking_pool threads(2);
  std::latch both(2);
  std::latch done(2);
  for (int i = 0; i < 2; ++i)
    threads.run([&] {
      both.arrive_and_wait();  // each waits for the other
      done.count_down();
    });
  done.wait();
}

TEST(BlockingPool, ItsEndWaitsForWhatRunsAndDropsTheRest) {
  std::atomic<bool> finished = false;
  std::atomic<bool> dropped_ran = false;
  auto held = std::make_shared<int>(1);
  std::binary_semaphore running{0};
  std::binary_semaphore go_on{0};
  auto threads = std::make_unique<blocking_pool>(1);
  threads->run([&] {
    running.release();
    go_on.acquire();
    finished = true;
  });
  threads->run([&, held] { dropped_ran = true; });
  running.acquire();
  std::thread end([&] { threads.reset(); });
  // The end has begun or begins now; either way it must wait for the first job, and the second may only be dropped
  // where it had begun before that one was over. So nothing is asserted about it but that it is gone.
  go_on.release();
  end.join();
  EXPECT_TRUE(finished);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Ticker, ThatStandsStillIsNoticed) {
  std::latch stuck(1);
  std::latch go_on(1);
  std::atomic<bool> first{true};
  const ticker t(100us, [&] {
    if (!first.exchange(false)) return;
    stuck.count_down();
    go_on.wait();
  });
  stuck.wait();
  while (t.silent_for() < 2 * ticker::late) std::this_thread::yield();
  EXPECT_EQ(t.late_beats(), 0U) << "it knows itself only afterwards";
  go_on.count_down();
  while (t.late_beats() == 0) std::this_thread::yield();
  while (t.silent_for() > ticker::late) std::this_thread::yield();
}

TEST(Ticker, TicksUntilItIsDestroyed) {
  std::atomic<int> ticks = 0;
  std::binary_semaphore three{0};
  {
    const ticker t(100us, [&] {
      if (++ticks == 3) three.release();
    });
    three.acquire();
  }
  const int at_end = ticks;
  EXPECT_GE(at_end, 3);
  EXPECT_EQ(ticks, at_end);
}

}  // namespace
}  // namespace waggle
