#include "gateway/tls_session.h"

#include <sys/stat.h>

#include <cstring>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "gateway/byte_session_for_tests.h"
#include "gateway/fake_service_for_tests.h"
#include "gateway/http2_for_tests.h"
#include "gateway/http2_session.h"
#include "gateway/http_session.h"
#include "gateway/tls_for_tests.h"
#include "gateway/tls_source.h"

namespace waggle {
namespace {

using std::chrono::hours;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

const certificates_for_tests& files() {
  static const certificates_for_tests made;
  static const bool there = made.make("first", "first") && made.make("second", "second");
  EXPECT_TRUE(there) << "needs the program openssl";
  return made;
}

class tls_test : public testing::Test {
 protected:
  tls_test() {
    clock.set_wall(std::chrono::system_clock::now());
    directory.put("test.v1.Echo", echo);
    shared.settings.header_limit = 1024;
    auto loaded = tls_context::load(files().path("first.pem"), files().path("first.key"), clock.wall());
    EXPECT_TRUE(loaded.has_value()) << loaded.error().message;
    context = *std::move(loaded);
    connect();
  }

  void connect() {
    session = std::make_unique<tls_session>(
        shared, context,
        [this](bool http2, void* self, byte_session::waker on_more) {
          chose_http2 = http2;
          return std::make_unique<http_session>(shared, self, on_more);
        },
        this, [](void* self) { ++static_cast<tls_test*>(self)->woken; });
  }

  /// Gives the session these bytes; what it sends.
  std::string give(std::string_view bytes, std::size_t piece = 1'000'000) { return wire.give(*session, bytes, piece); }
  std::string take() { return wire.take(*session); }
  /// Carries bytes until both have said all.
  void talk(tls_client_for_tests& c, std::string to_server = {}, std::size_t piece = 1'000'000) {
    do to_server = c.exchange(give(to_server, piece));
    while (!to_server.empty());
  }
  void send(tls_client_for_tests& c, std::string_view bytes) { talk(c, c.encrypt(bytes)); }

  static std::string post(std::string_view method, std::string_view body) {
    return fmt::format(
        "POST /test.v1.Echo/{} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
        "{}\r\n\r\n{}",
        method, body.size(), body);
  }

