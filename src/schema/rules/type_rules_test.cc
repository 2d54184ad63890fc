#include "schema/rules/type_rules.h"

#include <gmock/gmock.h>

#include "schema/contract.h"

namespace waggle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

std::vector<std::string> findings_of(std::string_view sdl, diagnostic::severity level) {
  std::vector<std::string> out;
  for (const diagnostic& d : compile_contract(sdl, "f").findings)
    if (d.level == level) out.push_back(to_string(d));
  return out;
}
std::vector<std::string> errors_of(std::string_view sdl) { return findings_of(sdl, diagnostic::severity::error); }
std::vector<std::string> warnings_of(std::string_view sdl) { return findings_of(sdl, diagnostic::severity::warning); }

const std::string query = "type Query { ok: Int }\n";

/// What stands behind `query`, from its second line on, and the only error about it.
struct broken {
  std::string_view sdl;
  std::string_view message;
};
class type_rules : public testing::TestWithParam<broken> {};
TEST_P(type_rules, one_error_at_its_place) {
  const auto found = errors_of(query + std::string(GetParam().sdl));
  ASSERT_EQ(found.size(), 1U) << testing::PrintToString(found);
  EXPECT_EQ(found[0], "f:2:" + std::string(GetParam().message));
}
INSTANTIATE_TEST_SUITE_P(
    names, type_rules,
    testing::Values(
        broken{"type __A { b: Int }", "6: error: __A: names that begin with __ are GraphQL's own (§3.3)"},
        broken{"scalar __A", "8: error: __A: names that begin with __ are GraphQL's own (§3.3)"},
        broken{"type A { __b: Int }", "10: error: __b: names that begin with __ are GraphQL's own (§3.6)"},
        broken{"type A { b(__c: Int): Int }", "12: error: __c: names that begin with __ are GraphQL's own (§3.6)"},
        broken{"interface A { __b: Int }", "15: error: __b: names that begin with __ are GraphQL's own (§3.7)"},
        broken{"enum A { __B }", "10: error: __B: names that begin with __ are GraphQL's own (§3.9)"},
        broken{"input A { __b: Int }", "11: error: __b: names that begin with __ are GraphQL's own (§3.10)"},
        broken{"directive @__a on FIELD", "12: error: __a: names that begin with __ are GraphQL's own (§3.13)"},
        broken{"directive @a(__b: Int) on FIELD",
               "14: error: __b: names that begin with __ are GraphQL's own (§3.13)"}));
INSTANTIATE_TEST_SUITE_P(
    empty, type_rules,
    testing::Values(broken{"type A", "6: error: object type A has no field; it needs at least one (§3.6)"},
                    broken{"interface A", "11: error: interface A has no field; it needs at least one (§3.7)"},
                    broken{"union A", "7: error: union A has no member; it needs at least one (§3.8)"},
                    broken{"enum A", "6: error: enum A has no value; it needs at least one (§3.9)"},
                    broken{"input A", "7: error: input type A has no field; it needs at least one (§3.10)"}));
INSTANTIATE_TEST_SUITE_P(
    twice, type_rules,
    testing::Values(
        broken{"type A { b: Int b: Int }", "17: error: field b of A is there already (§3.6)"},
        broken{"type A { b: Int } extend type A { b: Int }", "35: error: field b of A is there already (§3.6)"},
        broken{"interface A { b: Int b: Int }", "22: error: field b of A is there already (§3.7)"},
        broken{"type A { b(c: Int c: Int): Int }", "19: error: A.b(c:) is there already (§3.6)"},
        broken{"directive @a(b: Int b: Int) on FIELD", "21: error: @a(b:) is there already (§3.13)"},
        broken{"enum A { B C B }", "14: error: value B of A is there already (§3.9)"},
        broken{"enum A { B } extend enum A { B }", "30: error: value B of A is there already (§3.9)"},
        broken{"union A = Query | Query", "19: error: member Query of A is there already (§3.8)"},
        broken{"input A { b: Int b: Int }", "18: error: field b of A is there already (§3.10)"},
        broken{"interface I { a: Int } type A implements I & I { a: Int }", "46: error: A implements I already (§3.6)"},
        broken{"directive @d on OBJECT type A @d { b: Int } extend type A @d",
               "59: error: @d stands here twice (§3.13)"}));
INSTANTIATE_TEST_SUITE_P(
    positions, type_rules,
    testing::Values(
        broken{"input A { b: Int } type B { c: [A!] }",
               "33: error: A is of the kind input type; a field cannot answer with it (§3.4.2)"},
        broken{
            "type B { c(d: Query): Int }",
            "15: error: Query is of the kind object type; an argument is a scalar, an enum or an input type (§3.4.2)"},
        broken{"input B { c: [Query] }",
               "15: error: Query is of the kind object type; an input field is a scalar, an enum or an input type "
               "(§3.4.2)"},
        broken{
            "directive @a(b: Query) on FIELD",
            "17: error: Query is of the kind object type; an argument is a scalar, an enum or an input type (§3.4.2)"},
        broken{"union A = Query | B scalar B",
               "19: error: B is of the kind scalar; the members of a union are object types (§3.8)"}));
