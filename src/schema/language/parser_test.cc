#include "schema/language/parser.h"

#include <gmock/gmock.h>

#include "schema/language/print.h"

namespace waggle::graphql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> messages(std::string_view text, source_limits limits = {}) {
  findings found(text, "f");
  [[maybe_unused]] const document doc = parse(text, limits, found);
  std::vector<std::string> out;
  for (const diagnostic& d : found.take()) out.push_back(to_string(d));
  return out;
}

/// The single definition of a text without errors.
struct parsed {
  explicit parsed(std::string_view text) {
    findings found(text, "f");
    doc = parse(text, {}, found);
    for (const diagnostic& d : found.take()) ADD_FAILURE() << to_string(d);
    if (doc.definitions.size() != 1) doc.definitions.resize(1);
  }
  const definition* operator->() const { return &doc.definitions.front(); }
  document doc;
};

class accepted : public testing::TestWithParam<std::string_view> {};
TEST_P(accepted, without_a_finding) { EXPECT_THAT(messages(GetParam()), IsEmpty()); }
INSTANTIATE_TEST_SUITE_P(
    grammar_3, accepted,
    testing::Values(
        "", "# only a comment", "schema { query: Q }", "\"d\" schema @a { query: Q mutation: M subscription: S }",
        "extend schema @a", "extend schema { query: Q }", "scalar S", "\"\"\"d\"\"\" scalar S @a(b: 1)",
        "extend scalar S @a", "type T", "type T @a", "type T implements A", "type T implements & A & B { a: Int }",
        "type T { a: Int! b(c: [Int!]! = [1] @d): [[T]!] @e }", "extend type T implements A", "extend type T @a",
        "extend type T { a: Int }", "type type { type: type input: input }", "interface I",
        "interface I implements J & K @a { a: I }", "extend interface I implements J", "union U", "union U @a",
        "union U = A", "union U = | A | B", "extend union U = A", "extend union U @a", "enum E",
        "enum E { A B @a \"d\" C }", "enum E { type query on }", "extend enum E { A }", "extend enum E @a", "input I",
        "input I { a: Int = 1 @a b: [I!] = [{a: 1, b: []}] }", "extend input I @a", "extend input I { a: Int }",
        "directive @a on FIELD", "directive @a(b: Int = 1 @c, \"d\" e: S) repeatable on | FIELD | SCHEMA",
        "\"d\" directive @repeatable on VARIABLE_DEFINITION", "type T { \"d\" a(\"d\" b: Int): Int }",
        "input I { a: X = {a: null, b: #\n1, c: true, d: ENUM, e: \"s\", f: -1.5e3} }"));

TEST(grammar_3, constants_hold_no_variables) {
  EXPECT_THAT(messages("input I { a: X = $b }"), ElementsAre("f:1:18: error: a schema has no variables"));
}

