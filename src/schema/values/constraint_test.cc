#include "schema/values/constraint.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "schema/language/parser.h"

namespace waggle::graphql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr applies_to everything = applies_to::numbers | applies_to::texts | applies_to::items;

struct outcome {
  std::optional<constraint> read;
  std::vector<std::string> messages;
};

outcome read(const std::string& arguments, applies_to what, pattern_set& patterns) {
  const std::string text = fmt::format("scalar S @constraint({})", arguments);
  findings found(text, "f");
  const document doc = parse(text, {}, found);
  outcome out;
  EXPECT_FALSE(found.has_errors()) << text;
  if (!found.has_errors()) out.read = read_constraint(doc.definitions.at(0).directives.at(0), what, patterns, found);
  for (const diagnostic& d : found.take()) out.messages.push_back(d.message);
  return out;
}
outcome read(const std::string& arguments, applies_to what = everything) {
  pattern_set patterns;
  return read(arguments, what, patterns);
}

/// Without findings.
constraint good(const std::string& arguments) {
  outcome o = read(arguments);
  EXPECT_THAT(o.messages, IsEmpty());
  EXPECT_TRUE(o.read) << arguments;
  return o.read ? *o.read : constraint{};
}

std::string number(const constraint& c, std::string_view json) {
  const auto broken = check_number(c, json);
  EXPECT_EQ(number_fits(c, json), !broken) << json;
  return broken.value_or("");
}
std::string text(const constraint& c, std::string_view decoded) {
  const auto broken = check_text(c, decoded);
  EXPECT_EQ(text_fits(c, decoded), !broken) << decoded;
  return broken.value_or("");
}
std::string items(const constraint& c, std::size_t count) {
  const auto broken = check_items(c, count);
  EXPECT_EQ(items_fit(c, count), !broken) << count;
  return broken.value_or("");
}

TEST(constraint, bounds_are_exact_and_inclusive) {
  const constraint c = good("min: 0.1, max: 1e2");
  EXPECT_EQ(number(c, "0.1"), "");
  EXPECT_EQ(number(c, "100.000"), "");
  EXPECT_EQ(number(c, "0.09999999999999999999999999"), "must be at least 0.1");
  EXPECT_EQ(number(c, "100.00000000000000000000001"), "must be at most 1e2");
  const constraint beyond_double = good("max: 9007199254740992");
  EXPECT_EQ(number(beyond_double, "9007199254740992"), "");
  EXPECT_EQ(number(beyond_double, "9007199254740993"), "must be at most 9007199254740992");
}

TEST(constraint, exclusive_bounds_leave_themselves_out) {
  const constraint c = good("exclusiveMin: 0, exclusiveMax: 10");
  EXPECT_EQ(number(c, "1e-9"), "");
  EXPECT_EQ(number(c, "9.99"), "");
  EXPECT_EQ(number(c, "-0.0"), "must be above 0");
  EXPECT_EQ(number(c, "10.0"), "must be below 10");
}

TEST(constraint, multiple_of_is_decimal) {
  const constraint c = good("multipleOf: 0.01");
  EXPECT_EQ(number(c, "19.99"), "");
  EXPECT_EQ(number(c, "1e300"), "");
  EXPECT_EQ(number(c, "0.005"), "must be a multiple of 0.01");
}

TEST(constraint, lengths_count_code_points) {
  const constraint c = good("minLength: 2, maxLength: 3");
  EXPECT_EQ(text(c, "ab"), "");
  EXPECT_EQ(text(c, "abc"), "");
  EXPECT_EQ(text(c, "\u00e9\u00e9\u00e9"), "");
  EXPECT_EQ(text(c, "\U0001F600\U0001F600\U0001F600"), "");
  EXPECT_EQ(text(c, "\U0001F600"), "must have at least 2 characters");
  EXPECT_EQ(text(c, "a\u00e9bc"), "must have at most 3 characters");
  EXPECT_EQ(text(c, std::string(1000, 'x')), "must have at most 3 characters");
  EXPECT_EQ(text(c, ""), "must have at least 2 characters");
  EXPECT_EQ(text(good("maxLength: 0"), ""), "");
}

