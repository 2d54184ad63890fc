#include "core/rate_bucket.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace waggle {
namespace {

using namespace std::chrono_literals;

TEST(RateBucket, GivesItsBurstAtOnceThenAsMuchAsFills) {
  rate_bucket ten_a_second(500ms);  // five at once
  time_point now{1h};
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ten_a_second.take(100ms, now), 0ms);
  EXPECT_EQ(ten_a_second.wait_for(100ms, now), 100ms);
  EXPECT_EQ(ten_a_second.take(100ms, now), 100ms);
  EXPECT_EQ(ten_a_second.take(100ms, now += 99ms), 1ms);
  EXPECT_EQ(ten_a_second.take(100ms, now += 1ms), 0ms);
  EXPECT_GT(ten_a_second.take(100ms, now), 0ms);
}

TEST(RateBucket, HoldsNoMoreThanItsBurstHoweverLongNothingWasTaken) {
  rate_bucket b(500ms);
  time_point now{1h};
  for (int round = 0; round < 3; ++round, now += 1h) {
    int got = 0;
    while (b.take(100ms, now) == 0ms) ++got;
    EXPECT_EQ(got, 5);
  }
}

TEST(RateBucket, WhatIsOwedHasToBeFilledUpFirst) {
  rate_bucket b(1s);
  time_point now{1h};
  b.spend(3s, now);
  EXPECT_EQ(b.empty_for(now), 2s);
  EXPECT_EQ(b.empty_for(now + 2s), 0s);
  EXPECT_EQ(b.take(1s, now + 2s), 1s);
}

TEST(RateBucket, ThreadsTogetherGetNoMoreThanOne) {
  rate_bucket b(1s);
  std::atomic<int> got{0};
  std::vector<std::thread> all;
  for (int i = 0; i < 4; ++i)
    all.emplace_back([&] {
      for (int n = 0; n < 1000; ++n)
        if (b.take(10ms, time_point{1h}) == 0ms) ++got;
    });
  for (auto& t : all) t.join();
  EXPECT_EQ(got, 100);
}

}  // namespace
}  // namespace waggle
