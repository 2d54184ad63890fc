// What tests/kits, which compiles and runs stubs, does not show.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "schema/describe/cpp_stubs.h"
#include "schema/describe/go_stubs.h"
#include "schema/describe/stub_model.h"
#include "schema/describe/stub_names.h"

namespace waggle::graphql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

contract compile(std::string_view service, std::string_view rest) {
  const std::string text =
      "extend schema @service(name: \"" + std::string(service) + "\", version: \"2\")\n" + std::string(rest);
  auto compiled = compile_contract(text, "b.graphql");
  EXPECT_TRUE(compiled.value) << (compiled.findings.empty() ? "" : to_string(compiled.findings.front()));
  return compiled.value ? *std::move(compiled.value) : contract{};
}

std::vector<std::string> names_of(const stub_model& m) {
  std::vector<std::string> out;
  for (const stub_record& r : m.records) out.emplace_back(r.name);
  return out;
}

std::vector<std::string> in_circle(const stub_model& m) {
  std::vector<std::string> out;
  for (const stub_record& r : m.records)
    for (const stub_member& v : r.members)
      if (v.in_circle) out.push_back(std::string(r.name) + "." + std::string(v.name));
  return out;
}

TEST(StubOrder, PutsTypesBehindThoseThatTheyContain) {
  const contract c = compile(
      "a.B", "type Query { a: A }\ntype A { b: B! d: [D] }\ntype B { c: C }\ntype C { x: Int }\ntype D { c: C }");
  EXPECT_THAT(names_of(make_stub_model(c)), ElementsAre("C", "B", "D", "A"));
  EXPECT_THAT(in_circle(make_stub_model(c)), ElementsAre());
}

TEST(StubOrder, PartsWithListsFirstThenWithWhatMayBeNull) {
  const contract lists =
      compile("a.B", "type Query { a: A }\ntype A { b: B! bs: [B!] }\ntype B { as: [A!]! }\ntype End { x: Int }");
  EXPECT_THAT(names_of(make_stub_model(lists)), ElementsAre("B", "A"));
  EXPECT_THAT(in_circle(make_stub_model(lists)), ElementsAre("B.as", "A.bs"));
  const contract nulls = compile(
      "a.B", "type Query { c: C }\ntype C { a: A e: E }\ntype A { b: B! }\ntype B { a: A e: E! }\ntype E { x: Int }");
  EXPECT_THAT(names_of(make_stub_model(nulls)), ElementsAre("E", "B", "A", "C"));
  EXPECT_THAT(in_circle(make_stub_model(nulls)), ElementsAre("B.a"));
}

TEST(StubOrder, TakesLongChainsInLinearTime) {
  std::string text = "type Query { a(i: I0): Int }\n";
  constexpr int length = 20'000;
  for (int i = 0; i < length; ++i)
    text += "input I" + std::to_string(i) + " { n: I" + std::to_string((i + 1) % length) + " }\n";
  const contract c = compile("a.B", text);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(make_stub_model(c).records.size(), length);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(CppStubs, NamespacesAreTheServicesNameAndVersionsInline) {
  constexpr std::string_view rest = "type Query { a: Int }";
  EXPECT_THAT(cpp_stubs(compile("shop.v1.HTTPOrders", rest)),
              HasSubstr("\nnamespace shop {\ninline namespace v1 {\nnamespace http_orders {\n"));
  EXPECT_THAT(cpp_stubs(compile("shop.mail.v1.Mail", rest)),
              HasSubstr("\nnamespace mail {\ninline namespace v1 {\n\n"));
  EXPECT_THAT(cpp_stubs(compile("Orders", rest)), HasSubstr("\nnamespace orders {\n\n"));
  EXPECT_THAT(
      cpp_stubs(compile("new.time.v1.Delete", rest)),
      HasSubstr(
          "\nnamespace new_service {\nnamespace time_service {\ninline namespace v1 {\nnamespace delete_service {\n"));
}

TEST(GoStubs, ThePackageIsTheServicesLastName) {
  constexpr std::string_view rest = "type Query { a: Int }";
  EXPECT_THAT(go_stubs(compile("shop.v1.HTTPOrders", rest)), HasSubstr("\npackage httporders\n"));
  EXPECT_THAT(go_stubs(compile("shop.v1.Type", rest)), HasSubstr("\npackage typeservice\n"));
}

TEST(Stubs, NamesThatWouldBeThereTwiceGetAnEnd) {
  const contract c = compile("a.B",
                             "type Query { get(do_it: Int!, doIt: Int!): Get get_: get delete: Int delete_: Int "
                             "}\ntype Get { x: Int }\ntype get { x: Int }");
  const std::string cpp = cpp_stubs(c);
  for (const char* part : {"struct Get {", "struct getOutput {", "> get(std::int32_t do_it, std::int32_t doIt)",
                           "<std::optional<getOutput>> get_()", "> delete_()", "> delete__()"})
    EXPECT_THAT(cpp, HasSubstr(part));
  const std::string go = go_stubs(c);
  for (const char* part :
       {"func Get(do_it int, doIt int) (*GetOutput, error)", "func Get_() (*GetOutput_, error)",
        "DoIt  int `json:\"do_it\"`", "DoIt_ int `json:\"doIt\"`", "func Delete()", "func Delete_()"})
    EXPECT_THAT(go, HasSubstr(part));
}

TEST(Stubs, SubscriptionsHaveNone) {
  const contract c = compile("a.B", "type Query { a: Int }\ntype Subscription { watch: Seen }\ntype Seen { x: Int }");
  EXPECT_THAT(cpp_stubs(c), Not(HasSubstr("watch")));
  EXPECT_THAT(go_stubs(c), Not(HasSubstr("Seen")));
  EXPECT_THAT(go_stubs(compile("a.B", "type Subscription { watch: Int }")), Not(HasSubstr("import")));
}

TEST(StubComments, CannotEndOrGoOnOrDeceive) {
  EXPECT_THAT(comment_lines("  a \\\n\n\n\t b\\ \\\n*/ \u202e c\x01\xef\xbb\xbf\n\n"),
              ElementsAre("a", "", "b", "*/   c"));
  EXPECT_THAT(comment_lines(" \n \\\n"), ElementsAre());
}

TEST(StubNames, WordsBeginAtCapitalsAndUnderscores) {
  EXPECT_THAT(words_of("HTTPProxy_v2Id"), ElementsAre("HTTP", "Proxy", "v2", "Id"));
  EXPECT_EQ(snake_case("_OrdersOfDay"), "orders_of_day");
}

}  // namespace
}  // namespace waggle::graphql
