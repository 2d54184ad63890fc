#include "runtime/cpu_limit.h"

#include <gtest/gtest.h>

namespace waggle {
namespace {

using namespace std::chrono_literals;

/// A core on which a guest spins, one millisecond a slice, and tells its limit.
struct spinning_core {
  spinning_core(manual_clock& time, std::shared_ptr<cpu_budget> budget)
      : clock(time), core(0, time), share(core.slices()), limit(core, share, std::move(budget)), work(*this) {
    core.slices().ready(work);
  }
  struct guest final : task {
    explicit guest(spinning_core& in) : task(in.share), on(in) {}
    slice_end run_slice(time_point started, time_point& ended) override {
      ended = started + 1ms;
      on.used += 1ms;
      on.limit.used(1ms, ended);
      return slice_end::yielded;
    }
    spinning_core& on;
  };
  manual_clock& clock;
  core_loop core;
  flow share;
  cpu_limit limit;
  guest work;
  duration used{0};
};

TEST(CpuLimit, AServiceGetsItsTimeOfEachSecondAndASecondsWorthAtOnce) {
  manual_clock clock;
  spinning_core c(clock, std::make_shared<cpu_budget>(200));
  for (int i = 0; i < 10'000; ++i) {
    clock.advance(1ms);
    c.core.poll_one();
    c.core.poll();
  }
  EXPECT_NEAR(static_cast<double>(c.used.count()), 2200e6, 20e6);  // 200 ms at once, then 200 in each of ten seconds
}

TEST(CpuLimit, HoldsOverAllCoresTogether) {
  manual_clock clock;
  const auto budget = std::make_shared<cpu_budget>(100);
  spinning_core one(clock, budget);
  spinning_core other(clock, budget);
  for (int i = 0; i < 10'000; ++i) {
    clock.advance(1ms);
    one.core.poll();
    other.core.poll();
  }
  EXPECT_NEAR(static_cast<double>((one.used + other.used).count()), 1100e6, 20e6);
  EXPECT_GT(one.used, 100ms);
  EXPECT_GT(other.used, 100ms);
}

TEST(CpuLimit, TellsHowLongThereIsNothing) {
  manual_clock clock;
  core_loop core(0, clock);
  flow share(core.slices());
  cpu_limit limit(core, share, std::make_shared<cpu_budget>(10));
  EXPECT_EQ(limit.wait(), 0ms);
  limit.used(30ms, clock.now());
  EXPECT_EQ(limit.wait(), 2s);
  clock.advance(2s);
  core.poll();
  EXPECT_EQ(limit.wait(), 0ms);
}

}  // namespace
}  // namespace waggle
