#include "schema/language/lexer.h"

#include <gmock/gmock.h>

namespace waggle::graphql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct lexed {
  std::vector<token> tokens;
  std::vector<diagnostic> findings;
};
lexed lex_text(std::string_view text, source_limits limits = {}) {
  findings found(text, "f");
  lexed out{lex(text, limits, found), {}};
  out.findings = found.take();
  return out;
}
std::vector<std::string_view> texts(std::string_view text) {
  std::vector<std::string_view> out;
  for (const token& t : lex_text(text).tokens)
    if (t.kind != token_kind::end) out.push_back(t.text);
  return out;
}

TEST(lexis_2_1, ignores_byte_order_marks_white_space_commas_and_comments) {
  EXPECT_THAT(texts("\xEF\xBB\xBF a,\t,b # c d\n\xEF\xBB\xBF e"), ElementsAre("a", "b", "e"));
}

TEST(lexis_2_1, a_comment_may_hold_any_character) { EXPECT_THAT(texts("# \x01 \" { é 🐝\ra"), ElementsAre("a")); }

TEST(lexis_2_1_8, punctuators_of_both_languages) {
  EXPECT_THAT(texts("!$&()...:=@[]{|}"),
              ElementsAre("!", "$", "&", "(", ")", "...", ":", "=", "@", "[", "]", "{", "|", "}"));
}

TEST(lexis_2_1_9, names_are_taken_as_long_as_they_go) {
  const auto out = lex_text("_a1 B__2");
  EXPECT_EQ(out.tokens[0].kind, token_kind::name);
  EXPECT_THAT(texts("_a1 B__2"), ElementsAre("_a1", "B__2"));
}

TEST(lexis_2_1_2, lines_end_with_lf_crlf_or_cr_and_tokens_know_theirs) {
  const auto out = lex_text("a\nb\r\nc\r  d");
  ASSERT_EQ(out.tokens.size(), 5U);
  EXPECT_EQ(out.tokens[0].line, 1U);
  EXPECT_EQ(out.tokens[1].line, 2U);
  EXPECT_EQ(out.tokens[2].line, 3U);
  EXPECT_EQ(out.tokens[3].line, 4U);
  EXPECT_EQ(out.tokens[3].indent, 2U);
}

TEST(lexis_2_9_4, the_line_after_a_block_string_is_counted_over_it) {
  const auto out = lex_text("\"\"\"\n\r\n\r\"\"\"\nb");
  EXPECT_EQ(out.tokens[0].line, 1U);
  EXPECT_EQ(out.tokens[1].line, 5U);
}

struct number_case {
  std::string_view text;
  token_kind kind;
};
class numbers : public testing::TestWithParam<number_case> {};
TEST_P(numbers, are_one_token) {
  const auto out = lex_text(GetParam().text);
  EXPECT_THAT(out.findings, IsEmpty());
  ASSERT_EQ(out.tokens.size(), 2U);
  EXPECT_EQ(out.tokens[0].kind, GetParam().kind);
  EXPECT_EQ(out.tokens[0].text, GetParam().text);
}
INSTANTIATE_TEST_SUITE_P(
    lexis_2_9_1, numbers,
    testing::Values(number_case{"0", token_kind::integer}, number_case{"-0", token_kind::integer},
                    number_case{"4", token_kind::integer}, number_case{"-190", token_kind::integer},
                    number_case{"0.0", token_kind::floating}, number_case{"1e50", token_kind::floating},
                    number_case{"-6.02E+23", token_kind::floating}, number_case{"0e-1", token_kind::floating}));