INSTANTIATE_TEST_SUITE_P(
    extensions, type_rules,
    testing::Values(broken{"input A { b: Int } extend type A { c: Int }",
                           "32: error: A is of the kind input type and cannot be extended as object type (§3.4.3)"},
                    broken{"directive @d on SCALAR extend scalar Int @d",
                           "38: error: Int is built in and cannot be extended (§3.5)"},
                    broken{"extend type Qury { c: Int }",
                           "13: error: type Qury is extended but not defined; did you mean Query? (§3.4.3)"},
                    broken{"input A { b: Int } extend input A @oneOf { c: Int }",
                           "35: error: @oneOf cannot stand on an extension; put it on the definition of A (§3.10.2)"}));
INSTANTIATE_TEST_SUITE_P(
    interfaces, type_rules,
    testing::Values(
        broken{"type A implements Query { ok: Int }",
               "19: error: A cannot implement Query, which is of the kind object type; only interfaces are implemented "
               "(§3.6)"},
        broken{"interface A implements A { b: Int }", "24: error: interface A cannot implement itself (§3.7)"},
        broken{"interface I { a: Int } interface J implements I { a: Int } type T implements J { a: Int }",
               "78: error: T must also implement I, because J does (§3.6)"},
        broken{"interface I { a: Int b: [Int!]! } type T implements I { a: Int }",
               "53: error: T implements I and lacks its field b: [Int!]! (§3.6)"},
        broken{"interface I { a: Int! } type T implements I { a: Int }",
               "50: error: T.a is Int, which is not Int! as in I and no sub-type of it (§3.6)"},
        broken{"interface I { a(b: Int): Int } type T implements I { a: Int }",
               "54: error: T.a lacks the argument b: Int of I.a (§3.6)"},
        broken{"interface I { a(b: Int): Int } type T implements I { a(b: Int!): Int }",
               "59: error: T.a(b:) is Int!, it must be Int as in I (§3.6)"},
        broken{"interface I { a: Int } type T implements I { a(b: Int!): Int }",
               "48: error: T.a(b:) is required, but I.a has no such argument; make it nullable or give it a default "
               "(§3.6)"},
        broken{"interface I { a: Int } type T implements I { a: Int @deprecated }",
               "53: error: T.a cannot be deprecated, because I.a is not (§3.6)"}));
INSTANTIATE_TEST_SUITE_P(
    inputs, type_rules,
    testing::Values(
        broken{"input A { b: Int! @deprecated }",
               "19: error: A.b is required and cannot be deprecated; make it nullable or give it a default first "
               "(§3.13.3)"},
        broken{"type A { b(c: Int! @deprecated): Int }",
               "20: error: A.b(c:) is required and cannot be deprecated; make it nullable or give it a default first "
               "(§3.13.3)"},
        broken{"input A { x: Int b: B! } input B { a: A! }",
               "18: error: no finite value fits A: its fields need each other in a circle, A.b, B.a; make one of them "
               "nullable or a list (§3.10)"},
        broken{"input A @oneOf { a: A }",
               "18: error: no finite value fits A: its fields need each other in a circle, A.a; make one of them "
               "nullable or a list (§3.10)"},
        broken{"input A @oneOf { a: Int! }",
               "21: error: A.a is Int!; the fields of a @oneOf input are nullable (§3.10.1)"},
        broken{"input A @oneOf { a: Int = 1 }",
               "27: error: A.a has a default; the fields of a @oneOf input have none (§3.10.1)"},
        broken{"input A { a: A = {} }",
               "18: error: the default of A.a contains itself, by the defaults of what it leaves out: A.a (§3.10)"}));
INSTANTIATE_TEST_SUITE_P(
    defaults, type_rules,
    testing::Values(broken{"input A { b: Int = \"x\" }",
                           "20: error: default of A.b: expected Int, found \"x\" (§3.10)"},
                    broken{"type A { b(c: [Int!] = [1, null]): Int }",
                           "28: error: default of A.b(c:)[1]: expected [Int!], found null (§3.6)"},
                    broken{"directive @a(b: Int = true) on FIELD",
                           "23: error: default of @a(b:): expected Int, found true (§3.13)"},
                    broken{"input I { n: Int! m: I } input A { i: I = {m: {}, n: 1} }",
                           "47: error: default of A.i.m: n is missing (§3.10)"},
                    broken{"enum E { LEFT } input A { e: E = LEFFT }",
                           "34: error: default of A.e: E has no value LEFFT; did you mean LEFT? (§3.10)"},
                    broken{"scalar S input A { s: S = {a: [{b: 1, b: 2}]} }",
                           "39: error: default of A.s.a[0]: b is given twice (§3.10)"},
                    broken{"input I @oneOf { a: Int b: Int } input A { i: [I] = [{a: 1}, {a: 1, b: 2}] }",
                           "62: error: default of A.i[1]: I is @oneOf: give exactly one field, and not null (§3.10)"}));
