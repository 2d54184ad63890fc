#include "gateway/connect.h"

#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/base64.h"
#include "gateway/encoding.h"
#include "gateway/fake_service_for_tests.h"
#include "gateway/gzip.h"
#include "schema/describe/describe.h"

namespace waggle {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

class connect_test : public testing::Test {
 protected:
  connect_test() {
    directory.put("test.v1.Echo", echo);
    directory.put("waggle.admin.v1.Admin", echo);
    head.verb = http_verb::post;
    head.target = "/test.v1.Echo/echo";
    head.content_type = "application/json";
    head.host = "localhost:8080";
  }

  http_refusal refusal(bool has_body = true) {
    auto route = find_route(head, has_body, directory, settings, loopback);
    if (!route) return route.error();
    if (route->what != http_route::kind::call) return {};
    auto filled = fill_request(head, *route->of, time_point{}, 1000, request);
    return filled ? http_refusal{} : filled.error();
  }
  [[nodiscard]] unsigned status(bool has_body = true) {
    const http_refusal why = refusal(has_body);
    if (why.why.message.empty()) return 200;
    EXPECT_EQ(why.why.whose, fault::caller);
    return why.status != 0 ? why.status : http_status(why.why.code);
  }
  unsigned get(std::string target) {
    head.verb = http_verb::get;
    head.content_type.clear();
    head.target = std::move(target);
    return status(false);
  }

