#include "loop/scheduler.h"

#include <gmock/gmock.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace waggle {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

/// Runs for the time it is told to, then ends its slice as it is told to.
struct fake_task final : task {
  fake_task(flow& of, manual_clock& time, std::string called = {}, std::vector<std::string>* into = nullptr)
      : task(of), clock(time), name(std::move(called)), log(into) {}

  void another_request() { begin_request(); }
  slice_end run_slice(time_point started, time_point& ended) override {
    EXPECT_EQ(started, clock.now());
    ++slices;
    if (log != nullptr) log->push_back(name);
    clock.advance(each);
    ended = clock.now();
    if (during) during();
    if (left > 0 && --left > 0) return slice_end::yielded;
    return last;
  }

  manual_clock& clock;
  std::string name;
  std::vector<std::string>* log;
  duration each = 1ms;
  int left = 1;  // slices until it ends
  slice_end last = slice_end::finished;
  std::function<void()> during;
  int slices = 0;
};

class Scheduler : public testing::Test {
 protected:
  static constexpr int forever = 1 << 30;
  /// A flow whose only task never ends.
  struct spinner {
    spinner(Scheduler& in, duration each, unsigned weight = 1) : share(in.turns, weight), work(share, in.clock) {
      work.each = each;
      work.left = forever;
    }
    flow share;
    fake_task work;
  };
  /// Keeps the core busy: it is no newcomer any more.
  void occupy(spinner& s) {
    turns.ready(s.work);
    turns.run_one();
  }

  manual_clock clock;
  scheduler turns{clock};
  std::vector<std::string> order;
};

TEST_F(Scheduler, ANewcomerOnAnIdleCoreRunsAtOnce) {
  flow share(turns);
  fake_task t(share, clock);
  EXPECT_TRUE(turns.ready(t));
  EXPECT_EQ(t.slices, 1);
  EXPECT_TRUE(turns.idle());
  EXPECT_FALSE(turns.run_one());
}

TEST_F(Scheduler, ANewcomerGoesBeforeThoseWhoRunAllTheTime) {
  spinner a(*this, 1ms);
  spinner b(*this, 1ms);
  occupy(a);
  occupy(b);
  turns.run_one();
  const int before = a.work.slices + b.work.slices;
  flow share(turns);
  fake_task t(share, clock);
  t.left = 2;
  EXPECT_TRUE(turns.ready(t));  // its first slice at once
  EXPECT_EQ(t.slices, 1);
  EXPECT_EQ(a.work.slices + b.work.slices, before);
}

TEST_F(Scheduler, IsFullWhereSlicesTakeMostOfTheTime) {
  flow share(turns);
  fake_task t(share, clock);
  t.each = 300us;
  const auto run_with_gaps = [&](duration gap) {
    for (int i = 0; i < 20; ++i) {
      clock.advance(gap);
      turns.ready(t);
    }
  };
  EXPECT_FALSE(turns.full());
  run_with_gaps(30us);
  EXPECT_TRUE(turns.full());
  run_with_gaps(300us);
  EXPECT_FALSE(turns.full());
  EXPECT_FALSE(turns.running());
  t.during = [&] { EXPECT_TRUE(turns.running()); };
  turns.ready(t);
}

TEST_F(Scheduler, OnlyOnce) {
  // A service that becomes ready again as soon as it has run may not go first each time while others wait.
  spinner a(*this, 1ms);
  occupy(a);
  flow share(turns);
  fake_task t(share, clock);
  for (int i = 0; i < 1000; ++i) {
    if (!t.queued()) {
      t.left = 1;
      turns.ready(t);
    }
    turns.run_one();
  }
  EXPECT_NEAR(a.work.slices, t.slices, 5);
}

TEST_F(Scheduler, TasksOfOneServiceAreServedInTheirOrder) {
  flow share(turns);
  fake_task first(share, clock, "1", &order);
  fake_task second(share, clock, "2", &order);
  fake_task third(share, clock, "3", &order);
  fake_task starts(share, clock);
  starts.during = [&] {
    EXPECT_FALSE(turns.ready(first));
    EXPECT_FALSE(turns.ready(second));
    EXPECT_FALSE(turns.ready(third));
    EXPECT_FALSE(turns.ready(second)) << "ready twice is queued once";
  };
  first.left = 2;
  turns.ready(starts);
  EXPECT_TRUE(order.empty());
  while (turns.run_one()) {
  }
  EXPECT_THAT(order, ElementsAre("1", "2", "3", "1"));
}

