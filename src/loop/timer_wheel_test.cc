#include "loop/timer_wheel.h"

#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <random>

#include "loop/clock.h"

namespace waggle {
namespace {

using namespace std::chrono_literals;

/// A timer that runs any function.
struct alarm_clock {
  explicit alarm_clock(std::function<void()> what = {}) : run(std::move(what)) {}
  std::function<void()> run;
  int rings = 0;
  timer t{this, [](void* self) {
            auto& me = *static_cast<alarm_clock*>(self);
            ++me.rings;
            if (me.run) me.run();
          }};
};

class TimerWheel : public testing::Test {
 protected:
  void advance(duration by) {
    clock.advance(by);
    wheel.advance(clock.now());
  }
  time_point in(duration d) const { return clock.now() + d; }

  manual_clock clock;
  timer_wheel wheel{clock.now()};
};

TEST_F(TimerWheel, RunsATimerOnceNeverEarlyAndAtMostAMillisecondLate) {
  alarm_clock a;
  wheel.start(a.t, in(2'500us));
  EXPECT_TRUE(a.t.running());
  advance(2'499us);
  EXPECT_EQ(a.rings, 0);
  advance(1'001us);
  EXPECT_EQ(a.rings, 1);
  EXPECT_FALSE(a.t.running());
  EXPECT_EQ(wheel.size(), 0U);
  advance(1h);
  EXPECT_EQ(a.rings, 1);
}

TEST_F(TimerWheel, OneThatIsDueAlreadyRunsWithTheNextTick) {
  alarm_clock past;
  alarm_clock now;
  wheel.start(past.t, time_point{});
  wheel.start(now.t, clock.now());
  wheel.advance(clock.now());
  EXPECT_EQ(past.rings + now.rings, 0);
  advance(1ms);
  EXPECT_EQ(past.rings, 1);
  EXPECT_EQ(now.rings, 1);
}

TEST_F(TimerWheel, StartingAgainMovesIt) {
  alarm_clock a;
  wheel.start(a.t, in(5ms));
  wheel.start(a.t, in(20ms));
  EXPECT_EQ(wheel.size(), 1U);
  advance(19ms);
  EXPECT_EQ(a.rings, 0);
  advance(1ms);
  EXPECT_EQ(a.rings, 1);
}

TEST_F(TimerWheel, StoppedOrDestroyedOnesDoNotRun) {
  alarm_clock stopped;
  auto destroyed = std::make_unique<alarm_clock>();
  alarm_clock stays;
  for (timer* const t : {&stopped.t, &destroyed->t, &stays.t}) wheel.start(*t, in(3ms));
  stopped.t.stop();
  stopped.t.stop();
  destroyed.reset();
  EXPECT_EQ(wheel.size(), 1U);
  advance(10ms);
  EXPECT_EQ(stopped.rings, 0);
  EXPECT_EQ(stays.rings, 1);
}

TEST_F(TimerWheel, AnActionMayStopADueTimerThatHasNotRunYet) {
  // Which of the two runs first is not promised: whoever does, stops the other.
  alarm_clock a;
  alarm_clock b;
  a.run = [&] { b.t.stop(); };
  b.run = [&] { a.t.stop(); };
  wheel.start(a.t, in(2ms));
  wheel.start(b.t, in(2ms));
  advance(5ms);
  EXPECT_EQ(a.rings + b.rings, 1);
  EXPECT_EQ(wheel.size(), 0U);
}

TEST_F(TimerWheel, AnActionMayDestroyItsOwnTimerAndADueOne) {
  auto own = std::make_unique<alarm_clock>();
  auto other = std::make_unique<alarm_clock>();
  own->run = [&] {
    other.reset();
    own.reset();
  };
  wheel.start(other->t, in(2ms));
  wheel.start(own->t, in(1ms));
  advance(5ms);
  EXPECT_EQ(own, nullptr);
  EXPECT_EQ(wheel.size(), 0U);
}

TEST_F(TimerWheel, AnActionMayStartItsTimerAgain) {
  alarm_clock a;
  a.run = [&] {
    if (a.rings < 3) wheel.start(a.t, clock.now() + 1ms);
  };
  wheel.start(a.t, in(1ms));
  for (int ms = 1; ms <= 10; ++ms) {
    advance(1ms);
    EXPECT_EQ(a.rings, std::min(ms, 3));
  }
}

TEST_F(TimerWheel, WhatAnActionStartsForATimeThatHasPassedRunsAtTheNextAdvanceNotForeverInThisOne) {
  alarm_clock a;
  a.run = [&] { wheel.start(a.t, time_point{}); };
  wheel.start(a.t, in(1ms));
  advance(100ms);
  EXPECT_EQ(a.rings, 1);
  advance(1ms);
  EXPECT_EQ(a.rings, 2);
}

TEST_F(TimerWheel, TimersBeyondOneTurnOfTheWheelWaitForTheirOwnTurn) {
  alarm_clock near;
  alarm_clock far;       // the same slot, a turn later
  alarm_clock farthest;  // and a day
  wheel.start(near.t, in(10ms));
  wheel.start(far.t, in(10ms + 4096ms));
  wheel.start(farthest.t, in(24h));
  advance(10ms);
  EXPECT_EQ(near.rings, 1);
  EXPECT_EQ(far.rings, 0);
  for (int i = 0; i < 4095; ++i) advance(1ms);
  EXPECT_EQ(far.rings, 0);
  advance(1ms);
  EXPECT_EQ(far.rings, 1);
  advance(24h - 4106ms - 1ms);
  EXPECT_EQ(farthest.rings, 0);
  advance(1ms);
  EXPECT_EQ(farthest.rings, 1);
}

TEST_F(TimerWheel, AfterALongPauseEverythingThatIsDueRunsAndNothingElse) {
  std::vector<std::unique_ptr<alarm_clock>> all;
  for (int i = 0; i < 100; ++i) {
    all.push_back(std::make_unique<alarm_clock>());
    wheel.start(all.back()->t, in(i * 137ms));
  }
  advance(50 * 137ms);  // more than a turn
  for (int i = 0; i < 100; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)]->rings, i <= 50 ? 1 : 0) << i;
  EXPECT_EQ(wheel.size(), 49U);
}

TEST_F(TimerWheel, TimeThatStandsStillOrGoesBackChangesNothing) {
  alarm_clock a;
  wheel.start(a.t, in(1ms));
  wheel.advance(clock.now());
  wheel.advance(clock.now() - 1h);
  wheel.advance(time_point{});
  EXPECT_EQ(a.rings, 0);
  advance(1ms);
  EXPECT_EQ(a.rings, 1);
}

TEST_F(TimerWheel, TheEndOfTimeNeverComes) {
  alarm_clock a;
  wheel.start(a.t, time_point::max());
  advance(24h * 365);
  EXPECT_EQ(a.rings, 0);
  EXPECT_TRUE(a.t.running());
}

TEST_F(TimerWheel, OutlivedByItsTimers) {
  alarm_clock a;
  {
    timer_wheel shorter(clock.now());
    shorter.start(a.t, in(1ms));
  }
  EXPECT_FALSE(a.t.running());
  a.t.stop();
}

TEST_F(TimerWheel, NextIsNeverLate) {
  EXPECT_EQ(wheel.next(), time_point::max());
  alarm_clock a;
  wheel.start(a.t, in(700ms));
  EXPECT_EQ(wheel.next(), in(700ms));
  alarm_clock far;
  wheel.start(far.t, in(4096ms + 300ms));
  EXPECT_LE(wheel.next(), in(700ms));
  EXPECT_GT(wheel.next(), clock.now());
  a.t.stop();
  EXPECT_LE(wheel.next(), in(4396ms));
  far.t.stop();
  EXPECT_EQ(wheel.next(), time_point::max());
}

/// Any sequence of starts, stops and steps of time, against a list of what must be due.
TEST_F(TimerWheel, AgreesWithAListOfTimes) {
  std::mt19937 random(20261122);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same sequence each time
  const auto below = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
  struct item {
    alarm_clock clock;
    time_point due{};
    bool running = false;
    int expected = 0;
  };
  std::vector<std::unique_ptr<item>> all;
  for (int i = 0; i < 200; ++i) all.push_back(std::make_unique<item>());
  for (int step = 0; step < 30'000; ++step) {
    item& i = *all[static_cast<std::size_t>(below(200))];
    switch (below(4)) {
      case 0:
      case 1: {
        const int magnitude = below(4);
        i.due = in(std::chrono::microseconds(magnitude == 0   ? below(3'000)
                                             : magnitude == 1 ? below(100'000)
                                             : magnitude == 2 ? below(5'000'000)
                                                              : below(60'000'000)));
        i.running = true;
        wheel.start(i.clock.t, i.due);
        break;
      }
      case 2:
        i.running = false;
        i.clock.t.stop();
        break;
      default: {
        ASSERT_LE(wheel.next(), [&] {
          auto first = time_point::max();
          for (const auto& each : all)
            if (each->running) first = std::min(first, each->due + 1ms);
          return first;
        }());
        advance(std::chrono::microseconds(below(50) == 0 ? below(9'000'000) : below(20'000)));
        for (const auto& each : all) {
          if (each->clock.rings > each->expected) {
            ASSERT_TRUE(each->running) << "ran though it was stopped";
            ASSERT_LE(each->due, clock.now()) << "early";
            each->expected = each->clock.rings;
            each->running = false;
          }
          ASSERT_FALSE(each->running && each->due + 1ms <= clock.now()) << "late";
        }
      }
    }
    const auto running = static_cast<std::size_t>(std::ranges::count_if(all, [](const auto& e) { return e->running; }));
    ASSERT_EQ(wheel.size(), running);
  }
}

}  // namespace
}  // namespace waggle