  service_directory directory;
  fake_service echo;
  http_settings settings;
  http_head head;
  service_request request;
  bool loopback = true;
};

TEST(connect, the_codes_have_connects_statuses) {
  const std::vector<unsigned> wanted = {499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401};
  for (std::size_t i = 0; i < wanted.size(); ++i)
    EXPECT_EQ(http_status(static_cast<error_code>(i + 1)), wanted[i]) << i + 1;
}

TEST(connect, violations_are_a_detail_whose_value_is_the_debug_json) {
  error e;
  e.code = error_code::invalid_argument;
  e.message = "2 violations";
  e.violations = {{"from.x", 17, "no such field", "y"}};
  e.violation_count = 2;
  e.debug = "hidden";
  const std::string debug =
      R"({"count":2,"violations":[{"path":"from.x","offset":17,"message":"no such field","suggestion":"y"}]})";
  EXPECT_EQ(
      connect_error_json(e, false),
      fmt::format(
          R"({{"code":"invalid_argument","message":"2 violations","details":[{{"type":"waggle.v1.Violations","value":"{}","debug":{}}}]}})",
          base64_encode(debug), debug));
}

TEST(connect, a_guests_details_and_the_debug_text_are_details_too) {
  error e;
  e.code = error_code::not_found;
  e.message = "no";
  e.details = "{\"a\":1}";
  e.debug = "trap";
  EXPECT_EQ(
      connect_error_json(e, true),
      R"({"code":"not_found","message":"no","details":[{"type":"waggle.v1.Detail","value":"eyJhIjoxfQ","debug":{"a":1}},)"
      R"({"type":"waggle.v1.Debug","value":"eyJ0ZXh0IjoidHJhcCJ9","debug":{"text":"trap"}}]})");
}

TEST_F(connect_test, a_post_goes_to_its_method) {
  request.input = R"({"a":1})";
  EXPECT_EQ(status(), 200U);
  EXPECT_EQ(request.method, "echo");
  EXPECT_EQ(request.input, R"({"a":1})");
  EXPECT_GE(request.input.capacity(), request.input.size() + 64);
  EXPECT_FALSE(request.context.deadline);
}

TEST_F(connect_test, unknown_names) {
  head.target = "/test.v1.Nope/echo";
  EXPECT_EQ(status(), 404U);
  head.target = "/test.v1.Echo/nope";
  EXPECT_EQ(status(), 501U);
  head.target = "/test.v1.Echo/";
  EXPECT_EQ(status(), 501U);
  head.target = "/test.v1.Echo/echo/more";
  EXPECT_EQ(status(), 501U);
  head.target = "//";
  EXPECT_EQ(status(), 404U);
  head.target = "*";
  EXPECT_EQ(status(), 405U);
}

TEST_F(connect_test, internal_methods_and_waggles_services_are_not_for_outside) {
  head.target = "/test.v1.Echo/hidden";
  EXPECT_EQ(status(), 403U);
  head.target = "/waggle.admin.v1.Admin/echo";
  EXPECT_EQ(status(), 404U);
  EXPECT_EQ(get("/waggle.admin.v1.Admin"), 404U);
  settings.mcp = true;
  for (const char* target : {"/waggle.admin.v1.Admin", "/waggle.admin.v1.Admim", "/waggle.admin.v1.Admin/echo"}) {
    head.target = target;
    EXPECT_THAT(refusal().why.message, Not(HasSubstr("did you mean"))) << target;
  }
  head.verb = http_verb::post;
  head.target = "/mcp/waggle.admin.v1.Admin";
  EXPECT_THAT(refusal().why.message, AllOf(HasSubstr("there is no service"), Not(HasSubstr("did you mean"))));
  head.target = "/test.v1.Ecko/echo";
  EXPECT_THAT(refusal().why.message, HasSubstr("did you mean test.v1.Echo?"));
  settings.for_operator = true;
  head.target = "/waggle.admin.v1.Admim/echo";
  EXPECT_THAT(refusal().why.message, HasSubstr("did you mean waggle.admin.v1.Admin?"));
}

TEST_F(connect_test, content_types) {
  for (const char* type : {"application/json", "Application/JSON", "application/json; charset=utf-8",
                           "application/json;charset=\"UTF-8\""}) {
    head.content_type = type;
    EXPECT_EQ(status(), 200U) << type;
  }
  for (const char* type : {"", "text/plain", "application/connect+json", "application/proto", "application/jsonx",
                           "application/json; charset=latin1", "application/json, application/json"}) {
    head.content_type = type;
    EXPECT_EQ(status(), 415U) << type;
    EXPECT_EQ(refusal().headers, "Accept-Post: application/json\r\n");
  }
  head.content_type = "";
  EXPECT_EQ(status(false), 200U) << "nothing is sent, so there is nothing to name";
}

TEST_F(connect_test, protocol_version) {
  head.connect_version = "1";
  EXPECT_EQ(status(), 200U);
  head.connect_version = "2";
  EXPECT_EQ(status(), 400U);
}

TEST_F(connect_test, timeouts_become_deadlines) {
  head.connect_timeout = "1500";
  EXPECT_EQ(status(), 200U);
  EXPECT_EQ(request.context.deadline, time_point{} + std::chrono::milliseconds(1500));
  head.connect_timeout = "9999999999";
  EXPECT_EQ(status(), 200U);
  for (const char* wrong : {"12345678901", "-1", "1s", "1.5", "1, 2"}) {
    head.connect_timeout = wrong;
    EXPECT_EQ(status(), 400U) << wrong;
  }
  head.connect_timeout.clear();
  EXPECT_EQ(status(), 200U);
  EXPECT_FALSE(request.context.deadline) << "the one before has left nothing";
}

TEST_F(connect_test, compressed_bodies) {
  head.content_encoding = "gzip";
  request.input = *gzip("{\"a\":1}");
  EXPECT_EQ(status(), 200U);
  EXPECT_EQ(request.input, "{\"a\":1}");
  request.input = "{\"a\":1}";
  EXPECT_EQ(status(), 400U);
  request.input = *gzip(std::string(1001, ' '));
  EXPECT_EQ(status(), 429U);
  request.input = *gzip(std::string(1000, ' '));
  EXPECT_EQ(status(), 200U);
  head.content_encoding = "br";
  EXPECT_EQ(status(), 501U);
  EXPECT_EQ(refusal().headers, "Accept-Encoding: gzip, identity\r\n");
  head.content_encoding = "identity";
  EXPECT_EQ(status(), 200U);
}

TEST_F(connect_test, queries_by_get) {
  EXPECT_EQ(get("/test.v1.Echo/echo?connect=v1&encoding=json&message=%7B%22a%22%3A+1%7d"), 200U);
  EXPECT_EQ(request.input, R"({"a": 1})");
  for (const char* message : {"eyJhIjoxfQ", "eyJhIjoxfQ%3D%3D", "eyJhIjoxfQ=="}) {
    EXPECT_EQ(get(fmt::format("/test.v1.Echo/echo?message={}&base64=1&encoding=json", message)), 200U);
    EXPECT_EQ(request.input, R"({"a":1})");
  }
  std::string packed = base64_encode(*gzip(R"({"b":2})"));
  std::ranges::replace(packed, '+', '-');
  std::ranges::replace(packed, '/', '_');
  EXPECT_EQ(get("/test.v1.Echo/echo?encoding=json&base64=1&compression=gzip&message=" + packed), 200U);
  EXPECT_EQ(request.input, R"({"b":2})");
  EXPECT_EQ(get("/test.v1.Echo/echo?encoding=json&message="), 200U);
  EXPECT_EQ(request.input, "{}");
}

TEST_F(connect_test, queries_by_get_that_are_wrong) {
  for (const auto& [query, wanted] : std::vector<std::pair<const char*, unsigned>>{
           {"", 400},
           {"?message={}", 400},
           {"?encoding=json", 400},
           {"?encoding=proto&message={}", 415},
           {"?encoding=json&message={}&connect=v2", 400},
           {"?encoding=json&message=%7", 400},
           {"?encoding=json&message=%zz", 400},
           {"?encoding=json&message=a&base64=1", 400},
           {"?encoding=json&message=a+b/&base64=1", 400},
           {"?encoding=json&message=e30&base64=2", 400},
           {"?encoding=json&message={}&compression=br", 501},
           {"?encoding=json&message={}&compression=gzip", 400},
       })
    EXPECT_EQ(get(std::string("/test.v1.Echo/echo") + query), wanted) << query;
}

TEST_F(connect_test, a_mutation_takes_post_only) {
  EXPECT_EQ(get("/test.v1.Echo/set?encoding=json&message={}"), 405U);
  EXPECT_EQ(refusal(false).headers, "Allow: POST\r\n");
  EXPECT_EQ(refusal(false).why.code, error_code::unimplemented);
  EXPECT_EQ(get("/test.v1.Echo/watch?encoding=json&message={}"), 405U);
  head.verb = http_verb::other;
  EXPECT_EQ(status(), 405U);
}

TEST_F(connect_test, contracts_and_pages) {
  head.verb = http_verb::get;
  head.target = "/test.v1.Echo?x";
  auto route = find_route(head, false, directory, settings, loopback);
  ASSERT_TRUE(route.has_value());
  EXPECT_EQ(route->what, http_route::kind::contract);
  EXPECT_EQ(route->text, &echo.description().sdl);
  EXPECT_EQ(get("/test.v1.Nope"), 404U);
  head.target = "/metrics?x=1";
  route = find_route(head, false, directory, settings, loopback);
  ASSERT_TRUE(route.has_value());
  EXPECT_EQ(route->what, http_route::kind::page);
  EXPECT_EQ(route->path, "/metrics");
  head.verb = http_verb::post;
  EXPECT_EQ(status(), 405U);
}

TEST_F(connect_test, a_contract_in_the_format_asked_for) {
  const auto asked = [this](const char* target) {
    head.verb = http_verb::get;
    head.target = target;
    return find_route(head, false, directory, settings, loopback);
  };
  EXPECT_EQ(asked("/test.v1.Echo?format=graphql")->text, &echo.description().sdl);
  EXPECT_EQ(asked("/test.v1.Echo?format=openapi").error().why.code, error_code::not_found);
  const auto made = std::make_shared<const descriptions>("{}", "[]");
  echo.describe(made);
  EXPECT_EQ(asked("/test.v1.Echo?format=json-schema")->text, &*made->json_schema);
  EXPECT_EQ(asked("/test.v1.Echo?format=json-schema")->content_type, "application/schema+json");
  EXPECT_EQ(asked("/test.v1.Echo?x=1&format=openapi")->text, &*made->openapi);
  EXPECT_EQ(asked("/test.v1.Echo?format=openapi")->content_type, "application/json");
  EXPECT_FALSE(asked("/test.v1.Echo?format=openapi")->gzipped);
  echo.describe(std::make_shared<const descriptions>("{}", "[]", true));
  EXPECT_TRUE(asked("/test.v1.Echo?format=openapi")->gzipped);
  EXPECT_FALSE(asked("/test.v1.Echo")->gzipped);
  for (const char* unknown : {"/test.v1.Echo?format=yaml", "/test.v1.Echo?format="}) {
    const auto refused = asked(unknown);
    ASSERT_FALSE(refused) << unknown;
    EXPECT_EQ(refused.error().why.code, error_code::invalid_argument);
    EXPECT_THAT(refused.error().why.message, HasSubstr("graphql, json-schema and openapi"));
  }
  EXPECT_EQ(get("/test.v1.Nope?format=openapi"), 404U);
}

TEST_F(connect_test, the_operators_socket_reaches_the_nodes_own_services_with_any_content_type) {
  head.target = "/waggle.admin.v1.Admin/echo";
  EXPECT_EQ(status(), 404);
  settings.for_operator = true;
  loopback = false;
  head.host = "anything";
  head.content_type = "application/x-www-form-urlencoded";  // curl -d without more
  EXPECT_EQ(status(), 200);
  head.content_type.clear();
  EXPECT_EQ(status(), 200);
  EXPECT_EQ(get("/waggle.admin.v1.Admin"), 200);
}

TEST_F(connect_test, a_foreign_host_or_origin_is_refused_on_loopback) {
  settings.allowed_hosts = {"node.example"};
  settings.allowed_origins = {"https://app.example"};
  for (const char* host :
       {"localhost", "LOCALHOST:1", "127.0.0.1:8080", "127.255.0.3", "[::1]", "[::1]:80", "node.example:99"}) {
    head.host = host;
    EXPECT_EQ(status(), 200U) << host;
  }
  for (const char* host :
       {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "128.0.0.1", "127.1", "127.0.0.256",
        "[::2]", "[::1", "localhost:80:80", "localhost:x", "user@localhost", "127.0.0.1."}) {
    head.host = host;
    EXPECT_EQ(status(), 403U) << host;
  }
  loopback = false;
  EXPECT_EQ(status(), 200U);
  loopback = true;
  head.host = "localhost";
  head.has_origin = true;
  for (const char* origin : {"http://localhost:3000", "https://127.0.0.1", "http://[::1]:1", "https://app.example"}) {
    head.origin = origin;
    EXPECT_EQ(status(), 200U) << origin;
  }
  for (const char* origin :
       {"", "null", "http://evil.example", "http://app.example", "file://localhost", "http://localhost/x"}) {
    head.origin = origin;
    EXPECT_EQ(status(), 403U) << origin;
  }
}

// W3C "Fetch Metadata Request Headers": an image or a form of a page elsewhere sends no Origin.
TEST_F(connect_test, pages_of_other_sites_may_link_to_pages_and_no_more) {
  const auto asked = [&](std::string_view site, std::string_view mode, std::string target) {
    head.fetch_site = site;
    head.fetch_mode = mode;
    return get(std::move(target));
  };
  const std::string call = "/test.v1.Echo/echo?connect=v1&encoding=json&message=%7B%7D";
  settings.graphql = settings.mcp = true;
  for (const std::string& target : {call, std::string("/graphql?query=%7Ba%7D"), std::string("/graphql/test.v1.Echo")})
    for (const char* mode : {"no-cors", "navigate", ""}) EXPECT_EQ(asked("cross-site", mode, target), 403U) << target;
  EXPECT_EQ(asked("cross-site", "no-cors", "/"), 403U);
  EXPECT_EQ(asked("cross-site", "navigate", "/"), 200U);
  for (const char* site : {"same-origin", "same-site", "none", ""})
    EXPECT_EQ(asked(site, "no-cors", call), 200U) << site;
  settings.allowed_origins = {"*"};
  EXPECT_EQ(asked("cross-site", "no-cors", call), 200U);
  settings.allowed_origins.clear();
  loopback = false;
  EXPECT_EQ(asked("cross-site", "no-cors", call), 200U) << "who calls there is a matter of identity";
}

TEST_F(connect_test, trace_and_own_fields_travel_with_the_request) {
  head.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  head.extra = {{"x-tenant", "a"}};
  EXPECT_EQ(status(), 200U);
  EXPECT_EQ(request.context.trace.traceparent(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  EXPECT_THAT(request.context.headers, ElementsAre(Pair("x-tenant", "a")));
  head.traceparent = "rubbish";
  EXPECT_EQ(status(), 200U);
  EXPECT_FALSE(request.context.trace);
}

TEST(http_parser, keeps_the_callers_own_fields_only) {
  http_parser parser(16384, 1000);
  std::string body;
  std::string request =
      "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: curl\r\nX-Tenant:  b \r\nCookie: c\r\nAuthorization: "
      "d\r\nSec-Fetch-Mode: e\r\n"
      "Connect-Other: f\r\nIdempotency-Key: g\r\n";
  EXPECT_EQ(parser.feed(request + "\r\n", body).now, http_parser::state::head);
  EXPECT_EQ(parser.head().extra.size(), 2U);
  EXPECT_THAT(parser.head().extra[0], Pair("x-tenant", "b"));
  EXPECT_THAT(parser.head().extra[1], Pair("idempotency-key", "g"));
}

// RFC 9110 §5.3: a field that comes twice has one value. Names of a guest's metadata differ, so everybody reads the same.
TEST(http_parser, own_fields_of_one_name_are_one_and_a_crowd_pushes_out_none_that_matters) {
  http_parser parser(16384, 1000);
  std::string body;
  std::string request = "GET / HTTP/1.1\r\nHost: a\r\nX-Tenant: a\r\nx-tenant: b\r\n";
  for (int i = 0; i < 100; ++i) request += fmt::format("X-More-{}: 1\r\n", i);
  EXPECT_EQ(parser.feed(request + "Idempotency-Key: g\r\n\r\n", body).now, http_parser::state::head);
  EXPECT_THAT(parser.head().extra[0], Pair("x-tenant", "a, b"));
  EXPECT_EQ(parser.head().extra.size(), 65U);
  EXPECT_THAT(parser.head().extra.back(), Pair("idempotency-key", "g"));
}

TEST(encoding, accept_encodings) {
  for (const char* yes : {"gzip", "br, gzip", "GZIP;q=0.1", "*", "identity;q=0, *;q=0.5", "gzip; q=1.0"})
    EXPECT_TRUE(accepts_gzip(yes)) << yes;
  for (const char* no : {"", "br", "gzip;q=0", "gzip;q=0.000", "*, gzip;q=0", "*;q=0", "gzipx"})
    EXPECT_FALSE(accepts_gzip(no)) << no;
}

TEST(gzip, bombs_and_broken_streams) {
  const std::string bomb = *gzip(std::string(50 << 20, 'a'));
  EXPECT_LT(bomb.size(), 300'000U);
  const gunzipped out = gunzip(bomb, 1 << 20);
  EXPECT_EQ(out.failure, gunzip_failure::too_large);
  EXPECT_LE(out.bytes.capacity(), 100U) << "nothing of it is kept";
  const std::string good = *gzip("hello");
  EXPECT_EQ(gunzip(good + *gzip(" world"), 100).bytes, "hello world");
  for (std::size_t cut = 0; cut < good.size(); ++cut) EXPECT_TRUE(gunzip(good.substr(0, cut), 100).failure) << cut;
  std::string wrong_sum = good;
  wrong_sum[wrong_sum.size() - 5] ^= 1;
  EXPECT_EQ(gunzip(wrong_sum, 100).failure, gunzip_failure::malformed);
  EXPECT_EQ(gunzip(good + "x", 100).failure, gunzip_failure::malformed);
}

}  // namespace
}  // namespace waggle
