#include "gateway/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "gateway/fake_service_for_tests.h"
#include "gateway/http2_for_tests.h"
#include "gateway/tls_for_tests.h"
#include "gateway/tls_source.h"

namespace waggle {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

/// A plain client socket that never blocks.
class client {
 public:
  explicit client(std::uint16_t port, int receive_buffer = 0) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) ADD_FAILURE() << "cannot connect";
  }
  explicit client(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path.copy(to.sun_path, sizeof to.sun_path - 1);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) ADD_FAILURE() << "cannot connect";
  }
  ~client() { close(); }
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  void send(std::string_view bytes) const {
    if (::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
      ADD_FAILURE() << "send";
  }
  void end() const { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  /// With a reset instead of an orderly end.
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  /// Takes what is there, at most `most` bytes.
  void receive(std::size_t most = 1 << 20) {
    std::string some(most, '\0');
    const ssize_t n = ::recv(fd_, some.data(), some.size(), MSG_DONTWAIT);
    if (n > 0) got.append(some, 0, static_cast<std::size_t>(n));
    if (n == 0) ended = true;
    if (n < 0 && errno == ECONNRESET) was_reset = true;
  }

  std::string got;
  bool ended = false;
  bool was_reset = false;

 private:
  int fd_;
};

std::string post(std::string_view method, std::string_view body, std::string_view fields = {}) {
  return fmt::format(
      "POST /test.v1.Echo/{} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{}"
      "Content-Length: {}\r\n\r\n{}",
      method, fields, body.size(), body);
}

class server_test : public testing::Test {
 protected:
  server_test() {
    directory.put("test.v1.Echo", echo);
    start({});
  }

  void start(http_settings settings) {
    server = std::make_unique<http_server>(loop, directory, std::move(settings));
    ASSERT_TRUE(server->listen("127.0.0.1", 0).has_value());
    port = server->port();
    ASSERT_NE(port, 0);
  }

  /// Runs the server until `what` holds. The time that passes is the kernel's, never the test's clock's.
  template <class F>
  bool until(F what) {
    const auto give_up = std::chrono::steady_clock::now() + seconds(20);
    while (!what()) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      loop.poll();
    }
    return true;
  }
  bool until_got(client& c, std::string_view text) {
    return until([&] {
      c.receive();
      return c.got.find(text) != std::string::npos;
    });
  }
  bool until_ended(client& c) {
    return until([&] {
      c.receive();
      return c.ended;
    });
  }
  /// Gives the other side's TLS or HTTP/2 what has come, and sends what it says to that.
  template <class Talker>
  static void talk(client& c, Talker& talker) {
    c.receive();
    if (const std::string more = talker.exchange(std::exchange(c.got, {})); !more.empty()) c.send(more);
  }
  bool until_open(std::uint64_t connections) {
    return until([&] { return server->stats().connections_open == connections; });
  }

  manual_clock clock;
  core_loop loop{0, clock};
  service_directory directory;
  fake_service echo;
  std::unique_ptr<http_server> server;
  std::uint16_t port = 0;
};

TEST_F(server_test, answers_and_keeps_the_connection) {
  client c(port);
  for (const char* body : {"1", "22", "333"}) {
    c.got.clear();
    c.send(post("echo", body));
    EXPECT_TRUE(until_got(c, fmt::format("\r\n\r\n{}", body)));
  }
  EXPECT_EQ(server->stats().connections_total, 1U);
  EXPECT_EQ(server->stats().requests, 3U);
  EXPECT_EQ(server->stats().answers[2], 3U);
}

TEST_F(server_test, pipelined_requests_are_answered_in_order) {
  client c(port);
  c.send(post("echo", "1") + post("wait", "2") + post("echo", "3") + post("echo", "4"));
  EXPECT_TRUE(until([&] { return !echo.waiting.empty(); }));
  EXPECT_EQ(echo.asked, 2);
  echo.let_go("22");
  EXPECT_TRUE(until_got(c, "\r\n\r\n4"));
  EXPECT_LT(c.got.find("\r\n\r\n22"), c.got.find("\r\n\r\n3"));
}

