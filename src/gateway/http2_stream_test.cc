// What http2_session does about streams.
#include <cstring>

#include <gmock/gmock.h>

#include "gateway/graphql_shop_for_tests.h"
#include "gateway/http2_for_tests.h"
#include "gateway/http2_session.h"

namespace waggle {
namespace {

using testing::HasSubstr;

class Http2Stream : public graphql_shop {
 protected:
  ~Http2Stream() override { session.abort(); }
  void talk(std::string_view from_server = {}) {
    for (std::string to_server = c.exchange(from_server);; to_server = c.exchange(take())) {
      while (!to_server.empty()) {
        const auto space = session.space();
        const std::size_t n = std::min(to_server.size(), space.size());
        std::memcpy(space.data(), to_server.data(), n);
        to_server.erase(0, n);
        session.received(n);
        (void)c.exchange(take());
      }
      session.proceed();
      if (!session.has_output()) return;
    }
  }
  std::string take() {
    std::string out;
    for (session.proceed(); session.has_output(); session.proceed()) {
      out += session.output()[0];
      session.sent(session.output()[0].size());
    }
    return out;
  }
  std::int32_t subscribe() {
    const auto id =
        c.request("POST", "/graphql", R"({"query":"subscription{t:ticks}"})", {{"accept", "text/event-stream"}});
    talk();
    return id;
  }

  http2_client_for_tests c;
  http2_session session{shared, this, [](void*) {}};
};

TEST_F(Http2Stream, items_come_as_they_are_there) {
  const auto id = subscribe();
  EXPECT_EQ(c.answers[id].status, "200");
  shop.let_go(R"({"items":[1]})");
  talk();
  EXPECT_THAT(c.answers[id].body, HasSubstr(R"({"data":{"t":1}})"));
  EXPECT_FALSE(c.answers[id].done);
}

// Its time began when it last had something, perhaps minutes before.
TEST_F(Http2Stream, one_that_was_quiet_for_long_has_the_whole_time_to_be_taken) {
  const auto id = subscribe();
  shop.answers["any"] = {"\"" + std::string(200'000, 'x') + "\""};
  const auto big = c.request("POST", "/graphql", R"({"query":"{any}"})");
  const std::string ask = c.exchange({});
  ask.copy(session.space().data(), ask.size());
  session.received(ask.size());
  std::string bytes = take();  // all that the connection's window has room for
  clock.advance(std::chrono::seconds(60));
  shop.let_go(R"({"items":[1]})");
  bytes += take();
  talk(bytes);
  EXPECT_EQ(c.answers[big].reset, NGHTTP2_CANCEL);
  EXPECT_EQ(c.answers[id].reset, ~0U);
  EXPECT_THAT(c.answers[id].body, HasSubstr(R"({"data":{"t":1}})"));
}

// Nothing woke those that had nothing to say: they stayed open, and the node with them.
TEST_F(Http2Stream, draining_ends_streams_that_have_nothing_to_say) {
  const auto id = subscribe();
  shared.draining = true;
  session.drain();
  talk();
  EXPECT_TRUE(c.answers[id].done);
  EXPECT_TRUE(session.over());
  EXPECT_EQ(shop.stopped, 1);
}

TEST_F(Http2Stream, a_stream_that_is_asked_for_while_the_node_drains_ends_at_once) {
  shared.draining = true;
  const auto id = subscribe();
  EXPECT_EQ(c.answers[id].status, "200");
  EXPECT_TRUE(c.answers[id].done);
  EXPECT_FALSE(session.asking());
}

}  // namespace
}  // namespace waggle
