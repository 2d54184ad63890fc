// The scheduler under random operations, on a manual clock: what must hold whatever services do.
#include <gmock/gmock.h>

#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "loop/scheduler.h"

namespace waggle {
namespace {

using namespace std::chrono_literals;

/// What a service's guest does with a slice, by chance: how long it takes of it, and how the slice ends.
struct habit {
  duration longest = 1ms;
  int yields = 1;  // of so many slices in all, so many are used up, and so on
  int waits = 1;
  int ends = 1;
};

struct world;

struct random_task final : task {
  random_task(world& in, std::size_t of);
  slice_end run_slice(time_point started, time_point& ended) override;

  world& w;
  std::size_t service;
  bool asleep = true;  // waits for an event, or has nothing to do
};

struct one_service {
  one_service(scheduler& turns, unsigned share_of) : share(turns, share_of), weight(share_of) {}
  flow share;
  unsigned weight;
  habit does;
  std::vector<std::unique_ptr<random_task>> tasks;
  bool held = false;
  duration used{0};
  duration runnable{0};        // how long it has had something to run
  time_point waiting_since{};  // has something to run, and no turn since then
  duration waited_longest{0};

  [[nodiscard]] bool ready() const {
    return !held && std::ranges::any_of(tasks, [](const auto& t) { return t->queued(); });
  }
};

struct world {
  explicit world(unsigned seed) : random(seed) {}

  one_service& add(unsigned weight, int tasks, habit does) {
    services.push_back(std::make_unique<one_service>(turns, weight));
    services.back()->does = does;
    for (int i = 0; i < tasks; ++i)
      services.back()->tasks.push_back(std::make_unique<random_task>(*this, services.size() - 1));
    return *services.back();
  }
  std::int64_t below(std::int64_t n) { return std::uniform_int_distribution<std::int64_t>(0, n - 1)(random); }

  void wake(random_task& t) {
    if (!t.asleep) return;
    t.asleep = false;
    one_service& s = *services[t.service];
    if (!s.ready()) s.waiting_since = clock.now();
    turns.ready(t);
  }
  void hold(one_service& s) {
    s.held = true;
    turns.hold(s.share);
  }
  void release(one_service& s) {
    s.held = false;
    turns.release(s.share);
    if (s.ready()) s.waiting_since = clock.now();
  }

  /// One slice; checks that the core works whenever somebody can run.
  void step() {
    const bool somebody = std::ranges::any_of(services, [](const auto& s) { return s->ready(); });
    EXPECT_EQ(turns.idle() && somebody, false) << "somebody can run, and the core is idle";
    const time_point before = clock.now();
    std::vector<bool> were_ready;
    for (const auto& s : services) were_ready.push_back(s->ready());
    EXPECT_EQ(turns.run_one(), somebody);
    if (!somebody) clock.advance(100us);
    for (std::size_t i = 0; i < services.size(); ++i)
      if (were_ready[i]) services[i]->runnable += clock.now() - before;
  }