  manual_clock clock;
  service_directory directory;
  http_stats stats;
  fake_service echo;
  http_shared shared{clock, directory, stats};
  std::shared_ptr<const tls_context> context;
  int woken = 0;
  bool chose_http2 = false;
  std::unique_ptr<tls_session> session;
  wire_for_tests wire{.sip = 1000};
};

TEST_F(tls_test, requests_are_answered_over_1_3_and_1_2) {
  for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
    connect();
    tls_client_for_tests c("", version);
    talk(c);
    ASSERT_TRUE(c.done);
    EXPECT_EQ(SSL_version(c.ssl()), version);
    send(c, post("echo", "1") + post("echo", "22"));
    EXPECT_THAT(c.got, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(c.got, HasSubstr("\r\n\r\n1HTTP/1.1"));
    EXPECT_THAT(c.got, EndsWith("\r\n\r\n22"));
    EXPECT_EQ(session->waiting(), byte_session::waits::idle);
    EXPECT_EQ(session->requests(), 2U);
  }
  EXPECT_EQ(stats.tls_failures, 0U);
}

TEST_F(tls_test, bytes_one_by_one_make_the_same_answer) {
  tls_client_for_tests c;
  talk(c, {}, 1);
  talk(c, c.encrypt(post("echo", "[1,2]")), 1);
  EXPECT_THAT(c.got, EndsWith("\r\n\r\n[1,2]"));
}

// RFC 7301
TEST_F(tls_test, the_protocol_is_agreed_on) {
  struct row {
    std::string_view offered;
    bool done, http2;
  };
  using namespace std::string_view_literals;
  for (const row& r :
       {row{"\x08http/1.1"sv, true, false}, row{"\x08http/1.1\x02h2"sv, true, true}, row{"\x02h2"sv, true, true},
        row{""sv, true, false}, row{"\x03imap"sv.substr(0, 4), false, false}}) {
    connect();
    tls_client_for_tests c(r.offered);
    talk(c);
    EXPECT_EQ(c.done && !c.failed, r.done) << r.offered;
    EXPECT_EQ(chose_http2, r.http2) << r.offered;
    chose_http2 = false;
  }
}

// RFC 8996
TEST_F(tls_test, old_versions_are_refused) {
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    connect();
    tls_client_for_tests c("", version, version);
    talk(c);
    EXPECT_FALSE(c.done);
    EXPECT_TRUE(c.failed);
    EXPECT_TRUE(session->over());
  }
  EXPECT_EQ(stats.tls_failures, 2U);
}

TEST_F(tls_test, plain_http_is_told_so_in_plain_http) {
  for (const char* request : {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS * HTTP/1.1\r\n\r\n"}) {
    connect();
    const std::string answer = give(request);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
    EXPECT_THAT(answer, HasSubstr("https://"));
    EXPECT_TRUE(session->over());
  }
  EXPECT_EQ(stats.tls_failures, 2U);
}

TEST_F(tls_test, garbage_ends_the_handshake_and_nothing_else) {
  for (const std::string& garbage :
       {std::string(100, '\0'), std::string("\x16\x03\x01\xff\xff") + std::string(70'000, 'x'),
        std::string("\x16\x03\x01\x00\x02\x01\x01", 7), std::string(1, '\x80')}) {
    connect();
    give(garbage);
    session->end_of_input();
    take();
    EXPECT_TRUE(session->over());
    EXPECT_EQ(ERR_peek_error(), 0U) << "of this connection, left for others to find";
  }
  connect();
  tls_client_for_tests c;
  talk(c);
  send(c, post("echo", "1"));
  EXPECT_THAT(c.got, EndsWith("\r\n\r\n1"));
}

TEST_F(tls_test, a_forged_record_ends_the_connection) {
  tls_client_for_tests c;
  talk(c);
  send(c, post("wait", "1"));
  std::string bytes = c.encrypt(post("echo", "1"));
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  talk(c, bytes);
  EXPECT_TRUE(c.failed);
  EXPECT_TRUE(session->over());
  EXPECT_EQ(echo.stopped, 1) << "what is pending is told";
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST_F(tls_test, a_slow_handshake_is_ended) {
  EXPECT_EQ(session->waiting(), byte_session::waits::first);
  tls_client_for_tests c;
  give(c.exchange("").substr(0, 20));
  EXPECT_EQ(session->waiting(), byte_session::waits::head);
  session->timed_out();
  EXPECT_TRUE(session->over());
  EXPECT_EQ(stats.tls_failures, 1U);
}

TEST_F(tls_test, little_is_encrypted_at_a_time) {
  echo.big_answer = std::string(5'000'000, 'x');
  tls_client_for_tests c;
  talk(c);
  send(c, post("big", "{}"));
  EXPECT_EQ(c.got.size() - c.got.find("\r\n\r\n") - 4, 5'000'000U);
  EXPECT_LT(wire.most_waiting, 64U << 10);
}

TEST_F(tls_test, little_is_taken_while_a_call_is_pending) {
  tls_client_for_tests c;
  talk(c);
  send(c, post("wait", "1"));
  const std::string more = c.encrypt(std::string(1'000'000, 'x'));
  std::size_t taken = 0;
  for (;;) {
    const auto space = session->space();
    if (space.empty()) break;
    std::memcpy(space.data(), more.data() + taken, space.size());
    taken += space.size();
    session->received(space.size());
    EXPECT_EQ(take(), "");
  }
  EXPECT_LT(taken, 64U << 10);
  echo.let_go("1");
  EXPECT_EQ(woken, 1);
  EXPECT_TRUE(session->has_output());
}

TEST_F(tls_test, both_say_good_bye) {
  tls_client_for_tests c;
  talk(c);
  send(c, "GET /test.v1.Echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(c.got, HasSubstr("type Query"));
  EXPECT_TRUE(c.closed);
  EXPECT_TRUE(session->over());

  connect();
  tls_client_for_tests other;
  talk(other);
  talk(other, other.bye());
  EXPECT_TRUE(other.closed);
  EXPECT_TRUE(session->over());
}

TEST_F(tls_test, a_client_that_goes_has_its_call_stopped) {
  tls_client_for_tests c;
  talk(c);
  send(c, post("wait", "1"));
  EXPECT_EQ(session->waiting(), byte_session::waits::answer);
  session->end_of_input();
  session->proceed();
  EXPECT_EQ(echo.stopped, 1);

  connect();
  tls_client_for_tests other;
  talk(other);
  echo.stop_is_ignored = true;
  send(other, post("wait", "1"));
  session->abort();
  EXPECT_TRUE(session->asking());
  echo.let_go("1");
  EXPECT_FALSE(session->asking());
  EXPECT_EQ(take(), "");
}

// It stayed open until its client left.
TEST_F(tls_test, a_drain_during_the_handshake_is_told_to_what_comes_after_it) {
  session = std::make_unique<tls_session>(
      shared, context,
      [this](bool, void* self, byte_session::waker on_more) {
        return std::make_unique<http2_session>(shared, self, on_more);
      },
      this, [](void*) {});
  shared.draining = true;
  session->drain();
  tls_client_for_tests c("\x02h2");
  talk(c);
  ASSERT_TRUE(c.done);
  http2_client_for_tests inner;
  const auto id = inner.request("POST", "/test.v1.Echo/echo", "2");
  send(c, inner.exchange(""));  // on its way already
  for (int i = 0; i < 4; ++i)
    if (const std::string more = inner.exchange(std::exchange(c.got, {})); !more.empty()) send(c, more);
  EXPECT_EQ(inner.answers[id].body, "2");
  EXPECT_TRUE(inner.goaway);
  EXPECT_TRUE(session->over());
}

TEST_F(tls_test, a_client_may_not_negotiate_anew) {
  tls_client_for_tests c("", TLS1_2_VERSION);
  talk(c);
  ASSERT_TRUE(c.done);
  ASSERT_EQ(SSL_renegotiate(c.ssl()), 1);
  SSL_do_handshake(c.ssl());
  talk(c, c.exchange(""));
  EXPECT_TRUE(c.failed) << "the server says no_renegotiation, a client of OpenSSL takes that for the end";
  EXPECT_TRUE(session->over());
}

TEST(tls_source, new_handshakes_use_the_new_certificate_and_a_bad_one_is_not_taken) {
  manual_clock clock;
  clock.set_wall(std::chrono::system_clock::now());
  const auto& f = files();
  f.copy("first.pem", "it.pem");
  f.copy("first.key", "it.key");
  auto source = tls_source::open(f.path("it.pem"), f.path("it.key"), clock);
  ASSERT_TRUE(source.has_value()) << source.error().message;
  const auto first = (*source)->current();
  EXPECT_TRUE((*source)->refresh(false));
  EXPECT_EQ((*source)->current(), first) << "nothing has changed";
  f.copy("second.pem", "it.pem");
  EXPECT_FALSE((*source)->refresh(false)) << "the key is still the other's";
  EXPECT_EQ((*source)->current(), first);
  f.copy("second.key", "it.key");
  EXPECT_TRUE((*source)->refresh(false));
  EXPECT_NE((*source)->current(), first);
  EXPECT_TRUE((*source)->refresh(true));
}

TEST(tls_context, says_what_is_wrong_with_the_files) {
  const auto& f = files();
  const auto now = std::chrono::system_clock::now();
  const auto why = [&](std::string_view certificate, std::string_view key) {
    const auto loaded = tls_context::load(f.path(certificate), f.path(key), now);
    return loaded ? "" : loaded.error().message;
  };
  f.write("text", "hello\n");
  EXPECT_THAT(why("none.pem", "first.key"), HasSubstr("none.pem: No such file"));
  EXPECT_THAT(why("first.pem", "none.key"), HasSubstr("none.key: No such file"));
  EXPECT_THAT(why("text", "first.key"), HasSubstr("text: it holds no chain of certificates"));
  EXPECT_THAT(why("first.pem", "text"), HasSubstr("text: it holds no private key"));
  EXPECT_THAT(why("first.pem", "first.pem"), HasSubstr("it holds no private key"));
  EXPECT_THAT(why("first.pem", "second.key"), HasSubstr("it is not the key of the certificate"));
  EXPECT_EQ(why("first.pem", "first.key"), "");
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(tls_context, warns_of_dates_and_of_a_key_that_others_can_read) {
  const auto& f = files();
  f.copy("first.key", "open.key");
  ::chmod(f.path("open.key").c_str(), 0644);
  const auto now = std::chrono::system_clock::now();
  const auto late = tls_context::load(f.path("first.pem"), f.path("open.key"), now + hours(24 * 30));
  ASSERT_TRUE(late.has_value());
  EXPECT_THAT((*late)->warnings(), testing::ElementsAre(HasSubstr("chmod 600"), HasSubstr("it expired on 20")));
  const auto early = tls_context::load(f.path("first.pem"), f.path("first.key"), now - hours(24));
  ASSERT_TRUE(early.has_value());
  EXPECT_THAT((*early)->warnings(), testing::ElementsAre(HasSubstr("it is not valid before 20")));
}

}  // namespace
}  // namespace waggle
