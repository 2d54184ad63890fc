#include "schema/describe/tools.h"

#include <chrono>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace waggle {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

contract compile(std::string_view rest, std::string_view name = "a.v1.B") {
  auto compiled = compile_contract(
      fmt::format("\"what it is for\"\nschema @service(name: \"{}\", version: \"2\") {{ {} }}\n{}", name,
                  rest.contains("type Query")
                      ? (rest.contains("type Mutation") ? "query: Query mutation: Mutation" : "query: Query")
                      : "mutation: Mutation",
                  rest),
      "b.graphql");
  for (const diagnostic& d : compiled.findings)
    if (d.level == diagnostic::severity::error) ADD_FAILURE() << to_string(d);
  return compiled.value ? *std::move(compiled.value) : contract{};
}

tool only_tool(std::string_view rest) {
  auto all = describe_tools(compile(rest));
  if (all.size() != 1) ADD_FAILURE() << all.size();
  return all.empty() ? tool{} : std::move(all.front());
}

TEST(ToolName, PointsBecomeHyphensAndTheWayBackIsKnown) {
  EXPECT_EQ(tool_name("shop.v1.Orders", "place_it"), "shop-v1-Orders-place_it");
  const tool_place back = find_tool_place("shop-v1-Orders-place_it");
  EXPECT_EQ(back.service, "shop.v1.Orders");
  EXPECT_EQ(back.method, "place_it");
  EXPECT_EQ(find_tool_place("nothing").service, "");
}

TEST(ToolName, ALongOneIsItsEndAndAHashOfTheWhole) {
  const std::string a = tool_name("a." + std::string(80, 'x'), "m");
  const std::string b = tool_name("b." + std::string(80, 'x'), "m");
  EXPECT_EQ(a.size(), longest_tool_name);
  EXPECT_THAT(a, EndsWith("xxx-m"));
  EXPECT_NE(a, b);
  EXPECT_EQ(a, tool_name("a." + std::string(80, 'x'), "m"));
}

TEST(Tools, ATypeThatIsAnObjectIsTheAnswersSchemaWithAllThatItRefersTo) {
  const tool t = only_tool(
      R"(type Query { "says it" q(a: Int!, in: In): Out! } input In { x: ID } type Out { o: Out, e: E } enum E { A B })");
  EXPECT_EQ(t.name, "a-v1-B-q");
  EXPECT_FALSE(t.wraps_answer);
  EXPECT_EQ(
      t.json,
      R"({"name":"a-v1-B-q","title":"B.q","description":"says it","inputSchema":{"type":"object","properties":{"a":{"type":"integer","format":"int32","minimum":-2147483648,"maximum":2147483647},"in":{"anyOf":[{"$ref":"#/$defs/In"},{"type":"null"}]}},"required":["a"],"additionalProperties":false,"$defs":{"In":{"type":"object","properties":{"x":{"type":["string","integer","null"]}},"additionalProperties":false}}},"outputSchema":{"type":"object","$ref":"#/$defs/Out","$defs":{"E":{"type":"string","enum":["A","B"]},"Out":{"type":"object","properties":{"__typename":{"const":"Out"},"o":{"anyOf":[{"$ref":"#/$defs/Out"},{"type":"null"}]},"e":{"anyOf":[{"$ref":"#/$defs/E"},{"type":"null"}]}},"additionalProperties":false}}},"annotations":{"readOnlyHint":true,"destructiveHint":false,"idempotentHint":true,"openWorldHint":false}})");
}

TEST(Tools, OtherAnswersAreAMemberResult) {
  for (const std::string_view type : {"Int!", "Out", "[Out!]!", "E!", "JSON"}) {
    const tool t =
        only_tool(fmt::format("scalar JSON type Query {{ q: {} }} type Out {{ a: Int }} enum E {{ A }}", type));
    EXPECT_TRUE(t.wraps_answer) << type;
    EXPECT_THAT(t.json, HasSubstr(R"("outputSchema":{"type":"object","properties":{"result":)")) << type;
  }
  EXPECT_FALSE(only_tool("type Query { q: U! } union U = A type A { a: Int }").wraps_answer);
}

TEST(Tools, ABarePayloadIsTheArgumentValue) {
  const tool t = only_tool("type Query { q(x: Int): Int @bare }");
  EXPECT_TRUE(t.wraps_payload);
  EXPECT_THAT(t.json, HasSubstr(R"("required":["value"])"));
  const tool none = only_tool("type Query { q: Int @bare }");
  EXPECT_FALSE(none.wraps_payload);
  EXPECT_THAT(none.json, HasSubstr(R"("inputSchema":{"type":"object","additionalProperties":false})"));
}

TEST(Tools, AMethodWithoutADescriptionHasTheServices) {
  EXPECT_THAT(only_tool("type Query { q: Int }").json, HasSubstr(R"("description":"what it is for")"));
  EXPECT_THAT(only_tool("type Query { \"own\" q: Int @deprecated(reason: \"use r\") }").json,
              HasSubstr(R"("description":"own\n\nDeprecated: use r")"));
}

TEST(Tools, HintsSayWhatTheContractKnows) {
  EXPECT_THAT(only_tool("type Mutation { m: Int @idempotent }").json,
              HasSubstr(R"("readOnlyHint":false,"destructiveHint":true,"idempotentHint":true)"));
  contract c = compile("type Query { q: Int }");
  c.uses = {"waggle.http.v1.Http"};
  EXPECT_THAT(describe_tools(c).front().json, HasSubstr(R"("openWorldHint":true)"));
}

TEST(Tools, InternalMethodsAreNone) {
  const auto all = describe_tools(compile("type Query { a: Int b: Int @internal }"));
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].method, "a");
}

TEST(Tools, ATypeTooLargeForAModelIsLeftOut) {
  std::string fields;
  for (int i = 0; i < 5000; ++i) fields += fmt::format("f{}: Int ", i);
  const tool t = only_tool(fmt::format("type Query {{ q(in: In): Int }} input In {{ {} }}", fields));
  EXPECT_THAT(t.json, HasSubstr(R"("inputSchema":{"type":"object"})"));
  EXPECT_THAT(t.json, HasSubstr(R"("outputSchema")"));
}

/// Each tool repeats what it refers to: without a bound that is methods times types.
TEST(Tools, ManyMethodsOfLargeTypesTakeBoundedTimeAndRoom) {
  std::string methods;
  std::string values;
  std::string fields;
  for (int i = 0; i < 3000; ++i) fields += fmt::format("f{}: E ", i);
  for (int i = 0; i < 3000; ++i) methods += fmt::format("m{}(in: In, e: E): Out ", i);
  for (int i = 0; i < 3000; ++i) values += fmt::format("V{} ", i);
  const contract c = compile(fmt::format("type Query {{ {} }} input In {{ {} }} enum E {{ {} }} type Out {{ {} }}",
                                         methods, fields, values, fields));
  const auto began = std::chrono::steady_clock::now();
  const auto all = describe_tools(c);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));  // a tenth of that, without sanitizers
  EXPECT_EQ(all.size(), 3000U);
  std::size_t bytes = 0;
  for (const tool& t : all) bytes += t.json.size();
  EXPECT_LT(bytes, std::size_t{16} << 20);
}

}  // namespace
}  // namespace waggle
