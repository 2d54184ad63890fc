#include "core/error.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace waggle {
namespace {

error make(error_code code, std::string message) { return fail(code, fault::caller, std::move(message)).error(); }

TEST(error, codes_have_connects_names_and_numbers) {
  // connectrpc.com, "Connect protocol", error codes; the numbers are gRPC's.
  const char* names[] = {
      "canceled",       "unknown",           "invalid_argument",   "deadline_exceeded",   "not_found",
      "already_exists", "permission_denied", "resource_exhausted", "failed_precondition", "aborted",
      "out_of_range",   "unimplemented",     "internal",           "unavailable",         "data_loss",
      "unauthenticated"};
  std::uint8_t number = 1;
  for (const char* name : names) {
    EXPECT_EQ(to_string(static_cast<error_code>(number)), name);
    EXPECT_EQ(code_from(name), static_cast<error_code>(number));
    ++number;
  }
}

TEST(error, a_name_that_is_no_code) {
  for (const char* name : {"", "ok", "NOT_FOUND", "not_found ", "notfound"}) EXPECT_EQ(code_from(name), std::nullopt);
}

TEST(error, faults_have_names) {
  EXPECT_EQ(to_string(fault::caller), "caller");
  EXPECT_EQ(to_string(fault::guest), "guest");
  EXPECT_EQ(to_string(fault::host), "host");
  EXPECT_EQ(to_string(fault::overload), "overload");
}

TEST(error, fail_makes_a_result_that_failed) {
  const result<int> r = fail(error_code::aborted, fault::overload, "later");
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, error_code::aborted);
  EXPECT_EQ(r.error().whose, fault::overload);
  EXPECT_EQ(r.error().message, "later");
}

TEST(error, json_without_details) {
  EXPECT_EQ(to_json(make(error_code::not_found, "no \"x\"")), R"({"code":"not_found","message":"no \"x\""})");
}

TEST(error, json_with_the_guests_own_details) {
  error e = make(error_code::unknown, "m");
  e.details = R"([1,{"a":null}])";
  e.violations.push_back({"p", 1, "m", ""});
  EXPECT_EQ(to_json(e), R"({"code":"unknown","message":"m","details":[1,{"a":null}]})");
}

TEST(error, json_with_violations) {
  error e = make(error_code::invalid_argument, "m");
  EXPECT_EQ(violations_json(e), "");
  e.violations.push_back({"from.x", 17, "unknown field", "y"});
  e.violations.push_back({"", 0, "no", ""});
  e.violation_count = 70;
  const std::string violations =
      R"({"count":70,"violations":[{"path":"from.x","offset":17,"message":"unknown field","suggestion":"y"},)"
      R"({"path":"","offset":0,"message":"no"}]})";
  EXPECT_EQ(violations_json(e), violations);
  EXPECT_EQ(to_json(e), R"({"code":"invalid_argument","message":"m","details":)" + violations + "}");
}

TEST(error, debug_is_shown_only_where_asked_for) {
  error e = make(error_code::internal, "m");
  e.debug = "trap\nat f";
  EXPECT_EQ(to_json(e), R"({"code":"internal","message":"m"})");
  EXPECT_EQ(to_json(e, true), R"({"code":"internal","message":"m","debug":"trap\nat f"})");
  e.debug.clear();
  EXPECT_EQ(to_json(e, true), R"({"code":"internal","message":"m"})");
}

TEST(json_quote, rfc_8259_section_7_escapes) {
  EXPECT_EQ(json_quote(""), R"("")");
  EXPECT_EQ(json_quote("a\"b\\c/"), R"("a\"b\\c/")");
  EXPECT_EQ(json_quote("\n\t\r\x01\x1f"), R"("\n\t\u000d\u0001\u001f")");
  EXPECT_EQ(json_quote(std::string_view("\0", 1)), R"("\u0000")");
}

TEST(json_quote, rfc_3629_well_formed_text_is_kept) {
  for (const char* text : {"\x7f", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                           "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_EQ(json_quote(text), '"' + std::string(text) + '"');
}

TEST(json_quote, each_byte_that_is_not_utf_8_becomes_a_replacement_character) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(json_quote("a\xff-b"), "\"a" + r + "-b\"");
  EXPECT_EQ(json_quote("\xC0\x80"), '"' + r + r + '"');          // overlong
  EXPECT_EQ(json_quote("\xED\xA0\x80"), '"' + r + r + r + '"');  // a surrogate
  EXPECT_EQ(json_quote("\xF4\x90\x80\x80"), '"' + r + r + r + r + '"');
  EXPECT_EQ(json_quote("\xE2\x82"), '"' + r + r + '"');  // cut off
  EXPECT_EQ(json_quote("\xE2\x82\""), '"' + r + r + "\\\"\"");
}

}  // namespace
}  // namespace waggle