TEST_F(server_test, a_client_that_pipelines_leaves_others_their_turn) {
  client many(port);
  client one(port);
  EXPECT_TRUE(until_open(2));
  std::string requests;
  for (int i = 0; i < 40; ++i) requests += "GET /test.v1.Echo HTTP/1.1\r\nHost: localhost\r\n\r\n";
  many.send(requests);
  const auto give_up = std::chrono::steady_clock::now() + seconds(20);
  while (server->stats().requests == 0 && std::chrono::steady_clock::now() < give_up) loop.poll_one();
  EXPECT_EQ(server->stats().requests, 16U);
  one.send(post("echo", "1"));
  EXPECT_TRUE(until_got(one, "\r\n\r\n1"));
  EXPECT_TRUE(until([&] { return server->stats().requests == 41; }));
}

TEST_F(server_test, connection_close_is_an_orderly_end) {
  client c(port);
  c.send(post("echo", "1", "Connection: close\r\n"));
  EXPECT_TRUE(until_ended(c));
  EXPECT_THAT(c.got, HasSubstr("\r\n\r\n1"));
  c.close();
  EXPECT_TRUE(until_open(0));
}

TEST_F(server_test, a_client_that_never_ends_is_left_after_the_linger_time) {
  client c(port);
  c.send(post("echo", "1", "Connection: close\r\n"));
  EXPECT_TRUE(until_ended(c));
  EXPECT_EQ(server->stats().connections_open, 1U);
  clock.advance(milliseconds(2010));
  EXPECT_TRUE(until_open(0));
}

