#include "gateway/mcp.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "gateway/authenticator.h"
#include "gateway/fake_service_for_tests.h"
#include "loop/clock.h"
#include "schema/describe/describe.h"

namespace waggle {
namespace {

using testing::HasSubstr;
using testing::Not;

contract compiled(std::string_view sdl) {
  auto made = compile_contract(sdl, "t.graphql");
  return made.value ? *std::move(made.value) : contract{};
}

class mcp_test : public testing::Test {
 protected:
  mcp_test() {
    directory.put("test.v1.Echo", echo);
    directory.put("waggle.admin.v1.Admin", hidden);
    shared.settings.mcp = true;
    const auto told =
        describe(compiled(R"(schema @service(name: "test.v1.Echo", version: "1.0.0") { query: Query mutation: Mutation }
                    type Query { echo(text: String): Out! wait: Int }
                    type Mutation { set(n: Int): Int boom: Int hidden: Int @internal raw(x: Int): Int @bare big: Int }
                    type Out { text: String })"),
                 true);
    echo.describe(told);
    hidden.describe(told);
    head.verb = http_verb::post;
    head.target = "/mcp";
    head.content_type = "application/json";
    head.accept = "application/json, text/event-stream";
    head.host = "localhost";
  }

  /// What is replied, at once or later.
  http_reply& post(std::string body) {
    reply = {.status = 0, .body = {}, .headers = {}};
    woken = 0;
    http_head sent = head;
    exchange.reset();
    exchange.body() = std::move(body);
    exchange.begin(sent);
    if (!exchange.asking()) reply = std::move(exchange.reply());
    return reply;
  }
  std::string rpc(std::string_view method, std::string_view params = "{}") {
    return post(fmt::format(R"({{"jsonrpc":"2.0","id":1,"method":"{}","params":{}}})", method, params)).body;
  }

