#include "schema/json_quick.h"

#include <gtest/gtest.h>

#include <random>

#include "schema/json_scan.h"

namespace waggle {
namespace {

bool plain(std::string text, std::size_t depth = 64) {
  text.reserve(text.size() + json_quick_padding);
  return is_plain_json(text, depth);
}

TEST(JsonQuick, AcceptsPlainValues) {
  for (const char* text :
       {"{}", "[]", "0", "-1.5e+10", "true", "false", "null", "\"\"", "\"a long string of plain characters\"",
        R"({"a":[1,2,{"b":null}],"c":"x"})", " [ 1 , 2 ] ", "[[[[]]]]", "{\"a\":{}}", "[{},{\"b\":[]}]"})
    EXPECT_TRUE(plain(text)) << text;
}

TEST(JsonQuick, AcceptsNothingThatIsNotJson) {
  for (const char* text : {"",         " ",          "{",    "}",       "[",        "]",          "[1",
                           "[1,",      "[1,]",       "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",
                           "{1:1}",    "01",         "-",    "1.",      ".5",       "1e",         "+1",
                           "tru",      "truee",      "nul",  "\"",      "\"a",      "\"a\nb\"",   "\"\\x\"",
                           "[1}",      "{\"a\":1]",  "1 2",  "{} {}",   "[1 2]",    "{\"a\" 1}",  "{\"a\":1 \"b\":2}",
                           "\"\xff\"", "{\"a\":1}}", "[]]",  "{,}",     "[}",       "{]"})
    EXPECT_FALSE(plain(text)) << text;
  EXPECT_FALSE(plain(std::string("1\0", 2)));
  EXPECT_FALSE(plain(std::string("\"a\0b\"", 5)));
}

TEST(JsonQuick, LeavesEscapesAndOtherAlphabetsToTheParser) {
  EXPECT_FALSE(plain(R"("a\n")"));
  EXPECT_FALSE(plain("\"\xC3\xA9\""));
}

TEST(JsonQuick, CountsDepthAsTheParserDoes) {
  EXPECT_TRUE(plain("[[[1]]]", 3));
  EXPECT_FALSE(plain("[[[[1]]]]", 3));
  EXPECT_TRUE(plain("[[[[]]]]", 3));
  EXPECT_FALSE(plain(std::string(100, '[') + std::string(100, ']'), 1000));  // more than it keeps track of
}

TEST(JsonQuick, NeverAcceptsWhatTheExactScannerRefuses) {
  std::mt19937 random(7);
  constexpr std::string_view letters = "{}[]\",:0123456789.eE+-truefalsn \n\\a\x80\x1f";
  std::size_t accepted = 0;
  for (int i = 0; i < 300'000; ++i) {
    std::string text = i % 2 == 0 ? R"({"a":[1,{"b":"cdefghij"}],"k":-1.5e3})" : "[{},[],\"\",0]";
    for (int edits = static_cast<int>(random() % 3); edits >= 0; --edits) {
      const std::size_t at = random() % (text.size() + 1);
      if (random() % 2 == 0 && at < text.size())
        text.erase(at, 1);
      else
        text.insert(at, 1, letters[random() % letters.size()]);
    }
    if (!plain(text)) continue;
    ++accepted;
    EXPECT_FALSE(find_json_problem(text, 64)) << text;
  }
  EXPECT_GT(accepted, 10'000U);
}

}  // namespace
}  // namespace waggle
