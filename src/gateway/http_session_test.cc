#include "gateway/http_session.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "gateway/byte_session_for_tests.h"
#include "gateway/fake_service_for_tests.h"
#include "gateway/gzip.h"
#include "schema/describe/describe.h"

namespace waggle {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class session_test : public testing::Test {
 protected:
  session_test() {
    directory.put("test.v1.Echo", echo);
    shared.settings.body_limit = 1000;
    shared.settings.header_limit = 1024;
    connect();
  }

  /// A new connection in the place of the last one.
  void connect() {
    session =
        std::make_unique<http_session>(shared, this, [](void* self) { ++static_cast<session_test*>(self)->woken; });
  }

  /// Gives bytes, all at once or in pieces, and takes everything that comes out.
  std::string give(std::string_view bytes, std::size_t piece = 1'000'000) { return wire.give(*session, bytes, piece); }
  std::string take() { return wire.take(*session); }

  static std::string post(std::string_view method, std::string_view body, std::string_view fields = {}) {
    return fmt::format(
        "POST /test.v1.Echo/{} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{}"
        "Content-Length: {}\r\n\r\n{}",
        method, fields, body.size(), body);
  }
  static std::string get(std::string_view target, std::string_view fields = {}) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", target, fields);
  }
  static std::string body_of(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

  manual_clock clock;
  service_directory directory;
  http_stats stats;
  fake_service echo;
  http_shared shared{clock, directory, stats};
  int woken = 0;
  std::unique_ptr<http_session> session;
  wire_for_tests wire{.sip = 7};
};

TEST_F(session_test, a_post_is_answered) {
  echo.cost = {.queue = std::chrono::microseconds(12),
               .validate = std::chrono::microseconds(1),
               .guest = std::chrono::microseconds(1085),
               .calls = 2,
               .memory_kb = 1088,
               .warm = true};
  const std::string answer = give(post("echo", R"({"a":1})"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nServer-Timing: queue;dur=0.012, guest;dur=1.085, validate;dur=0.001\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nwaggle-receipt: queue-us=12, validate-us=1, guest-us=1085, calls=2, commit-us=0, "
                                "memory-kb=1088, instance=warm\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("Connection:")));
  EXPECT_EQ(body_of(answer), R"({"a":1})");
  EXPECT_FALSE(session->over());
  EXPECT_EQ(stats.answers[2], 1U);
}

TEST_F(session_test, an_empty_body_is_an_empty_object_and_needs_no_content_type) {
  EXPECT_EQ(body_of(give("POST /test.v1.Echo/set HTTP/1.1\r\nHost: localhost\r\n\r\n")), "{}");
}

TEST_F(session_test, bytes_one_by_one_make_the_same_answer) {
  const std::string whole = give(post("echo", R"({"a":[1,2]})"));
  EXPECT_EQ(give(post("echo", R"({"a":[1,2]})"), 1), whole);
  EXPECT_EQ(echo.asked, 2);
}

TEST_F(session_test, a_chunked_body_is_put_together) {
  const std::string request =
      "POST /test.v1.Echo/echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\n[1,\r\n2\r\n2]\r\n0\r\nHost: evil\r\n\r\n";
  for (const std::size_t piece : {std::size_t{1}, std::size_t{5}, std::size_t{1000}})
    EXPECT_EQ(body_of(give(request, piece)), "[1,2]");
  EXPECT_FALSE(session->over());
}

// Boost.Beast 1.81 asserts that at least five bytes of a last chunk are there once it has seen three.
TEST_F(session_test, a_chunked_body_that_is_empty_may_come_byte_by_byte) {
  constexpr std::string_view request =
      "POST /test.v1.Echo/set HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  for (const std::size_t piece : {1U, 2U, 3U, 4U, 5U}) EXPECT_EQ(body_of(give(request, piece)), "{}") << piece;
}

TEST_F(session_test, pipelined_requests_are_answered_in_order) {
  const std::string answers = give(post("echo", "1") + post("set", "22") + get("/test.v1.Echo") + post("echo", "333"));
  std::size_t at = 0;
  for (const char* body : {"\r\n\r\n1HTTP", "\r\n\r\n22HTTP", "type Query", "\r\n\r\n333"}) {
    at = answers.find(body, at);
    ASSERT_NE(at, std::string::npos) << body;
  }
  EXPECT_EQ(session->requests(), 4U);
}

TEST_F(session_test, what_comes_while_a_call_is_pending_is_kept) {
  EXPECT_EQ(give(post("wait", "1") + post("echo", "2")), "");
  EXPECT_EQ(give(post("echo", "3")), "");
  EXPECT_EQ(session->waiting(), http_session::waits::answer);
  echo.let_go("\"done\"");
  EXPECT_EQ(woken, 1);
  const std::string answers = take();
  EXPECT_LT(answers.find("\"done\""), answers.find("\r\n\r\n2"));
  EXPECT_LT(answers.find("\r\n\r\n2"), answers.find("\r\n\r\n3"));
}

TEST_F(session_test, what_is_kept_is_bounded) {
  give(post("wait", "1"));
  give(std::string(100'000, 'x'));
  EXPECT_TRUE(session->space().empty());
  session->abort();
}

TEST_F(session_test, the_end_of_input_stops_a_pending_call) {
  give(post("wait", "1"));
  session->end_of_input();
  EXPECT_EQ(echo.stopped, 1);
  EXPECT_FALSE(session->asking());
  EXPECT_THAT(take(), StartsWith("HTTP/1.1 499 "));
  EXPECT_TRUE(session->over());
}

TEST_F(session_test, a_lost_connection_stops_a_pending_call_that_may_finish_later) {
  echo.stop_is_ignored = true;
  give(post("wait", "1"));
  session->abort();
  EXPECT_TRUE(session->asking());
  echo.let_go("1");
  EXPECT_EQ(woken, 1);
  EXPECT_FALSE(session->asking());
  EXPECT_EQ(take(), "");
}

TEST_F(session_test, head_of_the_sdl_has_its_length_and_no_body) {
  const std::string answer = give("HEAD /test.v1.Echo HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr(fmt::format("Content-Length: {}\r\n", echo.description().sdl.size())));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain"));
}

TEST_F(session_test, a_description_that_is_kept_compressed_goes_out_as_it_was) {
  echo.describe(std::make_shared<const descriptions>(gzip(R"({"x":1})"), std::nullopt, true));
  const std::string answer = give("GET /test.v1.Echo?format=json-schema HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 7\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n{\"x\":1}"));
}

TEST_F(session_test, expect_100_continue_is_answered_before_the_body) {
  const std::string request = post("echo", "123", "Expect: 100-continue\r\n");
  const std::string head = request.substr(0, request.size() - 3);
  EXPECT_EQ(give(head), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(body_of(give("123")), "123");
  EXPECT_THAT(give(request), Not(HasSubstr("100 Continue"))) << "the body is there already";
}

TEST_F(session_test, a_body_that_nobody_wants_is_refused_before_it_is_sent) {
  const std::string request = post("nope", "123", "Expect: 100-continue\r\n");
  EXPECT_THAT(give(request.substr(0, request.size() - 3)), StartsWith("HTTP/1.1 501 "));
  EXPECT_TRUE(session->over());
}

error overloaded() {
  error e;
  e.code = error_code::resource_exhausted;
  e.whose = fault::overload;
  e.message = "too many";
  e.retry_after = std::chrono::milliseconds(20);
  return e;
}

TEST_F(session_test, a_service_without_room_refuses_before_the_body_has_come_and_the_connection_goes_on) {
  echo.full = overloaded();
  const std::string request = post("echo", std::string(900, 'x'));
  const std::string answer = give(request.substr(0, request.size() - 500));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 429 "));
  EXPECT_THAT(answer, HasSubstr("Retry-After: 1\r\n"));
  EXPECT_THAT(answer, HasSubstr("waggle-fault: overload\r\n"));
  EXPECT_EQ(session->waiting(), http_session::waits::body);
  EXPECT_EQ(give(request.substr(request.size() - 500, 499)), "") << "it is thrown away";
  echo.full.reset();
  EXPECT_EQ(body_of(give("x" + post("echo", "7"))), "7");
  EXPECT_EQ(echo.asked, 1);
}

TEST_F(session_test, a_refused_body_that_is_long_or_without_a_length_ends_the_connection) {
  shared.settings.body_limit = std::size_t{1} << 20;
  connect();
  echo.full = overloaded();
  const std::string request = post("echo", std::string(100'000, 'x'));
  EXPECT_THAT(give(request.substr(0, 200)), HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(session->over());
  connect();
  EXPECT_THAT(give("POST /test.v1.Echo/echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n"),
              HasSubstr("HTTP/1.1 429 "));
  EXPECT_TRUE(session->over());
}

TEST_F(session_test, a_connection_ends_after_a_refused_body_when_the_server_drains_meanwhile) {
  echo.full = overloaded();
  const std::string request = post("echo", std::string(900, 'x'));
  give(request.substr(0, request.size() - 500));
  shared.draining = true;
  give(request.substr(request.size() - 500, 499));
  EXPECT_FALSE(session->over());
  give("x");
  EXPECT_TRUE(session->over());
}

TEST_F(session_test, a_client_that_goes_in_the_midst_of_a_refused_body_is_let_go) {
  echo.full = overloaded();
  const std::string request = post("echo", std::string(900, 'x'));
  give(request.substr(0, request.size() - 500));
  session->end_of_input();
  take();
  EXPECT_TRUE(session->over());
  connect();
  give(request.substr(0, request.size() - 500));
  session->timed_out();
  EXPECT_TRUE(session->over());
}

TEST_F(session_test, who_waits_with_the_body_hears_at_once_that_there_is_no_room) {
  echo.full = overloaded();
  const std::string request = post("echo", "123", "Expect: 100-continue\r\n");
  EXPECT_THAT(give(request.substr(0, request.size() - 3)), StartsWith("HTTP/1.1 429 "));
  EXPECT_TRUE(session->over());
}

TEST_F(session_test, an_unknown_expectation_is_417) {
  EXPECT_THAT(give(post("echo", "1", "Expect: tea\r\n")), StartsWith("HTTP/1.1 417 "));
}

TEST_F(session_test, a_body_over_the_limit_is_refused_by_its_announced_length) {
  const std::string answer = give(
      "POST /test.v1.Echo/echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
      "1001\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 429 "));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer, HasSubstr("\"resource_exhausted\""));
  EXPECT_THAT(answer, HasSubstr("waggle-fault: caller\r\n"));
  EXPECT_TRUE(session->over());
}

TEST_F(session_test, a_chunked_body_over_the_limit_is_refused_when_it_is_over) {
  std::string request =
      "POST /test.v1.Echo/echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Transfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 101; ++i) request += "a\r\n1234567890\r\n";
  EXPECT_THAT(give(request, 20), StartsWith("HTTP/1.1 429 "));
  EXPECT_TRUE(session->over());
}

TEST_F(session_test, a_body_of_the_limit_is_fine) {
  EXPECT_THAT(give(post("echo", std::string(1000, '1'))), StartsWith("HTTP/1.1 200 "));
}

TEST_F(session_test, a_head_over_the_limit_is_431) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{100}, std::size_t{100'000}}) {
    connect();
    std::string request = "GET / HTTP/1.1\r\nHost: localhost\r\n";
    for (int i = 0; i < 100; ++i) request += "X-Some: 123456789\r\n";
    EXPECT_THAT(give(request + "\r\n", piece), StartsWith("HTTP/1.1 431 ")) << piece;
    EXPECT_TRUE(session->over());
    connect();
    EXPECT_THAT(give("GET /" + std::string(20'000, 'a'), piece), StartsWith("HTTP/1.1 431 ")) << piece;
  }
}

TEST_F(session_test, malformed_requests_are_400_and_end_the_connection) {
  for (const std::string request : {
           "GET\r\n\r\n",
           "\x16\x03\x01\x02\r\n\r\n",
           "GET / HTTP/2.0\r\nHost: localhost\r\n\r\n",
           "GET / HTTP/1.1\r\n\r\n",                                        // no Host
           "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",  // two of them
           "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
           "GET / HTTP/1.1\nHost: localhost\n\n",
           "POST /a/b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
           "POST /a/b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
           "POST /a/b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
           "POST /a/b HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
           "POST /a/b HTTP/1.1\r\nHost: localhost\r\nContent-Length: +1\r\n\r\n",
           "POST /a/b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
           "POST /a/b HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
           "POST /a/b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
           "POST /a/b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
       }) {
    connect();
    EXPECT_THAT(give(request), StartsWith("HTTP/1.1 400 ")) << request;
    EXPECT_TRUE(session->over()) << request;
  }
  EXPECT_EQ(echo.asked, 0);
}

TEST_F(session_test, a_transfer_coding_other_than_chunked_is_501) {
  for (const char* coding : {"gzip", "gzip, chunked", "chunked, chunked", "xchunked", "identity"}) {
    connect();
    const std::string request =
        fmt::format("POST /test.v1.Echo/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: {}\r\n\r\n", coding);
    EXPECT_THAT(give(request), StartsWith("HTTP/1.1 501 ")) << coding;
    EXPECT_TRUE(session->over());
  }
}

TEST_F(session_test, empty_lines_before_a_request_are_skipped) {
  EXPECT_THAT(give("\r\n\r\n" + post("echo", "1") + "\r\n" + post("echo", "2")), EndsWith("\r\n\r\n2"));
}

TEST_F(session_test, connection_close_and_http_1_0_end_the_connection) {
  EXPECT_THAT(give(post("echo", "1", "Connection: close\r\n")), HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(session->over());
  connect();
  EXPECT_THAT(give("GET /test.v1.Echo HTTP/1.0\r\nHost: localhost\r\n\r\n"), HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(session->over());
  connect();
  EXPECT_THAT(give("GET /test.v1.Echo HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n"),
              HasSubstr("Connection: keep-alive\r\n"));
  EXPECT_FALSE(session->over());
}

TEST_F(session_test, draining_ends_the_connection_with_its_answer) {
  shared.draining = true;
  EXPECT_THAT(give(post("echo", "1")), HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(session->over());
}

TEST_F(session_test, an_absolute_target_names_the_host) {
  EXPECT_THAT(give("GET http://localhost:8080/test.v1.Echo HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(give("GET http://evil.example/test.v1.Echo HTTP/1.1\r\nHost: localhost\r\n\r\n"),
              StartsWith("HTTP/1.1 403 "));
}

TEST_F(session_test, slow_heads_and_bodies_are_408) {
  give("GET / HT");
  EXPECT_EQ(session->waiting(), http_session::waits::head);
  session->timed_out();
  EXPECT_THAT(take(), StartsWith("HTTP/1.1 408 "));
  EXPECT_TRUE(session->over());
  connect();
  const std::string request = post("echo", "123");
  give(request.substr(0, request.size() - 1));
  EXPECT_EQ(session->waiting(), http_session::waits::body);
  session->timed_out();
  EXPECT_THAT(take(), StartsWith("HTTP/1.1 408 "));
}

TEST_F(session_test, operator_pages_are_asked_for_what_is_no_service) {
  shared.pages = [](std::string_view path) -> std::optional<page> {
    if (path == "/readyz") return page{503, "text/plain", "draining\n"};
    return std::nullopt;
  };
  EXPECT_THAT(give(get("/readyz?verbose")), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(give(get("/nothing")), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(give("POST /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"), HasSubstr("Allow: GET, HEAD\r\n"));
}

TEST_F(session_test, pages_that_are_packed_are_unpacked_for_those_who_do_not_take_it) {
  shared.pages = [](std::string_view) {
    return page{.content_type = "text/css",
                .body = gzip(std::string(5000, 'x')).value_or(""),
                .headers = "Cache-Control: no-cache\r\n",
                .gzipped = true};
  };
  const std::string plain = give(get("/page.css"));
  EXPECT_THAT(plain, HasSubstr("Content-Length: 5000\r\n"));
  EXPECT_THAT(plain, Not(HasSubstr("Content-Encoding")));
  const std::string small = give(get("/page.css", "Accept-Encoding: gzip\r\n"));
  EXPECT_THAT(small, HasSubstr("Content-Encoding: gzip\r\n"));
  for (const std::string& answer : {plain, small}) {
    EXPECT_THAT(answer, HasSubstr("Cache-Control: no-cache\r\n"));
    EXPECT_EQ(answer.find("Vary: Accept-Encoding\r\n"), answer.rfind("Vary: Accept-Encoding\r\n"));
    EXPECT_THAT(answer, HasSubstr("Vary: Accept-Encoding\r\n"));
  }
}

TEST_F(session_test, long_answers_are_compressed_for_those_who_take_it) {
  echo.big_answer = std::string(5000, '1');
  const std::string plain = give(post("big", "1"));
  EXPECT_THAT(plain, HasSubstr("Content-Length: 5000\r\n"));
  EXPECT_THAT(plain, HasSubstr("Vary: Accept-Encoding\r\n"));
  const std::string small = give(post("big", "1", "Accept-Encoding: br, gzip;q=0.5\r\n"));
  EXPECT_THAT(small, HasSubstr("Content-Encoding: gzip\r\n"));
  EXPECT_LT(small.size(), 500U);
}

TEST_F(session_test, an_error_has_its_fault_and_when_to_try_again) {
  echo.failure.code = error_code::resource_exhausted;
  echo.failure.whose = fault::overload;
  echo.failure.message = "queue \"full\"";
  echo.failure.retry_after = std::chrono::milliseconds(1001);
  const std::string answer = give(post("boom", "{}"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 429 Too Many Requests\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nRetry-After: 2\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nwaggle-fault: overload\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nwaggle-receipt: "));
  EXPECT_EQ(body_of(answer), R"({"code":"resource_exhausted","message":"queue \"full\""})");
}

}  // namespace
}  // namespace waggle
