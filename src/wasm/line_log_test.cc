#include "wasm/line_log.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

namespace waggle {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

struct LineLog : ::testing::Test {
  manual_clock clock;
  std::vector<std::pair<int, std::string>> lines;
  line_log log{clock, [this](int level, std::string_view line) { lines.emplace_back(level, line); }};
  output_lines output;

  std::string escaped(std::string_view text) {
    lines.clear();
    log.line(2, text);
    return lines.size() == 1 ? lines[0].second : std::to_string(lines.size()) + " lines";
  }
};

TEST_F(LineLog, OutputBecomesLinesWhateverItsPieces) {
  for (std::string_view piece : {"one\ntw", "o", "\n", "\nthree\r\nrest"}) output.write(log, 1, piece);
  EXPECT_THAT(lines, ElementsAre(Pair(2, "one"), Pair(2, "two"), Pair(2, ""), Pair(2, "three")));
  output.finish(log);
  output.finish(log);
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines[4].second, "rest");
}

TEST_F(LineLog, OutputAndErrorsDoNotMix) {
  output.write(log, 1, "out");
  output.write(log, 2, "err\n");
  output.write(log, 1, "put\n");
  output.write(log, 3, "nowhere\n");
  output.write(log, 0, "nowhere\n");
  EXPECT_THAT(lines, ElementsAre(Pair(3, "err"), Pair(2, "output")));
}

TEST_F(LineLog, TwoInstancesOfOneServiceDoNotMix) {
  output_lines other;
  output.write(log, 1, "a");
  other.write(log, 1, "b\n");
  output.write(log, 1, "a\n");
  EXPECT_THAT(lines, ElementsAre(Pair(2, "b"), Pair(2, "aa")));
}

TEST_F(LineLog, ALogCallsTextIsSplitToo) {
  log.write(4, "first\nsecond\n");
  log.write(1, "");
  log.write(0, "\n\nx");
  EXPECT_THAT(lines,
              ElementsAre(Pair(4, "first"), Pair(4, "second"), Pair(1, ""), Pair(0, ""), Pair(0, ""), Pair(0, "x")));
}

TEST_F(LineLog, OfAHugeTextOnlyTheStartIsLookedAt) {
  log.write(2, "first\n" + std::string(1 << 20, '\n'));
  log.write(2, "first\n" + std::string(1 << 20, '\n'));
  clock.advance(std::chrono::seconds(1));
  log.write(2, "last");
  EXPECT_THAT(lines.at(2000).second, HasSubstr(std::to_string(2 * ((64 << 10) - 5 + 1) - 2000) + " lines dropped"));
}

TEST_F(LineLog, LevelsAreClamped) {
  log.write(-5, "low");
  log.write(99, "high");
  EXPECT_THAT(lines, ElementsAre(Pair(0, "low"), Pair(4, "high")));
}

TEST_F(LineLog, ALongLineIsCutWithANote) {
  output.write(log, 1, std::string(4096, 'a') + "\n");
  output.write(log, 1, std::string(4097, 'b') + "\n");
  for (int i = 0; i < 100; ++i) output.write(log, 1, std::string(1000, 'c'));
  output.write(log, 1, "\nnext\n");
  log.write(2, std::string(5000, 'd'));
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines[0].second, std::string(4096, 'a'));
  EXPECT_EQ(lines[1].second, std::string(4096, 'b') + " (cut: 1 more bytes)");
  EXPECT_EQ(lines[2].second, std::string(4096, 'c') + " (cut: 95904 more bytes)");
  EXPECT_EQ(lines[3].second, "next");
  EXPECT_EQ(lines[4].second, std::string(4096, 'd') + " (cut: 904 more bytes)");
}

TEST_F(LineLog, TheLimitHoldsForTheEscapedLine) {
  EXPECT_EQ(escaped(std::string(4096, '\1')).size(), 4096 + " (cut: 3072 more bytes)"s.size());
}

