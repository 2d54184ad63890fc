#include "host/log_service.h"

#include <tuple>
#include <vector>

#include <gmock/gmock.h>

#include "host/host_call_for_tests.h"

namespace waggle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_host::guest;
using testing_host::guest_call;

struct Log : testing::Test {
  std::vector<std::pair<int, std::string>> lines;
  bool room = true;
  log_service log;
  std::string write(std::string input) {
    auto by = guest("shop.v1.Orders");
    by->log = [this](int level, std::string_view line) {
      if (room) lines.emplace_back(level, line);
      return room;
    };
    guest_call c("write", std::move(input), std::move(by));
    log.ask(c.call);
    EXPECT_TRUE(c.done);
    return c.text();
  }
  std::string line(std::string input) {
    lines.clear();
    EXPECT_EQ(write(std::move(input)), "true");
    return lines.empty() ? "" : lines[0].second;
  }
};

TEST_F(Log, ALineGoesToTheLogOfTheServiceThatCallsWithItsLevel) {
  EXPECT_EQ(write(R"({"level":"WARN","message":"late"})"), "true");
  EXPECT_EQ(write(R"({"message":"fine"})"), "true");
  EXPECT_EQ(write(R"({"level":"TRACE","message":"","fields":null})"), "true");
  EXPECT_THAT(lines, ElementsAre(std::pair(3, "late"), std::pair(2, "fine"), std::pair(0, "")));
}

TEST_F(Log, FieldsAreNameAndValueAndTextsQuotedWhereNeeded) {
  EXPECT_EQ(
      line(
          R"({"message":"m","fields":{"a":"word","b":"two words","c":"","d":1.5,"e":null,"f":[1,{"x":"y z"}],"g":true}})"),
      R"(m a=word b="two words" c="" d=1.5 e=null f=[1,{"x":"y z"}] g=true)");
  EXPECT_EQ(line(R"({"message":"m","fields":{"a b":"x=y","q":"say \"hi\"","s":"a\\b"}})"),
            R"(m "a b"="x=y" q="say \"hi\"" s="a\\b")");
}

TEST_F(Log, NothingInItCanEndTheLineOrMoveTheCursor) {
  EXPECT_EQ(line(R"({"message":"a\nb\u001b[2J\u202ec","fields":{"k\n":"v\r\n\t","n":["\u0007\u2028"]}})"),
            "a\\nb\\x1b[2J\\u{202e}c \"k\\n\"=\"v\\r\\n\\t\" n=[\"\\u0007\\u{2028}\"]");
}

TEST_F(Log, ALineIsCutBetweenCharactersAndSaysSo) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "é";
  const std::string cut = line(R"({"message":")" + text + R"("})");
  EXPECT_LE(cut.size(), max_log_line);
  EXPECT_GE(cut.size(), max_log_line - 4);
  EXPECT_TRUE(cut.ends_with("é…"));
  const std::string fits(max_log_line, 'x');
  EXPECT_EQ(line(R"({"message":")" + fits + R"("})"), fits);
  EXPECT_EQ(line(R"({"message":")" + fits + R"(y"})").size(), max_log_line);
}

TEST_F(Log, FalseWhereItIsCutOffByTheLimit) {
  room = false;
  EXPECT_EQ(write(R"({"message":"m"})"), "false");
}

TEST_F(Log, FieldsThatAreNoObjectAreTheGuestsMistake) {
  EXPECT_THAT(write(R"({"message":"m","fields":[1]})"), HasSubstr(R"("code":"invalid_argument")"));
  EXPECT_TRUE(lines.empty());
}

TEST_F(Log, OnlyGuestsMayWriteAndItLeavesTheirRequestRepeatable) {
  guest_call c("write", R"({"message":"m"})", nullptr);
  log.ask(c.call);
  EXPECT_THAT(c.text(), HasSubstr(R"("code":"permission_denied")"));
  const auto as = guest("A");
  guest_call d("write", R"({"message":"m"})", as);
  log.ask(d.call);
  EXPECT_TRUE(as->repeatable);
}

}  // namespace
}  // namespace waggle
