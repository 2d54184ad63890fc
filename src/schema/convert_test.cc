#include "schema/convert.h"

#include <gmock/gmock.h>

#include "schema/values/value_types.h"

namespace waggle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string converted(std::string_view sdl, std::string_view reads = {}) {
  const converted_schema c = convert_schema(sdl, "f", reads);
  for (const diagnostic& d : c.findings)
    if (d.level != diagnostic::severity::note) ADD_FAILURE() << to_string(d);
  return c.text;
}
std::vector<std::string> errors_of(std::string_view sdl, std::string_view reads = {}) {
  std::vector<std::string> out;
  const converted_schema c = convert_schema(sdl, "f", reads);
  for (const diagnostic& d : c.findings)
    if (d.level == diagnostic::severity::error) out.push_back(to_string(d));
  EXPECT_EQ(c.text.empty(), !out.empty());
  return out;
}
/// All that a contract says about its methods.
std::vector<std::string> methods_of(std::string_view sdl) {
  const compiled_contract compiled = compile_contract(sdl, "f");
  if (!compiled.value) return {"error"};
  const contract& c = *compiled.value;
  std::vector<std::string> out{c.name + " " + c.version + ": " + c.description};
  for (const auto& [name, m] : c.methods)
    out.push_back(m.signature + (m.bare ? " bare " : " ") + std::to_string(static_cast<int>(m.kind)) + " " +
                  m.types->texts[m.payload.type] + " " + m.types->texts[m.answer.type] + " " + m.description + " " +
                  m.example);
  return out;
}

constexpr std::string_view users = R"(# a comment
@okra(namespace: "auth.users", version: "v1")

"A user." type User { id: ID!, born: Date, tags: [String!]! }
type CreateUser { name: String!, born: Date, friend: User }
"The users."
service Users {
  @timeout(ms: 100)
  "Makes one."
  createUser(input: CreateUser): User!
  getUser(id: UUID!): User
  listUsers: [User!]!
  drop(id: Long): void!
}
)";

TEST(convert, okra_s_dialect_becomes_the_standard_form) {
  EXPECT_EQ(converted(users), R"("The users."
schema @service(name: "auth.users.Users", version: "v1") {
  mutation: Mutation
}

type Mutation {
  "Makes one."
  createUser(input: CreateUser): User! @timeout(ms: 100) @bare
  getUser(id: UUID!): User @bare
  listUsers: [User!]! @bare
  drop(id: Long): Void @bare
}

"A user."
type User {
  id: ID!
  born: Date
  tags: [String!]!
}

input CreateUser {
  name: String!
  born: Date
  friend: UserInput
}

"A user."
input UserInput {
  id: ID!
  born: Date
  tags: [String!]!
}

scalar Date @specifiedBy(url: "https://scalars.graphql.org/chillicream/date.html")

scalar UUID @specifiedBy(url: "https://scalars.graphql.org/chillicream/uuid.html")

scalar Long @specifiedBy(url: "https://scalars.graphql.org/apollographql/long-v0.1.html")

scalar Void
)");
}

class same_contract : public testing::TestWithParam<std::string_view> {};
TEST_P(same_contract, before_and_after) {
  const std::string standard = converted(GetParam());
  EXPECT_EQ(methods_of(standard), methods_of(GetParam())) << standard;
  EXPECT_EQ(converted(standard), standard);
}
INSTANTIATE_TEST_SUITE_P(
    convert, same_contract,
    testing::Values(users, "service S { m: void! }",
                    R"(service S @okra(namespace: "a.b", version: "v1") { m(x: [Int!]): Int })",
                    R"(extend schema @service(name: "a.S", pool: {max: 2}) @okra(namespace: "x") service S { m: Int })",
                    R"(extend schema @okra(version: "v2") service S { m: Int })",
                    R"(service S @service(name: "a.S") @okra(version: "v2") { m: Int })",
                    "type Query { a: Int } type Mutation { x: Int } service S { find(q: Query): Mutation }",
                    "service S { a(x: DateTime): Currency } extend scalar DateTime @specifiedBy(url: \"x\")",
                    "scalar Date service S { a(x: Date): Int }", "type Duration { s: Int } service S { a: Duration }",
                    "directive @okra(x: Int) on OBJECT service S { a: T } type T @okra(x: 1) { b: Bytes }",
                    "type Query { a(b: Int = 1 c: I = {}): Int @deprecated } input I { x: [E!] = [A] } enum E { A }",
                    "extend schema @service(name: \"a.B\") type Mutation { a: Int } extend type Mutation { b: Int }"));

