#include "schema/compare/compare.h"

#include <fstream>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "schema/compare/constraint_change.h"
#include "schema/compare/positions.h"
#include "schema/language/parser.h"
#include "schema/okra.h"
#include "schema/prelude.h"
#include "schema/schema.h"

namespace waggle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// What `compile_contract` makes of a text, directives that this build does not enforce yet included.
std::unique_ptr<graphql::parsed_schema> tree_of(std::string_view sdl) {
  auto parsed = std::make_unique<graphql::parsed_schema>(sdl);
  graphql::findings found(parsed->text, "f.graphql");
  parsed->doc = graphql::parse(parsed->text, graphql::source_limits{}, found);
  const bool okra = graphql::lower_okra(parsed->doc, found);
  parsed->index = graphql::index_schema(parsed->doc, okra, found);
  for (const diagnostic& d : found.take()) ADD_FAILURE() << to_string(d);
  return parsed;
}
std::vector<contract_change> changes(std::string_view before, std::string_view after) {
  return compare(*tree_of(before), *tree_of(after));
}
/// `enum-value-removed Color.RED`
std::vector<std::string> told(std::string_view before, std::string_view after) {
  std::vector<std::string> out;
  for (const contract_change& c : changes(before, after))
    out.push_back(fmt::format("{} {}", row_of(c.kind).id, c.path));
  return out;
}

