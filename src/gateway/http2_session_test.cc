#include "gateway/http2_session.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "gateway/byte_session_for_tests.h"
#include "gateway/fake_service_for_tests.h"
#include "gateway/gzip.h"
#include "gateway/http2_for_tests.h"
#include "gateway/http_session.h"

namespace waggle {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;
using client = http2_client_for_tests;

class http2_test : public testing::Test {
 protected:
  http2_test() {
    directory.put("test.v1.Echo", echo);
    shared.settings.body_limit = 100'000;
    shared.settings.header_limit = 4096;
    connect();
  }

  void connect() {
    session =
        std::make_unique<http2_session>(shared, this, [](void* self) { ++static_cast<http2_test*>(self)->woken; });
  }

  std::string give(std::string_view bytes, std::size_t piece = 1'000'000) { return wire.give(*session, bytes, piece); }
  std::string take() { return wire.take(*session); }
  void talk(client& c, std::size_t some = 1'000'000) {
    std::string to_server = c.exchange("");
    do to_server = c.exchange(give(to_server, some));
    while (!to_server.empty());
  }
  /// Gives bytes that were made by hand; what the server says goes to `c`, which only listens.
  void attack(client& c, std::string_view bytes) { (void)c.exchange(give(bytes)); }

  manual_clock clock;
  service_directory directory;
  http_stats stats;
  fake_service echo;
  http_shared shared{clock, directory, stats};
  int woken = 0;
  std::unique_ptr<http2_session> session;
  wire_for_tests wire{.sip = 700};
};

constexpr const char* echo_path = "/test.v1.Echo/echo";
constexpr const char* wait_path = "/test.v1.Echo/wait";

TEST_F(http2_test, a_post_is_answered_with_the_fields_of_http_1) {
  echo.cost = {.guest = std::chrono::microseconds(1085), .calls = 2, .memory_kb = 1088, .warm = true};
  client c;
  const auto id = c.request("POST", echo_path, R"({"a":1})");
  talk(c);
  const auto& a = c.answers[id];
  EXPECT_EQ(a.status, "200");
  EXPECT_EQ(a.body, R"({"a":1})");
  EXPECT_TRUE(a.done);
  EXPECT_EQ(a.fields.at("content-type"), "application/json");
  EXPECT_EQ(a.fields.at("content-length"), "7");
  EXPECT_THAT(a.fields.at("server-timing"), HasSubstr("guest;dur=1.085"));
  EXPECT_THAT(a.fields.at("waggle-receipt"), HasSubstr("guest-us=1085, calls=2"));
  EXPECT_THAT(a.fields.at("date"), testing::EndsWith(" GMT"));
  EXPECT_FALSE(a.fields.contains("connection"));
  EXPECT_EQ(session->waiting(), byte_session::waits::idle);
  EXPECT_EQ(session->requests(), 1U);
  EXPECT_EQ(stats.answers[2], 1U);
  EXPECT_EQ(stats.http2_connections, 1U);
  EXPECT_EQ(stats.http2_resets, 0U);
}

TEST_F(http2_test, bytes_one_by_one_make_the_same_answer) {
  client c;
  const auto id = c.request("POST", echo_path, "[1,2]");
  talk(c, 1);
  EXPECT_EQ(c.answers[id].body, "[1,2]");
}

TEST_F(http2_test, fields_reach_the_service_and_errors_the_client) {
  client c;
  const auto fine = c.request("POST", echo_path, "1", {{"x-tenant", "a"}, {"x-tenant", "b"}, {"cookie", "no"}});
  talk(c);
  EXPECT_EQ(c.answers[fine].status, "200");
  EXPECT_EQ(echo.seen.headers, (metadata{{"x-tenant", "a, b"}}));
  const auto unknown = c.request("POST", "/test.v1.Nobody/echo", "1");
  const auto form = c.request("POST", echo_path, "a=b", {{"content-type", "x-form"}});
  const auto verb = c.request("PUT", echo_path);
  const auto host = c.request("POST", echo_path, "1", {{":authority", "evil.example"}});
  talk(c);
  EXPECT_EQ(c.answers[unknown].status, "404");
  EXPECT_EQ(c.answers[unknown].fields.at("waggle-fault"), "caller");
  EXPECT_EQ(c.answers[form].status, "415");
  EXPECT_EQ(c.answers[verb].status, "405");
  EXPECT_THAT(c.answers[verb].fields.at("allow"), HasSubstr("POST"));
  EXPECT_EQ(c.answers[host].status, "403") << "the loopback's names only";
}

TEST_F(http2_test, answers_come_in_any_order) {
  client c;
  const auto slow = c.request("POST", wait_path, "1");
  const auto fast = c.request("POST", echo_path, "2");
  talk(c);
  EXPECT_EQ(c.answers[fast].body, "2");
  EXPECT_FALSE(c.answers[slow].done);
  EXPECT_TRUE(session->asking());
  EXPECT_EQ(session->waiting(), byte_session::waits::answer);
  echo.let_go("\"late\"");
  EXPECT_EQ(woken, 1);
  EXPECT_TRUE(session->has_output());
  talk(c);
  EXPECT_EQ(c.answers[slow].body, "\"late\"");
  EXPECT_FALSE(session->asking());
}

TEST_F(http2_test, head_has_the_fields_alone_and_gzip_is_as_in_http_1) {
  echo.big_answer = "\"" + std::string(5000, 'a') + "\"";
  client c;
  const auto head = c.request("HEAD", "/test.v1.Echo");
  const auto packed = c.request("POST", "/test.v1.Echo/big", "1", {{"accept-encoding", "gzip"}});
  talk(c);
  EXPECT_EQ(c.answers[head].fields.at("content-length"), fmt::to_string(echo.description().sdl.size()));
  EXPECT_TRUE(c.answers[head].done);
  EXPECT_EQ(c.answers[head].body, "");
  EXPECT_EQ(c.answers[packed].fields.at("content-encoding"), "gzip");
  EXPECT_EQ(gunzip(c.answers[packed].body, 10'000).bytes, echo.big_answer);
}

TEST_F(http2_test, a_long_answer_goes_as_the_client_takes_it) {
  echo.big_answer = std::string(3'000'000, 'x');
  client c(1000);
  const auto big = c.request("POST", "/test.v1.Echo/big", "1");
  talk(c);
  EXPECT_EQ(c.answers[big].body.size(), 3'000'000U);
  EXPECT_LT(wire.most_waiting, 64U << 10);
}

// The client's window stays shut.
TEST_F(http2_test, a_client_that_takes_nothing_loses_the_stream) {
  echo.big_answer = std::string(100'000, 'x');
  client c(0);
  const auto big = c.request("POST", "/test.v1.Echo/big", "1");
  const auto slow = c.request("POST", wait_path, "1");
  talk(c);
  EXPECT_EQ(session->waiting(), byte_session::waits::send);
  EXPECT_FALSE(session->has_output());
  clock.advance(seconds(29));
  session->timed_out();
  talk(c);
  EXPECT_EQ(c.answers[big].reset, ~0U);
  clock.advance(seconds(2));
  session->timed_out();
  talk(c);
  EXPECT_EQ(c.answers[big].reset, NGHTTP2_CANCEL);
  EXPECT_EQ(c.answers[slow].reset, ~0U) << "the others go on";
  EXPECT_EQ(session->waiting(), byte_session::waits::answer);
  session->abort();
}

// Answers are sent one after the other (RFC 9218 §10): who waits for another's end is not to blame.
TEST_F(http2_test, a_slow_client_whose_windows_are_open_gets_all) {
  echo.big_answer = std::string(1'000'000, 'x');
  client c(4 << 20);
  nghttp2_session_set_local_window_size(c.session(), NGHTTP2_FLAG_NONE, 0, 8 << 20);
  const auto first = c.request("POST", "/test.v1.Echo/big", "1");
  const auto second = c.request("POST", "/test.v1.Echo/big", "1");
  std::string to_server = c.exchange({});
  for (int turn = 0; turn < 200 && !c.answers[second].done; ++turn) {
    const auto space = session->space();
    ASSERT_LE(to_server.size(), space.size());
    to_server.copy(space.data(), space.size());
    session->received(to_server.size());
    session->proceed();
    clock.advance(seconds(1));
    const std::string bytes(session->output()[0]);
    session->sent(bytes.size());
    to_server = c.exchange(bytes);
  }
  for (const auto id : {first, second}) EXPECT_EQ(c.answers[id].body.size(), 1'000'000U);
}

TEST_F(http2_test, a_body_over_the_limit_is_refused_and_the_connection_goes_on) {
  client c;
  const auto said = c.request("POST", echo_path, "", {{"content-length", "100001"}}, true);
  const auto sent = c.request("POST", echo_path, std::string(200'000, ' '));
  const auto fine = c.request("POST", echo_path, std::string(99'999, ' ') + "1");
  talk(c);
  for (const auto id : {said, sent}) {
    EXPECT_EQ(c.answers[id].status, "429") << c.answers[id].body;
    EXPECT_THAT(c.answers[id].body, HasSubstr("the body is longer than the limit of 100000 bytes"));
    EXPECT_TRUE(c.answers[id].done);
  }
  EXPECT_EQ(c.answers[sent].reset, NGHTTP2_NO_ERROR) << "the rest was thrown away";
  EXPECT_EQ(c.answers[fine].status, "200");
  EXPECT_EQ(echo.asked, 1);
}

TEST_F(http2_test, unfinished_bodies_are_bounded_together) {
  client c;
  std::vector<std::int32_t> ids;
  for (int i = 0; i < 10; ++i) ids.push_back(c.request("POST", echo_path, std::string(90'000, ' '), {}, true));
  talk(c);
  const auto refused = std::ranges::count_if(ids, [&](auto id) { return c.answers[id].status == "429"; });
  EXPECT_GE(refused, 6);
  EXPECT_LT(refused, 10);
  EXPECT_EQ(session->waiting(), byte_session::waits::body);
  clock.advance(seconds(31));
  session->timed_out();
  talk(c);
  EXPECT_EQ(std::ranges::count_if(ids, [&](auto id) { return c.answers[id].status == "408"; }), 10 - refused);
  EXPECT_EQ(session->waiting(), byte_session::waits::idle);
  const auto fine = c.request("POST", echo_path, "1");
  talk(c);
  EXPECT_EQ(c.answers[fine].status, "200");
}

TEST_F(http2_test, a_slow_body_is_ended_while_the_connection_is_busy) {
  client c;
  const auto slow = c.request("POST", echo_path, "1", {}, true);
  for (int i = 0; i < 31; ++i) {
    c.request("POST", echo_path, "1");
    talk(c);
    clock.advance(seconds(1));
  }
  EXPECT_EQ(c.answers[slow].status, "408");
}

TEST_F(http2_test, a_request_is_refused_before_its_body) {
  echo.full = overloaded(failure_cause::queue_full, "the queue is full", seconds(1));
  client c;
  const auto id = c.request("POST", echo_path, "", {}, true);
  talk(c);
  EXPECT_EQ(c.answers[id].status, "429");
  EXPECT_EQ(echo.asked, 0);
  EXPECT_FALSE(session->asking());
}

TEST_F(http2_test, a_body_that_is_not_wanted_is_thrown_away_within_limits) {
  client c;
  const auto endless = c.request("POST", echo_path, std::string(2'000'000, ' '));
  const auto slow = c.request("POST", echo_path, std::string(200'000, ' '), {}, true);
  talk(c);
  EXPECT_EQ(c.answers[endless].status, "429");
  EXPECT_EQ(c.answers[endless].reset, NGHTTP2_NO_ERROR) << "RFC 9113 §8.1";
  EXPECT_EQ(c.answers[slow].status, "429");
  EXPECT_EQ(c.answers[slow].reset, ~0U);
  EXPECT_EQ(session->waiting(), byte_session::waits::body);
  clock.advance(seconds(31));
  session->timed_out();
  talk(c);
  EXPECT_EQ(c.answers[slow].reset, NGHTTP2_NO_ERROR);
  EXPECT_EQ(session->waiting(), byte_session::waits::idle);
  EXPECT_EQ(stats.http2_resets, 0U);
}

TEST_F(http2_test, a_client_that_waits_for_our_word_gets_it) {
  client c;
  const auto id = c.request("POST", echo_path, "1", {{"expect", "100-continue"}});
  const auto odd = c.request("POST", echo_path, "1", {{"expect", "magic"}});
  talk(c);
  EXPECT_EQ(c.answers[id].status, "200");
  EXPECT_EQ(c.answers[odd].status, "417");
}

TEST_F(http2_test, a_reset_stops_the_call) {
  client c;
  const auto id = c.request("POST", wait_path, "1");
  talk(c);
  c.reset(id);
  talk(c);
  EXPECT_EQ(echo.stopped, 1);
  EXPECT_FALSE(session->asking());
  EXPECT_EQ(session->waiting(), byte_session::waits::idle);
  EXPECT_EQ(stats.http2_resets, 1U);
}

TEST_F(http2_test, a_call_that_does_not_stop_keeps_its_exchange) {
  echo.stop_is_ignored = true;
  client c;
  const auto id = c.request("POST", wait_path, "1");
  talk(c);
  c.reset(id);
  talk(c);
  EXPECT_TRUE(session->asking());
  echo.let_go("1");
  EXPECT_FALSE(session->asking());
  c.request("POST", wait_path, "1");
  talk(c);
  session->abort();
  EXPECT_TRUE(session->over());
  EXPECT_TRUE(session->asking());
  echo.let_go("1");
  EXPECT_FALSE(session->asking());
  EXPECT_FALSE(session->has_output());
}

// The guest ran with an empty payload.
TEST_F(http2_test, a_call_that_does_not_stop_keeps_its_input) {
  echo.stop_is_ignored = true;
  client c;
  const auto id = c.request("POST", wait_path, R"({"text":"kept"})");
  talk(c);
  c.reset(id);
  talk(c);
  ASSERT_EQ(echo.waiting.size(), 1U);
  EXPECT_EQ(echo.waiting.front()->request.input, R"({"text":"kept"})");
  echo.let_go("1");
  EXPECT_FALSE(session->asking());
}

// CVE-2023-44487
TEST_F(http2_test, rapid_resets_end_the_connection) {
  client c;
  int rounds = 0;
  for (; rounds < 2000 && !c.goaway; ++rounds) {
    const auto id = c.request("POST", wait_path, "1");
    (void)c.exchange(give(c.exchange("")));
    c.reset(id);
    (void)c.exchange(give(c.exchange("")));
  }
  EXPECT_NEAR(rounds, 500, 20);
  EXPECT_EQ(c.goaway_code, NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_TRUE(session->over());
  EXPECT_TRUE(echo.waiting.empty());
}

TEST_F(http2_test, calls_that_were_reset_and_go_on_count) {
  echo.stop_is_ignored = true;
  client c;
  std::int32_t last = 0;
  for (int i = 0; i < 300; ++i) {
    last = c.request("POST", wait_path, "1");
    (void)c.exchange(give(c.exchange("")));
    c.reset(last);
    (void)c.exchange(give(c.exchange("")));
  }
  EXPECT_EQ(echo.waiting.size(), 200U);
  while (!echo.waiting.empty()) echo.let_go("1");
  const auto fine = c.request("POST", echo_path, "1");
  talk(c);
  EXPECT_EQ(c.answers[fine].status, "200");
}

// CVE-2025-8671: the client makes the server reset
TEST_F(http2_test, streams_that_break_the_rules_count_as_resets) {
  client c;
  std::string bytes = client::hello();
  for (std::uint32_t id = 1; id < 3000; id += 2) {
    bytes += client::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, id,
                           client::block(client::get(std::string(wait_path) + "?connect=v1&encoding=json&message=1")));
    bytes += client::frame(NGHTTP2_WINDOW_UPDATE, 0, id, std::string(4, '\0'));  // by zero: §6.9
  }
  attack(c, bytes);
  EXPECT_TRUE(c.goaway);
  EXPECT_TRUE(session->over());
  EXPECT_LE(echo.asked, 520);
  EXPECT_TRUE(echo.waiting.empty());
}

TEST_F(http2_test, a_thousand_streams_are_a_hundred_at_a_time) {
  client c;
  std::string bytes = client::hello();
  for (std::uint32_t id = 1; id < 2000; id += 2)
    bytes += client::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, id,
                           client::block(client::get(std::string(wait_path) + "?connect=v1&encoding=json&message=1")));
  attack(c, bytes);
  EXPECT_LE(echo.asked, 100);
  EXPECT_GE(echo.asked, 1);
  session->abort();
  EXPECT_TRUE(echo.waiting.empty());
}

TEST_F(http2_test, floods_of_frames_that_ask_for_nothing_end_the_connection) {
  const std::pair<std::uint8_t, std::string> kinds[] = {
      {NGHTTP2_PING, std::string(8, 'p')}, {NGHTTP2_SETTINGS, ""}, {NGHTTP2_PRIORITY, std::string(5, '\0')}};
  for (const auto& [type, payload] : kinds) {
    connect();
    client c;
    std::string bytes = client::hello();
    for (int i = 0; i < 1900; ++i) bytes += client::frame(type, 0, type == NGHTTP2_PRIORITY ? 1 : 0, payload);
    attack(c, bytes);
    EXPECT_FALSE(session->over()) << int{type};
    bytes.clear();
    for (int i = 0; i < 200; ++i) bytes += client::frame(type, 0, type == NGHTTP2_PRIORITY ? 1 : 0, payload);
    attack(c, bytes);
    EXPECT_TRUE(session->over()) << int{type};
    EXPECT_TRUE(session->space().empty());
    EXPECT_LT(wire.most_waiting, 64U << 10);
  }
}

TEST_F(http2_test, a_head_over_the_limit_is_431) {
  client c;
  const auto id = c.request("GET", "/test.v1.Echo", "", {{"x-long", std::string(5000, 'a')}});
  const auto fine = c.request("GET", "/test.v1.Echo");
  talk(c);
  EXPECT_EQ(c.answers[id].status, "431");
  EXPECT_EQ(c.answers[fine].status, "200");
}

// One long entry of the table, and then references to it, a byte each (RFC 7541 §7.3).
TEST_F(http2_test, a_bomb_of_fields_ends_the_connection) {
  client c;
  std::string block = client::block(client::get("/test.v1.Echo"));
  std::string long_one = client::block({{"x-bomb", std::string(3900, 'b')}});
  long_one[0] = '\x40';  // kept in the table
  block += long_one;
  block.append(10'000, '\xbe');  // §6.1, the newest entry
  attack(c, client::hello() +
                client::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1, block));
  EXPECT_TRUE(c.goaway);
  EXPECT_EQ(c.goaway_code, NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_TRUE(session->over());
  EXPECT_EQ(echo.asked, 0);
}

// CVE-2024-27316 and its like
TEST_F(http2_test, a_head_without_an_end_ends_the_connection) {
  client c;
  std::string bytes = client::hello();
  bytes += client::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1, client::block(client::get("/test.v1.Echo")));
  attack(c, bytes);
  EXPECT_EQ(session->waiting(), byte_session::waits::head);
  bytes.clear();
  for (int i = 0; i < 1000; ++i) bytes += client::frame(NGHTTP2_CONTINUATION, 0, 1, client::block({{"x-a", "b"}}));
  attack(c, bytes);
  EXPECT_TRUE(session->over());

  connect();
  client slow;
  attack(slow, client::hello() + client::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1));
  session->timed_out();
  attack(slow, "");
  EXPECT_TRUE(slow.goaway);
  EXPECT_TRUE(session->over());
}

// RFC 9113 §8.1.1
TEST_F(http2_test, malformed_requests_are_reset) {
  using fields = client::fields;
  const fields good = client::get("/test.v1.Echo");
  const auto with = [&](const fields& more) {
    fields all = good;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const fields bad[] = {with({{"connection", "close"}}), with({{"transfer-encoding", "chunked"}}),
                        with({{"X-Upper", "1"}}),        with({{":path", "/"}}),
                        with({{":odd", "1"}}),           with({{"host", "other"}}),
                        with({{"te", "gzip"}}),          with({{"content-length", "5"}}),
                        with({{"x", "a\nb"}}),           {good.begin() + 1, good.end()},
                        with({{"upgrade", "websocket"}})};
  client c;
  std::string bytes = client::hello();
  std::uint32_t id = 1;
  for (const fields& f : bad) {
    bytes += client::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, id, client::block(f));
    id += 2;
  }
  const std::string said = give(bytes);
  std::size_t resets = 0;
  std::size_t answers = 0;
  for (std::size_t at = 0; at + 9 <= said.size();) {
    const std::size_t length =
        (std::size_t{static_cast<unsigned char>(said[at + 1])} << 8) + static_cast<unsigned char>(said[at + 2]);
    resets += said[at + 3] == NGHTTP2_RST_STREAM ? 1 : 0;
    answers += said[at + 3] == NGHTTP2_HEADERS ? 1 : 0;
    at += 9 + length;
  }
  EXPECT_EQ(resets, std::size(bad));
  EXPECT_EQ(answers, 0U);
  EXPECT_FALSE(session->over());
}

TEST_F(http2_test, what_is_not_http_2_ends_the_connection) {
  for (const std::string& bytes : {std::string("GET / HTTP/1.1\r\n\r\n"), client::hello() + std::string(100, '\xff'),
                                   std::string("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")}) {
    connect();
    give(bytes);
    EXPECT_TRUE(session->over()) << bytes;
  }
}

TEST_F(http2_test, connect_is_a_method_that_is_not_there) {
  client c;
  attack(c, client::hello() + client::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1,
                                            client::block({{":method", "CONNECT"}, {":authority", "localhost:80"}})));
  EXPECT_FALSE(session->over());
  session->abort();
}

TEST_F(http2_test, a_drain_lets_finish_what_runs) {
  client c;
  const auto slow = c.request("POST", wait_path, "1");
  talk(c);
  shared.draining = true;
  session->drain();
  talk(c);
  EXPECT_TRUE(c.goaway);
  EXPECT_FALSE(session->over());
  echo.let_go("1");
  talk(c);
  EXPECT_EQ(c.answers[slow].body, "1");
  EXPECT_TRUE(session->over());

  shared.draining = false;
  connect();
  client late;
  talk(late);
  shared.draining = true;
  session->drain();
  const auto first = late.request("POST", echo_path, "2");
  talk(late);
  EXPECT_EQ(late.answers[first].body, "2") << "it was on its way";
  EXPECT_TRUE(session->over());
}

TEST_F(http2_test, idle_connections_are_told) {
  client c;
  c.request("POST", echo_path, "1");
  talk(c);
  session->timed_out();
  talk(c);
  EXPECT_TRUE(c.goaway);
  EXPECT_EQ(c.goaway_code, NGHTTP2_NO_ERROR);
  EXPECT_TRUE(session->over());
}

}  // namespace
}  // namespace waggle