TEST(convert, a_scalar_that_is_known_by_name_in_okra_s_files_gets_its_address) {
  EXPECT_THAT(converted("scalar Date service S { a: Date }"),
              HasSubstr("scalar Date @specifiedBy(url: \"https://scalars.graphql.org/"));
  EXPECT_THAT(converted("scalar Date @specifiedBy(url: \"x\") service S { a: Date }"),
              HasSubstr("scalar Date @specifiedBy(url: \"x\")\n"));
  EXPECT_THAT(converted("extend scalar Date @specifiedBy(url: \"x\") service S { a: Date }"),
              HasSubstr("scalar Date\n"));
  EXPECT_EQ(converted("scalar Date type Query { a: Date }"), "scalar Date\n\ntype Query {\n  a: Date\n}\n");
}

TEST(convert, a_standard_schema_keeps_its_order) {
  EXPECT_EQ(converted("type Query{a:T} # c\nscalar T\nschema{query:Query}"),
            "type Query {\n  a: T\n}\n\nscalar T\n\nschema {\n  query: Query\n}\n");
}

TEST(convert_reads, of_an_okra_file) {
  EXPECT_THAT(
      converted("service S { getA: Int b: Int listC: Int }", "get*, list?"),
      testing::StartsWith("schema @service(name: \"S\") {\n  query: Query\n  mutation: Mutation\n}\n\ntype Query {\n"
                          "  getA: Int @bare\n  listC: Int @bare\n}\n\ntype Mutation {\n  b: Int @bare\n}\n"));
}

TEST(convert_reads, a_mutation_type_without_methods_goes) {
  EXPECT_EQ(converted("service S { a: Int }", "*"),
            "schema @service(name: \"S\") {\n  query: Query\n}\n\ntype Query {\n  a: Int @bare\n}\n");
  EXPECT_EQ(converted("extend schema { mutation: M } type M { a: Int } extend type M @x { b: Int }"
                      "directive @x on OBJECT",
                      "a,b"),
            "type Query {\n  a: Int\n  b: Int\n}\n\ndirective @x on OBJECT\n");
}

TEST(convert_reads, join_the_queries_that_there_are) {
  EXPECT_EQ(converted("type Mutation { b: Int c: Int } type Query { a: Int }", "a,b"),
            "type Mutation {\n  c: Int\n}\n\ntype Query {\n  a: Int\n  b: Int\n}\n");
  EXPECT_EQ(converted("schema { query: Q mutation: M } type Q { a: Int } type M { b: Int }", "b"),
            "schema {\n  query: Q\n}\n\ntype Q {\n  a: Int\n  b: Int\n}\n");
}

TEST(convert_reads, a_type_called_query_may_be_in_the_way) {
  EXPECT_THAT(converted("service S { a(q: Query): Int b: Int } type Query { x: Int }", "a"),
              HasSubstr("query: ReadQuery\n  mutation: Mutation\n"));
}

TEST(convert_reads, a_pattern_that_matches_nothing_is_an_error) {
  EXPECT_THAT(errors_of("service S { getA: Int }", "get*,lsit*"),
              ElementsAre("f: error: --reads: lsit* matches no query or mutation"));
  EXPECT_THAT(errors_of("service S { getUser: Int }", "getUsr"),
              ElementsAre("f: error: --reads: getUsr matches no query or mutation; did you mean getUser?"));
  EXPECT_THAT(errors_of("type Query { a: Int } type Subscription { b: Int }", "b"), testing::SizeIs(1));
  EXPECT_THAT(errors_of("service S { a: Int }", "a,"),
              ElementsAre("f: error: --reads: an empty pattern; write get*,list*"));
}

TEST(convert, what_has_errors_is_not_printed) {
  EXPECT_THAT(errors_of("service S { m(a: X): Int }"), ElementsAre(HasSubstr("f:1:18: error: type X is not defined")));
  EXPECT_THAT(errors_of("type Query { a: }"), ElementsAre(HasSubstr("f:1:17: error: expected a type")));
}

TEST(convert, what_would_have_errors_in_the_standard_form_is_not_printed) {
  EXPECT_THAT(errors_of("type Mutation { a: Mutation }", "a"),
              ElementsAre("f: error: in the standard form: type Mutation is not defined (§3.3)"));
}

TEST(convert, patterns) {
  using graphql::matches;
  for (const std::string_view pattern :
       {"getUser", "*", "get*", "*User", "g*U*r", "get?ser", "???????", "**get**User**"})
    EXPECT_TRUE(matches(pattern, "getUser")) << pattern;
  for (const std::string_view pattern :
       {"", "get", "User", "get?", "*user", "getUser?", "g*x*r", "getUser*x", "GETUSER"})
    EXPECT_FALSE(matches(pattern, "getUser")) << pattern;
  EXPECT_FALSE(matches(std::string(2000, '*') + "b", std::string(2000, 'a')));
}

}  // namespace
}  // namespace waggle
