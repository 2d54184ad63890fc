// What http_session and http_exchange do about GraphQL and streams.
#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "gateway/authenticator.h"
#include "gateway/byte_session_for_tests.h"
#include "gateway/graphql_shop_for_tests.h"
#include "gateway/http_session.h"

namespace waggle {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class HttpStream : public graphql_shop {
 protected:
  HttpStream() { connect(); }
  ~HttpStream() override {
    if (session) session->abort();
  }
  void connect() {
    session = std::make_unique<http_session>(shared, this, [](void* self) { ++static_cast<HttpStream*>(self)->woken; });
  }
  std::string give(std::string_view bytes) { return wire.give(*session, bytes, bytes.size()); }
  std::string take() { return wire.take(*session); }
  static std::string post(std::string_view target, std::string_view body, std::string_view fields = {},
                          std::string_view version = "1.1", std::string_view type = "application/json") {
    return fmt::format("POST {} HTTP/{}\r\nHost: localhost\r\nContent-Type: {}\r\n{}Content-Length: {}\r\n\r\n{}",
                       target, version, type, fields, body.size(), body);
  }
  static std::string query(std::string_view text, std::string_view fields = {}, std::string_view version = "1.1") {
    return post("/graphql", fmt::format(R"({{"query":{}}})", json_quote(text)), fields, version);
  }
  static std::string subscribe(std::string_view version = "1.1") {
    return query("subscription{t:ticks}", "Accept: text/event-stream\r\n", version);
  }
  static std::string ticks(std::string_view payload = "{}") {
    std::string message("\0\0\0\0", 4);
    message += static_cast<char>(payload.size());
    return post("/shop.v1.Shop/ticks", message + std::string(payload), {}, "1.1", "application/connect+json");
  }
  static std::string head_of(const std::string& answer) { return answer.substr(0, answer.find("\r\n\r\n") + 2); }
  static std::string body_of(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }
  static std::string chunk(std::string_view bytes) { return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes); }
  static constexpr std::string_view one = "event: next\ndata: {\"data\":{\"t\":1}}\n\n";
  static constexpr std::string_view complete = "event: complete\ndata:\n\n";

  std::unique_ptr<http_session> session;
  wire_for_tests wire{.sip = 7};
  int woken = 0;
};