  manual_clock clock;
  service_directory directory;
  http_stats stats;
  http_shared shared{clock, directory, stats};
  fake_service echo;
  fake_service hidden;
  http_head head;
  http_reply reply;
  int woken = 0;
  http_exchange exchange{shared, this, [](void* self) {
                           auto& me = *static_cast<mcp_test*>(self);
                           ++me.woken;
                           me.reply = std::move(me.exchange.reply());
                         }};
};

TEST_F(mcp_test, it_introduces_itself) {
  EXPECT_THAT(rpc("initialize", R"({"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{}})"),
              testing::StartsWith(
                  R"({"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},)"));
  EXPECT_THAT(rpc("initialize"), HasSubstr("-32602"));
  EXPECT_EQ(rpc("ping"), R"({"jsonrpc":"2.0","id":1,"result":{}})");
  EXPECT_THAT(rpc("resources/list"), HasSubstr("-32601"));
}

TEST_F(mcp_test, notifications_and_responses_are_accepted_without_a_body) {
  for (const char* body :
       {R"({"jsonrpc":"2.0","method":"notifications/initialized"})", R"({"jsonrpc":"2.0","id":1,"result":{}})"}) {
    post(body);
    EXPECT_EQ(reply.status, 202U);
    EXPECT_EQ(reply.content_type, "");
    EXPECT_EQ(reply.body, "");
  }
}

// RFC 8259 §7; PHP's encoder writes it so.
TEST_F(mcp_test, a_slash_may_be_escaped) {
  EXPECT_EQ(post(R"({"jsonrpc":"2.0","method":"notifications\/initialized"})").status, 202U);
  EXPECT_THAT(rpc("tools\\/list"), HasSubstr(R"("tools":[)"));
  EXPECT_THAT(rpc("tools\\u002flist"), HasSubstr(R"("tools":[)"));
}

TEST_F(mcp_test, the_operator_is_trusted) {
  rpc("tools/call", R"({"name":"test-v1-Echo-boom"})");
  EXPECT_FALSE(echo.seen.trusted);
  shared.settings.for_operator = true;
  rpc("tools/call", R"({"name":"test-v1-Echo-boom"})");
  EXPECT_TRUE(echo.seen.trusted);
}

TEST_F(mcp_test, what_is_no_message_is_400_in_json_rpc) {
  EXPECT_EQ(post("{").status, 400U);
  EXPECT_THAT(reply.body, HasSubstr("-32700"));
  EXPECT_EQ(post("[]").status, 400U);
  EXPECT_EQ(post("").status, 400U);
}

// JSON-RPC 2.0, 5: the id is null only where it could not be detected.
TEST_F(mcp_test, a_refused_message_is_answered_with_its_id) {
  for (const char* rest : {R"("method":"ping","params":[])", R"("method":7)", R"("x":1)"}) {
    EXPECT_EQ(post(fmt::format(R"({{"jsonrpc":"2.0","id":"a7",{}}})", rest)).status, 400U) << rest;
    EXPECT_THAT(reply.body, testing::StartsWith(R"({"jsonrpc":"2.0","id":"a7","error":{)")) << rest;
  }
  EXPECT_THAT(post(R"({"jsonrpc":"2.0","id":{},"method":"ping"})").body, HasSubstr(R"("id":null)"));
}

TEST_F(mcp_test, tools_are_methods_that_may_be_called_from_outside) {
  const std::string tools = rpc("tools/list");
  EXPECT_THAT(tools, HasSubstr(R"("name":"test-v1-Echo-echo")"));
  EXPECT_THAT(tools, Not(HasSubstr("hidden")));
  EXPECT_THAT(tools, Not(HasSubstr("waggle-")));
  EXPECT_THAT(tools, Not(HasSubstr("nextCursor")));
  for (const char* name :
       {"test-v1-Echo-hidden", "waggle-admin-v1-Admin-echo", "test.v1.Echo.echo", "test-v1-Echo-watch", ""})
    EXPECT_THAT(rpc("tools/call", fmt::format(R"({{"name":"{}"}})", name)), HasSubstr("-32602")) << name;
  EXPECT_EQ(echo.asked + hidden.asked, 0);
}

TEST_F(mcp_test, a_list_has_pages) {
  std::vector<std::unique_ptr<fake_service>> many;
  std::string sdl = "type Query { ";
  for (int i = 0; i < 70; ++i) sdl += fmt::format("m{:02}: Int ", i);
  for (const char* name : {"A", "B", "C"}) {
    many.push_back(std::make_unique<fake_service>());
    many.back()->describe(describe(
        compiled(fmt::format("schema @service(name: \"{}\", version: \"1.0.0\") {{ query: Query }} {} }}", name, sdl)),
        true));
    directory.put(name, *many.back());
  }
  directory.remove("test.v1.Echo");
  std::string first = rpc("tools/list");
  EXPECT_THAT(first, HasSubstr(R"("name":"B-m29")"));
  EXPECT_THAT(first, Not(HasSubstr(R"("name":"B-m30")")));
  EXPECT_THAT(first, HasSubstr(R"("nextCursor":"B/m29"})"));
  EXPECT_THAT(rpc("tools/list", R"({"cursor":"B/m29"})"), HasSubstr(R"({"tools":[{"name":"B-m30")"));
  const std::string last = rpc("tools/list", R"({"cursor":"C/m59"})");
  EXPECT_THAT(last, HasSubstr(R"("name":"C-m69")"));
  EXPECT_THAT(last, Not(HasSubstr("nextCursor")));
  EXPECT_THAT(rpc("tools/list", R"({"cursor":"what"})"), HasSubstr("-32602"));
}

TEST_F(mcp_test, a_service_of_its_own_path_has_its_tools_only) {
  fake_service other;
  directory.put("test.v1.Other", other);
  head.target = "/mcp/test.v1.Echo";
  EXPECT_THAT(rpc("tools/list"), HasSubstr("test-v1-Echo-echo"));
  EXPECT_THAT(rpc("tools/call", R"({"name":"test-v1-Echo-echo"})"), HasSubstr("structuredContent"));
  head.target = "/mcp/test.v1.Other";
  EXPECT_THAT(rpc("tools/list"), HasSubstr(R"("tools":[])"));
  EXPECT_THAT(rpc("tools/call", R"({"name":"test-v1-Echo-echo"})"), HasSubstr("-32602"));
  head.target = "/mcp/test.v1.Nowhere";
  EXPECT_EQ(post("{}").status, 404U);
  head.target = "/mcp/waggle.admin.v1.Admin";
  EXPECT_EQ(post("{}").status, 404U);
}

TEST_F(mcp_test, a_call_goes_to_the_service_as_any_callers) {
  head.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  head.connect_timeout = "250";
  head.extra = {{"x-tenant", "t"}};
  echo.cost.guest = std::chrono::microseconds(3);
  EXPECT_EQ(
      rpc("tools/call", R"({"name":"test-v1-Echo-echo","arguments":{"text":"hi"}})"),
      R"({"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"{\"text\":\"hi\"}"}],"structuredContent":{"text":"hi"}}})");
  EXPECT_EQ(echo.seen.headers, head.extra);
  EXPECT_EQ(echo.seen.deadline, clock.now() + std::chrono::milliseconds(250));
  EXPECT_TRUE(reply.cost);
  EXPECT_EQ(woken, 0) << "it was there at once";
  EXPECT_THAT(rpc("tools/call", R"({"name":"test-v1-Echo-raw","arguments":{"value":5}})"),
              HasSubstr(R"("structuredContent":{"result":5})"));
}