  manual_clock clock;
  scheduler turns{clock};
  std::minstd_rand random;
  std::vector<std::unique_ptr<one_service>> services;
};

random_task::random_task(world& in, std::size_t of) : task(in.services.at(of)->share), w(in), service(of) {}

slice_end random_task::run_slice(time_point started, time_point& ended) {
  one_service& s = *w.services[service];
  EXPECT_FALSE(s.held) << "a held service ran";
  EXPECT_FALSE(asleep) << "a task ran that waits";
  s.waited_longest = std::max(s.waited_longest, started - s.waiting_since);
  w.clock.advance(duration(1 + w.below(s.does.longest.count())));
  ended = w.clock.now();
  s.used += ended - started;
  s.waiting_since = ended;
  const auto what = w.below(s.does.yields + s.does.waits + s.does.ends);
  if (what < s.does.yields) return slice_end::yielded;
  asleep = true;
  return what < s.does.yields + s.does.waits ? slice_end::waiting : slice_end::finished;
}

/// Every service has its turn within one round of all the others: each may use its weight in slices and overrun by one,
/// and one that was fresh goes first once more.
TEST(SchedulerProperties, NoServiceWaitsLongerThanARoundWhateverTheOthersDo) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    world w(seed);
    const auto count = 2 + w.below(12);
    duration round{0};
    for (std::int64_t i = 0; i < count; ++i) {
      const auto weight = static_cast<unsigned>(1 + w.below(4));
      w.add(weight, static_cast<int>(1 + w.below(5)),
            {.longest = 1ms + duration(w.below(200'000)),
             .yields = static_cast<int>(w.below(20)),
             .waits = static_cast<int>(1 + w.below(5)),
             .ends = static_cast<int>(w.below(3))});
      round += scheduler::slice * weight + 1200us;
    }
    for (int i = 0; i < 3'000; ++i) {
      for (auto n = w.below(4); n > 0; --n) {
        auto& tasks = w.services[static_cast<std::size_t>(w.below(count))]->tasks;
        w.wake(*tasks[static_cast<std::size_t>(w.below(static_cast<std::int64_t>(tasks.size())))]);
      }
      w.step();
    }
    for (const auto& s : w.services)
      EXPECT_LE(s->waited_longest, 2 * round) << "seed " << seed << ", weight " << s->weight;
    if (testing::Test::HasFailure()) return;
  }
}

/// Those who always have something to run get time in the proportion of their weights, whatever others come and go.
TEST(SchedulerProperties, SharesConvergeToTheWeights) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    world w(seed);
    const auto busy = 2 + w.below(5);
    for (std::int64_t i = 0; i < busy; ++i) {
      one_service& s = w.add(static_cast<unsigned>(1 + w.below(8)), static_cast<int>(1 + w.below(4)),
                             {.longest = 100us + duration(w.below(1'100'000)), .yields = 1, .waits = 0, .ends = 0});
      for (auto& t : s.tasks) w.wake(*t);
    }
    for (std::int64_t i = w.below(10); i > 0; --i)
      w.add(static_cast<unsigned>(1 + w.below(3)), 2, {.longest = 600us, .yields = 1, .waits = 2, .ends = 1});
    for (int i = 0; i < 40'000; ++i) {
      auto& any = *w.services[static_cast<std::size_t>(w.below(static_cast<std::int64_t>(w.services.size())))];
      if (w.below(3) == 0) w.wake(*any.tasks.front());
      w.step();
    }
    // Each has had as much for a unit of weight as any other, but for what one round holds.
    const auto each = [](const one_service& s) { return s.used / s.weight; };
    const duration first = each(*w.services.front());
    for (std::int64_t i = 0; i < busy; ++i)
      EXPECT_NEAR(static_cast<double>(each(*w.services[static_cast<std::size_t>(i)]).count()),
                  static_cast<double>(first.count()), 5e6)
          << "seed " << seed;
    // Who comes and goes never gets more than its share of the time in which it could run.
    for (std::size_t i = static_cast<std::size_t>(busy); i < w.services.size(); ++i) {
      const one_service& s = *w.services[i];
      EXPECT_LE(each(s), first + 5ms) << "seed " << seed;
    }
    if (testing::Test::HasFailure()) return;
  }
}

/// Any sequence of becoming ready, being held, released and destroyed, also in the midst of it all.
TEST(SchedulerProperties, RandomOperationsLoseNobodyAndNeverIdle) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    world w(seed);
    const auto count = 1 + w.below(6);
    for (std::int64_t i = 0; i < count; ++i)
      w.add(static_cast<unsigned>(1 + w.below(3)), static_cast<int>(1 + w.below(4)),
            {.yields = 3, .waits = 2, .ends = 1});
    for (int i = 0; i < 1'000; ++i) {
      const auto at = static_cast<std::size_t>(w.below(count));
      one_service& s = *w.services[at];
      auto& t = s.tasks[static_cast<std::size_t>(w.below(static_cast<std::int64_t>(s.tasks.size())))];
      switch (w.below(8)) {
        case 0: w.hold(s); break;
        case 1:
        case 2: w.release(s); break;
        case 3: t = std::make_unique<random_task>(w, at); break;  // the old one goes, queued or not
        default: w.wake(*t); break;
      }
      if (w.below(3) > 0) w.step();
    }
    for (auto& s : w.services) {
      w.release(*s);
      s->does = {.yields = 0, .waits = 0, .ends = 1};
      for (auto& t : s->tasks) w.wake(*t);
    }
    for (int i = 0; i < 100 && !w.turns.idle(); ++i) w.step();
    for (const auto& s : w.services)
      for (const auto& t : s->tasks) EXPECT_TRUE(t->asleep && !t->queued()) << "seed " << seed << ": somebody was lost";
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace waggle
