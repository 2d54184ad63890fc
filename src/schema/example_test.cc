#include <chrono>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "schema/contract.h"

namespace waggle {
namespace {

/// The example of the first method in `sdl`, which must be right.
std::string example_of(std::string sdl, bool fits = true) {
  const auto compiled = compile_contract(sdl, "test.graphql");
  EXPECT_TRUE(compiled.value) << (compiled.findings.empty() ? "" : to_string(compiled.findings.front()));
  if (!compiled.value) return {};
  const method& m = compiled.value->methods.begin()->second;
  std::string again = m.example;
  EXPECT_EQ(check_payload(m, again, {}).has_value(), fits) << m.example;
  return m.example;
}
std::string example_for(std::string_view arguments, std::string_view types = "", bool fits = true) {
  return example_of("type Query { go" + std::string(arguments) + ": Int }\n" + std::string(types), fits);
}

TEST(example_payload, has_each_argument_that_must_be_given) {
  EXPECT_EQ(example_for("(name: String!, text: String!, n: Int!, f: Float!, b: Boolean!, id: ID!)"),
            R"({"name":"World","text":"text","n":1,"f":1.5,"b":true,"id":"1"})");
}

TEST(example_payload, leaves_out_what_may_be_left_out) {
  EXPECT_EQ(example_for("(a: Int, b: Int! = 3, c: Int!)"), R"({"c":1})");
}

TEST(example_payload, has_the_first_string_where_nothing_must_be_given) {
  EXPECT_EQ(example_for("(n: Int, list: [String], name: String, other: String)"), R"({"name":"World"})");
  EXPECT_EQ(example_for("(n: Int)"), "{}");
  EXPECT_EQ(example_for(""), "{}");
}

TEST(example_payload, knows_enums_lists_and_inputs) {
  EXPECT_EQ(
      example_for("(e: E!, l: [[Int!]!]!, i: I!)",
                  "enum E { FIRST SECOND } input I { name: String!, other: Int, deep: [J!]! } input J { x: ID! }"),
      R"({"e":"FIRST","l":[[1]],"i":{"name":"World","deep":[{"x":"1"}]}})");
}

TEST(example_payload, has_one_field_of_a_one_of) {
  EXPECT_EQ(example_for("(i: I!)", "input I @oneOf { text: String, n: Int }"), R"({"i":{"text":"text"}})");
}

TEST(example_payload, knows_common_scalars_by_name) {
  EXPECT_EQ(example_for("(d: DateTime!, u: UUID!, l: Long!, x: Other!)",
                        "scalar DateTime scalar UUID scalar Long scalar Other"),
            R"({"d":"2026-01-31T12:00:00Z","u":"123e4567-e89b-42d3-a456-426614174000","l":1,"x":"text"})");
}

TEST(example_payload, of_a_bare_method_is_the_value_itself) {
  EXPECT_EQ(example_of("type Query { go(name: String!): Int @bare }"), R"("World")");
  EXPECT_EQ(example_of("type Query { go: Int @bare }"), "{}");
  EXPECT_EQ(example_of("service S { go(input: In): Out }\n type In { name: String!, age: Int }\n type Out { x: Int }"),
            R"({"name":"World"})");
}

TEST(example_payload, ends_where_an_input_needs_itself) {
  EXPECT_EQ(example_for("(i: I!)", "input I { i: [I!]! }"),
            R"({"i":{"i":[{"i":[{"i":[{"i":[{"i":[{"i":[{"i":[{"i":[]}]}]}]}]}]}]}]}})");
}

TEST(example_payload, ends_where_it_would_grow_without_bound) {
  EXPECT_EQ(example_for("(i: I!)", "input I { a: [I!]!, b: [I!]!, c: [I!]!, d: [I!]! }", false), "{}");
}

/// `example_for` checks that each fits.
TEST(example_payload, keeps_to_the_bounds_of_numbers) {
  EXPECT_EQ(example_for("(n: Int! @constraint(min: 18))"), R"({"n":18})");
  EXPECT_EQ(example_for("(n: Int! @constraint(min: 17.5))"), R"({"n":18})");
  EXPECT_EQ(example_for("(n: Int! @constraint(max: -5))"), R"({"n":-5})");
  EXPECT_EQ(example_for("(n: Int! @constraint(exclusiveMin: 18))"), R"({"n":19})");
  EXPECT_EQ(example_for("(n: Int! @constraint(exclusiveMax: 0))"), R"({"n":-1})");
  EXPECT_EQ(example_for("(n: Int! @constraint(min: 1, max: 100, multipleOf: 7))"), R"({"n":7})");
  EXPECT_EQ(example_for("(n: Int! @constraint(min: 2, multipleOf: 0.01))"), R"({"n":2})");
  EXPECT_EQ(example_for("(n: Float! @constraint(exclusiveMin: 0, exclusiveMax: 1))"), R"({"n":0.5})");
  EXPECT_EQ(example_for("(n: Float! @constraint(exclusiveMin: 0.2, multipleOf: 0.1, max: 1.1))"), R"({"n":1.1})");
  EXPECT_EQ(example_for("(n: Float! @constraint(min: 1e30, multipleOf: 1e29))"), R"({"n":1e30})");
  EXPECT_EQ(example_for("(n: Int! @constraint(exclusiveMin: 0.1, exclusiveMax: 0.9))", "", false), R"({"n":1})");
}

TEST(example_payload, keeps_to_the_lengths_and_patterns_of_texts) {
  EXPECT_EQ(example_for("(name: String! @constraint(minLength: 8))"), R"({"name":"WorldWorld"})");
  EXPECT_EQ(example_for("(t: String! @constraint(minLength: 6, maxLength: 7), u: String! @constraint(maxLength: 0))"),
            R"({"t":"texttex","u":""})");
  EXPECT_EQ(example_for("(id: ID! @constraint(minLength: 3))"), R"({"id":"111"})");
  EXPECT_EQ(example_for(R"re((e: String! @constraint(pattern: "^[^@]+@[^@]+\\.[a-z]+$")))re"),
            R"({"e":"a@example.com"})");
  EXPECT_EQ(example_for(R"((t: String! @constraint(pattern: "^[a-z]+$", minLength: 8)))"), R"({"t":"texttext"})");
  EXPECT_EQ(example_for(R"((t: String! @constraint(pattern: "^[A-Z]{3}$")))"), R"({"t":"ABC"})");
  EXPECT_EQ(example_for(R"((t: String! @constraint(pattern: "^\\d{4}-\\d\\d-\\d\\d$")))"), R"({"t":"2026-01-31"})");
  EXPECT_EQ(example_for(R"((t: String! @constraint(pattern: "^[0-9a-f]{8}-[0-9a-f]{4}-")))"),
            R"({"t":"123e4567-e89b-42d3-a456-426614174000"})");
}

TEST(example_payload, stays_the_usual_one_where_nothing_is_found) {
  EXPECT_EQ(example_for(R"((t: String! @constraint(pattern: "^nothing like it$")))", "", false), R"({"t":"text"})");
  EXPECT_EQ(example_for("(t: String! @constraint(minLength: 1000))", "", false), R"({"t":"text"})");
  EXPECT_EQ(example_for("(l: [Int!]! @constraint(minItems: 1000))", "", false), R"({"l":[1]})");
  EXPECT_EQ(example_for(R"((t: String! @constraint(pattern: "^abc([a-y]?z?){900}$")))", "", false), R"({"t":"text"})");
}

TEST(example_payload, keeps_to_all_constraints_at_once) {
  EXPECT_EQ(example_for("(name: String! @constraint(minLength: 8), age: Int! @constraint(min: 18), "
                        "tags: [String!]! @constraint(minItems: 2))"),
            R"({"name":"WorldWorld","age":18,"tags":["text","text"]})");
}

TEST(example_payload, has_as_many_items_as_are_asked_for) {
  EXPECT_EQ(example_for("(tags: [String!]! @constraint(minItems: 2))"), R"({"tags":["text","text"]})");
  EXPECT_EQ(example_for("(tags: [String!]! @constraint(minItems: 2, uniqueItems: true))"),
            R"({"tags":["text","a@example.com"]})");
  EXPECT_EQ(example_for("(l: [[Int!]!]! @constraint(minItems: 3, uniqueItems: true, min: 5))"),
            R"({"l":[[5],[6],[7]]})");
  EXPECT_EQ(example_for("(l: [Int!]! @constraint(maxItems: 0), e: [E!]! @constraint(minItems: 2, uniqueItems: true))",
                        "enum E { A } extend enum E { B C }"),
            R"({"l":[],"e":["A","B"]})");
  EXPECT_EQ(example_for("(l: [I!]! @constraint(minItems: 2))", "input I { n: Int! @constraint(min: 3) }"),
            R"({"l":[{"n":3},{"n":3}]})");
  for (const std::string_view type : {"Float", "String", "ID", "Int"})
    example_for(fmt::format("(l: [{}!]! @constraint(minItems: 10, uniqueItems: true))", type));
}

TEST(example_payload, keeps_to_what_a_scalar_asks_for) {
  EXPECT_EQ(example_for("(a: Age!, b: Age! @constraint(multipleOf: 10))", "scalar Age @constraint(min: 18)"),
            R"({"a":18,"b":20})");
  EXPECT_EQ(example_for("(a: Email!)", R"(scalar Email @constraint(pattern: "@"))"), R"({"a":"a@example.com"})");
  EXPECT_EQ(example_for("(a: Money! @constraint(min: 20), b: Day!)",
                        R"(scalar Money @specifiedBy(url: "https://scalars.graphql.org/waggle/decimal.html")
                           scalar Day @specifiedBy(url: "https://scalars.graphql.org/chillicream/date.html"))"),
            R"({"a":"20","b":"2026-01-31"})");
  EXPECT_EQ(example_for("(u: UUID!)", "scalar UUID @constraint(min: 3)"), R"({"u":3})");
}

/// As many methods as may each still try one pattern, which is as large as a pattern may be.
TEST(example_payload, takes_little_time_however_many_patterns_there_are) {
  std::string sdl = "input I {";
  for (int i = 0; i < 40; ++i)
    sdl += fmt::format(R"( f{0}: String! @constraint(pattern: "^(a?b?c?d?e?f?g?h?){{600}}{0}"))", i);
  sdl += " } type Query {";
  for (int i = 0; i < 250; ++i) sdl += fmt::format(" m{}(i: I!): Int", i);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(compile_contract(sdl + " }", "test.graphql").value);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
}

}  // namespace
}  // namespace waggle
