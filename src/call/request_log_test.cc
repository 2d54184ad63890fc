#include "call/request_log.h"

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <simdjson.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

namespace waggle {
namespace {

using testing::HasSubstr;

class RequestLog : public testing::Test {
 protected:
  RequestLog() : before_(spdlog::default_logger()) {
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(lines_)));
  }
  ~RequestLog() override {
    set_log_format(log_format::text);
    spdlog::set_default_logger(before_);
  }
  std::string take() {
    std::string all = lines_.str();
    lines_.str("");
    return all;
  }
  static std::string text(const std::string& json, const char* key) {
    simdjson::dom::parser parser;
    std::string_view value;
    if (parser.parse(simdjson::padded_string(json)).at_key(key).get_string().get(value)) return "(none)";
    return std::string(value);
  }

 private:
  std::ostringstream lines_;
  std::shared_ptr<spdlog::logger> before_;
};

const log_subject about{.service = "shop.v1.Orders",
                        .method = "place",
                        .request = 17,
                        .trace = {.trace_high = 1, .trace_low = 2, .span = 3, .flags = 1}};

TEST_F(RequestLog, InTextTheSubjectStandsInBrackets) {
  set_log_format(log_format::text);
  log_about(3, about, "watch out");
  EXPECT_THAT(take(), HasSubstr(" warning [shop.v1.Orders/place #17 00000000000000010000000000000002] watch out\n"));
  log_about(2, {.service = "shop.v1.Orders"}, "{}");
  EXPECT_THAT(take(), HasSubstr(" info [shop.v1.Orders] {}\n"));
}

TEST_F(RequestLog, InJsonItIsInMembers) {
  set_log_format(log_format::json);
  log_about(4, about, "a \"quoted\"\nline \xff");
  const std::string line = take();
  EXPECT_EQ(text(line, "level"), "error");
  EXPECT_EQ(text(line, "message"), "a \"quoted\"\nline \xEF\xBF\xBD");
  EXPECT_EQ(text(line, "service"), "shop.v1.Orders");
  EXPECT_EQ(text(line, "method"), "place");
  EXPECT_EQ(text(line, "request"), "17");
  EXPECT_EQ(text(line, "trace"), "00000000000000010000000000000002");
  EXPECT_THAT(text(line, "time"), testing::MatchesRegex("....-..-..T..:..:..\\....Z"));
  EXPECT_EQ(std::ranges::count(line, '\n'), 1);
}

TEST_F(RequestLog, InJsonALineAboutNoRequestHasNoSubject) {
  set_log_format(log_format::json);
  log_about(4, about, "x");
  (void)take();
  spdlog::info("listening");
  const std::string line = take();
  EXPECT_EQ(text(line, "message"), "listening");
  for (const char* key : {"service", "method", "request", "trace"}) EXPECT_EQ(text(line, key), "(none)") << key;
}

TEST_F(RequestLog, WhatIsBelowTheLevelIsNotWritten) {
  log_about(1, about, "x");
  EXPECT_EQ(take(), "");
}

}  // namespace
}  // namespace waggle