struct one_change {
  std::string_view kind_and_path;
  std::string_view before;
  std::string_view after;
};
/// Each differs in one thing, and that is told once.
constexpr one_change one_each[] = {
    {"service-name-changed @service(name:)", R"(schema @service(name: "a.A") {query: Query} type Query {a: Int})",
     R"(schema @service(name: "a.B") {query: Query} type Query {a: Int})"},
    {"service-name-changed @service(name:)", R"(schema @service(name: "a.A") {query: Query} type Query {a: Int})",
     "schema {query: Query} type Query {a: Int}"},
    {"service-name-added @service(name:)", "schema {query: Query} type Query {a: Int}",
     R"(schema @service(name: "a.A") {query: Query} type Query {a: Int})"},
    {"version-changed @service(version:)", R"(extend schema @service(name: "A", version: "1") type Query {a: Int})",
     R"(extend schema @service(name: "A", version: "2") type Query {a: Int})"},
    {"singleton-changed @service(singleton:)", R"(extend schema @service(name: "A") type Query {a: Int})",
     R"(extend schema @service(name: "A", singleton: true) type Query {a: Int})"},
    {"pool-changed @service(pool:)", R"(extend schema @service(name: "A", pool: {max: 2}) type Query {a: Int})",
     R"(extend schema @service(name: "A", pool: {max: 3}) type Query {a: Int})"},
    {"memory-changed @service(memoryMb:)", R"(extend schema @service(name: "A", memoryMb: 2) type Query {a: Int})",
     R"(extend schema @service(name: "A") type Query {a: Int})"},
    {"timeout-lowered @service(timeoutMs:)", R"(extend schema @service(name: "A", timeoutMs: 20) type Query {a: Int})",
     R"(extend schema @service(name: "A", timeoutMs: 10) type Query {a: Int})"},
    {"timeout-raised @service(timeoutMs:)", R"(extend schema @service(name: "A", timeoutMs: 20) type Query {a: Int})",
     R"(extend schema @service(name: "A") type Query {a: Int})"},
    {"timeout-lowered Query.a", "type Query {a: Int}", "type Query {a: Int @timeout(ms: 5)}"},
    {"timeout-raised Query.a", "type Query {a: Int @timeout(ms: 5)}", "type Query {a: Int @timeout(ms: 6)}"},
    {"auth-narrowed @auth", "schema {query: Query} type Query {a: Int}",
     "schema @auth {query: Query} type Query {a: Int}"},
    {"auth-narrowed Query.a", "type Query {a: Int}", "type Query {a: Int @auth}"},
    {"auth-narrowed Query.a", R"(type Query {a: Int @auth(scopes: ["x", "y"])})",
     R"(type Query {a: Int @auth(scopes: ["x"])})"},
    {"auth-narrowed Query.a", "type Query {a: Int @auth}", R"(type Query {a: Int @auth(scopes: "x")})"},
    {"auth-widened Query.a", R"(type Query {a: Int @auth(scopes: ["x"])})",
     R"(type Query {a: Int @auth(scopes: ["y", "x"])})"},
    {"auth-widened Query.a", R"(type Query {a: Int @auth(scopes: ["x"])})", "type Query {a: Int @auth(scopes: [])}"},
    {"auth-widened Query.a", "type Query {a: Int @auth}", "type Query {a: Int}"},
    {"uses-added @uses", R"(extend schema @uses(services: ["A"]) type Query {a: Int})",
     R"(extend schema @uses(services: ["B", "A"]) type Query {a: Int})"},
    {"uses-removed @uses", R"(extend schema @uses(services: ["A"]) type Query {a: Int})", "type Query {a: Int}"},
    {"root-type-renamed Q", "schema {query: Q} type Q {a: Int}", "type Query {a: Int}"},
    {"method-removed Query.a", "type Query {a: Int b: Int}", "type Query {b: Int}"},
    {"method-removed Mutation.b", "type Query {a: Int} type Mutation {b: Int}", "type Query {a: Int}"},
    {"method-added Query.a", "type Query {b: Int}", "type Query {a: Int b: Int}"},
    {"query-became-mutation Query.a", "type Query {a: Int}", "type Mutation {a: Int}"},
    {"mutation-became-query Mutation.a", "type Mutation {a: Int}", "type Query {a: Int}"},
    {"subscription-changed Subscription.a", "type Subscription {a: Int}", "type Query {a: Int}"},
    {"subscription-changed Mutation.a", "type Mutation {a: Int}", "type Subscription {a: Int}"},
    {"method-answer-changed Query.a", "type Query {a: Int}", "type Query {a: Float}"},
    {"method-answer-changed Query.a", "type Query {a: Int!}", "type Query {a: Int}"},
    {"method-answer-changed Query.a", "type Query {a: [Int]!}", "type Query {a: [Int!]}"},
    {"method-answer-narrowed Query.a", "type Query {a: Int}", "type Query {a: Int!}"},
    {"bare-added Query.a", "type Query {a(x: Int): Int}", "type Query {a(x: Int): Int @bare}"},
    {"bare-removed Query.a", "type Query {a(x: Int): Int @bare}", "type Query {a(x: Int): Int}"},
    {"bare-argument-added Query.a(x:)", "type Query {a: Int @bare}", "type Query {a(x: Int): Int @bare}"},
    {"bare-argument-renamed Query.a(x:)", "type Query {a(x: Int): Int @bare}", "type Query {a(y: Int): Int @bare}"},
    {"internal-added Query.a", "type Query {a: Int}", "type Query {a: Int @internal}"},
    {"internal-removed Query.a", "type Query {a: Int @internal}", "type Query {a: Int}"},
    {"idempotent-added Query.a", "type Query {a: Int}", "type Query {a: Int @idempotent}"},
    {"idempotent-removed Query.a", "type Query {a: Int @idempotent}", "type Query {a: Int}"},
    {"schedule-changed Query.a", "type Query {a: Int @schedule(everyMs: 1)}",
     "type Query {a: Int @schedule(everyMs: 2)}"},
    {"argument-removed Query.a(x:)", "type Query {a(x: Int): Int}", "type Query {a: Int}"},
    {"argument-removed Query.a(x:)", "type Query {a(x: Int): Int @bare}", "type Query {a: Int @bare}"},
    {"argument-required-added Query.a(x:)", "type Query {a: Int}", "type Query {a(x: Int!): Int}"},
    {"argument-optional-added Query.a(x:)", "type Query {a: Int}", "type Query {a(x: Int): Int}"},
    {"argument-optional-added Query.a(x:)", "type Query {a: Int}", "type Query {a(x: Int! = 1): Int}"},
    {"argument-type-changed Query.a(x:)", "type Query {a(x: Int): Int}", "type Query {a(x: String): Int}"},
    {"argument-type-changed Query.a(x:)", "type Query {a(x: Int): Int}", "type Query {a(x: [Int]): Int}"},
    {"argument-type-changed Query.a(x:)", "type Query {a(x: Int = 3): Int}", "type Query {a(x: Int!): Int}"},
    {"argument-type-widened Query.a(x:)", "type Query {a(x: [Int!]!): Int}", "type Query {a(x: [Int]): Int}"},
    {"argument-became-required Query.a(x:)", "type Query {a(x: Int! = 3): Int}", "type Query {a(x: Int!): Int}"},
    {"argument-became-optional Query.a(x:)", "type Query {a(x: Int!): Int}", "type Query {a(x: Int! = 3): Int}"},
    {"input-field-removed I.b", "type Query {a(i: I): Int} input I {a: Int b: Int}",
     "type Query {a(i: I): Int} input I {a: Int}"},
    {"input-field-required-added I.b", "type Query {a(i: I): Int} input I {a: Int}",
     "type Query {a(i: I): Int} input I {a: Int} extend input I {b: Int!}"},
    {"input-field-optional-added I.b", "type Query {a(i: I): Int} input I {a: Int}",
     "type Query {a(i: I): Int} input I {a: Int b: Int}"},
    {"input-field-type-changed I.a", "type Query {a(i: I): Int} input I {a: Int}",
     "type Query {a(i: I): Int} input I {a: ID}"},
    {"input-field-type-widened I.a", "type Query {a(i: I): Int} input I {a: Int!}",
     "type Query {a(i: I): Int} input I {a: Int}"},
    {"input-field-became-required I.a", "type Query {a(i: I): Int} input I {a: Int! = 1}",
     "type Query {a(i: I): Int} input I {a: Int!}"},
    {"input-field-became-optional I.a", "type Query {a(i: I): Int} input I {a: Int!}",
     "type Query {a(i: I): Int} input I {a: Int! = 1}"},
    {"default-changed Query.a(x:)", "type Query {a(x: [Int] = [1, 2]): Int}", "type Query {a(x: [Int] = [2, 1]): Int}"},
    {"default-added Query.a(x:)", "type Query {a(x: Int): Int}", "type Query {a(x: Int = 1): Int}"},
    {"default-removed Query.a(x:)", "type Query {a(x: Int = 1): Int}", "type Query {a(x: Int): Int}"},
    {"constraint-narrowed Query.a(x:)", "type Query {a(x: Int): Int}",
     "type Query {a(x: Int @constraint(min: 1)): Int}"},
    {"constraint-widened I.a", "type Query {a(i: I): Int} input I {a: Int @constraint(min: 1)}",
     "type Query {a(i: I): Int} input I {a: Int @constraint(min: 0)}"},
    {"constraint-widened S", "type Query {a(s: S): Int} scalar S @constraint(min: 1)",
     "type Query {a(s: S): Int} scalar S"},
    {"answer-constraint-widened S", "type Query {a: S} scalar S @constraint(min: 1)", "type Query {a: S} scalar S"},
    {"one-of-added I", "type Query {a(i: I): Int} input I {a: Int}",
     "type Query {a(i: I): Int} input I @oneOf {a: Int}"},
    {"one-of-removed I", "type Query {a(i: I): Int} input I @oneOf {a: Int}",
     "type Query {a(i: I): Int} input I {a: Int}"},
    {"field-removed T.b", "type Query {t: T} type T {a: Int b: Int}", "type Query {t: T} type T {a: Int}"},
    {"field-added T.b", "type Query {t: T} type T {a: Int}", "type Query {t: T} type T {a: Int b: Int!}"},
    {"field-type-changed T.a", "type Query {t: T} type T {a: Int!}", "type Query {t: T} type T {a: Int}"},
    {"field-type-narrowed T.a", "type Query {t: T} type T {a: [Int]}", "type Query {t: T} type T {a: [Int!]}"},
    {"argument-removed T.a(x:)", "type Query {t: T} type T {a(x: Int): Int}", "type Query {t: T} type T {a: Int}"},
    {"type-removed T", "type Query {a: Int} type T {a: Int}", "type Query {a: Int}"},
    {"type-added T", "type Query {a: Int}", "type Query {a: Int} type T {a: Int}"},
    {"type-kind-changed T", "type Query {t: T} type T {a: Int}", "type Query {t: T} scalar T"},
    {"interface-removed T", "type Query {t: T} interface I {a: Int} type T implements I {a: Int}",
     "type Query {t: T} interface I {a: Int} type T {a: Int}"},
    {"interface-added T", "type Query {t: T} interface I {a: Int} type T {a: Int}",
     "type Query {t: T} interface I {a: Int} extend type T implements I type T {a: Int}"},
    {"union-member-removed U", "type Query {t: T u: U} type T {a: Int} union U = T | Query",
     "type Query {t: T u: U} type T {a: Int} union U = Query"},
    {"union-member-added U", "type Query {t: T u: U} type T {a: Int} union U = Query",
     "type Query {t: T u: U} type T {a: Int} union U = | T | Query"},
    {"enum-value-removed E.B", "type Query {e: E} enum E {A B}", "type Query {e: E} enum E {A}"},
    {"enum-value-added E.B", "type Query {e: E} enum E {A}", "type Query {e: E} enum E {A B}"},
    {"enum-value-added E.B", "type Query {a: Int} enum E {A}", "type Query {a: Int} enum E {A B}"},
    {"input-enum-value-added E.B", "type Query {a(e: E): Int} enum E {A}", "type Query {a(e: E): Int} enum E {A B}"},
    {"scalar-format-changed S", "type Query {a: S} scalar S",
     R"(type Query {a: S} scalar S @specifiedBy(url: "https://scalars.graphql.org/andimarek/date-time"))"},
    {"scalar-specification-changed S", R"(type Query {a: S} scalar S @specifiedBy(url: "https://a.example/1"))",
     R"(type Query {a: S} scalar S @specifiedBy(url: "https://a.example/2"))"},
    {"directive-removed @d", "type Query {a: Int} directive @d on FIELD", "type Query {a: Int}"},
    {"directive-added @d", "type Query {a: Int}", "type Query {a: Int} directive @d on FIELD"},
    {"directive-argument-removed @d(x:)", "type Query {a: Int} directive @d(x: Int) on FIELD",
     "type Query {a: Int} directive @d on FIELD"},
    {"directive-argument-required-added @d(x:)", "type Query {a: Int} directive @d on FIELD",
     "type Query {a: Int} directive @d(x: Int!) on FIELD"},
    {"directive-argument-optional-added @d(x:)", "type Query {a: Int} directive @d on FIELD",
     "type Query {a: Int} directive @d(x: Int) on FIELD"},
    {"directive-argument-type-changed @d(x:)", "type Query {a: Int} directive @d(x: Int) on FIELD",
     "type Query {a: Int} directive @d(x: ID) on FIELD"},
    {"directive-argument-type-widened @d(x:)", "type Query {a: Int} directive @d(x: Int!) on FIELD",
     "type Query {a: Int} directive @d(x: Int) on FIELD"},
    {"directive-argument-became-required @d(x:)", "type Query {a: Int} directive @d(x: Int! = 1) on FIELD",
     "type Query {a: Int} directive @d(x: Int!) on FIELD"},
    {"directive-argument-became-optional @d(x:)", "type Query {a: Int} directive @d(x: Int!) on FIELD",
     "type Query {a: Int} directive @d(x: Int! = 1) on FIELD"},
    {"directive-location-removed @d", "type Query {a: Int} directive @d on FIELD | QUERY",
     "type Query {a: Int} directive @d on FIELD"},
    {"directive-location-added @d", "type Query {a: Int} directive @d on FIELD",
     "type Query {a: Int} directive @d on | QUERY | FIELD"},
    {"directive-repeatable-removed @d", "type Query {a: Int} directive @d repeatable on FIELD",
     "type Query {a: Int} directive @d on FIELD"},
    {"directive-repeatable-added @d", "type Query {a: Int} directive @d on FIELD",
     "type Query {a: Int} directive @d repeatable on FIELD"},
    {"directive-usage-changed E.A", "directive @d(x: Int) on ENUM_VALUE type Query {a: E} enum E {A @d(x: 1)}",
     "directive @d(x: Int) on ENUM_VALUE type Query {a: E} enum E {A @d(x: 2)}"},
    {"sensitive-changed Query.a(x:)", "type Query {a(x: Int): Int}", "type Query {a(x: Int @sensitive): Int}"},
    {"deprecation-changed Query.a", "type Query {a: Int}", "type Query {a: Int @deprecated}"},
    {"deprecation-changed E.A", R"(type Query {e: E} enum E {A @deprecated(reason: "x")})",
     R"(type Query {e: E} enum E {A @deprecated(reason: "y")})"},
    {"description-changed schema", "schema {query: Query} type Query {a: Int}",
     R"("new" schema {query: Query} type Query {a: Int})"},
    {"description-changed Query", "type Query {a: Int}", R"("new" type Query {a: Int})"},
    {"description-changed Query.a", R"(type Query {"old" a: Int})", "type Query {a: Int}"},
    {"description-changed Query.a(x:)", "type Query {a(x: Int): Int}", R"(type Query {a("new" x: Int): Int})"},
    {"description-changed E.A", "type Query {e: E} enum E {A}", R"(type Query {e: E} enum E {"new" A})"},
    {"description-changed @d", "type Query {a: Int} directive @d on FIELD",
     R"(type Query {a: Int} "new" directive @d on FIELD)"},
};

TEST(compare, tells_each_change_once_with_its_kind_and_path) {
  for (const one_change& c : one_each)
    EXPECT_THAT(told(c.before, c.after), ElementsAre(std::string(c.kind_and_path))) << c.before << "\n" << c.after;
}

TEST(compare, has_a_case_for_every_kind) {
  // Whole services are compared by `waggle check`; a new type that implements something is two changes, tested below.
  std::set<std::string_view> missing;
  for (const change_kind_row& row : change_kinds()) missing.insert(row.id);
  for (const one_change& c : one_each) missing.erase(c.kind_and_path.substr(0, c.kind_and_path.find(' ')));
  EXPECT_THAT(missing, ElementsAre("implementation-added", "service-added", "service-removed"));
}

TEST(compare, kinds_have_names_of_their_own_in_kebab_case) {
  std::set<std::string_view> seen;
  for (const change_kind_row& row : change_kinds()) {
    EXPECT_TRUE(seen.insert(row.id).second) << row.id;
    EXPECT_EQ(row.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string_view::npos) << row.id;
    EXPECT_FALSE(row.effect.empty()) << row.id;
  }
}

/// Schemas with something of everything.
std::vector<std::string> rich_texts() {
  std::vector<std::string> out;
  for (const one_change& c : one_each) {
    out.emplace_back(c.before);
    out.emplace_back(c.after);
  }
  for (const char* file :
       {"/examples/greeter-cpp/greeter.graphql", "/tests/guests/echo.graphql", "/tests/guests/caller.graphql"}) {
    std::ifstream in(std::string(WAGGLE_SOURCE_DIR) + file);
    std::stringstream text;
    text << in.rdbuf();
    EXPECT_TRUE(in) << file;
    out.push_back(text.str());
  }
  out.emplace_back(R"(@okra(namespace: "demo", version: "v1")
service Users { createUser(input: User): User  touch(at: Date): void }
type User { id: ID! at: [DateTime!] })");
  return out;
}

TEST(compare, finds_nothing_between_a_contract_and_itself) {
  for (const std::string& text : rich_texts()) {
    const auto one = tree_of(text);
    EXPECT_THAT(compare(*one, *one), IsEmpty()) << text;
    EXPECT_THAT(compare(*one, *tree_of("# moved\n\n" + text)), IsEmpty()) << text;
  }
}

TEST(compare, what_differs_one_way_differs_the_other_way) {
  for (const one_change& c : one_each)
    EXPECT_THAT(told(c.after, c.before), testing::Not(IsEmpty())) << c.before << "\n" << c.after;
}

TEST(compare, order_notation_and_extensions_make_no_difference) {
  EXPECT_THAT(told(R"(type Query { a(i: I = {x: 1, y: 2}, s: String = "x"): U b: E }
                      input I { x: Int y: Int } union U = A | B type A { a: Int b: Int } type B { a: Int } enum E { X Y }
                      directive @d(p: Int, q: Int) on FIELD | QUERY)",
                   R"(directive @d(q: Int, p: Int) on QUERY | FIELD
                      enum E { Y } extend enum E { X } type B { a: Int } type A { b: Int } extend type A { a: Int }
                      union U = B extend union U = A input I { y: Int } extend input I { x: Int }
                      type Query { b: E } extend type Query { a(s: String = """x""", i: I = {y: 2, x: 1}): U })"),
              IsEmpty());
  EXPECT_THAT(told("directive @d(a: Int, b: Int) on OBJECT type Query @d(a: 1, b: 2) {a: Int}",
                   "directive @d(a: Int, b: Int) on OBJECT type Query @d(b: 2, a: 1) {a: Int}"),
              IsEmpty());
}

TEST(compare, a_new_type_that_answers_of_a_known_interface_may_be_is_dangerous) {
  constexpr std::string_view before = "type Query {i: I} interface I {a: Int} type T implements I {a: Int}";
  EXPECT_THAT(told(before, std::string(before) + "type V implements I {a: Int}"),
              ElementsAre("implementation-added V", "type-added V"));
  EXPECT_THAT(told("type Query {a: Int} interface I {a: Int}",
                   "type Query {a: Int} interface I {a: Int} type V implements I {a: Int}"),
              ElementsAre("type-added V"));
}

TEST(compare, a_method_keeps_its_time_out_where_only_the_service_changes) {
  constexpr std::string_view before = R"(extend schema @service(name: "A", timeoutMs: 9)
                                         type Query {a: Int @timeout(ms: 5) b: Int})";
  EXPECT_THAT(told(before, R"(extend schema @service(name: "A", timeoutMs: 7)
                              type Query {a: Int @timeout(ms: 5) b: Int})"),
              ElementsAre("timeout-lowered @service(timeoutMs:)"));
  EXPECT_THAT(told(before, R"(extend schema @service(name: "A", timeoutMs: 9) type Query {a: Int b: Int})"),
              ElementsAre("timeout-raised Query.a"));
  EXPECT_THAT(told("type Query {a: Int @timeout(ms: 30000)}", "type Query {a: Int}"), IsEmpty());
}