struct wrong {
  std::string_view text;
  std::string_view first;  ///< how the first finding begins
};
class refused : public testing::TestWithParam<wrong> {};
TEST_P(refused, at_the_place) {
  const auto found = messages(GetParam().text);
  ASSERT_EQ(found.size(), 1U) << testing::PrintToString(found);
  EXPECT_THAT(found[0], HasSubstr(GetParam().first));
}
INSTANTIATE_TEST_SUITE_P(
    grammar_3, refused,
    testing::Values(
        wrong{"schema", "f:1:7: error: expected { and the root types, the file ends here"},
        wrong{"schema { }", "f:1:10: error: expected query, mutation or subscription, found }"},
        wrong{"schema { qeury: Q }", "f:1:10: error: expected query, mutation or subscription, found qeury"},
        wrong{"extend schema", "1:14: error: expected what the extension adds"},
        wrong{"\"d\" extend type A @a", "1:5: error: an extension has no description"},
        wrong{"extend directive @a on FIELD", "f:1:8: error: a directive cannot be extended"},
        wrong{"extend scalar S", "expected what the extension adds"},
        wrong{"extend union U", "expected what the extension adds"}, wrong{"extend type", "expected a name"},
        wrong{"type T {}", "f:1:9: error: expected a field's name, found }"},
        wrong{"type T { a }", "expected : and a type after a, found }"},
        wrong{"type T { a(): Int }", "expected an argument's name, found )"},
        wrong{"type T { a: [Int }", "expected ] after the type"},
        wrong{"type T { a: Int!! }", "f:1:17: error: there is a ! already"},
        wrong{"type T implements { a: Int }", "expected an interface"},
        wrong{"type T implements A B { a: Int }", "expected & before the next, found B"},
        wrong{"type T implements A, B { a: Int }", "f:1:22: error: expected & before the next, found B"},
        wrong{"union U = A, B", "f:1:14: error: expected | before the next, found B"},
        wrong{"union U { A B }", "f:1:9: error: the members of a union stand behind ="},
        wrong{"type T { a: A[] }", "f:1:14: error: a list of A is written [A]"},
        wrong{"enum E { A = 1 }", "f:1:12: error: an enum value is its name"},
        wrong{"input I { a: Int @x = 1 }", "f:1:21: error: the default stands before the directives"},
        wrong{"type 1", "expected a name, found 1"}, wrong{"enum E { true }", "true cannot be an enum value"},
        wrong{"enum E { }", "expected an enum value"}, wrong{"union U = | ", "expected a member type"},
        wrong{"union U = A |", "expected a member type"}, wrong{"input I { a(b: Int): Int }", "a takes no arguments"},
        wrong{"input I {}", "expected a field's name"}, wrong{"directive a on FIELD", "expected @"},
        wrong{"directive @a", "expected on and where"},
        wrong{"directive @a on FELD", "FELD is no directive location; did you mean FIELD?"},
        wrong{"directive @a(b: Int) repeatible on FIELD", "expected on"},
        wrong{"scalar S @a()", "expected an argument, found )"},
        wrong{"scalar S @a(b 1)", "expected : after the argument's name"},
        wrong{"scalar S @ a: 1", "expected a definition, found :"},
        wrong{"scalar S @a(b: )", "expected a value, found )"},
        wrong{"scalar S @a(b: [1)", "expected a value, found )"},
        wrong{"scalar S @a(b: {1: 1})", "expected a field or }"},
        wrong{"tpye A { a: Int }", "expected a definition, found tpye; did you mean type?"},
        wrong{"query { a }", "no operations or fragments"}, wrong{"{ a }", "no operations or fragments"},
        wrong{"\"d\"", "expected a definition, the file ends here"},
        wrong{"\"a\" \"b\" type A", "expected a definition"}, wrong{"@auth type A", "only @okra may stand outside"}));

TEST(parser, does_not_report_what_follows_from_an_error_before_on_the_line) {
  EXPECT_THAT(messages("type T { a: Map<A, B> }"), ElementsAre(HasSubstr("'<'; a list"), HasSubstr("'>'")));
  EXPECT_THAT(messages("// a comment, isn't it\ntype T { a A }"),
              ElementsAre("f:1:1: error: unexpected character '//'; comments begin with #",
                          "f:2:12: error: expected : and a type after a, found A"));
  EXPECT_THAT(messages("\"\"\"a\ntype T { a: A }\n"), ElementsAre(HasSubstr("this block string has no end")));
  EXPECT_THAT(messages("type T { first-name: A }"), ElementsAre(HasSubstr("-name: expected a digit after -")));
}

TEST(parser, keeps_every_part_of_a_field) {
  const parsed p(
      R"("of T" type T implements A & B @x { "of f" f("of a" a: [Int!]! = [1, 2] @y, b: ID): T! @z(v: {k: "s"}) })");
  EXPECT_EQ(p->kind, definition_kind::object);
  EXPECT_EQ(p->description, "of T");
  EXPECT_EQ(p->id.text, "T");
  EXPECT_THAT(p->names, ElementsAre(testing::Field(&name::text, "A"), testing::Field(&name::text, "B")));
  ASSERT_EQ(p->fields.size(), 1U);
  const field& f = p->fields[0];
  EXPECT_EQ(f.description, "of f");
  EXPECT_EQ(print(f), "f(a: [Int!]! = [1, 2], b: ID): T!");
  EXPECT_EQ(f.arguments[0].description, "of a");
  EXPECT_EQ(f.arguments[0].directives.at(0).id.text, "y");
  EXPECT_EQ(print(f.directives.at(0).find("v")->given), R"({k: "s"})");
}

TEST(parser, keeps_places_in_bytes) {
  const parsed p("\"é\" type T { a: X @d(b: 1) }");
  EXPECT_EQ(p->offset, 5U);
  EXPECT_EQ(p->id.offset, 10U);
  EXPECT_EQ(p->fields.at(0).type.named.offset, 17U);
  EXPECT_EQ(p->fields[0].directives.at(0).id.offset, 19U);
  EXPECT_EQ(p->fields[0].directives[0].arguments.at(0).given.offset, 25U);
}

