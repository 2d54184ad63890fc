#include "core/trace.h"

#include <gtest/gtest.h>

namespace waggle {
namespace {

const std::string good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(TraceContext, IsReadAndWrittenAsTraceparent) {
  const auto t = trace_context::parse(good);
  ASSERT_TRUE(t);
  EXPECT_EQ(t->traceparent(), good);
  EXPECT_EQ(t->trace_id(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(span_id(t->span), "b7ad6b7169203331");
  EXPECT_TRUE(t->sampled());
  EXPECT_FALSE(trace_context::parse(good.substr(0, 53) + "00")->sampled());
  EXPECT_TRUE(trace_context::parse("00-00000000000000000000000000000001-0000000000000001-ff")->sampled());
}

TEST(TraceContext, FlagsThatNobodyKnowsAreNotPassedOn) {
  EXPECT_EQ(trace_context::parse(good.substr(0, 53) + "ff")->traceparent(), good);
}

TEST(TraceContext, OfALaterVersionWhatIsKnownIsTaken) {
  EXPECT_EQ(trace_context::parse("cc" + good.substr(2) + "-what-else")->traceparent(), good);
}

TEST(TraceContext, WhatIsMalformedIsNone) {
  for (const std::string& bad :
       {std::string(), good.substr(1), good + "-x", "ff" + good.substr(2), "0x" + good.substr(2),
        good.substr(0, 54) + "G", "00-" + std::string(32, '0') + good.substr(35),
        good.substr(0, 36) + std::string(16, '0') + "-01", "cc" + good.substr(2) + "x",
        "cc" + good.substr(2) + "-" + std::string(300, 'x'), "00-+" + good.substr(4), "00--" + good.substr(4),
        std::string("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")})
    EXPECT_FALSE(trace_context::parse(bad)) << bad;
  EXPECT_EQ(trace_context{}.traceparent(), "");
  EXPECT_FALSE(trace_context{});
}

}  // namespace
}  // namespace waggle
