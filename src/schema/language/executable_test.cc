#include "schema/language/executable.h"

#include <gmock/gmock.h>

#include "schema/language/print.h"

namespace waggle::graphql {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

std::vector<std::string> messages(std::string_view text, source_limits limits = {}) {
  findings found(text, "q");
  [[maybe_unused]] const executable_document doc = parse_executable(text, limits, found);
  std::vector<std::string> out;
  for (const diagnostic& d : found.take()) out.push_back(to_string(d));
  return out;
}

executable_document parsed(std::string_view text) {
  findings found(text, "q");
  executable_document doc = parse_executable(text, {}, found);
  for (const diagnostic& d : found.take()) ADD_FAILURE() << to_string(d);
  return doc;
}

class accepted_request : public testing::TestWithParam<std::string_view> {};
TEST_P(accepted_request, without_a_finding) { EXPECT_THAT(messages(GetParam()), IsEmpty()); }
INSTANTIATE_TEST_SUITE_P(grammar_2, accepted_request,
                         testing::Values("{a}", "query{a}", "query Q{a}", "query query{query}", "mutation M @d{a}",
                                         "subscription{a}", "query($a:Int){a}",
                                         "query Q($a:[Int!]!=[1]@d,\"d\"$b:S){a}", "\"d\"query{a}",
                                         "\"\"\"d\"\"\"fragment F on T{a}", "{a b:c d(e:$f)@g(h:$i){j}}",
                                         "{...F ...F@d ...on T{a} ...@d{a} ...{a}}",
                                         "{... on on{on}} fragment a on on @d(x:$y){on(on:$on)@on}",
                                         "{a(b:{c:[$d{e:$f}]})}", "query A{a} {b} query A{c}",
                                         "{true(true:true) null false}", "query on{a}"));

struct wrong {
  std::string_view text;
  std::string_view message;
};
class refused_request : public testing::TestWithParam<wrong> {};
TEST_P(refused_request, at_the_place) {
  EXPECT_THAT(messages(GetParam().text), ElementsAre(StartsWith(GetParam().message)));
}
INSTANTIATE_TEST_SUITE_P(
    grammar_2, refused_request,
    testing::Values(
        wrong{"", "q:1:1: error: expected a query, mutation, subscription or fragment, the file ends here"},
        wrong{"\"d\"", "q:1:4: error: expected a query"},
        wrong{"{", "q:1:2: error: expected a field, ... or }, the file ends here"},
        wrong{"{}", "q:1:2: error: expected a field, ... or }, found }"},
        wrong{"query", "q:1:6: error: expected { and a selection"},
        wrong{"query Q()", "q:1:9: error: expected $ and a variable's name, found )"},
        wrong{"query($a){a}", "q:1:9: error: expected : and the variable's type, found )"},
        wrong{"query($a:Int=$b){a}", "q:1:14: error: the definition of a variable has no variables"},
        wrong{"query($a:Int@d(x:[$b])){a}", "q:1:19: error: the definition of a variable has no variables"},
        wrong{"\"d\"{a}", "q:1:4: error: the short form of a query has no description"},
        wrong{"qeury{a}",
              "q:1:1: error: expected a query, mutation, subscription or fragment, found qeury; did you mean query?"},
        wrong{"type T{a:Int}",
              "q:1:1: error: a request holds operations and fragments only, no definitions of a schema"},
        wrong{"{a}extend type T{a:Int}", "q:1:4: error: a request holds operations and fragments only"},
        wrong{"{a:}", "q:1:4: error: expected the field behind its alias, found }"},
        wrong{"{a:{}}", "q:1:4: error: expected the field behind its alias, found {"},
        wrong{"{a()}", "q:1:4: error: expected an argument, found )"},
        wrong{"{a(b:$)}", "q:1:7: error: expected a variable's name after $, found )"},
        wrong{"{a{}}", "q:1:4: error: expected a field"},
        wrong{"{...}", "q:1:5: error: expected { and a selection, found }"},
        wrong{"{...on}", "q:1:7: error: expected a type after on, found }"},
        wrong{"{...on T}", "q:1:9: error: expected { and a selection"},
        wrong{"fragment on on T{a}", "q:1:10: error: a fragment cannot be called on"},
        wrong{"fragment F T{a}", "q:1:12: error: expected on and the fragment's type, found T"},
        wrong{"fragment F($a:Int) on T{a}", "q:1:11: error: expected on and the fragment's type, found ("},
        wrong{"fragment F on{a}", "q:1:14: error: expected the fragment's type"},
        wrong{"{a}}", "q:1:4: error: expected a query"}, wrong{"{a ?}", "q:1:4: error: unexpected character '?'"}));

TEST(executable, keeps_every_part) {
  const executable_document doc = parsed(
      R"("of Q" query Q("of v" $v: [Int!] = [1] @a) @b { x: f(a: {k: $v}, b: "\u00e9") @c { ...F ... on T @d { g } } })"
      R"( "of F" fragment F on T @e { ... { h } })");
  ASSERT_THAT(doc.operations, SizeIs(1));
  const operation_definition& q = doc.operations[0];
  EXPECT_EQ(q.kind, operation::query);
  EXPECT_EQ(q.description, "of Q");
  EXPECT_EQ(q.id.text, "Q");
  EXPECT_EQ(q.offset, 7U);
  EXPECT_EQ(print(q.directives.at(0)), "@b");
  ASSERT_THAT(q.variables, SizeIs(1));
  EXPECT_EQ(q.variables[0].description, "of v");
  EXPECT_EQ(q.variables[0].id.text, "v");
  EXPECT_EQ(q.variables[0].id.offset, 22U);
  EXPECT_EQ(print(q.variables[0].type), "[Int!]");
  EXPECT_EQ(print(q.variables[0].default_value.at(0)), "[1]");
  EXPECT_EQ(print(q.variables[0].directives.at(0)), "@a");
  ASSERT_THAT(q.selections, SizeIs(1));
  const selection& f = q.selections[0];
  EXPECT_EQ(f.kind, selection_kind::field);
  EXPECT_EQ(f.response_name().text, "x");
  EXPECT_EQ(f.id.text, "f");
  EXPECT_EQ(print(f.arguments.at(0).given), "{k: $v}");
  EXPECT_EQ(f.arguments.at(1).given.text, "é");
  EXPECT_EQ(print(f.directives.at(0)), "@c");
  ASSERT_THAT(f.selections, SizeIs(2));
  EXPECT_EQ(f.selections[0].kind, selection_kind::spread);
  EXPECT_EQ(f.selections[0].id.text, "F");
  EXPECT_EQ(f.selections[1].kind, selection_kind::inline_fragment);
  EXPECT_EQ(f.selections[1].id.text, "T");
  EXPECT_EQ(print(f.selections[1].directives.at(0)), "@d");
  EXPECT_EQ(f.selections[1].selections.at(0).response_name().text, "g");
  ASSERT_THAT(doc.fragments, SizeIs(1));
  EXPECT_EQ(doc.fragments[0].description, "of F");
  EXPECT_EQ(doc.fragments[0].id.text, "F");
  EXPECT_EQ(doc.fragments[0].on.text, "T");
  EXPECT_EQ(print(doc.fragments[0].directives.at(0)), "@e");
  EXPECT_THAT(doc.fragments[0].selections.at(0).id.text, IsEmpty());
}

TEST(executable, knows_the_operations) {
  const executable_document doc = parsed("query{a} mutation{b} subscription{c} {d}");
  std::vector<operation> kinds;
  for (const operation_definition& o : doc.operations) kinds.push_back(o.kind);
  EXPECT_THAT(kinds, ElementsAre(operation::query, operation::mutation, operation::subscription, operation::query));
}

std::string nested(std::size_t depth, std::string_view open, std::string_view inside, std::string_view close) {
  std::string out;
  for (std::size_t i = 0; i < depth; ++i) out += open;
  out += inside;
  for (std::size_t i = 0; i < depth; ++i) out += close;
  return out;
}

TEST(executable, bounds_the_depth_of_selections) {
  source_limits limits;
  limits.depth = 3;
  EXPECT_THAT(messages("{a{b{c}}}", limits), IsEmpty());
  EXPECT_THAT(messages("{a{b{c{d}}}}", limits), ElementsAre("q:1:7: error: selections nested deeper than 3"));
  EXPECT_THAT(messages("{...{...on T{c{d}}}}", limits), ElementsAre("q:1:15: error: selections nested deeper than 3"));
  EXPECT_THAT(messages("{a(b:[[[[1]]]])}", limits), ElementsAre(testing::HasSubstr("values nested deeper than 3")));
}

TEST(executable, a_hundred_thousand_brackets_do_no_harm) {
  for (const std::string_view open : {"{a", "{...", "{a(b:[", "{", "[", "query($a:[", "{a(b:{c:"})
    EXPECT_THAT(messages(nested(100'000, open, "", "")), SizeIs(1)) << open;
  EXPECT_THAT(messages(nested(100, "{a", "", "}")), IsEmpty());
}

TEST(executable, bounds_bytes_and_tokens) {
  source_limits limits;
  limits.tokens = 4;
  EXPECT_THAT(messages("{a b}", limits), IsEmpty());
  EXPECT_THAT(messages("{a b c}", limits), ElementsAre("q:1:7: error: more than 4 tokens"));
  limits.bytes = 6;
  EXPECT_THAT(messages("{a b c}", limits), ElementsAre("q: error: 7 bytes; at most 6 are read"));
}

}  // namespace
}  // namespace waggle::graphql
