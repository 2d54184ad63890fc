#include <gmock/gmock.h>

#include "schema/contract.h"
#include "schema/values/json_scan.h"

namespace waggle {
namespace {

using testing::HasSubstr;

/// A method that takes and answers any JSON.
method anything() {
  method m;
  m.name = "greet";
  return m;
}
error refused(std::string_view json, payload_limits limits = {}) {
  std::string text(json);
  const auto r = check_payload(anything(), text, limits);
  EXPECT_FALSE(r) << json;
  EXPECT_EQ(text, json);
  return r ? error{} : r.error();
}
bool takes(std::string_view json, payload_limits limits = {}) {
  std::string text(json);
  const bool good = check_payload(anything(), text, limits).has_value();
  EXPECT_EQ(text, json);
  return good;
}

struct bad_json {
  std::string_view text;
  std::size_t offset;
  std::string_view message;
};
class broken : public testing::TestWithParam<bad_json> {};
TEST_P(broken, json_is_refused_with_its_place) {
  const error e = refused(GetParam().text);
  EXPECT_EQ(e.code, error_code::invalid_argument);
  EXPECT_EQ(e.whose, fault::caller);
  EXPECT_THAT(e.message, HasSubstr("is not JSON"));
  ASSERT_EQ(e.violations.size(), 1U);
  EXPECT_EQ(e.violations[0].offset, GetParam().offset);
  EXPECT_THAT(e.violations[0].message, HasSubstr(GetParam().message));
}
INSTANTIATE_TEST_SUITE_P(
    rfc_8259, broken,
    testing::Values(bad_json{"", 0, "expected a value, it ends here"}, bad_json{"  ", 2, "ends here"},
                    bad_json{"{", 1, "field's name"}, bad_json{"{\"a\"", 4, "expected :"},
                    bad_json{"{\"a\" 1}", 5, "expected :, found 1"}, bad_json{"{\"a\":}", 5, "expected a value"},
                    bad_json{"{\"a\":1,}", 7, "field's name"}, bad_json{"{a:1}", 1, "field's name in quotes"},
                    bad_json{"[1,]", 3, "expected a value"}, bad_json{"[1 2]", 3, "expected , or ], found 2"},
                    bad_json{"[1", 2, "expected , or ], it ends here"}, bad_json{"[1}", 2, "expected , or ]"},
                    bad_json{"{} x", 3, "something follows"}, bad_json{"1 2", 2, "something follows"},
                    bad_json{"01", 1, "something follows"}, bad_json{"-", 1, "expected a digit"},
                    bad_json{"1.", 2, "expected a digit"}, bad_json{"1e+", 3, "expected a digit"},
                    bad_json{"nul", 0, "expected a value"}, bad_json{"True", 0, "expected a value"},
                    bad_json{"NaN", 0, "expected a value"}, bad_json{"\"a", 2, "string's end"},
                    bad_json{"\"a\nb\"", 2, "control character"}, bad_json{R"("\x")", 1, "not an escape"},
                    bad_json{R"("\u12")", 1, "four hexadecimal digits"}, bad_json{R"(["\ud800"])", 2, "lone surrogate"},
                    bad_json{R"("\udc00")", 1, "lone surrogate"}, bad_json{R"("\ud800\u0041")", 1, "lone surrogate"},
                    bad_json{"// c\n1", 0, "expected a value"},
                    bad_json{"\xEF\xBB\xBF"
                             "1",
                             0, "expected a value"},
                    bad_json{"]", 0, "expected a value"},
                    bad_json{std::string_view("1\0", 2), 1, "something follows"}));

TEST(payload, that_is_not_utf_8_is_refused) {
  const error e = refused("\"a\xFF\"");
  EXPECT_THAT(e.message, HasSubstr("is not UTF-8"));
  EXPECT_EQ(e.violations.at(0).offset, 2U);
}

TEST(payload, numbers_of_any_size_are_json) {
  for (const std::string_view json : {"123456789012345678901234567890", "-1e999", "[1e-999, 18446744073709551616]"})
    EXPECT_TRUE(takes(json)) << json;
}

TEST(payload, depth_is_counted_to_the_limit_and_not_beyond) {
  auto nested = [](std::size_t depth) { return std::string(depth, '[') + "1" + std::string(depth, ']'); };
  EXPECT_TRUE(takes(nested(128)));
  const error e = refused(nested(129));
  EXPECT_EQ(e.code, error_code::resource_exhausted);
  EXPECT_EQ(e.whose, fault::caller);
  EXPECT_THAT(e.message, HasSubstr("is too deep: nested deeper than 128"));
  EXPECT_EQ(e.violations.at(0).offset, 128U);
  payload_limits shallow;
  shallow.depth = 2;
  EXPECT_TRUE(takes(R"({"a":[1]})", shallow));
  EXPECT_EQ(refused(R"({"a":[{"b":1}]})", shallow).code, error_code::resource_exhausted);
}

TEST(payload, a_million_brackets_do_no_harm) {
  EXPECT_EQ(refused(std::string(1'000'000, '[')).code, error_code::resource_exhausted);
}

TEST(payload, length_is_limited) {
  payload_limits limits;
  limits.input_bytes = 4;
  EXPECT_TRUE(takes("1234", limits));
  const error e = refused("12345", limits);
  EXPECT_EQ(e.code, error_code::resource_exhausted);
  EXPECT_EQ(e.message, "the payload of greet has 5 bytes; the limit is 4");
}

TEST(payload, longer_and_shorter_ones_take_turns) {
  payload_limits limits;
  limits.input_bytes = 8U << 20;
  const std::string large = "[\"" + std::string(3U << 20, 'x') + "\"]";
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(takes(large, limits));
    EXPECT_TRUE(takes("{}", limits));
    EXPECT_FALSE(takes(large + "]", limits));
  }
}

TEST(json_scan, accepts_what_is_json) {
  for (const std::string_view json : {"0", "-0.0e-0", "{}", "[]", " [ ] ", R"({"":{"a":[]},"b":[{},[1,2]]})",
                                      R"("\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00")", "\"\x7F\""})
    EXPECT_FALSE(find_json_problem(json, 10)) << json;
}

}  // namespace
}  // namespace waggle
