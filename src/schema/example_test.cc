#include <gtest/gtest.h>

#include "schema/contract.h"

namespace waggle {
namespace {

/// The example of the first method in `sdl`, which must be right.
std::string example_of(std::string sdl) {
  const auto compiled = compile_contract(sdl, "test.graphql");
  EXPECT_TRUE(compiled.value) << (compiled.findings.empty() ? "" : to_string(compiled.findings.front()));
  if (!compiled.value) return {};
  const method& m = compiled.value->methods.begin()->second;
  std::string again = m.example;
  EXPECT_TRUE(check_payload(m, again, {})) << m.example;
  return m.example;
}
std::string example_for(std::string_view arguments, std::string_view types = "") {
  return example_of("type Query { go" + std::string(arguments) + ": Int }\n" + std::string(types));
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
  EXPECT_EQ(example_for("(i: I!)", "input I { i: [I!]! }").substr(0, 20), R"({"i":{"i":[{"i":[{"i)");
}

TEST(example_payload, ends_where_it_would_grow_without_bound) {
  EXPECT_EQ(example_for("(i: I!)",
                        "input I { a: J!, b: J!, c: J!, d: J! } input J { a: K!, b: K!, c: K!, d: K! } "
                        "input K { a: L!, b: L!, c: L!, d: L! } input L { a: Int!, b: Int!, c: Int! }"),
            "{}");
}

}  // namespace
}  // namespace waggle
