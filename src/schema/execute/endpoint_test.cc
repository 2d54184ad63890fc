#include "schema/execute/endpoint.h"

#include <chrono>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "schema/execute/execution.h"
#include "schema/execute/validate.h"

namespace waggle::graphql {
namespace {

using testing::HasSubstr;
using testing::Not;

std::shared_ptr<const contract> service(std::string_view sdl) {
  compiled_contract c = compile_contract(sdl, "f");
  for (const diagnostic& d : c.findings)
    if (d.level == diagnostic::severity::error) ADD_FAILURE() << to_string(d);
  return std::make_shared<const contract>(std::move(*c.value));
}

std::shared_ptr<const contract> service(std::string_view name, std::string_view types) {
  return service(fmt::format("extend schema @service(name: \"{}\")\n{}", name, types));
}

std::shared_ptr<const endpoint> made(const std::vector<std::shared_ptr<const contract>>& of, bool combined) {
  auto e = endpoint::make(of, combined);
  if (!e) ADD_FAILURE() << e.error().message;
  return e ? *e : nullptr;
}

std::string response(const std::shared_ptr<const endpoint>& of, std::string_view text,
                     const std::vector<std::string>& answers) {
  auto d = std::make_shared<prepared_document>(of, std::string(text));
  findings found(d->text, "q");
  d->doc = parse_executable(d->text, {}, found);
  d->plan();
  auto run = execution::begin({.document = d});
  for (std::size_t i = 0; i < answers.size(); ++i) run->answered(i, answers[i]);
  return run->finish();
}

TEST(endpoint_of_one, keeps_names_and_shows_what_clients_can_call_only) {
  const auto e = made({service("a.v1.A", R"(
    "reads" type MyQuery { "one" get(id: ID! @constraint(minLength: 3), pw: String @sensitive): Item @timeout(ms: 5)
                           old: Int @deprecated(reason: "gone") hidden: Secret @internal }
    extend schema { query: MyQuery }
    type Item { id: ID! next: Item at: Time } extend type Item { more: Int }
    type Secret { x: Int } type Unused { x: Int }
    scalar Time @specifiedBy(url: "https://scalars.graphql.org/andimarek/date-time") @constraint(minLength: 2)
    directive @own on OBJECT
  )")},
                      false);
  EXPECT_EQ(e->sdl(), R"(schema {
  query: MyQuery
}

"reads"
type MyQuery {
  "one"
  get(id: ID!, pw: String): Item
  old: Int @deprecated(reason: "gone")
}

type Item {
  id: ID!
  next: Item
  at: Time
  more: Int
}

scalar Time @specifiedBy(url: "https://scalars.graphql.org/andimarek/date-time")
)");
  ASSERT_NE(e->find(operation::query, "get"), nullptr);
  EXPECT_EQ(e->find(operation::query, "get")->callee->name, "get");
  EXPECT_EQ(e->find(operation::query, "hidden"), nullptr);
  EXPECT_TRUE(e->sensitive());
}

TEST(endpoint_of_one, quotes_no_value_of_a_client_where_one_is_sensitive) {
  const auto e = made({service("a.v1.A", "type Query { echo(pin: Int @sensitive): Int }")}, false);
  EXPECT_THAT(e->sdl(), Not(HasSubstr("sensitive")));
  prepared_document wrong(e, R"({echo(pin: "SECRET1")})");
  findings found(wrong.text, "q");
  wrong.doc = parse_executable(wrong.text, {}, found);
  validate(e->schema(), wrong.doc, found);
  EXPECT_EQ(to_string(found.take().at(0)), "q:1:12: error: pin of echo: expected Int, found a string (§5.6.1)");
  const auto document = std::make_shared<prepared_document>(e, "query($p: Int) {echo(pin: $p)}");
  findings none(document->text, "q");
  document->doc = parse_executable(document->text, {}, none);
  document->plan();
  const auto run = execution::begin({.document = document, .operation_name = {}, .variables = R"({"p": "SECRET1"})"});
  ASSERT_FALSE(run);
  EXPECT_THAT(run.error().front().why.message, HasSubstr("variable $p: expected Int, got a string"));
}

TEST(endpoint_of_one, without_queries_has_the_field_services) {
  const auto e = made({service("a.v1.A", "type Mutation { do(x: Int): Boolean }")}, false);
  EXPECT_THAT(e->sdl(), HasSubstr("_services: [String!]!"));
  EXPECT_EQ(response(e, "{_services}", {}), R"({"data":{"_services":["a.v1.A"]}})");
  EXPECT_EQ(response(e, "mutation {do}", {"true"}), R"({"data":{"do":true}})");
}

TEST(endpoint_of_one, gives_another_name_to_the_query_root_where_a_type_has_it) {
  const auto e = made(
      {service("type M { do: Query } type Query { x: Int } schema @service(name: \"a.v1.A\") { mutation: M }")}, false);
  EXPECT_THAT(e->sdl(), HasSubstr("query: Query_"));
  EXPECT_EQ(response(e, "mutation {do {x __typename}}", {R"({"x":1})"}),
            R"({"data":{"do":{"x":1,"__typename":"Query"}}})");
}

TEST(endpoint_of_one, says_what_okras_scalars_are) {
  const auto e = made({service(R"(@okra(namespace: "n", version: "v1") service Times { at(x: Date): Date })")}, false);
  EXPECT_THAT(e->sdl(), HasSubstr("scalar Date @specifiedBy("));
  EXPECT_NE(e->find(operation::mutation, "at"), nullptr);
}

TEST(combined_endpoint, keeps_what_does_not_collide) {
  const auto e = made({service("a.v1.A", "type Query { a: Item } \"mine\" type Item { x: Int }"),
                       service("b.v1.B", "type Query { b: Thing } type Thing { y: Int }")},
                      true);
  EXPECT_THAT(e->sdl(), HasSubstr("  a: Item\n"));
  EXPECT_THAT(e->sdl(), HasSubstr("  b: Thing\n"));
  EXPECT_THAT(e->sdl(), HasSubstr("mine\n\nOf the service a.v1.A."));
}

TEST(combined_endpoint, namespaces_fields_and_types_that_collide) {
  const auto e =
      made({service("a.v1.A", "type Query { get: Item f: Int } type Item { x: Int } type Mutation { g: Int }"),
            service("b.v1.B",
                    "type Query { get: Item g: Int } type Item { y: Node } interface Node { id: ID } "
                    "type Deep implements Node { id: ID }")},
           true);
  EXPECT_THAT(e->sdl(), HasSubstr("a_v1_A_get: a_v1_A_Item"));
  EXPECT_THAT(e->sdl(), HasSubstr("b_v1_B_get: b_v1_B_Item"));
  EXPECT_THAT(e->sdl(), HasSubstr("\"Of the service b.v1.B, which calls it get.\""));
  EXPECT_THAT(e->sdl(), HasSubstr("  g: Int\n"));
  EXPECT_EQ(e->find(operation::query, "get"), nullptr);
  EXPECT_EQ(e->find(operation::query, "b_v1_B_get")->of->described->name, "b.v1.B");
  EXPECT_EQ(response(e, "{a_v1_A_get {x __typename} b_v1_B_get {__typename y {__typename id}}}",
                     {R"({"x":1})", R"({"y":{"__typename":"Deep","id":"1"}})"}),
            R"({"data":{"a_v1_A_get":{"x":1,"__typename":"a_v1_A_Item"},)"
            R"("b_v1_B_get":{"__typename":"b_v1_B_Item","y":{"__typename":"Deep","id":"1"}}}})");
}

TEST(combined_endpoint, who_asks_for_a_name_that_collided_is_told_what_it_is_here) {
  const auto e = made(
      {service("a.v1.A", "type Query { greet: Int get: Int }"), service("b.B", "type Query { greet: Int }")}, true);
  prepared_document wrong(e, "{greet}");
  findings found(wrong.text, "q");
  wrong.doc = parse_executable(wrong.text, {}, found);
  validate(e->schema(), wrong.doc, found);
  EXPECT_EQ(to_string(found.take().at(0)),
            "q:1:2: error: Query has no field greet; several services have it, so here it is a_v1_A_greet or b_B_greet "
            "(§5.3.1)");
}

TEST(combined_endpoint, the_guests_type_names_mean_its_own_types) {
  constexpr std::string_view types =
      "union U = Item | Other type Other {{ o: Int }} type Item {{ {}: Int }} type Query {{ {}: U }}";
  const auto e =
      made({service("a.v1.A", fmt::format(types, "x", "a")), service("b.v1.B", fmt::format(types, "y", "b"))}, true);
  EXPECT_EQ(response(e, "{a {...on a_v1_A_Item {x} __typename} b {...on b_v1_B_Item {y} __typename}}",
                     {R"({"__typename":"Item","x":1})", R"({"__typename":"Item","y":2})"}),
            R"({"data":{"a":{"x":1,"__typename":"a_v1_A_Item"},"b":{"y":2,"__typename":"b_v1_B_Item"}}})");
}

TEST(combined_endpoint, shares_types_that_are_the_same_with_all_that_they_lead_to) {
  constexpr std::string_view money =
      "type Money { of: Currency amount: Decimal } enum Currency { EUR USD } scalar Decimal "
      "@specifiedBy(url: \"https://scalars.graphql.org/waggle/decimal\") ";
  const auto e = made(
      {service(
           "a.v1.A",
           fmt::format("{} type Query {{ a: Money x: Wrap }} type Wrap {{ of: Leaf }} type Leaf {{ a: Int }}", money)),
       service(
           "b.v1.B",
           fmt::format("{} type Query {{ b: Money y: Wrap }} type Wrap {{ of: Leaf }} type Leaf {{ b: Int }}", money))},
      true);
  EXPECT_THAT(e->sdl(), HasSubstr("  a: Money\n"));
  EXPECT_THAT(e->sdl(), HasSubstr("  b: Money\n"));
  // The same words, but they lead to what is not the same.
  EXPECT_THAT(e->sdl(), HasSubstr("a_v1_A_Wrap"));
  EXPECT_THAT(e->sdl(), HasSubstr("b_v1_B_Leaf"));
  EXPECT_THAT(e->sdl(), Not(HasSubstr("_Money")));
}

TEST(combined_endpoint, a_made_up_name_that_is_taken_gets_an_underscore) {
  const auto e = made(
      {service(
           "a.A",
           "type Query { get: Int a_A_get: Int t: Item u: a_A_Item } type Item { x: Int } type a_A_Item { z: Int }"),
       service("b.B", "type Query { get: Int t2: Item } type Item { y: Int }")},
      true);
  EXPECT_THAT(e->sdl(), HasSubstr("a_A_get_: Int"));
  EXPECT_THAT(e->sdl(), HasSubstr("  t: a_A_Item_\n"));
  EXPECT_EQ(e->find(operation::query, "a_A_get")->callee->name, "a_A_get");
  EXPECT_EQ(e->find(operation::query, "a_A_get_")->callee->name, "get");
}

TEST(combined_endpoint, root_types_that_are_referred_to_become_types) {
  const auto e = made({service("a.A", "type Query { self: Query n: Int i: Int @internal }")}, true);
  EXPECT_EQ(response(e, "{self {n __typename}}", {R"({"n":1})"}),
            R"({"data":{"self":{"n":1,"__typename":"a_A_Query"}}})");
  EXPECT_THAT(e->sdl(), Not(HasSubstr(" i:")));
}

TEST(combined_endpoint, of_nothing_is_a_schema_too) {
  const auto e = made({}, true);
  EXPECT_EQ(response(e, "{_services __schema {queryType {name}}}", {}),
            R"({"data":{"_services":[],"__schema":{"queryType":{"name":"Query"}}}})");
}

TEST(combined_endpoint, of_a_thousand_services_is_made_at_once) {
  std::vector<std::shared_ptr<const contract>> all;
  for (int i = 0; i < 1000; ++i)
    all.push_back(service(
        fmt::format("s{0}.v1.S", i),
        fmt::format("type Query {{ get(id: ID!): Item list(f: In): [Item!] only{0}: Money }} type Mutation {{ put(x: "
                    "In!): Item }} "
                    "type Item {{ id: ID! f{1}: Int peer: Item }} input In {{ x: Int }} type Money {{ eur: Float }}",
                    i, i % 3)));
  const auto start = std::chrono::steady_clock::now();
  const auto e = made(all, true);
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_NE(e->find(operation::query, "s999_v1_S_get"), nullptr);
  EXPECT_NE(e->schema().find("Money"), nullptr);
  RecordProperty("ms", static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
  EXPECT_LT(took, std::chrono::seconds(10)) << "it takes tens of milliseconds";
}

}  // namespace
}  // namespace waggle::graphql
