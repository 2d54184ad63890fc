#include "schema/describe/describe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include "schema/describe/json_schema.h"
#include "schema/describe/json_tree.h"
#include "schema/describe/openapi.h"

namespace waggle {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

contract compile(std::string_view rest) {
  auto compiled =
      compile_contract("extend schema @service(name: \"a.v1.B\", version: \"2\")\n" + std::string(rest), "b.graphql");
  for (const diagnostic& d : compiled.findings)
    if (d.level != diagnostic::severity::note) ADD_FAILURE() << to_string(d);
  return compiled.value ? *std::move(compiled.value) : contract{};
}

/// The member of `$defs`, in one line.
std::string definition(const contract& c, std::string_view name) {
  simdjson::dom::parser parser;
  const std::string text = graphql::json_schema(c).value_or("");
  simdjson::dom::element found;
  if (parser.parse(text)["$defs"][name].get(found) != simdjson::SUCCESS) return "none in " + text;
  return simdjson::minify(found);
}

TEST(JsonTree, PrintsMembersInTheirOrderAndArraysOfScalarsInOneLine) {
  graphql::json_tree t;
  t.add("z", "a\"b").add("a", graphql::json_tree::array({1, true, "x"})).add("o", graphql::json_tree());
  t.add("l", graphql::json_tree::array({graphql::json_tree().add("k", graphql::json_tree::raw("1e3"))}));
  EXPECT_EQ(
      t.print(),
      "{\n  \"z\": \"a\\\"b\",\n  \"a\": [1, true, \"x\"],\n  \"o\": {},\n  \"l\": [\n    {\n      \"k\": 1e3\n    }\n"
      "  ]\n}\n");
}

TEST(JsonSchema, APayloadIsTheObjectOfTheArguments) {
  const contract c = compile("type Query { m(a: Int!, b: String = \"x\", c: Boolean! = true): Int }");
  EXPECT_EQ(
      definition(c, "m.payload"),
      R"({"type":"object","properties":{"a":{"type":"integer","format":"int32","minimum":-2147483648,)"
      R"("maximum":2147483647},"b":{"type":["string","null"],"default":"x"},"c":{"type":"boolean","default":true}},)"
      R"("required":["a"],"additionalProperties":false,"examples":[{"a":1}]})");
  EXPECT_EQ(definition(c, "m.answer"),
            R"({"type":["integer","null"],"format":"int32","minimum":-2147483648,"maximum":2147483647})");
}

TEST(JsonSchema, ABarePayloadIsTheArgumentItself) {
  const contract c = compile("type Query { m(a: [ID!]): Int @bare n: Int @bare }");
  EXPECT_EQ(definition(c, "m.payload"),
            R"({"anyOf":[{"type":"array","items":{"type":["string","integer"]}},{"type":["string","integer"]},)"
            R"({"type":"null"}],"examples":[["1"]]})");
  EXPECT_EQ(definition(c, "n.payload"), R"({"examples":[{}]})");
}

TEST(JsonSchema, ASingleValueStandsForAListOfOneAtEachLevel) {
  const contract c = compile("type Query { m(a: [[Boolean]!]!): Int }");
  EXPECT_THAT(
      definition(c, "m.payload"),
      HasSubstr(
          R"("a":{"anyOf":[{"type":"array","items":{"anyOf":[{"type":"array","items":{"type":["boolean","null"]}},)"
          R"({"type":"boolean"}]}},{"type":"boolean"}]})"));
}

TEST(JsonSchema, AnArrayForAListOfAnythingIsTheListItself) {
  const contract c = compile("scalar JSON type Query { m(a: [JSON!]!): Int }");
  EXPECT_THAT(definition(c, "m.payload"),
              HasSubstr(R"("a":{"anyOf":[{"type":"array","items":{"$ref":"#/$defs/JSON"}},)"
                        R"({"$ref":"#/$defs/JSON","type":["boolean","number","object","string"]}]})"));
}

TEST(JsonSchema, RecursiveTypesReferToThemselves) {
  const contract c =
      compile("input A { a: A, b: B } input B { a: [A!] } type R { r: [R!]! } type Query { m(a: A): R }");
  EXPECT_EQ(definition(c, "A"),
            R"({"type":"object","properties":{"a":{"anyOf":[{"$ref":"#/$defs/A"},{"type":"null"}]},)"
            R"("b":{"anyOf":[{"$ref":"#/$defs/B"},{"type":"null"}]}},"additionalProperties":false})");
  EXPECT_THAT(definition(c, "R"), HasSubstr(R"("required":["r"])"));
}

TEST(JsonSchema, OkrasScalarsAreKnownByName) {
  auto compiled = compile_contract("service S { m(at: Date): void }", "s.okra.gql");
  ASSERT_TRUE(compiled.value);
  EXPECT_THAT(definition(*compiled.value, "Date"), HasSubstr(R"("format":"date")"));
  const contract c = compile("scalar Date type Query { m(at: Date): Int }");
  EXPECT_THAT(definition(c, "Date"), Not(HasSubstr("format")));
}

TEST(JsonSchema, ManyLevelsOfListsAndLongChainsOfTypesAreNoTrouble) {
  std::string chain = "type Query { m(a: " + std::string(90, '[') + "Int" + std::string(90, ']') + ", b: T0): Int }";
  for (int i = 0; i < 20'000; ++i) chain += "input T" + std::to_string(i) + " { t: T" + std::to_string(i + 1) + " }\n";
  chain += "input T20000 { i: Int }";
  const contract c = compile(chain);
  EXPECT_THAT(definition(c, "T20000"), HasSubstr("int32"));
}

TEST(JsonSchema, IsNotMadeWhereItWouldBeManyTimesTheContract) {
  std::string deep = "input Deep {";
  for (int i = 0; i < 1'000; ++i)
    deep += " a" + std::to_string(i) + ": " + std::string(95, '[') + "Int" + std::string(95, ']');
  EXPECT_FALSE(graphql::json_schema(compile(deep + " } type Query { m(a: Deep): Int }")).has_value());
  std::string many = "type Query {";
  for (int i = 0; i < 5'000; ++i) many += " m" + std::to_string(i) + ": Int";
  contract c = compile(many + " }");
  EXPECT_TRUE(graphql::json_schema(c).has_value());
  c.described = describe(c);
  EXPECT_EQ(description_of(c, description_format::openapi), nullptr);
}

TEST(OpenApi, HasAPathForEachMethodThatCanBeCalledFromOutside) {
  const contract c = compile(
      "type Query { q: Int secret: Int @internal } type Mutation { change(a: Int): Int } type Subscription { s: Int }");
  const std::string text = graphql::openapi(c).value_or("");
  EXPECT_THAT(text, HasSubstr("\"/a.v1.B/q\""));
  EXPECT_THAT(text, HasSubstr("\"operationId\": \"q.get\""));
  EXPECT_THAT(text, HasSubstr("\"/a.v1.B/change\""));
  EXPECT_THAT(text, Not(HasSubstr("change.get")));
  EXPECT_THAT(text, Not(HasSubstr("secret")));
  EXPECT_THAT(text, Not(HasSubstr("/a.v1.B/s\"")));
  EXPECT_THAT(text, HasSubstr("\"version\": \"2\""));
  simdjson::dom::parser parser;
  EXPECT_EQ(parser.parse(text).error(), simdjson::SUCCESS);
}

TEST(OpenApi, IdempotentMethodsTakeTheKey) {
  contract c = compile("type Mutation { a: Int b: Int }");
  EXPECT_THAT(graphql::openapi(c), testing::Optional(Not(HasSubstr("Idempotency-Key"))));
  c.methods["a"].idempotent = true;
  EXPECT_THAT(graphql::openapi(c), testing::Optional(HasSubstr("#/components/parameters/Idempotency-Key")));
}

TEST(OpenApi, MethodsForVerifiedCallersSaySo) {
  EXPECT_THAT(graphql::openapi(compile("type Query { a: Int }")), testing::Optional(Not(HasSubstr("securitySchemes"))));
  const auto text = graphql::openapi(compile(R"(type Query { a: Int @auth b: Int @auth(scopes: ["x", "y"]) c: Int })"));
  ASSERT_TRUE(text);
  simdjson::dom::parser parser;
  const simdjson::dom::element all = parser.parse(*text);
  const auto security = [&](const char* method) {
    std::string out;
    for (const simdjson::dom::element way : all["paths"][method]["post"]["security"].get_array())
      out += simdjson::to_string(way);
    return out;
  };
  EXPECT_EQ(security("/a.v1.B/a"), R"({"token":[]}{"apiKey":[]})");
  EXPECT_EQ(security("/a.v1.B/b"), R"({"token":["x"]}{"token":["y"]}{"apiKey":["x"]}{"apiKey":["y"]})");
  EXPECT_EQ(all["paths"]["/a.v1.B/c"]["post"]["security"].error(), simdjson::NO_SUCH_FIELD);
  EXPECT_THAT(*text, HasSubstr("\"securitySchemes\""));
}

TEST(Describe, GivesEachFormatByItsName) {
  contract c = compile("type Query { q: Int }");
  EXPECT_EQ(description_of(c, description_format::openapi), nullptr);
  c.described = describe(c);
  for (const format_row& row : description_formats) {
    EXPECT_EQ(find_description_format(row.name), &row);
    ASSERT_NE(description_of(c, row.format), nullptr);
    EXPECT_FALSE(description_of(c, row.format)->empty());
    EXPECT_THAT(unknown_description_format("yaml"), HasSubstr(row.name));
  }
  EXPECT_EQ(find_description_format("yaml"), nullptr);
  EXPECT_EQ(find_description_format(""), nullptr);
}

}  // namespace
}  // namespace waggle
