#include "app/landing_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/services_json.h"
#include "app/web_files.h"

namespace waggle {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

shown_service service(std::string_view rest, std::string_view arguments = R"(name: "a.B", version: "1.2.0")") {
  auto compiled =
      compile_contract("extend schema @service(" + std::string(arguments) + ")\n" + std::string(rest), "b.graphql");
  EXPECT_TRUE(compiled.value) << (compiled.findings.empty() ? "" : to_string(compiled.findings.front()));
  shown_service out;
  if (compiled.value) out.about = std::make_shared<const contract>(*std::move(compiled.value));
  return out;
}

shown_services only(shown_service s) {
  shown_services all;
  all.first.push_back(std::move(s));
  all.count = 1;
  return all;
}

std::string page_of(const shown_services& all, bool graphiql = true) {
  return landing_page(landing_template(), all, {.address = "127.0.0.1:8080", .graphiql = graphiql});
}

TEST(LandingPage, ShowsHowToCallAMethod) {
  const std::string page =
      page_of(only(service("\"Says hello\" type Query { \"Greets\" hello(name: String!): String! }")));
  EXPECT_THAT(page, HasSubstr(R"(<h2 id="s-a.B">a.B</h2><span class="tag">version 1.2.0</span>)"));
  EXPECT_THAT(page, HasSubstr("<code>hello(name: String!): String!</code>"));
  EXPECT_THAT(page, HasSubstr("<p class=\"about\">Greets</p>"));
  EXPECT_THAT(page, HasSubstr("-d &#39;{&quot;name&quot;:&quot;World&quot;}&#39; \\\n  "
                              "<span data-origin>http://127.0.0.1:8080</span>/a.B/hello"));
  EXPECT_THAT(page, HasSubstr("query Hello($name: String!) {\n  hello(name: $name)\n}"));
  EXPECT_THAT(page, HasSubstr("/graphiql?service=a.B&amp;query=query%20Hello%28"));
}

TEST(LandingPage, ShowsHowToReadAStream) {
  const std::string page = page_of(only(service("type Query { a: Int } type Subscription { ticks(n: Int!): Int }")));
  EXPECT_THAT(
      page,
      HasSubstr("curl -N -H 'Accept: text/event-stream' --json &#39;{&quot;query&quot;:&quot;subscription "
                "Ticks($n: Int!) {\\n  ticks(n: $n)\\n}&quot;,&quot;variables&quot;:{&quot;n&quot;:1}}&#39; \\\n  "
                "<span data-origin>http://127.0.0.1:8080</span>/graphql/a.B"));
  EXPECT_THAT(page, Not(HasSubstr("/a.B/ticks")));
}

TEST(LandingPage, ShowsWhereTheTokenOfAVerifiedCallerGoes) {
  const std::string page = page_of(only(service("type Query { a: Int @auth(scopes: \"x\") b: Int }")));
  EXPECT_THAT(page, HasSubstr("curl -H 'Authorization: Bearer TOKEN' -H 'Content-Type: application/json' -d "
                              "&#39;{}&#39; \\\n  <span data-origin>http://127.0.0.1:8080</span>/a.B/a<"));
  EXPECT_THAT(page, HasSubstr("curl -H 'Content-Type: application/json' -d &#39;{}&#39; \\\n  "
                              "<span data-origin>http://127.0.0.1:8080</span>/a.B/b<"));
}

TEST(LandingPage, ALineForCurlHasTheSchemeOfTheNode) {
  const std::string page = landing_page(landing_template(), only(service("type Query { a: Int }")),
                                        {.scheme = "https", .address = "127.0.0.1:8443"});
  EXPECT_THAT(page, HasSubstr("<span data-origin>https://127.0.0.1:8443</span>/a.B/a"));
  EXPECT_THAT(page, Not(HasSubstr("http://127")));
}

TEST(LandingPage, SaysWhatIsSpecialAboutAServiceAndItsMethods) {
  const std::string page =
      page_of(only(service("type Query { a: Int @deprecated(reason: \"use b\") }\n"
                           "type Mutation { b: Int @idempotent c: Int @internal }",
                           R"(name: "a.B", singleton: true)")));
  EXPECT_THAT(page, HasSubstr(R"(<span class="tag">singleton</span>)"));
  EXPECT_THAT(page, HasSubstr(R"(<span class="tag">idempotent</span>)"));
  EXPECT_THAT(page, HasSubstr("Deprecated: use b"));
  EXPECT_THAT(page, Not(HasSubstr("data-method=\"c\"")));
}

TEST(LandingPage, TextsOfContractsAreNoMarkup) {
  const std::string page =
      page_of(only(service("type Query { \"<script>&amp;\\\"'</script><!--services-->\" a: Int }")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;&amp;amp;&quot;&#39;&lt;/script&gt;&lt;!--services--&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("<script>")));
  EXPECT_EQ(html_text("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
}

TEST(LandingPage, WhatDescriptionsMarkAsCodeIs) {
  const std::string page = page_of(only(service("type Query { \"No `<name>` is ``, but ` is\" a: Int }")));
  EXPECT_THAT(page, HasSubstr("<p class=\"about\">No <code>&lt;name&gt;</code> is <code></code>, but ` is</p>"));
}

TEST(LandingPage, ANodeWithoutServicesSaysWhatToDo) {
  const std::string page = page_of({}, false);
  EXPECT_THAT(page, HasSubstr("waggle serve FOLDER"));
  EXPECT_THAT(page, Not(HasSubstr("graphiql")));
  EXPECT_THAT(page, Not(HasSubstr("<!--")));
}

TEST(LandingPage, EndsWithThousandsOfServicesAndMethods) {
  std::string methods = "type Query {";
  for (int i = 0; i < 700; ++i) methods += " m" + std::to_string(i) + ": Int";
  const shown_service one = service(methods + " }");
  shown_services all;
  all.first.assign(shown_services::most, one);
  all.count = 5000;
  const std::string page = page_of(all);
  EXPECT_THAT(page, HasSubstr("These are the first 500 of 5000 services."));
  EXPECT_THAT(page, HasSubstr("There is no room here for all of its methods"));
  EXPECT_LT(page.size(), 3U << 20);
  EXPECT_LT(services_json(all).size(), 300U << 10);
}

TEST(ServicesJson, HasFiguresByServiceAndMethodButNothingInternal) {
  shown_service s = service("type Query { a: Int b: Int @internal }");
  s.busy = 1;
  s.idle = 2;
  s.max = 8;
  s.all.requests = 5;
  s.all.errors = 1;
  s.all.took.counts[10] = 5;  // up to 1.024 ms
  s.each[s.about->find("a")->number] = s.all;
  s.each[s.about->find("b")->number] = s.all;
  EXPECT_EQ(services_json(only(std::move(s))),
            R"({"version":"0.1.0","count":1,"services":[{"name":"a.B","version":"1.2.0","singleton":false,)"
            R"("workers":{"busy":1,"idle":2,"max":8},"queued":0,"requests":5,"errors":1,"p50Ms":0.768,"p99Ms":1.02,)"
            R"("methods":[{"name":"a","kind":"query","requests":5,"errors":1,"p50Ms":0.768,"p99Ms":1.02}]}]})"
            "\n");
}

}  // namespace
}  // namespace waggle