TEST(constraint, lengths_agree_with_counting_at_every_size) {
  for (std::uint32_t least = 0; least < 6; ++least) {
    for (std::uint32_t most = least; most < 6; ++most) {
      const constraint c = good(fmt::format("minLength: {}, maxLength: {}", least, most));
      for (const std::string_view character : {"a", "\u00e9", "\u20ac", "\U0001F600"}) {
        std::string s;
        for (std::uint32_t n = 0; n < 8; ++n, s += character)
          EXPECT_EQ(text(c, s).empty(), n >= least && n <= most) << s << ' ' << least << ' ' << most;
      }
    }
  }
}

TEST(constraint, patterns_are_searched_for) {
  const constraint c = good(R"(pattern: "^[a-z]+\\d$")");
  EXPECT_EQ(text(c, "abc1"), "");
  EXPECT_THAT(text(c, "abc1\n"), HasSubstr("must match"));
  EXPECT_THAT(text(c, ""), HasSubstr("must match"));
  EXPECT_EQ(text(good(R"(pattern: "b")"), "abc"), "");
  EXPECT_EQ(text(good(R"(pattern: "")"), ""), "");
  EXPECT_EQ(text(good(R"(pattern: "^.$")"), "\u20ac"), "");
  EXPECT_EQ(text(good("pattern: \"^a\\\\x00b$\""), std::string_view("a\0b", 3)), "");
}

