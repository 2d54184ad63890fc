#include "runtime/wait_estimate.h"

#include <gtest/gtest.h>

namespace waggle {
namespace {

using namespace std::chrono_literals;

struct shard : wait_estimate {
  using wait_estimate::wait_estimate;
  time_point now{1h};
  /// A request is answered now that took so long.
  void took(duration guest, duration waited = {}) {
    service_call call;
    call.response.cost.guest = guest;
    call.response.cost.waited = waited;
    call.began = now - guest - waited;
    call.ended = now;
    answered(call);
  }
  [[nodiscard]] bool late(duration left, std::uint32_t waiting) const {
    service_call call;
    call.began = now;
    call.request.context.deadline = now + left;
    return comes_too_late(call, waiting).has_value();
  }
  void serve(int times, duration each) {
    for (int i = 0; i < times; ++i) {
      now += each;
      left_queue(now);
      took(each);
    }
  }
};

TEST(WaitEstimate, KnowsNothingAtFirstAndRefusesNobody) {
  shard s(100ms);
  s.queue_began(s.now);
  EXPECT_FALSE(s.too_long(1'000'000, s.now));
}

TEST(WaitEstimate, AQueueTakesAsLongAsItTookLately) {
  shard s(100ms);
  s.queue_began(s.now);
  s.serve(100, 1ms);
  EXPECT_EQ(s.wait(50), 50ms);
  EXPECT_FALSE(s.too_long(100, s.now));
  EXPECT_TRUE(s.too_long(101, s.now));
  s.serve(200, 2ms);  // it became slower
  EXPECT_NEAR(static_cast<double>(s.wait(50).count()), 100e6, 1e3);
}

TEST(WaitEstimate, ABurstMayWaitForLongerThanWhatWaitsAllTheTime) {
  shard s(100ms);
  s.queue_began(s.now);
  s.serve(1000, 100us);
  EXPECT_FALSE(s.too_long(999, s.now)) << "a burst";
  s.serve(1, 100us);
  EXPECT_TRUE(s.too_long(501, s.now)) << "for more than 100 ms there was always somebody who waited";
  EXPECT_FALSE(s.too_long(499, s.now));
  s.queue_began(s.now);
  EXPECT_FALSE(s.too_long(999, s.now)) << "it was empty";
}

TEST(WaitEstimate, ASlowServiceMayHaveAFewOfItsOwnRequestsWaiting) {
  shard s(100ms);
  s.queue_began(s.now);
  s.serve(200, 1s);
  EXPECT_FALSE(s.too_long(10, s.now));
  EXPECT_TRUE(s.too_long(11, s.now));
}

TEST(WaitEstimate, ManyWorkersDrainAQueueFasterThanEachRequestTakes) {
  shard s(100ms);
  s.queue_began(s.now);
  for (int i = 0; i < 100; ++i) {
    s.left_queue(s.now += 100ms);
    s.took(0ms, 1s);  // ten workers that wait for others
  }
  EXPECT_FALSE(s.too_long(100, s.now));
  EXPECT_TRUE(s.too_long(101, s.now));
}

TEST(WaitEstimate, AnOldQueueThatWasSlowIsForgotten) {
  shard s(100ms);
  s.queue_began(s.now);
  s.serve(3, 1s);                  // cold
  for (int i = 0; i < 300; ++i) {  // warm, nobody waits
    s.now += 100us;
    s.took(100us);
  }
  s.queue_began(s.now);
  EXPECT_FALSE(s.too_long(100, s.now));
}

TEST(WaitEstimate, WithoutALimitItJudgesNobody) {
  shard s(0ms);
  s.queue_began(s.now);
  s.serve(10, 1s);
  EXPECT_FALSE(s.too_long(1000, s.now));
}

TEST(WaitEstimate, ARequestWhoseDeadlineIsOverBeforeItsTurnIsRefused) {
  shard s(100ms);
  EXPECT_FALSE(s.late(1ms, 5)) << "nothing is known";
  s.queue_began(s.now);
  s.serve(100, 10ms);
  EXPECT_FALSE(s.late(55ms, 5)) << "a wait of 50 ms";
  EXPECT_TRUE(s.late(45ms, 5));
  EXPECT_FALSE(s.late(1ms, 0)) << "however long others run: it may be quick";
}

}  // namespace
}  // namespace waggle
