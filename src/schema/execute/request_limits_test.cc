#include "schema/execute/request_limits.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace waggle::graphql {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> messages(std::string_view text, const request_limits& limits = {}) {
  findings found(text, "q");
  const executable_document doc = parse_executable(text, source_limits_of(limits), found);
  if (!found.has_errors()) check_request_limits(doc, limits, found);
  std::vector<std::string> out;
  for (const diagnostic& d : found.take()) out.push_back(to_string(d));
  return out;
}

/// As GraphiQL and graphql-js ask (`getIntrospectionQuery`).
constexpr std::string_view introspection = R"(
query IntrospectionQuery {
  __schema {
    description queryType { name kind } mutationType { name kind } subscriptionType { name kind }
    types { ...FullType }
    directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } }
  }
}
fragment FullType on __Type {
  kind name description specifiedByURL isOneOf
  fields(includeDeprecated: true) {
    name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason
  }
  inputFields(includeDeprecated: true) { ...InputValue }
  interfaces { ...TypeRef } enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...TypeRef }
}
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
fragment TypeRef on __Type {
  kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType {
    kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } }
}
)";

TEST(request_limits, let_introspection_pass) { EXPECT_THAT(messages(introspection), IsEmpty()); }

TEST(request_limits, name_the_limit_and_the_operation) {
  const request_limits limits{.tokens = 100, .depth = 2, .aliases = 2, .root_fields = 2, .directives = 2, .cost = 5};
  EXPECT_THAT(
      messages("{a{b{c}}}", limits),
      ElementsAre("q:1:1: error: this operation has too many fields inside each other: 3, the limit depth is 2"));
  EXPECT_THAT(messages("query Q{x:a y:b{z:b}}", limits),
              ElementsAre("q:1:1: error: operation Q has too many aliases: 3, the limit aliases is 2"));
  EXPECT_THAT(
      messages("{a b ...on Q{c}}", limits),
      ElementsAre("q:1:1: error: this operation has too many fields at its root: 3, the limit root_fields is 2"));
  EXPECT_THAT(messages("query($v:I@d)@d{a@d}", limits),
              ElementsAre("q:1:1: error: this operation has too many directives: 3, the limit directives is 2"));
  EXPECT_THAT(messages("{a{a b c d e}}", limits),
              ElementsAre("q:1:1: error: this operation has too many fields: 6, the limit cost is 5"));
  EXPECT_THAT(messages("query A{a}query B{a{b c}d}", limits), IsEmpty());
  std::string long_one = "{a(";
  for (int i = 0; i < 40; ++i) long_one += "x:1 ";
  EXPECT_THAT(messages(long_one + ")}", limits), Contains(HasSubstr("more than 100 tokens")));
}

TEST(request_limits, count_what_fragments_come_to) {
  const request_limits limits{.depth = 3, .aliases = 2, .root_fields = 2, .directives = 2, .cost = 5};
  const auto with = [](std::string_view operation) {
    return std::string(operation) + " fragment F on T{x:a{b} ...G@d} fragment G on T{c}";
  };
  EXPECT_THAT(messages(with("{...F}"), limits), IsEmpty());
  EXPECT_THAT(messages(with("{y{...F} z{...F}}"), limits), ElementsAre(HasSubstr("too many fields: 8")));
  EXPECT_THAT(messages(with("{y{z{...F}}}"), limits), ElementsAre(HasSubstr("inside each other: 4")));
  EXPECT_THAT(messages(with("{...F c}"), limits), ElementsAre(HasSubstr("root_fields is 2")));
  EXPECT_THAT(messages(with("{...F@d@d}"), limits), ElementsAre(HasSubstr("directives: 3")));
}

TEST(request_limits, do_not_overflow_where_fragments_double) {
  std::string text = "{...F0}";
  for (int i = 0; i < 100; ++i) text += fmt::format(" fragment F{} on T{{...F{} ...F{}}}", i, i + 1, i + 1);
  text += " fragment F100 on T{x:a}";
  EXPECT_THAT(messages(text), ElementsAre(HasSubstr("too many to count, the limit aliases"), HasSubstr("root_fields"),
                                          HasSubstr("cost")));
}

TEST(request_limits, end_where_fragments_spread_themselves_or_are_a_long_chain) {
  EXPECT_THAT(messages("{...F} fragment F on T{a ...G} fragment G on T{b{...F}} fragment H on T{...H ...Nope}"),
              IsEmpty());
  request_limits limits;
  limits.tokens = 1'000'000;
  std::string text = "{...F0}";
  for (int i = 0; i < 50'000; ++i) text += fmt::format(" fragment F{} on T{{a{{...F{}}}}}", i, i + 1);
  EXPECT_THAT(messages(text, limits), ElementsAre(HasSubstr("inside each other: 50000"), HasSubstr("the limit cost")));
}

}  // namespace
}  // namespace waggle::graphql
