#include "schema/okra.h"

#include <gmock/gmock.h>

#include "schema/contract.h"
#include "schema/language/parser.h"
#include "schema/language/print.h"

namespace waggle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;

contract compiled(std::string_view text) {
  compiled_contract c = compile_contract(text, "f.okra.gql");
  for (const diagnostic& d : c.findings) ADD_FAILURE() << to_string(d);
  return std::move(c.value).value_or(contract{});
}
std::vector<std::string> findings_of(std::string_view text) {
  std::vector<std::string> out;
  for (const diagnostic& d : compile_contract(text, "f").findings) out.push_back(to_string(d));
  return out;
}
/// The lowered document's types, as `kind name` of each.
std::vector<std::string> types_of(std::string_view text) {
  graphql::findings found(text, "f");
  graphql::document doc = graphql::parse(text, {}, found);
  EXPECT_TRUE(graphql::lower_okra(doc, found));
  EXPECT_FALSE(found.has_errors());
  std::vector<std::string> out;
  for (const graphql::definition& d : doc.definitions) {
    out.push_back(std::string(describe(d.kind)) + " " + std::string(d.id.text));
    for (const graphql::input_value& v : d.inputs) out.back() += " " + std::string(v.id.text) + ":" + print(v.type);
  }
  return out;
}

TEST(okra, a_file_with_the_decorator_at_its_top) {
  const contract c = compiled(R"(@okra(namespace: "auth.users", version: "v1")

type CreateUser { name: String! }
type CreateUserResponse { id: ID! }
service UserService {
  @timeout(ms: 100)
  createUser(input: CreateUser): CreateUserResponse
  ping: void
}
)");
  EXPECT_EQ(c.name, "auth.users.UserService");
  EXPECT_EQ(c.version, "v1");
  EXPECT_THAT(c.methods, ElementsAre(Key("createUser"), Key("ping")));
  const method& create = *c.find("createUser");
  EXPECT_TRUE(create.bare);
  EXPECT_EQ(create.kind, operation::mutation);
  for (std::string json : {"null", R"({"name":"x"})"}) EXPECT_TRUE(check_payload(create, json, {})) << json;
  EXPECT_EQ(create.timeout, std::chrono::milliseconds(100));
  EXPECT_EQ(create.signature, "createUser(input: CreateUser): CreateUserResponse");
  for (std::string json : {"null", "{}", "[1]"}) EXPECT_TRUE(check_payload(*c.find("ping"), json, {})) << json;
  EXPECT_EQ(c.find("ping")->signature, "ping: Void");
}

class places : public testing::TestWithParam<std::string_view> {};
TEST_P(places, of_the_decorator) { EXPECT_EQ(compiled(GetParam()).name, "a.b.S"); }
INSTANTIATE_TEST_SUITE_P(
    okra, places,
    testing::Values(R"(@okra(namespace: "a.b") service S { m: Int })",
                    R"(service S @okra(namespace: "a.b", version: "v1") { m: Int })",
                    R"(type T { a: Int } @okra(namespace: "a.b") service S { m: T })",
                    R"(extend schema @service(name: "a.b.S", pool: {max: 2}) service S { m: Int })",
                    R"(service S @service(name: "a.b.S", pool: {max: 2}) { m: Int })"));

TEST(okra, without_a_namespace_the_service_s_name_alone_counts) {
  EXPECT_EQ(compiled("\"what\" service S { m: Int }").name, "S");
  EXPECT_EQ(compiled("\"what\" service S { m: Int }").description, "what");
  EXPECT_EQ(compiled("@okra(version: \"v1\") service S { m: Int }").name, "S");
}

TEST(okra, void_is_a_nullable_type_also_with_an_exclamation_mark) {
  EXPECT_EQ(compiled("service S { m: void! }").find("m")->signature, "m: Void");
  EXPECT_EQ(compiled("service S { m: [void!]! }").find("m")->signature, "m: [Void!]!");
}