TEST_F(mcp_test, a_services_error_is_a_result_that_the_model_reads) {
  echo.failure.code = error_code::invalid_argument;
  echo.failure.message = "1 violation";
  echo.failure.violations = {{"n", 3, "too large", ""}};
  echo.failure.violation_count = 1;
  const std::string told = rpc("tools/call", R"({"name":"test-v1-Echo-boom"})");
  EXPECT_EQ(reply.status, 200U);
  EXPECT_THAT(told, HasSubstr(R"("text":"invalid_argument: 1 violation\n- n: too large"}],"isError":true)"));
}

// MCP 2025-11-25, "Authorization": 401 with WWW-Authenticate, from which clients learn that they need a token.
TEST_F(mcp_test, a_call_that_needs_a_known_caller_is_401_for_an_anonymous_one) {
  echo.failure.code = error_code::unauthenticated;
  echo.failure.cause = failure_cause::anonymous;
  echo.failure.message = "send a token";
  const std::string told = rpc("tools/call", R"({"name":"test-v1-Echo-boom"})");
  EXPECT_EQ(reply.status, 401U);
  EXPECT_THAT(reply.headers, HasSubstr("WWW-Authenticate: Bearer realm=\"waggle\"\r\n"));
  EXPECT_THAT(told, HasSubstr(R"("text":"unauthenticated: send a token"}],"isError":true)"));
  echo.failure.cause = failure_cause::none;
  rpc("tools/call", R"({"name":"test-v1-Echo-boom"})");
  EXPECT_EQ(reply.status, 200U) << "a guest's own error is for the model";
}

