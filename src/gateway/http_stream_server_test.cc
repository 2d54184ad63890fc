// Streams on sockets: what the server does when they wake it, when nobody takes them, and when it ends.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "gateway/graphql_shop_for_tests.h"
#include "gateway/http_server.h"

namespace waggle {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;

class HttpStreamServer : public graphql_shop {
 protected:
  HttpStreamServer() {
    EXPECT_TRUE(server.listen("127.0.0.1", 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(server.port());
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int small = 4096;
    ::setsockopt(client, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    EXPECT_EQ(::connect(client, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  }
  ~HttpStreamServer() override { leave(); }
  void leave() {
    if (client >= 0) ::close(client);
    client = -1;
  }
  /// Runs the server until `what` holds; the time that passes is the kernel's, never the server's.
  template <class F>
  bool until(F what) {
    const auto give_up = std::chrono::steady_clock::now() + 20s;
    while (!what()) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      loop.poll();
    }
    return true;
  }
  bool until_got(std::string_view text) {
    return until([&] {
      char some[4096];
      const ssize_t n = ::recv(client, some, sizeof some, MSG_DONTWAIT);
      if (n > 0) got.append(some, static_cast<std::size_t>(n));
      ended = n == 0;
      return text.empty() ? ended : got.find(text) != std::string::npos;
    });
  }
  bool until_ended() { return until_got(""); }
  void subscribe() {
    send_request();
    EXPECT_TRUE(until([&] { return !shop.asked.empty(); }));
  }
  void send_request() const {
    const std::string_view body = R"({"query":"subscription{t:ticks}"})";
    const std::string request = fmt::format(
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n"
        "Content-Length: {}\r\n\r\n{}",
        body.size(), body);
    EXPECT_EQ(::send(client, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
  }

  http_server server{loop, directory, {}, {}, nullptr, &front};
  int client = ::socket(AF_INET, SOCK_STREAM, 0);
  std::string got;
  bool ended = false;
};

TEST_F(HttpStreamServer, items_come_as_they_are_there) {
  subscribe();
  ASSERT_TRUE(until_got("text/event-stream"));
  shop.let_go(R"({"items":[1]})");
  ASSERT_TRUE(until_got("{\"data\":{\"t\":1}}"));
  shop.let_go(R"({"items":[2],"done":true})");
  ASSERT_TRUE(until_got("event: complete\ndata:\n\n\r\n0\r\n\r\n"));
  EXPECT_THAT(got, HasSubstr("{\"data\":{\"t\":2}}"));
}

// The second wake dereferenced null.
TEST_F(HttpStreamServer, a_stream_may_wake_its_connection_twice_before_it_is_looked_at) {
  shop.answers["ticks"] = {R"({"items":[],"afterMs":15000})", R"({"items":[1]})"};
  subscribe();
  ASSERT_TRUE(until_got("text/event-stream"));
  clock.advance(15s + 2ms);  // an item, and the comment of a quiet stream
  ASSERT_TRUE(until_got("{\"data\":{\"t\":1}}"));
  EXPECT_THAT(got, HasSubstr("\r\n:\n\nevent: next\n"));
}

TEST_F(HttpStreamServer, a_client_that_goes_ends_its_stream) {
  subscribe();
  leave();
  EXPECT_TRUE(until([&] { return server.stats().connections_open == 0; }));
  EXPECT_EQ(shop.stopped, 1);
}

// Nothing was read any more, and the client's end not seen: the guest was asked for ever.
TEST_F(HttpStreamServer, a_client_that_goes_behind_a_full_input_ends_its_stream) {
  subscribe();
  ASSERT_TRUE(until_got("text/event-stream"));
  const std::string much(20'480, 'G');  // what there is room for
  EXPECT_EQ(::send(client, much.data(), much.size(), MSG_NOSIGNAL), static_cast<ssize_t>(much.size()));
  ASSERT_TRUE(until([&] { return server.stats().bytes_in > much.size(); }));
  EXPECT_EQ(server.stats().connections_open, 1U);
  leave();
  EXPECT_TRUE(until([&] { return server.stats().connections_open == 0; }));
  EXPECT_EQ(shop.stopped, 1);
}

TEST_F(HttpStreamServer, who_sends_more_than_there_is_room_for_behind_a_stream_is_left) {
  subscribe();
  ASSERT_TRUE(until_got("text/event-stream"));
  const std::string much(60'000, 'G');
  EXPECT_EQ(::send(client, much.data(), much.size(), MSG_NOSIGNAL), static_cast<ssize_t>(much.size()));
  EXPECT_TRUE(until([&] { return server.stats().connections_open == 0; }));
}

// A peer that is gone without a word (a cut line) would otherwise be kept for ever.
TEST_F(HttpStreamServer, the_kernel_looks_whether_clients_are_there) {
  subscribe();
  sockaddr_in ours{};
  socklen_t size = sizeof ours;
  ASSERT_EQ(::getsockname(client, reinterpret_cast<sockaddr*>(&ours), &size), 0);
  int seen = 0;
  for (int fd = 0; fd < 1024; ++fd) {
    sockaddr_in peer{};
    size = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0 || peer.sin_family != AF_INET ||
        peer.sin_port != ours.sin_port)
      continue;
    ++seen;
    const auto option = [&](int level, int name) {
      int value = 0;
      socklen_t n = sizeof value;
      EXPECT_EQ(::getsockopt(fd, level, name, &value, &n), 0);
      return value;
    };
    EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPIDLE), 60);
    EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPINTVL), 15);
    EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPCNT), 4);
    EXPECT_EQ(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 120'000);
  }
  EXPECT_EQ(seen, 1);
}

TEST_F(HttpStreamServer, a_quiet_stream_has_no_time_limit) {
  subscribe();
  ASSERT_TRUE(until_got("text/event-stream"));
  for (int i = 0; i < 100; ++i) {
    clock.advance(1min);
    loop.poll();
  }
  shop.let_go(R"({"items":[1]})");
  EXPECT_TRUE(until_got("{\"data\":{\"t\":1}}"));
}

TEST_F(HttpStreamServer, a_client_that_takes_nothing_holds_back_its_stream_and_is_left_in_the_end) {
  const std::string item = '"' + std::string(60'000, 'x') + '"';
  for (int i = 0; i < 1000; ++i) shop.answers["ticks"].push_back(R"({"items":[)" + item + "]}");
  subscribe();
  std::size_t asked = 0;
  do {  // until the sockets' buffers are full
    asked = shop.asked.size();
    for (int i = 0; i < 100; ++i) loop.poll();
  } while (asked != shop.asked.size());
  EXPECT_LT(asked, 200U);
  clock.advance(31s);
  EXPECT_TRUE(until([&] { return server.stats().connections_open == 0; }));
  EXPECT_LE(shop.asked.size(), asked + 1);
}

// Sixteen pieces in a row held the core.
TEST_F(HttpStreamServer, a_stream_leaves_others_their_turn) {
  const std::string item = '"' + std::string(60'000, 'x') + '"';
  for (int i = 0; i < 1000; ++i) shop.answers["ticks"].push_back(R"({"items":[)" + item + "]}");
  send_request();
  std::size_t most = 0;
  const auto give_up = std::chrono::steady_clock::now() + 20s;
  while (shop.asked.size() < 40 && std::chrono::steady_clock::now() < give_up) {
    const std::size_t before = shop.asked.size();
    loop.poll_one();
    most = std::max(most, shop.asked.size() - before);
    char some[65'536];
    while (::recv(client, some, sizeof some, MSG_DONTWAIT) > 0) {
    }
  }
  EXPECT_GE(shop.asked.size(), 40U);
  EXPECT_LE(most, 4U);
}

TEST_F(HttpStreamServer, draining_ends_streams) {
  subscribe();
  ASSERT_TRUE(until_got("text/event-stream"));
  bool done = false;
  server.drain(duration(0), [&] { done = true; });
  ASSERT_TRUE(until_ended());
  EXPECT_THAT(got, EndsWith("\r\n\r\n0\r\n\r\n"));
  leave();
  EXPECT_TRUE(until([&] { return done; }));
  EXPECT_EQ(shop.stopped, 1);
}

TEST_F(HttpStreamServer, closing_ends_streams_whose_calls_cannot_be_stopped) {
  shop.stop_is_ignored = true;
  subscribe();
  server.close();
  EXPECT_TRUE(until([&] { return server.stats().connections_open == 0; }));
  shop.let_go(R"({"items":[1]})");
  for (int i = 0; i < 10; ++i) loop.poll();
}

}  // namespace
}  // namespace waggle
