#include "gateway/connect_stream.h"

#include <gmock/gmock.h>

#include "gateway/graphql_shop_for_tests.h"

namespace waggle {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string message(char flags, std::string_view json) {
  std::string out(1, flags);
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(json.size() >> shift & 0xFF);
  return out + std::string(json);
}

class ConnectStream : public graphql_shop {
 protected:
  reply_stream& open(std::string_view body, std::optional<time_point> deadline = {}) {
    service_request request;
    request.method = "ticks";
    request.context.deadline = deadline;
    reply = answer_connect_stream(shared, "shop.v1.Shop", std::move(request), body);
    EXPECT_EQ(reply.status, 200U);
    EXPECT_EQ(reply.content_type, "application/connect+json");
    reply.stream->listen(this, [](void* self) { ++static_cast<ConnectStream*>(self)->woken; });
    return *reply.stream;
  }
  /// What the end says of a body that is refused.
  std::string refusal(std::string_view body) {
    const std::string all = open(body).take();
    EXPECT_TRUE(reply.stream->ended());
    EXPECT_EQ(shop.asked.size(), 0U);
    EXPECT_EQ(all.substr(0, 1), "\2");
    EXPECT_EQ(all, message(2, std::string_view(all).substr(5)));
    return all.substr(5);
  }

  http_reply reply;
  int woken = 0;
};

TEST_F(ConnectStream, each_item_is_a_message_and_the_end_one_with_its_flag) {
  shop.answers["ticks"] = {R"({"items":[1,"é"],"cursor":"c"})", R"({"items":[],"done":true})"};
  EXPECT_EQ(open(message(0, R"({"from":1})")).take(), message(0, "1") + message(0, "\"é\"") + message(2, "{}"));
  EXPECT_TRUE(reply.stream->ended());
  EXPECT_THAT(shop.asked, ElementsAre(R"(ticks{"from":1})", R"(ticks{"from":1})"));
  EXPECT_THAT(shop.cursors, ElementsAre("", "c"));
}

TEST_F(ConnectStream, lengths_are_big_endian) {
  const std::string item = '"' + std::string(0x10203, 'x') + '"';
  shop.answers["ticks"] = {R"({"items":[)" + item + R"(],"done":true})"};
  EXPECT_THAT(open(message(0, "")).take(), StartsWith(std::string("\0\0\1\2\5\"", 6)));
}

TEST_F(ConnectStream, an_error_ends_it) {
  shop.answers["ticks"] = {R"({"items":[1]})", failed(error_code::not_found)};
  EXPECT_EQ(open(message(0, "{}")).take(),
            message(0, "1") + message(2, R"({"error":{"code":"not_found","message":"no luck"}})"));
}

TEST_F(ConnectStream, bad_bodies_are_refused_in_the_end_message) {
  EXPECT_THAT(refusal(""), HasSubstr("holds no message"));
  EXPECT_THAT(refusal(std::string(4, '\0')), HasSubstr("holds no message"));
  EXPECT_THAT(refusal(message(1, "{}")), HasSubstr("\"unimplemented\""));
  EXPECT_THAT(refusal("{\"id\":1}"),
              HasSubstr("begins with five bytes, a 0 and its length in four; this is JSON without"));
  EXPECT_THAT(refusal(message(2, "{}")), HasSubstr("the first is another"));
  EXPECT_THAT(refusal(message(0, "{}") + message(0, "{}")), HasSubstr("says 2 bytes, and 9 follow"));
  EXPECT_THAT(refusal(message(0, "{}").substr(0, 6)), HasSubstr("says 2 bytes, and 1 follow"));
  EXPECT_THAT(refusal(std::string("\0\xFF\xFF\xFF\xFFx", 6)), HasSubstr("says 4294967295 bytes"));
}

TEST_F(ConnectStream, items_that_come_later_wake) {
  EXPECT_EQ(open(message(0, "{}")).take(), "");
  EXPECT_FALSE(reply.stream->ended());
  shop.let_go(R"({"items":[1]})");
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(reply.stream->take(), message(0, "1"));
  reply.stream->abort();
}

// connectrpc.com/docs/protocol, "Timeouts": of the whole stream, also between two questions.
TEST_F(ConnectStream, its_deadline_ends_it) {
  shop.answers["ticks"] = {R"({"items":[1],"afterMs":60000})"};
  EXPECT_EQ(open(message(0, "{}"), loop.now() + 100ms).take(), message(0, "1"));
  clock.advance(99ms);
  loop.poll();
  EXPECT_FALSE(reply.stream->ended());
  clock.advance(3ms);
  loop.poll();
  EXPECT_EQ(woken, 1);
  EXPECT_TRUE(reply.stream->ended());
  EXPECT_THAT(reply.stream->take().substr(5), HasSubstr("\"deadline_exceeded\""));
  EXPECT_EQ(shop.asked.size(), 1U);
}

TEST_F(ConnectStream, drained_it_says_so) {
  EXPECT_EQ(open(message(0, "{}")).take(), "");
  reply.stream->drain();
  EXPECT_EQ(shop.stopped, 1);
  EXPECT_TRUE(reply.stream->ended());
  EXPECT_THAT(reply.stream->take().substr(5), HasSubstr("\"unavailable\""));
  reply.stream->drain();
  EXPECT_EQ(reply.stream->take(), "");
}

TEST_F(ConnectStream, destroyed_it_stops_its_call) {
  EXPECT_EQ(open(message(0, "{}")).take(), "");
  reply.stream = nullptr;
  EXPECT_EQ(shop.stopped, 1);
  EXPECT_EQ(woken, 0);
}

TEST_F(ConnectStream, what_is_taken_at_once_is_bounded) {
  const std::string item = '"' + std::string(10'000, 'x') + '"';
  for (int i = 0; i < 100; ++i) shop.answers["ticks"].push_back(R"({"items":[)" + item + "]}");
  EXPECT_LT(open(message(0, "{}")).take().size(), 80'000U);
  reply.stream->abort();
}

}  // namespace
}  // namespace waggle
