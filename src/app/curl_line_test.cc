#include "app/curl_line.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace waggle {
namespace {

using services = std::vector<std::shared_ptr<const contract>>;

std::shared_ptr<const contract> service(std::string_view name, std::string_view rest) {
  auto compiled = compile_contract("extend schema @service(name: \"" + std::string(name) + "\")\n" + std::string(rest),
                                   "b.graphql");
  EXPECT_TRUE(compiled.value) << (compiled.findings.empty() ? "" : to_string(compiled.findings.front()));
  return std::make_shared<const contract>(compiled.value ? *std::move(compiled.value) : contract());
}

TEST(CurlLine, AQueryComesBeforeAMutationAndNothingInternalIsShown) {
  EXPECT_EQ(example_curl({}), "");
  EXPECT_EQ(example_curl(services{service("a.A", "type Query { a: Int @internal } type Mutation { b: Int }"),
                                  service("a.B", "type Query { c(n: Int!): Int }")}),
            "/a.B/c -H 'content-type: application/json' -d '{\"n\":1}'");
  EXPECT_EQ(example_curl(services{service("a.A", "type Query { a: Int @internal }")}), "");
}

TEST(CurlLine, AMethodForEverybodyComesBeforeOneForVerifiedCallers) {
  EXPECT_EQ(example_curl(services{service("a.A", "type Query { a: Int @auth b: Int }")}),
            "/a.A/b -H 'content-type: application/json' -d '{}'");
  EXPECT_EQ(example_curl(services{service("a.A", "type Query { a: Int @auth(scopes: \"x\") }"),
                                  service("a.B", "type Query { a: Int @auth } type Mutation { b: Int }")}),
            "/a.B/b -H 'content-type: application/json' -d '{}'");
}

TEST(CurlLine, WhereAllAreForVerifiedCallersItShowsWhereTheTokenGoes) {
  EXPECT_EQ(example_curl(services{service("a.A", "type Query { a: Int @auth }")}),
            "/a.A/a -H 'Authorization: Bearer TOKEN' -H 'content-type: application/json' -d '{}'");
}

TEST(CurlLine, QuotesOfAPayloadDoNotEndTheShells) { EXPECT_EQ(shell_quoted("it's"), R"('it'\''s')"); }

}  // namespace
}  // namespace waggle
