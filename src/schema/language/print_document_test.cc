#include "schema/language/print_document.h"

#include <gmock/gmock.h>

#include "schema/language/parser.h"
#include "schema/prelude.h"

namespace waggle::graphql {
namespace {

std::string printed(std::string_view text) {
  findings found(text, "f");
  const document doc = parse(text, {}, found);
  for (const diagnostic& d : found.take()) ADD_FAILURE() << to_string(d) << "\nin " << text;
  return print_document(doc);
}

struct form {
  std::string_view text;
  std::string_view canonical;
};
class canonical_document : public testing::TestWithParam<form> {};
TEST_P(canonical_document, form_of_a_definition) {
  EXPECT_EQ(printed(GetParam().text), GetParam().canonical);
  EXPECT_EQ(printed(GetParam().canonical), GetParam().canonical);
}
INSTANTIATE_TEST_SUITE_P(
    print_document, canonical_document,
    testing::Values(
        form{"", ""}, form{"# only a comment", ""},
        form{"schema@a{query:Q,mutation:M subscription:S}",
             "schema @a {\n  query: Q\n  mutation: M\n  subscription: S\n}\n"},
        form{"extend schema @a", "extend schema @a\n"},
        form{"extend schema {query:Q}", "extend schema {\n  query: Q\n}\n"},
        form{"scalar S @a(b:1)@c", "scalar S @a(b: 1) @c\n"}, form{"type T", "type T\n"},
        form{"type T implements &A&B @x{a:[Int!]! @y b(c:Int=1@z,d:I={a:[],b:E}):S}",
             "type T implements A & B @x {\n  a: [Int!]! @y\n  b(c: Int = 1 @z, d: I = {a: [], b: E}): S\n}\n"},
        form{"extend type T implements A", "extend type T implements A\n"},
        form{"interface I implements J{a:Int}", "interface I implements J {\n  a: Int\n}\n"},
        form{"union U", "union U\n"}, form{"extend union U@a=|A|B", "extend union U @a = A | B\n"},
        form{"enum E{A \"b\"B@c}", "enum E {\n  A\n  \"b\"\n  B @c\n}\n"},
        form{"input I{a:Int=1@b,\"c\"c:S!}", "input I {\n  a: Int = 1 @b\n  \"c\"\n  c: S!\n}\n"},
        form{"directive@d on FIELD", "directive @d on FIELD\n"},
        form{"directive@d(a:Int=1)repeatable on|SCHEMA|FIELD",
             "directive @d(a: Int = 1) repeatable on SCHEMA | FIELD\n"},
        form{"scalar A scalar B", "scalar A\n\nscalar B\n"},
        form{"@okra(namespace:\"a\")service S@x{@y a(b:C):D}",
             "@okra(namespace: \"a\")\n\nservice S @x {\n  a(b: C): D @y\n}\n"},
        // strings
        form{R"(scalar S @a(b: "é\"\\\n\u0007\u{1F41D}"))", "scalar S @a(b: \"é\\\"\\\\\\n\\u0007🐝\")\n"},
        form{"scalar S @a(b: \"\"\"\n  a\n   b\"\"\")", "scalar S @a(b: \"a\\n b\")\n"},
        // descriptions
        form{"\"\"scalar S", "scalar S\n"}, form{"\"\"\"one line\"\"\"scalar S", "\"one line\"\nscalar S\n"},
        form{R"("a \"b\" \\ c" scalar S)", "\"\"\"\na \"b\" \\ c\n\"\"\"\nscalar S\n"},
        form{R"("a\nb" scalar S)", "\"\"\"\na\nb\n\"\"\"\nscalar S\n"},
        form{R"(type T { "a\n\n  b" a: Int })", "type T {\n  \"\"\"\n  a\n\n    b\n  \"\"\"\n  a: Int\n}\n"},
        form{R"("a \"\"\"\" b" scalar S)", "\"\"\"\na \\\"\"\"\" b\n\"\"\"\nscalar S\n"},
        form{R"("no block string has this at its end\n" scalar S)",
             "\"no block string has this at its end\\n\"\nscalar S\n"},
        form{R"("  a\n  b" scalar S)", "\"  a\\n  b\"\nscalar S\n"},
        form{R"("a\rb" scalar S)", "\"a\\u000db\"\nscalar S\n"},
        form{R"("\u0000" scalar S)", "\"\\u0000\"\nscalar S\n"},
        form{"type T { f(\"of a\" a: Int @x b: Int = 2): T! @y }",
             "type T {\n  f(\n    \"of a\"\n    a: Int @x\n    b: Int = 2\n  ): T! @y\n}\n"}));

TEST(print_document, breaks_arguments_that_120_columns_cannot_hold) {
  const std::string name(50, 'a');
  const std::string fits = "type T {\n  " + name + "(b: " + name + "): " + std::string(11, 'c') + "\n}\n";
  EXPECT_EQ(fits.find("\n}") - fits.find('\n') - 1, 120U);
  EXPECT_EQ(printed(fits), fits);
  const std::string longer = "type T {\n  " + name + "(b: " + name + "): " + std::string(12, 'c') + "\n}\n";
  EXPECT_EQ(printed(longer), "type T {\n  " + name + "(\n    b: " + name + "\n  ): " + std::string(12, 'c') + "\n}\n");
}

TEST(print_document, breaks_locations_and_members_that_120_columns_cannot_hold) {
  const std::string name(50, 'a');
  const std::string shorter(47, 'a');
  const std::string fits = "directive @" + shorter + "(b: " + shorter + ") on OBJECT\n";
  EXPECT_EQ(printed(fits), fits);
  EXPECT_EQ(printed("directive @" + shorter + "(b: " + shorter + ") on OBJECT | FIELD"),
            "directive @" + shorter + "(b: " + shorter + ") on\n  | OBJECT\n  | FIELD\n");
  const std::string of_two = "union U = " + name + " | " + std::string(57, 'b') + "\n";
  EXPECT_EQ(of_two.size(), 121U);
  EXPECT_EQ(printed(of_two), of_two);
  EXPECT_EQ(printed("union Un = " + name + " | " + std::string(57, 'b')),
            "union Un =\n  | " + name + "\n  | " + std::string(57, 'b') + "\n");
}

TEST(print_document, a_long_description_is_a_block_string) {
  const std::string text(119, 'a');
  EXPECT_EQ(printed("\"" + text + "\" scalar S"), "\"\"\"\n" + text + "\n\"\"\"\nscalar S\n");
}

TEST(print_document, waggle_s_own_prelude_prints_the_same_twice) {
  const std::string once = print_document(prelude());
  EXPECT_EQ(printed(once), once);
}

TEST(print_document, values_at_the_limit_of_depth) {
  const std::string deep = "scalar S @a(b: " + std::string(100, '[') + std::string(100, ']') + ")\n";
  EXPECT_EQ(printed(deep), deep);
}

}  // namespace
}  // namespace waggle::graphql