TEST(compare, a_methods_auth_stands_in_place_of_the_services) {
  EXPECT_THAT(told("schema @auth {query: Query} type Query {a: Int}",
                   R"(schema @auth {query: Query} type Query {a: Int @auth(scopes: ["x"])})"),
              ElementsAre("auth-narrowed Query.a"));
}

TEST(compare, the_argument_of_a_renamed_bare_argument_is_still_compared) {
  EXPECT_THAT(told("type Query {a(x: Int): Int @bare}", "type Query {a(y: Int!): Int @bare}"),
              ElementsAre("argument-type-changed Query.a(x:)", "bare-argument-renamed Query.a(x:)"));
}

TEST(compare, okra_and_its_standard_form_are_the_same_contract) {
  EXPECT_THAT(told(R"(@okra(namespace: "demo", version: "v1")
                      service Users { find(input: Ask): User }
                      type Ask { at: Date } type User { at: Date })",
                   R"(schema @service(name: "demo.Users", version: "v1") { mutation: Mutation }
                      type Mutation { find(input: Ask): User @bare }
                      input Ask { at: Date } type User { at: Date }
                      scalar Date @specifiedBy(url: "https://scalars.graphql.org/andimarek/local-date"))"),
              IsEmpty());
}

TEST(compare, root_types_that_are_answers_too_are_compared_as_methods) {
  EXPECT_THAT(told("type Query {self: Query a: Int b: Int}", "type Query {self: Query b: Int!}"),
              ElementsAre("method-removed Query.a", "method-answer-narrowed Query.b"));
}