TEST(constraint, patterns_take_linear_time) {
  const constraint c = good(R"(pattern: "^(a+)+$")");
  EXPECT_NE(text(c, std::string(std::size_t{1} << 20, 'a') + "b"), "");
  EXPECT_NE(text(good(R"(pattern: "(x+x+)+y")"), std::string(100'000, 'x')), "");
}

TEST(constraint, items_are_counted) {
  const constraint c = good("minItems: 1, maxItems: 2, uniqueItems: true");
  EXPECT_TRUE(c.unique_items);
  EXPECT_EQ(items(c, 0), "must have at least 1 item, has 0");
  EXPECT_EQ(items(c, 1), "");
  EXPECT_EQ(items(c, 3), "must have at most 2 items, has 3");
}

TEST(constraint, null_and_nothing_constrain_nothing) {
  const constraint c = good("min: null, pattern: null, minItems: null, maxLength: null, uniqueItems: null");
  EXPECT_EQ(number(c, "-1e999"), "");
  EXPECT_EQ(text(c, ""), "");
  EXPECT_EQ(items(c, 0), "");
  // Null applies to everything, too.
  EXPECT_THAT(read("min: null, uniqueItems: false", applies_to::texts).messages, IsEmpty());
}

TEST(constraint, what_is_wrong_with_it_is_reported) {
  const auto messages = [](const std::string& arguments, applies_to what = everything) {
    const outcome o = read(arguments, what);
    EXPECT_FALSE(o.read) << arguments;
    return o.messages;
  };
  EXPECT_THAT(messages("min: 3, max: 2"), ElementsAre("@constraint: nothing fits both min: 3 and max: 2"));
  EXPECT_THAT(messages("exclusiveMin: 2, max: 2.0"),
              ElementsAre("@constraint: nothing fits both exclusiveMin: 2 and max: 2.0"));
  EXPECT_THAT(messages("min: 2, exclusiveMax: 2"), ElementsAre(HasSubstr("min: 2 and exclusiveMax: 2")));
  EXPECT_THAT(messages("exclusiveMin: 2, exclusiveMax: 1"), ElementsAre(HasSubstr("exclusiveMin: 2")));
  EXPECT_THAT(messages("minLength: 3, maxLength: 2"), ElementsAre(HasSubstr("minLength: 3 and maxLength: 2")));
  EXPECT_THAT(messages("minItems: 3, maxItems: 2"), ElementsAre(HasSubstr("minItems: 3 and maxItems: 2")));
  EXPECT_THAT(messages("maxLength: -1"), ElementsAre("maxLength of @constraint is -1; it must be 0 or more"));
  EXPECT_THAT(messages("multipleOf: 0.0"), ElementsAre("multipleOf of @constraint is 0.0; it must be above 0"));
  EXPECT_THAT(messages("multipleOf: -1"), ElementsAre(HasSubstr("must be above 0")));
  EXPECT_THAT(messages("multipleOf: 1.2345678901234567890123"), ElementsAre(HasSubstr("at most 19")));
  EXPECT_THAT(messages(R"(pattern: "(a")"), ElementsAre(StartsWith("pattern of @constraint: RE2: missing )")));
  EXPECT_THAT(messages("pattern: \"(?=a)\""), ElementsAre(StartsWith("pattern of @constraint: RE2: ")));
  EXPECT_THAT(messages(R"(pattern: "(a)\\1")"), ElementsAre(StartsWith("pattern of @constraint: RE2: ")));
  EXPECT_THAT(messages(R"(pattern: "((a{100}){100}){100}")"), ElementsAre(StartsWith("pattern of @constraint: ")));
  EXPECT_THAT(messages("minLength: 1", applies_to::numbers),
              ElementsAre("minLength of @constraint is for strings; here it would never apply"));
  EXPECT_THAT(messages(R"(pattern: "a")", applies_to::numbers | applies_to::items),
              ElementsAre(HasSubstr("is for strings")));
  EXPECT_THAT(messages("minItems: 1", applies_to::texts),
              ElementsAre(HasSubstr("minItems of @constraint is for lists")));
  EXPECT_THAT(messages("uniqueItems: true", applies_to::texts), ElementsAre(HasSubstr("is for lists")));
  EXPECT_THAT(messages("multipleOf: 2", applies_to::items), ElementsAre(HasSubstr("is for numbers")));
  EXPECT_THAT(messages("min: 1, maxLength: 2", applies_to::nothing), testing::SizeIs(2));
}

TEST(constraint, arguments_of_a_wrong_type_are_left_to_who_checks_directives) {
  for (const std::string_view arguments : {"min: \"1\"", "minLength: 1.5", "pattern: 1", "uniqueItems: 1", "min: 1e999",
                                           "minItems: 99999999999", "nonsense: 1", "min: [1]", "maxLength: {a: 1}"}) {
    const outcome o = read(std::string(arguments));
    EXPECT_FALSE(o.read) << arguments;
    EXPECT_THAT(o.messages, IsEmpty()) << arguments;
  }
}

TEST(constraint, equal_patterns_are_compiled_once) {
  pattern_set patterns;
  const outcome a = read(R"(pattern: "a+")", everything, patterns);
  const outcome b = read(R"(pattern: "a+", min: 1)", everything, patterns);
  ASSERT_TRUE(a.read && b.read);
  EXPECT_EQ(a.read->pattern, b.read->pattern);
}

TEST(constraint, patterns_of_one_contract_are_bounded) {
  pattern_set many;
  std::string problem;
  std::size_t taken = 0;
  while (taken < 10'000 && many.compile(fmt::format("a{}", taken), problem) != nullptr) ++taken;
  EXPECT_EQ(taken, 1000U);
  EXPECT_THAT(problem, HasSubstr("more than 1000 patterns"));

  pattern_set large;
  taken = 0;
  while (taken < 1000 && large.compile(fmt::format("b{}(a{{1000}})(c{{1000}})(d{{1000}})", taken), problem) != nullptr)
    ++taken;
  EXPECT_LT(taken, 200U);
  EXPECT_THAT(problem, HasSubstr("too large"));
}

}  // namespace
}  // namespace waggle::graphql
