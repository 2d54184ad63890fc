#include "schema/describe/example_operation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/language/executable.h"

namespace waggle::graphql {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

contract compile(std::string_view rest) {
  auto compiled = compile_contract("extend schema @service(name: \"a.B\")\n" + std::string(rest), "b.graphql");
  EXPECT_TRUE(compiled.value) << (compiled.findings.empty() ? "" : to_string(compiled.findings.front()));
  return compiled.value ? *std::move(compiled.value) : contract{};
}

example_operation operation_of(std::string_view rest, std::string_view method) {
  const contract c = compile(rest);
  for (const described_method& m : methods_of(c))
    if (m.about->name == method) return operation_for(c, m);
  ADD_FAILURE() << "no method " << method;
  return {};
}

TEST(ExampleOperation, HasVariablesForWhatMustBeGivenAndSelectsTheLeaves) {
  const auto made = operation_of(
      "type Mutation { greet(person: Person!, n: Int): Greeting! }\n"
      "input Person { name: String! }\n"
      "type Greeting { text: String! from: Who! old: Int @deprecated }\n"
      "type Who { id: ID! kind: Kind }\nenum Kind { A B }",
      "greet");
  EXPECT_EQ(made.text,
            "mutation Greet($person: Person!) {\n"
            "  greet(person: $person) {\n"
            "    text\n"
            "    from {\n"
            "      id\n"
            "      kind\n"
            "    }\n"
            "  }\n"
            "}");
  EXPECT_EQ(made.variables, R"({"person":{"name":"World"}})");
}

TEST(ExampleOperation, ALeafNeedsNoSelectionAndNoArgumentsNoVariables) {
  const auto made = operation_of("type Query { count: [Int!]! }", "count");
  EXPECT_EQ(made.text, "query Count {\n  count\n}");
  EXPECT_EQ(made.variables, "{}");
}

TEST(ExampleOperation, ABareMethodsPayloadIsTheValueOfItsVariable) {
  const auto made = operation_of("type Query { f(value: In!): Int @bare }\ninput In { name: String! }", "f");
  EXPECT_EQ(made.text, "query F($value: In!) {\n  f(value: $value)\n}");
  EXPECT_EQ(made.variables, R"({"value":{"name":"World"}})");
}

// §5.3.2: what fragments select under one name must have the same shape.
TEST(ExampleOperation, UnionsAndInterfacesHaveFragmentsThatCanBeMerged) {
  const auto made = operation_of(
      "type Query { find: [Thing] all: Node }\n"
      "union Thing = A | B | C\n"
      "interface Node { id: ID! }\n"
      "type A implements Node { id: ID! size: Int }\n"
      "type B implements Node { id: ID! size: String next: Thing }\n"
      "type C { only: A }",
      "find");
  EXPECT_EQ(made.text,
            "query Find {\n"
            "  find {\n"
            "    __typename\n"
            "    ... on A {\n"
            "      id\n"
            "      size\n"
            "    }\n"
            "    ... on B {\n"
            "      id\n"
            "    }\n"
            "  }\n"
            "}");
}

TEST(ExampleOperation, TypesWithoutEndAndLargeOnesEnd) {
  const auto circle = operation_of("type Query { a: A }\ntype A { a: A! as: [A] }", "a");
  EXPECT_THAT(circle.text, HasSubstr("__typename"));
  EXPECT_LT(circle.text.size(), 2000U);
  std::string many = "type Query { a: A }\ntype A {";
  for (int i = 0; i < 4000; ++i) many += " f" + std::to_string(i) + ": A g" + std::to_string(i) + ": Int";
  const auto large = operation_of(many + " }", "a");
  EXPECT_LT(large.text.size(), 3000U);
  EXPECT_THAT(large.text, HasSubstr("g0"));
}

TEST(ExampleOperation, LeavesOutWhatNeedsArguments) {
  const auto made = operation_of("type Query { a: A }\ntype A { x(n: Int!): Int y(n: Int! = 1): Int }", "a");
  EXPECT_THAT(made.text, HasSubstr("y"));
  EXPECT_THAT(made.text, Not(HasSubstr("x")));
}

TEST(ExampleOperation, CanBeParsed) {
  const auto made = operation_of(
      "type Query { a(x: [In!]!): [[Node!]!]! }\ninput In { b: Boolean! }\ninterface Node { id: ID! }\n"
      "type A implements Node { id: ID! z: Float }",
      "a");
  source_limits limits;
  findings found(made.text, "operation");
  (void)parse_executable(made.text, limits, found);
  EXPECT_FALSE(found.has_errors()) << made.text;
}

}  // namespace
}  // namespace waggle::graphql