TEST(compare, a_type_that_stopped_being_a_root_is_compared_as_a_type) {
  EXPECT_THAT(told("schema {query: A} type A {x: Int y: Int} type B {x: Int a: A}",
                   "schema {query: B} type A {x: Int} type B {x: Int a: A}"),
              ElementsAre("method-removed A.y", "field-removed A.y", "root-type-renamed A", "method-added B.a"));
}

TEST(compare, breaking_changes_come_first_then_by_path) {
  EXPECT_THAT(told("type Query {b: Int c(x: Int = 1): Int d: Int}", "type Query {a: Int b: Int! c(x: Int = 2): Int}"),
              ElementsAre("method-removed Query.d", "default-changed Query.c(x:)", "method-added Query.a",
                          "method-answer-narrowed Query.b"));
}

TEST(compare, says_where_it_is_in_both_texts_and_what_a_caller_notices) {
  const std::vector<contract_change> found = changes("type Query {\n  \"ä\" a(x: Int! = 1): Int\n  b: Int\n}",
                                                     "type Query {\n  a(y: ID,\r\n x: Int!): Int\n}");
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].path, "Query.a(x:)");
  EXPECT_EQ(found[0].message, "default 1 was removed; calls without it are refused");
  EXPECT_EQ(found[0].before, (text_place{2, 9}));
  EXPECT_EQ(found[0].after, (text_place{3, 2}));
  EXPECT_EQ(found[1].path, "Query.b");
  EXPECT_EQ(found[1].before, (text_place{3, 3}));
  EXPECT_EQ(found[1].after, std::nullopt);
  EXPECT_EQ(found[3].message, "optional argument of type ID was added; nobody could give it before");
  EXPECT_EQ(found[3].after, (text_place{2, 5}));
  EXPECT_EQ(found[2].message, "the description was removed; only people read it");
}