TEST_F(HttpStream, a_query_is_answered_at_once_or_later) {
  shop.answers["a"] = {"1"};
  const std::string answer = give(query("{a}"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"));
  EXPECT_THAT(answer, HasSubstr("waggle-receipt: "));
  EXPECT_EQ(body_of(answer), R"({"data":{"a":1}})");
  EXPECT_EQ(give(query("{a}")), "");
  EXPECT_EQ(session->waiting(), byte_session::waits::answer);
  shop.let_go("2");
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(body_of(take()), R"({"data":{"a":2}})");
  EXPECT_FALSE(session->over());
}

TEST_F(HttpStream, media_types_and_verbs) {
  for (int i = 0; i < 9; ++i) shop.answers["a"].push_back("1");
  EXPECT_THAT(give(query("{a}", "Accept: application/graphql-response+json\r\n")),
              HasSubstr("\r\nContent-Type: application/graphql-response+json; charset=utf-8\r\n"));
  EXPECT_THAT(give(query("{a}", "Accept: text/html\r\n")), StartsWith("HTTP/1.1 406 "));
  EXPECT_THAT(give(post("/graphql", "{}", {}, "1.1", "text/plain")), StartsWith("HTTP/1.1 415 "));
  EXPECT_THAT(give(query("{nope}")), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(give(query("{nope}", "Accept: application/graphql-response+json\r\n")), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(give(query("subscription{ticks}")), StartsWith("HTTP/1.1 406 "));
  EXPECT_THAT(give(post("/graphql", "[")), StartsWith("HTTP/1.1 400 "));
  const auto by_get = [&](std::string_view what, std::string_view fields = {}) {
    return give(fmt::format("GET /graphql?query={} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", what, fields));
  };
  EXPECT_EQ(body_of(by_get("%7Ba%7D")), R"({"data":{"a":1}})");
  EXPECT_THAT(by_get("mutation%7Bput%7D"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(by_get("mutation%7Bput%7D", "Accept: text/event-stream\r\n"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(give("HEAD /graphql?query=%7Ba%7D HTTP/1.1\r\nHost: localhost\r\n\r\n"), EndsWith("\r\n\r\n"));
  EXPECT_THAT(give("PUT /graphql HTTP/1.1\r\nHost: localhost\r\n\r\n"), HasSubstr("Allow: GET, HEAD, POST\r\n"));
  EXPECT_THAT(give(post("/graphql/no.Such", "{}")), StartsWith("HTTP/1.1 404 "));
  EXPECT_FALSE(session->over());
}

TEST_F(HttpStream, a_requests_deadline_is_the_sooner_one) {
  shop.answers["a"] = {"1", "1"};
  give(query("{a}", "Connect-Timeout-Ms: 50\r\n"));
  EXPECT_EQ(shop.seen.deadline, clock.now() + 50ms);
  give(query("{a}", "Connect-Timeout-Ms: 99999999\r\n"));
  EXPECT_EQ(shop.seen.deadline, clock.now() + front.settings.timeout);
}

TEST_F(HttpStream, a_lost_connection_stops_a_query) {
  give(query("{a b}"));
  session->end_of_input();
  EXPECT_EQ(shop.stopped, 2);
  EXPECT_FALSE(session->asking());
  EXPECT_THAT(take(), StartsWith("HTTP/1.1 499 "));
  connect();
  shop.stop_is_ignored = true;
  give(query("{a}"));
  session->abort();
  EXPECT_FALSE(session->asking());
  session = nullptr;
  shop.let_go("1");
  EXPECT_EQ(woken, 0);
}

TEST_F(HttpStream, a_stream_comes_in_chunks) {
  const std::string head = give(subscribe());
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
                               "Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(head, EndsWith("\r\n\r\n"));
  EXPECT_EQ(session->waiting(), byte_session::waits::stream);
  EXPECT_TRUE(session->asking());
  shop.let_go(R"({"items":[1]})");
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(take(), chunk(one));
  shop.let_go(R"({"items":[1],"done":true})");
  EXPECT_EQ(take(), chunk(std::string(one) + std::string(complete)) + "0\r\n\r\n");
  EXPECT_FALSE(session->asking());
  EXPECT_FALSE(session->over());
  shop.answers["a"] = {"1"};
  EXPECT_EQ(body_of(give(query("{a}"))), R"({"data":{"a":1}})") << "the connection is as it was";
}

TEST_F(HttpStream, a_stream_that_is_over_at_once) {
  shop.answers["ticks"] = {R"({"items":[],"done":true})"};
  EXPECT_EQ(body_of(give(subscribe())), chunk(complete) + "0\r\n\r\n");
}

TEST_F(HttpStream, a_client_of_http_1_0_gets_no_chunks_and_the_end_of_the_connection) {
  shop.answers["ticks"] = {R"({"items":[1],"done":true})"};
  const std::string answer = give(subscribe("1.0"));
  EXPECT_THAT(head_of(answer), HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(head_of(answer), Not(HasSubstr("Transfer-Encoding")));
  EXPECT_THAT(head_of(answer), Not(HasSubstr("Content-Length")));
  EXPECT_EQ(body_of(answer), std::string(one) + std::string(complete));
  EXPECT_TRUE(session->over());
}

// It closed the connection without having said so.
TEST_F(HttpStream, head_of_a_stream_has_no_body_and_keeps_the_connection) {
  const std::string answer = give(
      "HEAD /graphql?query=subscription%7Bticks%7D HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
  EXPECT_FALSE(session->asking());
  EXPECT_FALSE(session->over());
  shop.answers["a"] = {"1"};
  EXPECT_EQ(body_of(give(query("{a}"))), R"({"data":{"a":1}})");
}

TEST_F(HttpStream, a_client_that_goes_ends_its_stream) {
  give(subscribe());
  session->end_of_input();
  EXPECT_EQ(shop.stopped, 1);
  EXPECT_FALSE(session->asking());
  EXPECT_TRUE(session->over());
  EXPECT_EQ(take(), "");
  connect();
  shop.stop_is_ignored = true;
  give(subscribe());
  session->abort();
  EXPECT_FALSE(session->asking());
  session = nullptr;
  shop.let_go(R"({"items":[1]})");
  EXPECT_EQ(woken, 0);
}

// The server lets others have their turn, so the end of input may come first. The stream stayed open, and nobody ended it.
TEST_F(HttpStream, a_client_that_has_gone_before_it_was_looked_at_gets_no_stream) {
  const std::string request = subscribe();
  std::memcpy(session->space().data(), request.data(), request.size());
  session->received(request.size());
  session->end_of_input();
  EXPECT_THAT(take(), EndsWith("\r\n\r\n"));
  EXPECT_FALSE(session->asking());
  EXPECT_TRUE(session->over());
}

TEST_F(HttpStream, what_is_pipelined_behind_a_stream_waits_for_its_end) {
  shop.answers["a"] = {"7"};
  const std::string head = give(subscribe() + query("{a}"));
  EXPECT_THAT(head, EndsWith("\r\n\r\n"));
  EXPECT_THAT(shop.asked, testing::ElementsAre("ticks{}"));
  shop.let_go(R"({"items":[],"done":true})");
  const std::string rest = take();
  EXPECT_THAT(rest, StartsWith(chunk(complete) + "0\r\n\r\nHTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(body_of(rest.substr(rest.find("HTTP/1.1"))), R"({"data":{"a":7}})");
}

TEST_F(HttpStream, what_is_kept_behind_a_stream_is_bounded) {
  give(subscribe());
  give(std::string(1'000'000, 'x'));
  EXPECT_TRUE(session->space().empty());
}

TEST_F(HttpStream, a_slow_client_holds_back_its_stream) {
  give(subscribe());
  shop.let_go(R"({"items":[1]})");
  session->proceed();
  ASSERT_TRUE(session->has_output());
  EXPECT_EQ(session->waiting(), byte_session::waits::send);
  const std::size_t asked = shop.asked.size();
  if (!shop.waiting.empty()) shop.let_go(R"({"items":[2]})");
  for (int i = 0; i < 10; ++i) {
    session->proceed();
    pass(1h);
  }
  EXPECT_EQ(shop.asked.size(), asked);
  session->timed_out();
  EXPECT_FALSE(session->asking());
  EXPECT_TRUE(session->over());
}

TEST_F(HttpStream, a_drained_stream_ends_its_connection) {
  give(subscribe());
  shared.draining = true;
  session->drain();
  EXPECT_EQ(take(), "0\r\n\r\n");
  EXPECT_TRUE(session->over());
  EXPECT_EQ(shop.stopped, 1);
}

// Draining had asked the connections before this one had a stream.
TEST_F(HttpStream, a_stream_that_is_asked_for_while_the_node_drains_ends_at_once) {
  shared.draining = true;
  const std::string answer = give(subscribe());
  EXPECT_THAT(head_of(answer), HasSubstr("Connection: close"));
  EXPECT_EQ(body_of(answer), "0\r\n\r\n");
  EXPECT_TRUE(session->over());
  connect();
  EXPECT_THAT(give(ticks()), HasSubstr("\"unavailable\""));
  EXPECT_TRUE(session->over());
}

TEST_F(HttpStream, a_subscription_by_connect) {
  const std::string head = give(ticks(R"({"from":3})"));
  EXPECT_THAT(head, HasSubstr("\r\nContent-Type: application/connect+json\r\nTransfer-Encoding: chunked\r\n"));
  EXPECT_EQ(shop.asked.back(), R"(ticks{"from":3})");
  EXPECT_FALSE(shop.seen.trusted);
  shop.let_go(R"({"items":[1],"done":true})");
  EXPECT_EQ(take(), chunk(std::string("\0\0\0\0\1"
                                      "1\2\0\0\0\2{}",
                                      13)) +
                        "0\r\n\r\n");
}

// `@auth` was looked at for streams alone.
TEST_F(HttpStream, on_the_operators_socket_the_operator_is_trusted_with_streams_too) {
  shared.settings.for_operator = true;
  shared.loopback = false;
  give(ticks());
  EXPECT_TRUE(shop.seen.trusted);
  connect();
  give(query("{a}"));
  EXPECT_TRUE(shop.seen.trusted);
}

TEST_F(HttpStream, no_chunk_of_a_stream_is_empty) {
  give(subscribe());
  shop.let_go(R"({"items":[]})");
  EXPECT_EQ(take(), "");
}

TEST_F(HttpStream, a_preflight_is_answered_for_every_path) {
  const auto ask = [&](std::string_view path, std::string_view origin) {
    return give(
        fmt::format("OPTIONS {} HTTP/1.1\r\nHost: localhost\r\nOrigin: {}\r\n"
                    "Access-Control-Request-Method: POST\r\n"
                    "Access-Control-Request-Headers: content-type\r\n\r\n",
                    path, origin));
  };
  for (const char* path : {"/graphql", "/shop.v1.Shop/a", "/nothing"}) {
    const std::string answer = ask(path, "http://localhost:3000");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 204 No Content\r\nDate: ")) << path;
    EXPECT_THAT(answer, HasSubstr("\r\nAccess-Control-Allow-Origin: http://localhost:3000\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nAccess-Control-Allow-Methods: GET, HEAD, POST\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nAccess-Control-Allow-Headers: content-type\r\n"));
    EXPECT_THAT(answer, Not(HasSubstr("Content-Length")));
  }
  EXPECT_THAT(ask("/graphql", "https://evil.example"), StartsWith("HTTP/1.1 403 "));
  shared.loopback = false;
  EXPECT_THAT(ask("/graphql", "https://evil.example"), Not(HasSubstr("Allow-Origin")));
  shared.settings.allowed_origins = {"https://app.example"};
  EXPECT_THAT(ask("/graphql", "https://app.example"), HasSubstr("Allow-Origin: https://app.example\r\n"));
}

TEST_F(HttpStream, answers_and_refusals_and_streams_may_be_read_by_allowed_pages) {
  const std::string fields = "Origin: http://localhost:3000\r\n";
  const std::string allowed = "\r\nAccess-Control-Allow-Origin: http://localhost:3000\r\nVary: Origin\r\n";
  shop.answers["a"] = {"1", "1"};
  EXPECT_THAT(give(query("{a}", fields)), HasSubstr(allowed));
  EXPECT_THAT(give(post("/graphql", "[", fields)), HasSubstr(allowed));
  EXPECT_THAT(give(post("/nope/nope", "[", fields)), HasSubstr(allowed));
  EXPECT_THAT(give(query("{a}")), Not(HasSubstr("Access-Control"))) << "each for itself";
  EXPECT_THAT(give(query("subscription{ticks}", fields + "Accept: text/event-stream\r\n")), HasSubstr(allowed));
}

TEST_F(HttpStream, a_body_that_is_too_long_is_refused_in_the_words_of_this_request) {
  shared.settings.body_limit = 100;
  connect();
  shop.answers["a"] = {"1"};
  give(query("{a}", "Origin: http://localhost:3000\r\n"));
  EXPECT_THAT(give(query(std::string(200, ' '))), Not(HasSubstr("Access-Control")));
}

class HttpStreamIdentity : public HttpStream {
 protected:
  HttpStreamIdentity() { shared.identity = &identity; }
  authenticator identity{{.tokens = false, .api_keys = true, .token = {}}};
};

TEST_F(HttpStreamIdentity, who_is_refused_is_told_before_the_body_comes) {
  for (const std::string& request :
       {query("{a}", "X-Api-Key: wrong\r\n"), post("/shop.v1.Shop/a", "{\"n\":1}", "X-Api-Key: wrong\r\n"),
        post("/shop.v1.Shop/ticks", "1234567", "X-Api-Key: wrong\r\n", "1.1", "application/connect+json")}) {
    connect();
    const std::string answer = give(request.substr(0, request.find("\r\n\r\n") + 4));
    const bool stream = request.find("connect+json") != std::string::npos;
    EXPECT_THAT(answer, StartsWith(stream ? "HTTP/1.1 200 " : "HTTP/1.1 401 ")) << request;
    EXPECT_THAT(answer, HasSubstr("\r\nWWW-Authenticate: "));
    EXPECT_THAT(answer, HasSubstr("\"unauthenticated\""));
    EXPECT_EQ(shop.asked.size(), 0U);
    shop.answers["a"] = {"1"};
    EXPECT_EQ(give(request.substr(request.find("\r\n\r\n") + 4)), "") << "its body is skipped";
    EXPECT_EQ(body_of(give(query("{a}"))), R"({"data":{"a":1}})");
    shop.asked.clear();
  }
}

// connectrpc.com/docs/protocol, "Streaming-Response": the status is 200, and the error is in the end.
TEST_F(HttpStream, a_connect_stream_is_refused_in_its_end) {
  shared.settings.body_limit = 100;
  const auto asked = [&](std::string_view target, std::string_view body, std::string_view fields = {}) {
    connect();
    return give(post(target, body, fields, "1.1", "application/connect+json"));
  };
  const auto expect_end = [&](const std::string& answer, std::string_view code) {
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nContent-Type: application/connect+json\r\n"));
    const std::string body = body_of(answer);
    EXPECT_EQ(body.substr(0, 1), "\2");
    EXPECT_THAT(body.substr(5), StartsWith(fmt::format(R"({{"error":{{"code":"{}",)", code)));
  };
  const std::string message("\0\0\0\0\2{}", 7);
  expect_end(asked("/shop.v1.Shop/ticks", message, "Connect-Timeout-Ms: abc\r\n"), "invalid_argument");
  expect_end(asked("/shop.v1.Shop/ticks", message, "Connect-Protocol-Version: 9\r\n"), "invalid_argument");
  expect_end(asked("/shop.v1.Shop/ticks", message, "Content-Encoding: gzip\r\n"), "unimplemented");
  expect_end(asked("/shop.v1.Shop/nope", message), "unimplemented");
  expect_end(asked("/shop.v1.Shop/ticks", std::string(200, ' ')), "resource_exhausted");
  EXPECT_THAT(asked("/shop.v1.Shop/a", message), StartsWith("HTTP/1.1 415 ")) << "that is no stream";
  EXPECT_EQ(shop.asked.size(), 0U);
}

// GraphQL over HTTP, "Body": also where nothing of the body was read.
TEST_F(HttpStream, a_body_that_is_too_long_is_refused_in_graphqls_form) {
  shared.settings.body_limit = 100;
  connect();
  EXPECT_THAT(body_of(give(query(std::string(200, ' ')))), StartsWith(R"({"errors":[{"message":"the body is longer)"));
}

TEST_F(HttpStreamIdentity, each_refusal_counts_once) {
  const std::string wrong = "X-Api-Key: wrong\r\n";
  const std::string whole = post("/shop.v1.Shop/a", "{\"n\":1}", wrong);
  EXPECT_THAT(give(whole), StartsWith("HTTP/1.1 401 "));
  EXPECT_EQ(stats.bad_credentials, 1U);
  give(query("{a}", wrong));
  EXPECT_EQ(stats.bad_credentials, 2U);
  connect();
  give(whole.substr(0, whole.size() - 1));  // before its body is there
  EXPECT_EQ(stats.bad_credentials, 3U);
  EXPECT_THAT(shop.refused, testing::ElementsAre("a", "a")) << "the service knows, too";
}

TEST_F(HttpStreamIdentity, who_is_refused_with_the_body_is_told_the_same) {
  EXPECT_THAT(give(query("{a}", "X-Api-Key: wrong\r\n")), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(give(subscribe()), StartsWith("HTTP/1.1 200 ")) << "anonymous";
}

}  // namespace
}  // namespace waggle