TEST(okra, knows_its_scalars_and_a_file_may_define_its_own) {
  EXPECT_EQ(compiled("service S { a(x: DateTime): Long b(x: Currency): UUID }").methods.size(), 2U);
  EXPECT_EQ(compiled("scalar Date service S { a(x: Date): Int }").methods.size(), 1U);
  const contract own = compiled("type Duration { s: Int } service S { a: Duration }");
  std::string json = R"({"s":1})";
  EXPECT_TRUE(check_answer(*own.find("a"), json, {}));
  json = R"("PT1S")";
  EXPECT_FALSE(check_answer(*own.find("a"), json, {}));
}

TEST(okra, a_type_in_input_position_becomes_an_input_with_all_that_it_holds) {
  EXPECT_THAT(
      types_of("type A { b: [B!] e: E } type B { x: Int } enum E { X } type R { x: Int } service S { m(a: A): R }"),
      ElementsAre("input type A b:[B!] e:E", "input type B x:Int", "enum E", "object type R", "schema ",
                  "object type Mutation"));
}

TEST(okra, a_type_in_both_positions_becomes_two) {
  EXPECT_THAT(
      types_of(
          "type A { b: B } type B { a: A n: Int } service S { m(a: A): A n(x: BInput2): Int } input BInput2 { b: B }"),
      ElementsAre("object type A", "object type B", "schema ", "input type BInput2 b:BInput",
                  "input type AInput b:BInput", "input type BInput a:AInput n:Int", "object type Mutation"));
  EXPECT_EQ(compiled("type A { x: Int } service S { m(a: [A!]): A }").find("m")->signature, "m(a: [AInput!]): A");
}

TEST(okra, a_type_may_be_called_like_a_root) {
  const contract c =
      compiled("type Query { text: String } type Mutation { x: Int } service S { find(q: Query): Mutation }");
  EXPECT_THAT(c.methods, ElementsAre(Key("find")));
}

TEST(okra, a_bare_directive_that_is_written_stands_once) {
  EXPECT_TRUE(compiled("service S { m(a: Int): Int @bare }").find("m")->bare);
}

struct wrong {
  std::string_view text;
  std::string_view message;
};
class errors : public testing::TestWithParam<wrong> {};
TEST_P(errors, at_their_place) {
  EXPECT_THAT(findings_of(GetParam().text), ElementsAre(HasSubstr(GetParam().message)));
}
INSTANTIATE_TEST_SUITE_P(
    okra, errors,
    testing::Values(
        wrong{"service S { m(a: Int, b: Int): Int @internal }",
              "f:1:23: error: a method of a service block takes one argument; m has 2"},
        wrong{"service s { m: Int }", "f:1:9: error: service name \"s\": its last part must begin with a capital"},
        wrong{"@okra(namespace: \"a-b\") service S { m: Int }", "f:1:18: error: \"a-b.S\" is no service name"},
        wrong{"@okra(namespace: 1) service S { m: Int }", "namespace of @okra: expected String, found 1"},
        wrong{"@okra(name: \"a\") service S { m: Int }", "@okra has no argument name"},
        wrong{"@okra @okra service S { m: Int }", "@okra stands here twice"},
        wrong{"service S { m: Int } schema { mutation: M } type M { x: Int }", "the schema is defined twice"},
        wrong{"service S { @durable m: Int }", "directive @durable is not defined"},
        wrong{"service S { m(a: Usr): Int } type User { a: Int }",
              "f:1:18: error: type Usr is not defined; did you mean User?"},
        wrong{"service S { m(a: A): A } type A { a: Int } input AInput { a: Int }",
              "its input form is AInput, but that name is taken"},
        wrong{"service S { m(a: A): Int } type A { a(b: Int): Int }", "A is an input, so a has no arguments"}));

TEST(okra, standard_documents_are_left_alone) {
  const std::string_view text = "type Query { a: Int }";
  graphql::findings found(text, "f");
  graphql::document doc = graphql::parse(text, {}, found);
  EXPECT_FALSE(graphql::lower_okra(doc, found));
  EXPECT_THAT(found.take(), IsEmpty());
  EXPECT_EQ(doc.definitions.size(), 1U);
}

}  // namespace
}  // namespace waggle