TEST(compare, what_is_implied_has_no_place_in_a_text) {
  const std::vector<contract_change> found =
      changes("type Query {a: Int}", "type Query {a: Int} enum link__Purpose {\"new\" SECURITY OTHER}");
  ASSERT_EQ(found.size(), 3U);
  for (const contract_change& c : found) EXPECT_EQ(c.before, std::nullopt) << c.path;
  EXPECT_EQ(found[0].path, "link__Purpose.EXECUTION");
  EXPECT_EQ(found[1].after, (text_place{1, 56}));
  EXPECT_EQ(found[2].message, "a description was added; only people read it");
}

TEST(compare, long_names_are_cut_in_paths_and_messages) {
  const std::string name(255, 'n');
  const std::string before = "type Query {q: " + name + "} type " + name + " {a: Int " + name + ": Int}";
  for (const contract_change& c : changes(before, "type Query {q: " + name + "} type " + name + " {a: Int}")) {
    EXPECT_LT(c.path.size(), 200U);
    EXPECT_LT(c.message.size(), 400U);
  }
}

TEST(compare, contracts_without_texts_have_no_changes) { EXPECT_THAT(compare(contract{}, contract{}), IsEmpty()); }

TEST(compare, compiled_contracts_can_be_compared) {
  const auto before = compile_contract("type Query {a: Int}", "f").value;
  const auto after = compile_contract("type Query {b: Int}", "f").value;
  ASSERT_TRUE(before && after);
  EXPECT_EQ(compare(*before, *after).size(), 2U);
}

