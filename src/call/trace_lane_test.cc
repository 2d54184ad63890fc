#include "call/trace_lane.h"

#include <memory>
#include <set>
#include <thread>

#include <gtest/gtest.h>

namespace waggle {
namespace {

const trace_context sampled{.trace_high = 1, .trace_low = 2, .span = 3, .flags = 1};

TEST(TraceLane, ARequestOfASampledTraceIsTracedWhateverTheRatio) {
  trace_lane lane(0, 8, 1);
  request_context c;
  c.trace = sampled;
  std::uint64_t parent = 0;
  EXPECT_TRUE(lane.begin(c, parent));
  EXPECT_EQ(parent, 3U);
  EXPECT_EQ(c.trace.trace_high, 1U);
  EXPECT_EQ(c.trace.trace_low, 2U);
  EXPECT_NE(c.trace.span, 3U);
}

TEST(TraceLane, OneOfATraceThatIsNotSampledIsNotAndItsContextStays) {
  trace_lane lane(1, 8, 1);
  request_context c;
  c.trace = sampled;
  c.trace.flags = 0;
  const trace_context before = c.trace;
  std::uint64_t parent = 0;
  EXPECT_FALSE(lane.begin(c, parent));
  EXPECT_EQ(c.trace, before);
}

TEST(TraceLane, OfTheOthersAsManyAreChosenAsTheRatioSays) {
  for (const double ratio : {0.0, 0.01, 0.5, 1.0}) {
    trace_lane lane(ratio, 8, 7);
    int chosen = 0;
    std::set<std::pair<std::uint64_t, std::uint64_t>> numbers;
    for (int i = 0; i < 100'000; ++i) {
      request_context c;
      std::uint64_t parent = 0;
      if (!lane.begin(c, parent)) {
        EXPECT_FALSE(c.trace);
        continue;
      }
      ++chosen;
      EXPECT_EQ(parent, 0U);
      EXPECT_TRUE(c.trace.sampled() && c.trace.span != 0);
      numbers.emplace(c.trace.trace_high, c.trace.trace_low);
    }
    EXPECT_NEAR(chosen, ratio * 100'000, ratio > 0 && ratio < 1 ? 600 : 0);
    EXPECT_EQ(numbers.size(), static_cast<std::size_t>(chosen)) << "two traces have the same number";
  }
}

TEST(TraceLane, ACallWithinARequestThatWasNotChosenIsNotChosenEither) {
  trace_lane lane(1, 8, 1);
  request_context c;
  c.path = std::make_shared<call_path>();
  std::uint64_t parent = 0;
  EXPECT_FALSE(lane.begin(c, parent));
}

TEST(TraceLane, WhatHasNoRoomIsDroppedAndCounted) {
  trace_lane lane(1, 4, 1);
  for (std::uint64_t i = 1; i <= 6; ++i) {
    span* const s = lane.claim();
    EXPECT_EQ(s != nullptr, i <= 4);
    if (s == nullptr) continue;
    s->request = i;
    lane.commit();
  }
  EXPECT_EQ(lane.recorded().get(), 4U);
  EXPECT_EQ(lane.dropped().get(), 2U);
  std::vector<std::uint64_t> seen;
  EXPECT_EQ(lane.take(3, [&](const span& s) { seen.push_back(s.request); }), 3U);
  EXPECT_EQ(lane.take(3, [&](const span& s) { seen.push_back(s.request); }), 1U);
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{1, 2, 3, 4}));
  EXPECT_NE(lane.claim(), nullptr);
}

TEST(TraceLane, OneThreadWritesWhileAnotherTakes) {
  trace_lane lane(1, 16, 1);
  constexpr std::uint64_t all = 100'000;
  std::uint64_t last = 0;
  std::uint64_t seen = 0;
  std::atomic<bool> written{false};
  std::thread reader([&] {
    const auto take = [&] {
      return lane.take(5, [&](const span& s) {
        EXPECT_GT(s.request, last);
        EXPECT_EQ(s.message, std::to_string(s.request));
        last = s.request;
        ++seen;
      });
    };
    while (!written) take();
    while (take() > 0) {
    }
  });
  for (std::uint64_t i = 1; i <= all; ++i) {
    span* const s = lane.claim();
    if (s == nullptr) continue;
    s->request = i;
    s->message = std::to_string(i);
    lane.commit();
  }
  written = true;
  reader.join();
  EXPECT_EQ(seen, lane.recorded().get());
  EXPECT_EQ(seen + lane.dropped().get(), all);
}

}  // namespace
}  // namespace waggle