TEST(parser, reads_modifiers_from_the_inside_out) {
  const parsed p("type T { a: [[X!]]! }");
  const type_ref& type = p->fields.at(0).type;
  EXPECT_EQ(type.modifiers, "![[!");
  EXPECT_TRUE(type.non_null());
  EXPECT_TRUE(type.list());
  EXPECT_EQ(print(type), "[[X!]]!");
}

TEST(parser, decodes_descriptions_and_strings) {
  const parsed p("\"\"\"\n  a\n   b\n\"\"\" scalar S @d(v: \"\\u{1F41D}\")");
  EXPECT_EQ(p->description, "a\n b");
  EXPECT_EQ(p->directives.at(0).arguments.at(0).given.text, "🐝");
}

TEST(parser, reads_a_directive_definition) {
  const parsed p("directive @d(a: Int = 1) repeatable on OBJECT | FIELD");
  EXPECT_TRUE(p->repeatable);
  EXPECT_EQ(print_directive_definition(*p.operator->()), "directive @d(a: Int = 1) repeatable on FIELD | OBJECT");
}

TEST(parser, reports_the_errors_of_several_definitions_at_once) {
  EXPECT_THAT(
      messages("type A { a Int }\n\n\"d\"\ntype B { b: Int }\nenum C { }\nextend typ D @x\nscalar E\nunion F = 1\n"),
      ElementsAre("f:1:12: error: expected : and a type after a, found Int",
                  "f:5:10: error: expected an enum value, found }",
                  "f:6:8: error: expected a definition, found typ; did you mean type?",
                  "f:8:11: error: expected a member type, found 1"));
}

TEST(parser, does_not_take_a_field_for_a_definition_when_it_goes_on) {
  EXPECT_THAT(messages("type A {\n  a Int\n  type: String\n  input: Int\n}\ntype B {}"), testing::SizeIs(2));
}

TEST(parser, a_missing_brace_costs_one_error) {
  EXPECT_THAT(messages("type A {\n  a: Int\n\ntype B {\n  b: Int\n}\n"), testing::SizeIs(1));
}

TEST(parser, bounds_the_depth_of_values_and_types) {
  source_limits limits;
  limits.depth = 3;
  EXPECT_THAT(messages("scalar S @a(b: [[[1]]])", limits), IsEmpty());
  EXPECT_THAT(messages("scalar S @a(b: [[[[1]]]])", limits), ElementsAre(HasSubstr("deeper than 3")));
  EXPECT_THAT(messages("type T { a: [[[X]]] }", limits), IsEmpty());
  EXPECT_THAT(messages("type T { a: [[[[X]]]] }", limits), ElementsAre(HasSubstr("deeper than 3")));
}

TEST(parser, a_hundred_thousand_brackets_do_no_harm) {
  EXPECT_THAT(messages("scalar S @a(b: " + std::string(100'000, '[')), testing::SizeIs(1));
  EXPECT_THAT(messages("type T { a: " + std::string(100'000, '[')), testing::SizeIs(1));
  EXPECT_THAT(messages(std::string(100'000, '{')), testing::SizeIs(1));
}

TEST(okra_grammar, a_decorator_on_a_line_of_its_own_belongs_to_the_field_below) {
  const parsed p("service S {\n  @a\n  one(input: T): U\n  @b(x: 1)\n  @c two(input: T): U @d\n  three: U\n    @e\n}");
  ASSERT_EQ(p->fields.size(), 3U);
  auto of = [&](std::size_t i) {
    std::string names;
    for (const directive& d : p->fields[i].directives) names += d.id.text;
    return names;
  };
  EXPECT_EQ(of(0), "a");
  EXPECT_EQ(of(1), "bcd");
  EXPECT_EQ(of(2), "e");
}

TEST(okra_grammar, a_decorator_that_ends_the_block_belongs_to_the_field_above) {
  const parsed p("service S {\n  one: U\n  @a\n  @b\n}");
  EXPECT_EQ(p->fields.at(0).directives.size(), 2U);
}

TEST(okra_grammar, in_standard_files_a_directive_always_belongs_to_the_field_above) {
  const parsed p("type S {\n  one: U\n  @a\n  two: U\n}");
  EXPECT_EQ(p->fields.at(0).directives.size(), 1U);
  EXPECT_THAT(messages("type S { @a one: U }"), testing::SizeIs(1));
}

TEST(okra_grammar, a_service_must_have_methods) {
  EXPECT_THAT(messages("service S"), ElementsAre(HasSubstr("expected { and the methods")));
  EXPECT_THAT(messages("service S {}"), ElementsAre(HasSubstr("expected a field's name")));
}

}  // namespace
}  // namespace waggle::graphql