/// `min: 1` to `min: 2`: "narrowed"
std::string constraints(std::string_view before, std::string_view after) {
  const auto parse = [](std::string_view arguments) {
    return tree_of(arguments.empty() ? std::string("type Query {a(x: Int): Int}")
                                     : fmt::format("type Query {{a(x: Int @constraint({})): Int}}", arguments));
  };
  const auto directive_of = [](const graphql::parsed_schema& p) {
    const auto& all = p.doc.definitions.front().fields.front().arguments.front().directives;
    return all.empty() ? nullptr : &all.front();
  };
  const auto old_one = parse(before);
  const auto new_one = parse(after);
  const auto c = graphql::compare_constraints(directive_of(*old_one), directive_of(*new_one));
  return c.narrowed ? c.widened ? "both" : "narrowed" : c.widened ? "widened" : "same";
}

TEST(constraint_change, tells_narrower_from_wider_for_every_keyword) {
  struct row {
    std::string_view wide, narrow;
  };
  for (const row& r : std::initializer_list<row>{{"", "min: 0"},
                                                 {"min: -2", "min: -1"},
                                                 {"min: 1", "exclusiveMin: 1"},
                                                 {"exclusiveMin: 0.5", "min: 1"},
                                                 {"max: 2", "max: 1.5"},
                                                 {"max: 2", "exclusiveMax: 2.0"},
                                                 {"multipleOf: 2", "multipleOf: 6"},
                                                 {"multipleOf: 0.01", "multipleOf: 0.1"},
                                                 {"", "multipleOf: 3"},
                                                 {"minLength: 1", "minLength: 2"},
                                                 {"maxLength: 10", "maxLength: 9"},
                                                 {"", "maxLength: 10"},
                                                 {"", R"(pattern: "a")"},
                                                 {"minItems: 1", "minItems: 2"},
                                                 {"maxItems: null", "maxItems: 2"},
                                                 {"uniqueItems: false", "uniqueItems: true"},
                                                 {"min: 0, max: 9", "min: 1, max: 8"}}) {
    EXPECT_EQ(constraints(r.wide, r.narrow), "narrowed") << r.wide << " / " << r.narrow;
    EXPECT_EQ(constraints(r.narrow, r.wide), "widened") << r.wide << " / " << r.narrow;
    EXPECT_EQ(constraints(r.narrow, r.narrow), "same") << r.narrow;
  }
}