TEST_F(Scheduler, TimeIsSharedEquallyWhateverTheSlicesLengths) {
  spinner quick(*this, 100us);
  spinner slow(*this, 3ms);
  occupy(quick);
  occupy(slow);
  const int quick_before = quick.work.slices;
  const int slow_before = slow.work.slices;
  for (int i = 0; i < 10'000; ++i) turns.run_one();
  const auto quick_time = (quick.work.slices - quick_before) * 100us;
  const auto slow_time = (slow.work.slices - slow_before) * 3'000us;
  EXPECT_NEAR(static_cast<double>(quick_time.count()), static_cast<double>(slow_time.count()), 6'000.0);  // two slices
}

TEST_F(Scheduler, TimeIsSharedByWeightWithinASliceEach) {
  spinner one(*this, 1ms, 1);
  spinner three(*this, 1ms, 3);
  spinner ten(*this, 1ms, 10);
  for (spinner* const s : {&one, &three, &ten}) occupy(*s);
  for (int i = 0; i < 14'000; ++i) turns.run_one();
  EXPECT_NEAR(one.work.slices, 1'000, 14);
  EXPECT_NEAR(three.work.slices, 3'000, 14);
  EXPECT_NEAR(ten.work.slices, 10'000, 14);
}

TEST_F(Scheduler, AServicesShareDoesNotDependOnHowManyWorkersItHas) {
  spinner single(*this, 1ms);
  flow crowded(turns);
  std::deque<fake_task> crowd;
  for (int i = 0; i < 50; ++i) {
    crowd.emplace_back(crowded, clock).left = forever;
    turns.ready(crowd.back());
  }
  occupy(single);
  for (int i = 0; i < 2'000; ++i) turns.run_one();
  EXPECT_NEAR(single.work.slices, 1'000, 60);
}

TEST_F(Scheduler, WhoWaitsInTurnGetsItsTurnWithinOneRoundThoughAHundredOthersSpin) {
  std::deque<spinner> others;
  for (int i = 0; i < 100; ++i) occupy(others.emplace_back(*this, 1'100us));
  flow share(turns);
  fake_task t(share, clock);
  t.left = forever;
  turns.ready(t);
  duration longest{0};
  time_point last = clock.now();
  int seen = t.slices;
  for (int i = 0; i < 20'000; ++i) {
    turns.run_one();
    if (t.slices != seen) {
      longest = std::max(longest, clock.now() - last);
      last = clock.now();
      seen = t.slices;
    }
  }
  EXPECT_GT(seen, 100);
  EXPECT_LE(longest, 2 * 101 * 1'100us);  // a slice that lasted too long costs at most the next turn
}

TEST_F(Scheduler, WhoIsRarelyReadyWaitsAtMostASliceThoughAHundredOthersSpin) {
  std::deque<spinner> others;
  for (int i = 0; i < 100; ++i) occupy(others.emplace_back(*this, 1ms));
  flow share(turns);
  fake_task t(share, clock);
  t.each = 10us;
  for (int i = 0; i < 50; ++i) {
    for (int round = 0; round < 250; ++round) turns.run_one();  // all others had their turns
    t.left = 1;
    // Between slices at once; within another's slice as the next.
    if (i % 2 == 0) {
      EXPECT_TRUE(turns.ready(t)) << i;
    } else {
      const int before = t.slices;
      fake_task* running = nullptr;
      for (spinner& s : others)
        s.work.during = [&, w = &s.work] {
          if (running == nullptr && !t.queued()) turns.ready(*(running = w, &t));
        };
      turns.run_one();
      for (spinner& s : others) s.work.during = nullptr;
      EXPECT_EQ(t.slices, before);
      turns.run_one();
      EXPECT_EQ(t.slices, before + 1);
    }
  }
}

TEST_F(Scheduler, ADebtIsKeptThroughAPause) {
  spinner a(*this, 1ms);
  occupy(a);
  flow share(turns);
  fake_task greedy(share, clock);
  greedy.each = 20ms;  // one slice far over its share, then it waits
  greedy.last = slice_end::waiting;
  turns.ready(greedy);
  ASSERT_EQ(greedy.slices, 1);
  greedy.each = 1ms;
  greedy.left = forever;
  turns.ready(greedy);
  const int before = a.work.slices;
  while (greedy.slices == 1) turns.run_one();
  EXPECT_GE(a.work.slices - before, 15);
}

TEST_F(Scheduler, NothingIsSavedUpWhileIdle) {
  spinner a(*this, 1ms);
  occupy(a);
  flow share(turns);
  fake_task t(share, clock);
  for (int i = 0; i < 1000; ++i) turns.run_one();
  t.left = forever;
  turns.ready(t);
  const int before = a.work.slices;
  for (int i = 0; i < 20; ++i) turns.run_one();
  EXPECT_GE(a.work.slices - before, 9);
}

TEST_F(Scheduler, TheCoreIsNeverIdleWhileSomethingCanRun) {
  std::deque<spinner> all;
  for (int i = 0; i < 5; ++i) occupy(all.emplace_back(*this, 700us, 1U + static_cast<unsigned>(i)));
  for (int i = 0; i < 1000; ++i) {
    ASSERT_FALSE(turns.idle());
    ASSERT_TRUE(turns.run_one());
  }
}

TEST_F(Scheduler, WhoWaitsForAnEventIsNotRunUntilItIsReady) {
  flow share(turns);
  fake_task t(share, clock);
  t.last = slice_end::waiting;
  turns.ready(t);
  EXPECT_FALSE(turns.run_one());
  turns.ready(t);
  EXPECT_EQ(t.slices, 2);
}

TEST_F(Scheduler, ATaskMayBeMadeReadyWithinItsOwnSlice) {
  for (const slice_end last : {slice_end::finished, slice_end::waiting, slice_end::yielded}) {
    flow share(turns);
    fake_task t(share, clock);
    t.last = last;
    bool once = true;
    t.during = [&] {
      if (std::exchange(once, false)) {
        EXPECT_FALSE(turns.ready(t));
      }
      if (t.slices == 2) t.last = slice_end::finished;
    };
    turns.ready(t);
    EXPECT_TRUE(turns.run_one());
    EXPECT_FALSE(turns.run_one());
    EXPECT_EQ(t.slices, 2) << "it runs once more, however its slice ended";
  }
}

TEST_F(Scheduler, TasksMayBeDestroyedWhileTheyAreQueued) {
  spinner a(*this, 1ms);
  occupy(a);
  {
    flow share(turns);
    auto first = std::make_unique<fake_task>(share, clock, "1", &order);
    auto second = std::make_unique<fake_task>(share, clock, "2", &order);
    auto third = std::make_unique<fake_task>(share, clock, "3", &order);
    first->left = forever;
    for (auto* const t : {&first, &second, &third}) turns.ready(**t);
    order.clear();
    second.reset();
    for (int i = 0; i < 8 && order.size() < 2; ++i) turns.run_one();
    EXPECT_THAT(order, testing::UnorderedElementsAre("1", "3"));
    first.reset();
    third.reset();  // the flow is in its list, without tasks
  }
  EXPECT_TRUE(turns.run_one());
  EXPECT_FALSE(turns.idle());
}

TEST_F(Scheduler, ATaskMayBeDestroyedByItsOwnLastSlice) {
  flow share(turns);
  auto t = std::make_unique<fake_task>(share, clock);
  struct suicide final : task {
    suicide(flow& of, std::unique_ptr<suicide>& by) : task(of), owner(by) {}
    slice_end run_slice(time_point, time_point&) override {
      owner.reset();
      return slice_end::finished;
    }
    std::unique_ptr<suicide>& owner;
  };
  std::unique_ptr<suicide> s;
  s = std::make_unique<suicide>(share, s);
  EXPECT_TRUE(turns.ready(*s));
  EXPECT_EQ(s, nullptr);
  EXPECT_TRUE(turns.ready(*t));
}

TEST_F(Scheduler, RunStopsWhenItsBudgetIsUsedUpAndTellsWhetherSomethingIsLeft) {
  spinner a(*this, 1ms);
  occupy(a);
  const int before = a.work.slices;
  EXPECT_TRUE(turns.run(5ms));
  EXPECT_EQ(a.work.slices - before, 5);
  a.work.left = 1;
  EXPECT_FALSE(turns.run(5ms));
}

TEST_F(Scheduler, WhoIsHeldGetsNoTurnUntilItIsReleased) {
  spinner a(*this, 1ms);
  spinner b(*this, 1ms);
  occupy(a);
  b.work.during = [&] { turns.hold(b.share); };  // it has used up what it may
  turns.ready(b.work);
  turns.run_one();
  EXPECT_EQ(b.work.slices, 1);
  flow other(turns);
  fake_task late(b.share, clock);
  EXPECT_FALSE(turns.ready(late)) << "nothing of it";
  for (int i = 0; i < 100; ++i) turns.run_one();
  EXPECT_EQ(b.work.slices, 1);
  EXPECT_EQ(late.slices, 0);
  b.work.during = {};
  turns.release(b.share);
  for (int i = 0; i < 100; ++i) turns.run_one();
  EXPECT_NEAR(b.work.slices, 50, 3);
  EXPECT_EQ(late.slices, 1);
}

TEST_F(Scheduler, ReleasingAsksToBeRun) {
  int asked = 0;
  turns.on_work(&asked, [](void* self) { ++*static_cast<int*>(self); });
  flow share(turns);
  fake_task t(share, clock);
  turns.hold(share);
  turns.ready(t);
  EXPECT_EQ(asked, 0);
  EXPECT_TRUE(turns.idle());
  turns.release(share);
  EXPECT_EQ(asked, 1);
  EXPECT_TRUE(turns.run_one());
  EXPECT_EQ(t.slices, 1);
}

TEST_F(Scheduler, AsksToBeRunOnlyWhenItIsNotRunningAndHasWork) {
  int wakes = 0;
  turns.on_work(&wakes, [](void* self) { ++*static_cast<int*>(self); });
  flow share(turns);
  fake_task done(share, clock);
  turns.ready(done);
  EXPECT_EQ(wakes, 0);  // it ran and left nothing
  fake_task goes_on(share, clock);
  goes_on.left = 3;
  turns.ready(goes_on);
  EXPECT_EQ(wakes, 1);
  fake_task asks(share, clock);
  asks.during = [&] { turns.ready(done); };
  turns.ready(asks);
  EXPECT_EQ(wakes, 2);
  while (turns.run_one()) {
  }
  EXPECT_EQ(wakes, 2);
  EXPECT_EQ(done.slices, 2);
}

/// Asks again and again, each time for `each`; what it waited for its turn.
struct client {
  client(scheduler& in, manual_clock& time, duration each) : turns(in), clock(time), share(in), t(share, time) {
    t.each = each;
    t.during = [this] { longest = std::max(longest, clock.now() - t.each - asked); };
  }
  void ask() {
    if (t.queued()) return;
    t.another_request();
    t.left = 1;
    asked = clock.now();
    ++asks;
    turns.ready(t);
  }
  scheduler& turns;
  manual_clock& clock;
  flow share;
  fake_task t;
  time_point asked{};
  duration longest{0};
  int asks = 0;
};

TEST_F(Scheduler, ShortRequestsThatNeedMoreThanTheirShareWaitForASliceThoughAHundredOthersSpin) {
  std::deque<spinner> others;
  for (int i = 0; i < 100; ++i) occupy(others.emplace_back(*this, 1ms));
  client short_ones(turns, clock, 100us);  // four after each slice: 29 % of the core, where its share is 1 %
  for (int i = 0; i < 20'000; ++i) {
    for (int k = 0; k < 4; ++k) short_ones.ask();
    turns.run_one();
  }
  EXPECT_LE(short_ones.longest, 1ms);
  EXPECT_GT(short_ones.asks, 75'000);
}

TEST_F(Scheduler, ShortRequestsOfManyServicesDoNotDelayOneThatNeedsLessThanItsShare) {
  std::deque<client> others;
  for (int i = 0; i < 100; ++i) others.emplace_back(turns, clock, 900us);
  client rare(turns, clock, 10us);
  for (int i = 0; i < 20'000; ++i) {
    for (client& c : others) c.ask();
    if (i % 3 == 0) rare.ask();
    turns.run_one();
  }
  EXPECT_LE(rare.longest, 1ms);
}

TEST_F(Scheduler, LongRequestsGetHalfOfTheCoreWhateverShortOnesWant) {
  spinner a(*this, 1ms);
  spinner b(*this, 1ms);
  occupy(a);
  occupy(b);
  std::deque<client> others;
  for (int i = 0; i < 2; ++i) others.emplace_back(turns, clock, 500us);
  const time_point from = clock.now();
  const int before = a.work.slices + b.work.slices;
  while (clock.now() < from + 10s) {
    for (client& c : others) c.ask();
    turns.run_one();
  }
  EXPECT_NEAR(a.work.slices + b.work.slices - before, 5'000, 60);
  EXPECT_NEAR(a.work.slices, b.work.slices, 2);
}

TEST_F(Scheduler, AServicesShortRequestsDoNotKeepItsLongOnesFromEnding) {
  flow share(turns);
  fake_task slow(share, clock);
  slow.left = 100;
  turns.ready(slow);
  std::deque<fake_task> crowd;
  for (int i = 0; i < 8; ++i) crowd.emplace_back(share, clock).each = 500us;
  for (int i = 0; i < 2'000 && slow.left > 0; ++i) {
    for (fake_task& t : crowd) {
      if (t.queued()) continue;
      t.another_request();
      t.left = 1;
      turns.ready(t);
    }
    turns.run_one();
  }
  EXPECT_EQ(slow.left, 0);
}

TEST_F(Scheduler, WhatAServiceHadOutOfTurnItDoesNotOweForLong) {
  std::deque<spinner> others;
  for (int i = 0; i < 10; ++i) occupy(others.emplace_back(*this, 1ms));
  client c(turns, clock, 900us);
  for (int i = 0; i < 10'000; ++i) {
    c.ask();
    turns.run_one();
  }
  while (c.t.queued()) turns.run_one();
  c.t.left = forever;
  c.t.each = 1ms;
  turns.ready(c.t);
  const int before = c.t.slices;
  for (int i = 0; i < 1'100; ++i) turns.run_one();
  EXPECT_NEAR(c.t.slices - before, 100, 4);
}

}  // namespace
}  // namespace waggle