struct bad_case {
  std::string_view text;
  std::size_t column;
  std::string_view message;
};
class bad_tokens : public testing::TestWithParam<bad_case> {};
TEST_P(bad_tokens, are_reported_once_where_they_are) {
  const auto out = lex_text(GetParam().text);
  ASSERT_EQ(out.findings.size(), 1U);
  EXPECT_EQ(out.findings[0].line, 1U);
  EXPECT_EQ(out.findings[0].column, GetParam().column);
  EXPECT_THAT(out.findings[0].message, HasSubstr(GetParam().message));
}
INSTANTIATE_TEST_SUITE_P(
    lexis_2_9, bad_tokens,
    testing::Values(
        bad_case{"00", 1, "does not begin with 0"}, bad_case{"-01", 1, "does not begin with 0"},
        bad_case{"a 0xF1", 3, "ends before letters"}, bad_case{"1a", 1, "ends before letters"},
        bad_case{"1.", 1, "digit after the point"}, bad_case{"1.a", 1, "digit after the point"},
        bad_case{"1e", 1, "digit in the exponent"}, bad_case{"1.2.3", 1, "ends before"},
        bad_case{"1_0", 1, "ends before letters"}, bad_case{"-", 1, "digit after -"},
        bad_case{"1.5f", 1, "ends before letters"}, bad_case{".5", 1, "unexpected character '.'"},
        bad_case{"a .", 3, "unexpected character"}, bad_case{"+1", 1, "unexpected character '+'"},
        bad_case{"é", 1, "unexpected character 'é'"}, bad_case{"a\x07", 2, "\\u0007"},
        bad_case{"a;", 2, "';'; nothing stands at the end of a line"},
        bad_case{"// it's a = 'b'", 1, "'//'; comments begin with #"},
        bad_case{"A?", 2, "what may be null has no mark"}, bad_case{R"("abc)", 1, "no end on its line"},
        bad_case{R"(a "b \q c")", 6, "a backslash begins"}, bad_case{R"("\u12G4")", 2, "four hexadecimal digits"},
        bad_case{R"("\u{}")", 2, "expected hexadecimal digits"},
        bad_case{R"("\u{12")", 2, "expected hexadecimal digits"}, bad_case{R"("\u{110000}")", 2, "at most 10FFFF"},
        bad_case{R"("\u{FFFFFFFFFFFFFFFFFFFF}")", 2, "at most 10FFFF"}, bad_case{R"("\u{D800}")", 2, "surrogate"},
        bad_case{R"("é\uD83D")", 3, "without a trailing"}, bad_case{R"("\uDE00")", 2, "without a leading"},
        bad_case{R"("\uD83D\u0041")", 2, "without a trailing"}, bad_case{R"("""abc)", 1, "block string has no end"}));

TEST(lexis_2_9_4, a_string_ends_at_the_line_s_end) {
  const auto out = lex_text("\"ab\nc\"");
  ASSERT_EQ(out.findings.size(), 2U);
  EXPECT_EQ(out.findings[0].line, 1U);
  EXPECT_EQ(out.findings[1].line, 2U);
}

struct string_case {
  std::string_view text;
  std::string_view value;
};
class strings : public testing::TestWithParam<string_case> {};
TEST_P(strings, have_the_value) {
  const auto out = lex_text(GetParam().text);
  EXPECT_THAT(out.findings, IsEmpty());
  ASSERT_EQ(out.tokens.size(), 2U);
  EXPECT_EQ(string_value(out.tokens[0]), GetParam().value);
}
INSTANTIATE_TEST_SUITE_P(
    lexis_2_9_4, strings,
    testing::Values(string_case{R"("")", ""}, string_case{R"("a # b, {")", "a # b, {"},
                    string_case{R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t"}, string_case{R"("\u0041\u00e9")", "Aé"},
                    string_case{R"("\u{41}\u{1F41D}\u{000000041}")", "A🐝A"}, string_case{R"("\uD83D\uDC1D")", "🐝"},
                    string_case{"\"\x01\t🐝\"", "\x01\t🐝"}, string_case{R"("\uFFFF\u{10FFFF}")", "\uFFFF\U0010FFFF"}));
INSTANTIATE_TEST_SUITE_P(
    block_string_value, strings,
    testing::Values(string_case{R"("""""")", ""}, string_case{R"("""abc""")", "abc"},
                    string_case{"\"\"\"\n    Hello,\n      World!\n\n    Yours,\n      GraphQL.\n  \"\"\"",
                                "Hello,\n  World!\n\nYours,\n  GraphQL."},
                    string_case{"\"\"\"  first\n   second\n    third\"\"\"", "  first\nsecond\n third"},
                    string_case{"\"\"\"\n\n  a\n\n\"\"\"", "a"}, string_case{"\"\"\"a\r\n b\r c\"\"\"", "a\nb\nc"},
                    string_case{R"("""a \""" b \n \u0041""")", R"(a """ b \n \u0041)"},
                    string_case{"\"\"\"\n\ta\n\t\tb\n\"\"\"", "a\n\tb"}, string_case{"\"\"\" \n \t \n\"\"\"", ""},
                    string_case{"\"\"\"a\n   \n  b\"\"\"", "a\n \nb"}, string_case{R"("""a "" b""")", R"(a "" b)"}));

TEST(lexer, refuses_what_is_not_utf_8_at_its_place) {
  const auto out = lex_text("type é\n \xC3(");
  ASSERT_EQ(out.findings.size(), 1U);
  EXPECT_EQ(to_string(out.findings[0]), "f:2:2: error: byte 0xc3 is not UTF-8; save the file as UTF-8");
  EXPECT_EQ(out.tokens.size(), 1U);
}

TEST(lexer, refuses_surrogates_and_overlong_forms_in_utf_8) {
  for (const std::string_view bad : {"\xED\xA0\x80", "\xC0\xAF", "\xF4\x90\x80\x80", "\xE2\x82"})
    EXPECT_EQ(lex_text(bad).findings.size(), 1U) << bad;
}

TEST(lexer, holds_to_its_limits) {
  source_limits limits;
  limits.tokens = 3;
  EXPECT_THAT(lex_text("a b c", limits).findings, IsEmpty());
  const auto out = lex_text("a b c d e", limits);
  ASSERT_EQ(out.findings.size(), 1U);
  EXPECT_EQ(out.findings[0].column, 7U);
  EXPECT_EQ(out.tokens.size(), 4U);
  limits.bytes = 4;
  EXPECT_THAT(lex_text("a b c", limits).findings[0].message, HasSubstr("5 bytes"));
}

TEST(findings, a_byte_order_mark_takes_no_column) {
  const auto out = lex_text("\xEF\xBB\xBF?");
  EXPECT_EQ(out.findings[0].column, 1U);
}

TEST(findings, columns_count_code_points) {
  const auto out = lex_text("\"é🐝\" ?");
  EXPECT_EQ(out.findings[0].column, 6U);
}

TEST(findings, stop_after_a_hundred_errors) {
  const auto out = lex_text(std::string(5000, '?'));
  EXPECT_EQ(out.findings.size(), 100U);
}

TEST(lexer, a_value_that_stands_in_the_text_is_the_value) {
  int written = 0;
  for (const std::string_view quotes : {R"(")", R"(""")"}) {
    for (const std::string_view inner :
         {"", "x", "  x ", "\n", "\n\n", "\n  x", "\n  x \n  ", "  x\n", " \t \r\n\tx\r\n", "\n x\n\n  y\n", "x\ny",
          "\rx\r", "  ", "a \\n", "\n \\\"\"\" x\n", "\n\n  two words \n"}) {
      const std::string text = std::string(quotes) + std::string(inner) + std::string(quotes);
      const token t{quotes.size() == 1 ? token_kind::string : token_kind::block_string, 1, 0, text};
      const auto value = value_as_written(t);
      if (!value) continue;
      ++written;
      EXPECT_EQ(*value, string_value(t)) << text;
    }
  }
  EXPECT_GE(written, 20);
}

}  // namespace
}  // namespace waggle::graphql