TEST(constraint_change, says_both_where_neither_allows_all_of_the_other) {
  EXPECT_EQ(constraints("min: 0, max: 5", "min: 1, max: 6"), "both");
  EXPECT_EQ(constraints("multipleOf: 4", "multipleOf: 6"), "both");
  EXPECT_EQ(constraints(R"(pattern: "a")", R"(pattern: "b")"), "both");
  EXPECT_EQ(constraints("max: 9007199254740993", "max: 9007199254740992"), "both");
  EXPECT_EQ(constraints("min: 1", "min: 1.0"), "same");
  EXPECT_EQ(constraints("min: 1, exclusiveMin: 0", "min: 1"), "same");
}

TEST(positions, follow_payloads_and_answers_through_all_kinds_of_types) {
  const auto p = tree_of(
      "type Query {a(i: I, e: E): F u: U} input I {i: I s: S} enum E {A} interface F {e: E} "
      "type T implements F {e: E t: V} type V {a: Int} union U = W type W {b(j: J): Boolean} "
      "input J {a: Float} type Alone {s: S}");
  const auto where = graphql::positions_of(p->index);
  const auto in = [&](std::string_view type_name) {
    const auto it = where.find(type_name);
    return it == where.end() ? 0 : int{it->second};
  };
  using enum graphql::position;
  EXPECT_EQ(in("I"), in_payload);
  EXPECT_EQ(in("E"), in_payload | in_answer);
  for (const std::string_view answered : {"F", "T", "V", "U", "W", "Int", "Boolean", "Query"})
    EXPECT_EQ(in(answered), in_answer) << answered;
  EXPECT_EQ(in("J"), in_payload);
  EXPECT_EQ(in("Float"), in_payload);
  EXPECT_EQ(in("Alone"), 0);
}

TEST(positions, a_chain_of_types_as_long_as_a_text_may_be_does_not_overflow_the_stack) {
  std::string text = "type Query {a: T0}";
  for (int i = 0; i < 50'000; ++i) text += fmt::format(" type T{} {{a: T{}}}", i, i + 1);
  text += " type T50000 {a: Int}";
  EXPECT_EQ(graphql::positions_of(tree_of(text)->index).count("T50000"), 1U);
}

}  // namespace
}  // namespace waggle