TEST_F(mcp_test, who_needs_a_token_learns_where_to_get_one) {
  authenticator identity({.tokens = true, .token = {.issuer = "https://login.example.com", .audience = "a"}});
  shared.identity = &identity;
  echo.failure.code = error_code::unauthenticated;
  echo.failure.cause = failure_cause::anonymous;
  const auto told = [&] {
    rpc("tools/call", R"({"name":"test-v1-Echo-boom"})");
    return reply.headers;
  };
  shared.loopback = false;
  const std::string at = R"(, resource_metadata="http://localhost/.well-known/oauth-protected-resource/mcp")";
  EXPECT_THAT(told(), HasSubstr(at));
  for (const char* host : {"", "a\"b", "a b", "a/b", "a,b", "ü"}) {
    head.host = host;
    EXPECT_THAT(told(), Not(HasSubstr("resource_metadata"))) << host;
  }
  echo.failure = {};
  echo.failure.code = error_code::permission_denied;
  echo.failure.cause = failure_cause::scope;
  head.host = "localhost";
  EXPECT_THAT(told(), HasSubstr("error=\"insufficient_scope\"" + at));
  EXPECT_EQ(reply.status, 403U);
  echo.failure.code = error_code::unauthenticated;
  echo.failure.cause = failure_cause::anonymous;
  shared.settings.mcp_origin = "https://api.example.com";
  EXPECT_THAT(told(), HasSubstr(R"(, resource_metadata="https://api.example.com/.well-known/)"));
  authenticator keys_only({.api_keys = true, .token = {.issuer = "https://login.example.com", .audience = "a"}});
  shared.identity = &keys_only;
  EXPECT_THAT(told(), testing::AllOf(HasSubstr("WWW-Authenticate"), Not(HasSubstr("resource_metadata"))));
}

TEST_F(mcp_test, an_answer_that_is_not_json_cannot_forge_a_message) {
  echo.big_answer = R"(1}]},"id":9)";
  EXPECT_THAT(rpc("tools/call", R"({"name":"test-v1-Echo-big"})"), HasSubstr(R"("isError":true)"));
}

TEST_F(mcp_test, an_answer_may_come_later) {
  EXPECT_EQ(rpc("tools/call", R"({"name":"test-v1-Echo-wait"})"), "");
  ASSERT_TRUE(exchange.asking());
  echo.let_go("7");
  EXPECT_EQ(woken, 1);
  EXPECT_FALSE(exchange.asking());
  EXPECT_THAT(reply.body, HasSubstr(R"({"result":7})"));
}

TEST_F(mcp_test, a_client_that_goes_stops_its_call) {
  rpc("tools/call", R"({"name":"test-v1-Echo-wait"})");
  exchange.stop();
  EXPECT_EQ(echo.stopped, 1);
  EXPECT_FALSE(exchange.asking());
  echo.stop_is_ignored = true;  // it finishes when it can: after all that asked is gone
  rpc("tools/call", R"({"name":"test-v1-Echo-wait"})");
  exchange.stop();
  EXPECT_FALSE(exchange.asking());
  woken = 0;
  echo.let_go("7");
  EXPECT_EQ(woken, 0);
}

TEST_F(mcp_test, heads_that_the_transport_forbids_are_refused) {
  EXPECT_EQ(post("{}").status, 400U);
  const http_head fine = head;
  const auto status = [&](auto change) {
    head = fine;
    change(head);
    return post(R"({"jsonrpc":"2.0","id":1,"method":"ping"})").status;
  };
  EXPECT_EQ(status([](http_head&) {}), 200U);
  EXPECT_EQ(status([](http_head& h) { h.mcp_version = "2025-03-26"; }), 200U);
  EXPECT_EQ(status([](http_head& h) { h.mcp_version = "2026-07-28"; }), 400U);
  EXPECT_EQ(status([](http_head& h) { h.accept = "text/html"; }), 406U);
  EXPECT_EQ(status([](http_head& h) { h.content_type = "text/plain"; }), 415U);
  EXPECT_EQ(status([](http_head& h) { h.content_type.clear(); }), 415U);
  EXPECT_EQ(status([](http_head& h) { h.verb = http_verb::get; }), 405U);
  EXPECT_THAT(reply.headers, HasSubstr("Allow: POST"));
  EXPECT_EQ(status([](http_head& h) { h.verb = http_verb::other; }), 405U);
  const auto evil = [](http_head& h) { h.has_origin = true, h.origin = "https://evil.example"; };
  EXPECT_EQ(status(evil), 403U);
  shared.loopback = false;  // elsewhere Connect does not look at it; here it must be looked at
  EXPECT_EQ(status(evil), 403U);
  shared.settings.allowed_origins = {"https://evil.example"};
  EXPECT_EQ(status(evil), 200U);
  shared.settings.mcp = false;
  EXPECT_EQ(status([](http_head&) {}), 404U);
}

}  // namespace
}  // namespace waggle