TEST_F(LineLog, ACutNeverSplitsACharacter) {
  const std::string text = std::string(4095, 'a') + "€";
  EXPECT_EQ(escaped(text), std::string(4095, 'a') + " (cut: 3 more bytes)");
  lines.clear();
  for (char c : text + "€\n") output.write(log, 1, std::string(1, c));
  EXPECT_EQ(lines.at(0).second, std::string(4095, 'a') + " (cut: 6 more bytes)");
}

TEST_F(LineLog, ControlCharactersCannotForgeLinesOrTerminalCodes) {
  EXPECT_EQ(escaped("a\nb"), "a\\x0ab");
  EXPECT_EQ(escaped("a\rb"), "a\\x0db");
  EXPECT_EQ(escaped("\x1b[31mred\x07"), "\\x1b[31mred\\x07");
  EXPECT_EQ(escaped("del\x7f nul\0!"s), "del\\x7f nul\\x00!");
  EXPECT_EQ(escaped("\xC2\x9B"
                    "31m"),
            "\\u{009b}31m");  // CSI as one character
  EXPECT_EQ(escaped("\x9B"
                    "31m"),
            "\\x9b31m");  // and as one byte
  EXPECT_EQ(escaped("a\u2028b\u2029c"), "a\\u{2028}b\\u{2029}c");
  EXPECT_EQ(escaped("\u202Eevil\u2066\u200F"), "\\u{202e}evil\\u{2066}\\u{200f}");
  EXPECT_EQ(escaped("\xFF\xC3"), "\\xff\\xc3");
  EXPECT_EQ(escaped("tab\tand Grüße, 日本 🐝"), "tab\tand Grüße, 日本 🐝");
}

TEST_F(LineLog, BurstThenRateThenACountedNotice) {
  for (int i = 0; i < 2050; ++i) log.write(2, "x");
  EXPECT_EQ(lines.size(), 2000U);
  clock.advance(std::chrono::microseconds(4999));
  log.write(2, "too early");
  EXPECT_EQ(lines.size(), 2000U);
  clock.advance(std::chrono::microseconds(1));
  log.write(2, "in time");
  ASSERT_EQ(lines.size(), 2002U);
  EXPECT_THAT(lines[2000], Pair(3, HasSubstr("51 lines dropped")));
  EXPECT_EQ(lines[2001].second, "in time");
  log.write(2, "one too many");
  EXPECT_EQ(lines.size(), 2002U);
}

TEST_F(LineLog, ASilenceFillsTheBucketNoFurtherThanTheBurst) {
  clock.advance(std::chrono::hours(100));
  for (int i = 0; i < 3000; ++i) log.write(2, "x");
  EXPECT_EQ(lines.size(), 2000U);
  clock.advance(std::chrono::seconds(1));
  lines.clear();
  for (int i = 0; i < 3000; ++i) log.write(2, "x");
  EXPECT_EQ(lines.size(), 201U);  // and the notice
}

TEST_F(LineLog, ALongFloodIsReportedOnceASecond) {
  for (int i = 0; i < 2000; ++i) log.write(2, "x");
  lines.clear();
  for (int ms = 0; ms < 10'000; ++ms) {
    clock.advance(std::chrono::milliseconds(1));
    log.write(2, "x");
  }
  EXPECT_EQ(lines.size(), 2000U + 10U);
}

TEST(LineLogEnd, WhatWasDroppedIsReportedAtTheEnd) {
  manual_clock clock;
  std::vector<std::string> lines;
  {
    line_log log(clock, [&](int, std::string_view line) { lines.emplace_back(line); },
                 {.lines_per_second = 1, .burst = 1});
    log.write(2, "one\ntwo\n");
  }
  EXPECT_THAT(lines, ElementsAre("one", HasSubstr("1 line dropped")));
}

}  // namespace
}  // namespace waggle