TEST_F(server_test, the_refusal_of_a_large_body_arrives_although_the_body_still_comes) {
  client c(port);
  c.send("POST /test.v1.Echo/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n");
  EXPECT_TRUE(until_got(c, "resource_exhausted"));
  for (int i = 0; i < 100; ++i) {
    c.send(std::string(10'000, ' '));
    loop.poll();
  }
  EXPECT_TRUE(until_ended(c));
  EXPECT_FALSE(c.was_reset);
}

TEST_F(server_test, a_client_that_goes_away_cancels_its_pending_call) {
  for (const bool orderly : {true, false}) {
    echo.stopped = 0;
    client c(port);
    c.send(post("wait", "1"));
    EXPECT_TRUE(until([&] { return !echo.waiting.empty(); }));
    if (orderly)
      c.close();
    else
      c.reset();
    EXPECT_TRUE(until([&] { return echo.stopped == 1; }));
    EXPECT_TRUE(echo.waiting.empty());
    EXPECT_TRUE(until_open(0));
  }
}

TEST_F(server_test, a_call_that_cannot_be_stopped_outlives_its_connection) {
  echo.stop_is_ignored = true;
  client c(port);
  c.send(post("wait", "1"));
  EXPECT_TRUE(until([&] { return !echo.waiting.empty(); }));
  c.reset();
  EXPECT_TRUE(until_open(0));
  EXPECT_EQ(echo.waiting.size(), 1U);
  echo.let_go("1");
  EXPECT_EQ(server->stats().answers[2], 0U);
}

TEST_F(server_test, a_half_closed_client_still_gets_its_answer) {
  client c(port);
  c.send(post("echo", "1") + post("echo", "2"));
  c.end();
  EXPECT_TRUE(until_ended(c));
  EXPECT_THAT(c.got, HasSubstr("\r\n\r\n2"));
}

TEST_F(server_test, slow_heads_end_after_the_header_time) {
  client silent(port);
  client slow(port);
  slow.send("POST /");
  EXPECT_TRUE(until([&] { return server->stats().bytes_in == 6 && server->stats().connections_open == 2; }));
  clock.advance(milliseconds(6'000));
  slow.send("test");  // a byte now and then does not help
  EXPECT_TRUE(until([&] { return server->stats().bytes_in == 10; }));
  clock.advance(milliseconds(4'010));
  EXPECT_TRUE(until_ended(slow));
  EXPECT_THAT(slow.got, StartsWith("HTTP/1.1 408 "));
  EXPECT_TRUE(until_ended(silent));
  EXPECT_EQ(silent.got, "");
}

TEST_F(server_test, slow_bodies_end_after_the_body_time) {
  client c(port);
  c.send("POST /test.v1.Echo/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n123");
  EXPECT_TRUE(until([&] { return server->stats().bytes_in > 0; }));
  clock.advance(milliseconds(29'000));
  loop.poll();
  c.receive();
  EXPECT_EQ(c.got, "");
  clock.advance(milliseconds(1'010));
  EXPECT_TRUE(until_ended(c));
  EXPECT_THAT(c.got, StartsWith("HTTP/1.1 408 "));
}

TEST_F(server_test, idle_connections_end_after_the_idle_time_counted_from_the_last_request) {
  client c(port);
  c.send(post("echo", "1"));
  EXPECT_TRUE(until_got(c, "\r\n\r\n1"));
  clock.advance(seconds(70));
  c.send(post("echo", "2"));
  EXPECT_TRUE(until_got(c, "\r\n\r\n2"));
  clock.advance(seconds(70));
  for (int i = 0; i < 10; ++i) loop.poll();
  c.receive();
  EXPECT_FALSE(c.ended);
  clock.advance(milliseconds(5'010));
  EXPECT_TRUE(until_ended(c));
}

TEST_F(server_test, a_pending_call_has_no_time_limit_of_the_gateways) {
  client c(port);
  c.send(post("wait", "1"));
  EXPECT_TRUE(until([&] { return !echo.waiting.empty(); }));
  clock.advance(seconds(3600));
  for (int i = 0; i < 10; ++i) loop.poll();
  ASSERT_EQ(echo.waiting.size(), 1U);
  echo.let_go("1");
  EXPECT_TRUE(until_got(c, "\r\n\r\n1"));
}

TEST_F(server_test, an_answer_larger_than_the_sockets_buffers_comes_whole) {
  echo.big_answer = std::string(8 << 20, '7');
  client c(port, 4096);
  c.send(post("big", "1") + post("echo", "1"));
  EXPECT_TRUE(until([&] {
    c.receive(100'000);
    return c.got.ends_with("\r\n\r\n1");
  }));
  EXPECT_EQ(std::ranges::count(c.got, '7') >= 8 << 20, true);
}

TEST_F(server_test, a_client_that_takes_nothing_is_left_after_the_write_time) {
  echo.big_answer = std::string(64 << 20, '7');
  client c(port, 4096);
  c.send(post("big", "1"));
  EXPECT_TRUE(until([&] { return server->stats().bytes_out > 0; }));
  for (int i = 0; i < 100; ++i) loop.poll();
  clock.advance(milliseconds(30'010));
  EXPECT_TRUE(until_open(0));
}

TEST_F(server_test, draining_finishes_what_runs_and_closes_what_is_idle) {
  client idle(port);
  client fresh(port);
  client late(port);
  client busy(port);
  idle.send(post("echo", "1"));
  EXPECT_TRUE(until_got(idle, "\r\n\r\n1"));
  busy.send(post("wait", "1"));
  EXPECT_TRUE(until([&] { return !echo.waiting.empty() && server->stats().connections_open == 4; }));
  client queued(port);  // not accepted yet, its request is on the way
  queued.send(post("echo", "5"));
  bool done = false;
  server->drain(duration{0}, [&] { done = true; });
  EXPECT_TRUE(until_ended(idle));
  EXPECT_TRUE(until_ended(queued));
  late.send(post("echo", "7"));  // connected before, and did not know
  EXPECT_TRUE(until_ended(late));
  EXPECT_THAT(late.got, HasSubstr("\r\n\r\n7"));
  EXPECT_TRUE(fresh.got.empty());
  clock.advance(milliseconds(110));
  EXPECT_TRUE(until_ended(fresh));
  EXPECT_THAT(queued.got, HasSubstr("Connection: close\r\n"));
  EXPECT_FALSE(done);
  echo.let_go("22");
  EXPECT_TRUE(until_ended(busy));
  EXPECT_THAT(busy.got, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(busy.got, HasSubstr("\r\n\r\n22"));
  for (client* c : {&idle, &fresh, &late, &busy, &queued}) c->close();
  EXPECT_TRUE(until([&] { return done; }));
}

TEST_F(server_test, draining_goes_on_accepting_during_its_grace) {
  bool done = false;
  server->drain(seconds(1), [&] { done = true; });
  client c(port);
  c.send(post("echo", "1"));
  EXPECT_TRUE(until_ended(c));
  EXPECT_THAT(c.got, HasSubstr("Connection: close\r\n"));
  c.close();
  EXPECT_TRUE(until_open(0));
  EXPECT_FALSE(done);
  clock.advance(milliseconds(1'010));
  EXPECT_TRUE(until([&] { return done; }));
}

TEST_F(server_test, closing_cancels_what_is_pending) {
  client c(port);
  c.send(post("wait", "1"));
  EXPECT_TRUE(until([&] { return !echo.waiting.empty(); }));
  server->close();
  EXPECT_EQ(echo.stopped, 1);
  EXPECT_EQ(server->stats().connections_open, 0U);
  loop.poll();
  EXPECT_TRUE(until_ended(c) || c.was_reset);
}

TEST_F(server_test, the_server_may_go_before_its_pending_call) {
  echo.stop_is_ignored = true;
  client c(port);
  c.send(post("wait", "1") + post("echo", "2"));
  EXPECT_TRUE(until([&] { return !echo.waiting.empty(); }));
  server.reset();
  loop.poll();
  echo.let_go("1");
  loop.poll();
  EXPECT_EQ(echo.asked, 1);
}

TEST_F(server_test, connections_over_the_limit_wait_for_their_turn) {
  http_settings few;
  few.max_connections = 1;
  start(few);
  client first(port);
  first.send(post("echo", "1"));
  EXPECT_TRUE(until_got(first, "\r\n\r\n1"));
  client second(port);
  second.send(post("echo", "2"));
  for (int i = 0; i < 100; ++i) loop.poll();
  EXPECT_EQ(server->stats().connections_total, 1U);
  first.close();
  EXPECT_TRUE(until_got(second, "\r\n\r\n2"));
}

TEST_F(server_test, two_servers_share_a_port) {
  http_server other(loop, directory, {});
  EXPECT_TRUE(other.listen("127.0.0.1", port).has_value());
}

TEST_F(server_test, what_cannot_be_listened_on_is_an_error_that_says_so) {
  http_server other(loop, directory, {});
  const auto name = other.listen("example", 1);
  ASSERT_FALSE(name.has_value());
  EXPECT_EQ(name.error().code, error_code::invalid_argument);
  const auto foreign = other.listen("192.0.2.1", 0);
  ASSERT_FALSE(foreign.has_value());
  EXPECT_THAT(foreign.error().message, StartsWith("cannot listen on 192.0.2.1 port 0: "));
}

TEST(server_thread, serves_on_a_thread_of_its_own) {
  steady_clock_source time;
  core_loop loop(0, time);
  service_directory directory;
  fake_service echo;
  directory.put("test.v1.Echo", echo);
  auto server = std::make_unique<http_server>(loop, directory, http_settings{});
  ASSERT_TRUE(server->listen("127.0.0.1", 0).has_value());
  const std::uint16_t port = server->port();
  std::thread core([&] { loop.run(); });
  {
    client c(port);
    for (int i = 0; i < 100; ++i) c.send(post("echo", "1"));
    const auto give_up = std::chrono::steady_clock::now() + seconds(20);
    while (server->stats().requests < 100 && std::chrono::steady_clock::now() < give_up) c.receive();
    EXPECT_EQ(server->stats().requests, 100U);
  }
  loop.post([&] {
    server.reset();
    loop.stop();
  });
  core.join();
}

class local_server_test : public server_test {
 protected:
  local_server_test() {
    std::string pattern = (std::filesystem::temp_directory_path() / "waggle-socket-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    path = folder / "s";
    server = make();
  }
  ~local_server_test() override { std::filesystem::remove_all(folder); }
  std::unique_ptr<http_server> make() { return std::make_unique<http_server>(loop, directory, http_settings{}); }

  std::filesystem::path folder;
  std::string path;
};

TEST_F(local_server_test, a_unix_socket_is_its_owners_alone_and_is_removed_at_the_end) {
  ASSERT_TRUE(server->listen_local(path).has_value());
  struct stat seen {};
  ASSERT_EQ(::stat(path.c_str(), &seen), 0);
  EXPECT_TRUE(S_ISSOCK(seen.st_mode));
  EXPECT_EQ(seen.st_mode & 0777, 0600U);
  {
    client c(path);
    for (const char* body : {"1", "22"}) {
      c.got.clear();
      c.send(post("echo", body));
      EXPECT_TRUE(until_got(c, fmt::format("\r\n\r\n{}", body)));
    }
  }
  bool done = false;
  server->drain(duration{0}, [&done] { done = true; });
  EXPECT_TRUE(until([&] { return done; }));
  EXPECT_FALSE(std::filesystem::exists(path));
  ASSERT_TRUE((server = make())->listen_local(path).has_value());
  server.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(local_server_test, a_socket_that_nobody_listens_on_is_replaced) {
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  path.copy(at.sun_path, sizeof at.sun_path - 1);
  ASSERT_EQ(::bind(dead, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  ::close(dead);
  ASSERT_TRUE(std::filesystem::exists(path));
  ASSERT_TRUE(server->listen_local(path).has_value());
  client c(path);
  c.send(post("echo", "1"));
  EXPECT_TRUE(until_got(c, "\r\n\r\n1"));
}

TEST_F(local_server_test, one_that_somebody_listens_on_stays_theirs) {
  ASSERT_TRUE(server->listen_local(path).has_value());
  {
    const auto other = make();
    const auto refused = other->listen_local(path);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, error_code::already_exists);
    EXPECT_THAT(refused.error().message, HasSubstr("another process"));
  }
  EXPECT_TRUE(std::filesystem::exists(path));
  client c(path);
  c.send(post("echo", "1"));
  EXPECT_TRUE(until_got(c, "\r\n\r\n1"));
}

TEST_F(local_server_test, what_is_no_socket_is_left_alone_and_a_long_path_is_told) {
  std::filesystem::create_directory(path);
  const auto refused = server->listen_local(path);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, error_code::already_exists);
  const auto longer = server->listen_local(folder / std::string(120, 'x'));
  ASSERT_FALSE(longer.has_value());
  EXPECT_THAT(longer.error().message, HasSubstr("too long"));
}

// RFC 9113 §3.3
TEST_F(server_test, a_client_that_begins_with_http_2_gets_it) {
  client c(port);
  http2_client_for_tests talker;
  const auto slow = talker.request("POST", "/test.v1.Echo/wait", "1");
  const auto fast = talker.request("POST", "/test.v1.Echo/echo", "2");
  EXPECT_TRUE(until([&] { return talk(c, talker), talker.answers[fast].done; }));
  EXPECT_EQ(talker.answers[fast].body, "2");
  echo.let_go("\"late\"");
  EXPECT_TRUE(until([&] { return talk(c, talker), talker.answers[slow].done; }));
  EXPECT_EQ(talker.answers[slow].body, "\"late\"");
  EXPECT_EQ(server->stats().http2_connections, 1U);
  bool drained = false;
  server->drain({}, [&] { drained = true; });
  EXPECT_TRUE(until([&] { return talk(c, talker), talker.goaway && c.ended; }));
  c.close();
  EXPECT_TRUE(until([&] { return drained; }));
}

// TCP keeps no bounds of messages.
TEST_F(server_test, the_beginning_of_http_2_may_come_in_pieces) {
  client c(port);
  http2_client_for_tests talker;
  const auto id = talker.request("POST", "/test.v1.Echo/echo", "2");
  std::string hello = talker.exchange({});
  while (hello.size() > 20) {  // longer than the preface
    c.send(hello.substr(0, 1));
    hello.erase(0, 1);
    for (int i = 0; i < 3; ++i) loop.poll();
  }
  c.send(hello);
  EXPECT_TRUE(until([&] {
    talk(c, talker);
    return talker.answers[id].done;
  }));
  EXPECT_EQ(talker.answers[id].body, "2");
  client other(port);
  for (const char byte : std::string_view("PRI * HTTP/2.0\r\n\r\nXX")) {
    other.send({&byte, 1});
    for (int i = 0; i < 3; ++i) loop.poll();
  }
  EXPECT_TRUE(until_got(other, "HTTP/1.1 400 "));
  client gone(port);
  gone.send("PRI * HT");
  gone.end();
  EXPECT_TRUE(until_ended(gone));
  client post_it(port);
  post_it.send("P");
  for (int i = 0; i < 3; ++i) loop.poll();
  post_it.send(post("echo", "7").substr(1));
  EXPECT_TRUE(until_got(post_it, "\r\n\r\n7"));
}

TEST_F(server_test, frames_that_ask_for_nothing_keep_no_connection) {
  client c(port);
  c.send(http2_client_for_tests::hello());
  for (int i = 0; i < 4 && !c.ended; ++i) {
    clock.advance(seconds(4));
    c.send(http2_client_for_tests::frame(NGHTTP2_PING, 0, 0, "12345678"));
    const std::size_t before = c.got.size();
    EXPECT_TRUE(until([&] { return c.receive(), c.ended || c.got.size() > before; }));
  }
  EXPECT_TRUE(until_ended(c)) << "the first request has ten seconds";
}

TEST_F(server_test, draining_is_told_to_who_begins_with_http_2_only_then) {
  client c(port);
  http2_client_for_tests talker;
  EXPECT_TRUE(until_open(1));
  server->drain({}, [] {});
  const auto id = talker.request("POST", "/test.v1.Echo/echo", "2");
  EXPECT_TRUE(until([&] {
    c.receive();
    if (const std::string more = talker.exchange(std::exchange(c.got, {})); !more.empty() && !c.ended) c.send(more);
    return c.ended;
  }));
  EXPECT_EQ(talker.answers[id].body, "2");
  EXPECT_TRUE(talker.goaway);
}

TEST_F(server_test, a_lost_http_2_connection_stays_until_its_calls_have_ended) {
  echo.stop_is_ignored = true;
  for (const bool by_the_server : {false, true}) {
    client c(port);
    http2_client_for_tests talker;
    for (int i = 0; i < 3; ++i) talker.request("POST", "/test.v1.Echo/wait", "1");
    EXPECT_TRUE(until([&] {
      talk(c, talker);
      return echo.waiting.size() == 3;
    }));
    if (by_the_server)
      server->close();
    else
      c.reset();
    EXPECT_TRUE(until([&] { return echo.stopped >= 3; }));
    echo.stopped = 0;
    while (!echo.waiting.empty()) {
      echo.let_go("1");
      loop.poll();
    }
    EXPECT_TRUE(until_open(0));
  }
}

TEST_F(server_test, tls_and_http_2_share_the_listener_with_http_1) {
  const certificates_for_tests files;
  ASSERT_TRUE(files.make("it"));
  http_settings settings;
  settings.tls = tls_source::open(files.path("it.pem"), files.path("it.key"), clock).value();
  start(std::move(settings));
  for (const bool two : {true, false}) {
    client c(port);
    tls_client_for_tests tls(two ? "\x02h2" : "\x08http/1.1");
    EXPECT_TRUE(until([&] { return talk(c, tls), tls.done; }));
    if (two) {
      http2_client_for_tests inner;
      const auto id = inner.request("POST", "/test.v1.Echo/echo", "2");
      EXPECT_TRUE(until([&] {
        if (const std::string more = inner.exchange(std::exchange(tls.got, {})); !more.empty())
          c.send(tls.encrypt(more));
        return talk(c, tls), inner.answers[id].done;
      }));
    } else {
      c.send(tls.encrypt(post("echo", "1")));
      EXPECT_TRUE(until([&] { return talk(c, tls), tls.got.ends_with("\r\n\r\n1"); }));
    }
  }
  // A client that goes without TLS' own farewell: its call ends as without TLS.
  for (const bool two : {true, false}) {
    client c(port);
    tls_client_for_tests tls(two ? "\x02h2" : "\x08http/1.1");
    EXPECT_TRUE(until([&] { return talk(c, tls), tls.done; }));
    http2_client_for_tests inner;
    if (two) inner.request("POST", "/test.v1.Echo/wait", "1");
    c.send(tls.encrypt(two ? inner.exchange({}) : post("wait", "1")));
    EXPECT_TRUE(until([&] { return talk(c, tls), !echo.waiting.empty(); }));
    echo.stopped = 0;
    c.end();
    EXPECT_TRUE(until([&] { return echo.stopped == 1; })) << two;
  }
  client slow(port);
  EXPECT_TRUE(until([&] { return server->stats().connections_open > 0; }));
  slow.send("\x16\x03\x01");
  loop.poll();
  clock.advance(seconds(11));
  EXPECT_TRUE(until_ended(slow));
  EXPECT_EQ(server->stats().tls_failures, 1U);
}

}  // namespace
}  // namespace waggle