INSTANTIATE_TEST_SUITE_P(
    directives, type_rules,
    testing::Values(
        broken{"directive @a(b: Int @a) on ARGUMENT_DEFINITION",
               "12: error: directive @a needs itself: its arguments, or types and directives that they use, are "
               "defined with it (§3.13)"},
        broken{"directive @a(b: I) on ENUM_VALUE input I { e: [E] } enum E { A @a }",
               "12: error: directive @a needs itself: its arguments, or types and directives that they use, are "
               "defined with it; see I, E (§3.13)"},
        broken{
            "directive @skip(unless: Boolean!) on FIELD",
            "12: error: @skip is built in; leave this definition out or write directive @skip(if: Boolean!) on FIELD "
            "| FRAGMENT_SPREAD | INLINE_FRAGMENT (§3.13)"},
        broken{"directive @a(b: I) on ENUM input I @oneOf { x: Int y: Int } enum E @a(b: {}) { A }",
               "74: error: b of @a: I is @oneOf: give exactly one field, and not null (§3.13)"}));

TEST(type_rules_document, the_schema_s_roots_are_distinct_objects) {
  EXPECT_THAT(errors_of("schema { query: Q mutation: Q } type Q { a: Int }"),
              testing::Contains(HasSubstr(":29: error: Q is the root of another operation already (§3.3.1)")));
  EXPECT_THAT(errors_of("extend schema { mutation: Query } type Query { a: Int }"),
              testing::Contains(HasSubstr(":27: error: Query is the root of another operation already (§3.3.1)")));
  EXPECT_THAT(errors_of(query + "interface Mutation { a: Int }"),
              ElementsAre("f:2:11: error: Mutation is of the kind interface; a root must be an object type (§3.3.1)"));
}

TEST(type_rules_document, older_definitions_of_built_in_directives_are_left_alone) {
  EXPECT_THAT(errors_of(query + "directive @deprecated(reason: String = \"x\") on FIELD_DEFINITION | ENUM_VALUE"),
              IsEmpty());
}

TEST(type_rules_document, covariance_goes_through_lists_unions_and_interfaces) {
  EXPECT_THAT(errors_of(query + "interface I { a: [U] b: I c: [[I!]] } union U = T\n"
                                "type T implements I { a: [T!]! b: T! c: [[T!]!]! }"),
              IsEmpty());
}

TEST(type_rules_document, a_default_may_leave_out_what_has_an_end) {
  EXPECT_THAT(errors_of(query + "input A { a: A = {a: {a: null, b: {}}, b: null} b: B = {} } input B { n: Int = 1 }"),
              IsEmpty());
}

TEST(type_rules_document, many_wrong_things_stop_at_a_hundred) {
  std::string sdl = query;
  for (int i = 0; i < 1000; ++i) sdl += "type T" + std::to_string(i) + "\n";
  EXPECT_THAT(errors_of(sdl), SizeIs(100));
}

TEST(answers, a_field_with_arguments_is_warned_of_where_answers_reach_it) {
  EXPECT_THAT(
      warnings_of("type Query { me(id: ID): User } type User implements N { at(zone: String): Int other: [U] }\n"
                  "union U = A | B type A { x(y: Int): Int } type B { x: Int } interface N { at(zone: String): Int }\n"
                  "type Unused { a(b: Int): Int }"),
      ElementsAre(StartsWith("f:1:58: warning: User.at cannot be served this way: an answer is one whole value"),
                  StartsWith("f:2:26: warning: A.x cannot be served this way")));
}

TEST(answers, a_circle_of_non_null_fields_is_warned_of) {
  EXPECT_THAT(
      warnings_of("type Query { a: A } type A { b: B! } type B { a: A! }"),
      ElementsAre("f:1:30: warning: A.b cannot be served this way: an answer would have no end, because non-null "
                  "fields go round in a circle, A.b, B.a; make one of them nullable or a list"));
  EXPECT_THAT(
      warnings_of("type Query { a: A } type A { b: I! } interface I { x: Int } type B implements I { x: Int a: A! }"),
      SizeIs(1));
}

TEST(answers, a_circle_with_a_way_out_is_fine) {
  EXPECT_THAT(warnings_of("type Query { a: A } type A { b: B! c: [A!]! } type B { a: A }"), IsEmpty());
  EXPECT_THAT(warnings_of("type Query { a: A } type A { u: U! } union U = B | C type B { a: A! } type C { x: Int }"),
              IsEmpty());
}

TEST(answers, warnings_of_a_kind_are_counted_after_the_first) {
  std::string sdl = "type Query { a: A }\ntype A {\n";
  for (int i = 0; i < 30; ++i) sdl += "f" + std::to_string(i) + "(x: Int): Int\n";
  const auto found = warnings_of(sdl + "}");
  ASSERT_EQ(found.size(), 21U);
  EXPECT_EQ(found.back(), "f: warning: 10 more fields of answers take arguments and cannot be served this way");
}

}  // namespace
}  // namespace waggle
