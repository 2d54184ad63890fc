#include "app/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/gzip.h"

namespace waggle {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// The landing page of a node with one service.
std::string landing_of(const configuration& c) {
  auto compiled = compile_contract("extend schema @service(name: \"a.B\") type Query { a: Int }", "b.graphql");
  EXPECT_TRUE(compiled.value) << (compiled.findings.empty() ? "" : to_string(compiled.findings.front()));
  if (!compiled.value) return {};
  shown_services all;
  all.count = 1;
  all.first.emplace_back().about = std::make_shared<const contract>(*std::move(compiled.value));
  const steady_clock_source clock;
  node_pages pages(c, clock, [&all](bool) { return all; });
  const auto found = pages.find(0, "/");
  EXPECT_TRUE(found && found->gzipped);
  return found ? gunzip(found->body, std::size_t{1} << 20).bytes : "";
}

TEST(Pages, TheLandingPageHasTheSchemeThatTheNodeSpeaks) {
  configuration c;
  EXPECT_THAT(landing_of(c), HasSubstr("<span data-origin>http://127.0.0.1:8080</span>"));
  c.tls.certificate = "cert.pem";
  c.tls.key = "key.pem";
  EXPECT_THAT(landing_of(c), HasSubstr("<span data-origin>https://127.0.0.1:8080</span>"));
}

TEST(Pages, WhatIsOffSaysHowItIsTurnedOn) {
  configuration c;
  c.http.landing_page = false;
  const steady_clock_source clock;
  node_pages pages(c, clock, [](bool) { return shown_services(); });
  for (const auto& [path, key] : {std::pair("/graphiql", "(graphql.graphiql)"), std::pair("/", "(http.landing_page)"),
                                  std::pair("/services.json", "(http.landing_page)")}) {
    const auto found = pages.find(0, path);
    ASSERT_TRUE(found) << path;
    EXPECT_EQ(found->status, 404U);
    EXPECT_THAT(found->body, AllOf(HasSubstr(R"("code":"not_found")"), HasSubstr(key)));
  }
  EXPECT_FALSE(pages.find(0, "/nothing"));
}

}  // namespace
}  // namespace waggle
