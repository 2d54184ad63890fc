#include "gateway/graphql_ws.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "gateway/authenticator.h"
#include "gateway/graphql_shop_for_tests.h"
#include "gateway/http_parser.h"
#include "gateway/http_reply.h"
#include "gateway/sha256.h"

namespace waggle {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class GraphqlWs : public graphql_shop {
 protected:
  GraphqlWs() {
    shared.settings.body_limit = 10'000;
    open();
  }
  ~GraphqlWs() override { ws->abort(); }
  void open(std::string api_key = {}, std::string_view init = R"({"type":"connection_init"})") {
    http_head head;
    head.api_key = std::move(api_key);
    head.verb = http_verb::get;
    head.version = 11;
    head.upgrade = "websocket";
    head.websocket_version = "13";
    head.websocket_key = "dGhlIHNhbXBsZSBub25jZQ==";
    head.websocket_protocols = "graphql-transport-ws";
    http_reply reply = open_graphql_ws(shared, head, "shop.v1.Shop", {});
    ASSERT_EQ(reply.status, 101U);
    ws = reply.stream;
    ws->listen(this, [](void* self) { ++static_cast<GraphqlWs*>(self)->woken; });
    send(init);
    EXPECT_THAT(take(), ElementsAre(R"({"type":"connection_ack"})"));
  }
  /// RFC 6455 §5.2, with a mask of zeros.
  static std::string frame(std::string_view payload, int opcode = 1, bool last = true) {
    std::string out;
    out += static_cast<char>((last ? 0x80 : 0) | opcode);
    if (payload.size() < 126) {
      out += static_cast<char>(0x80U | payload.size());
    } else {
      out += '\xfe';
      out += static_cast<char>(payload.size() >> 8);
      out += static_cast<char>(payload.size() & 0xFF);
    }
    out.append(4, '\0');
    return out + std::string(payload);
  }
  void send(std::string_view text) { ws->received(frame(text)); }
  void ask(std::string_view id, std::string_view query) {
    send(fmt::format(R"({{"type":"subscribe","id":"{}","payload":{{"query":"{}"}}}})", id, query));
  }
  /// Messages; of a closing frame `close CODE REASON`.
  static std::vector<std::string> frames(std::string_view bytes) {
    std::vector<std::string> out;
    while (bytes.size() >= 2) {
      const int opcode = bytes[0] & 0xF;
      std::size_t size = static_cast<unsigned char>(bytes[1]);
      std::size_t at = 2;
      if (size > 125) {
        const std::size_t more = size == 126 ? 2 : 8;
        size = 0;
        for (; at < 2 + more; ++at) size = size << 8 | static_cast<unsigned char>(bytes[at]);
      }
      const std::string_view payload = bytes.substr(at, size);
      if (opcode == 8)
        out.push_back(fmt::format("close {} {}",
                                  static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]),
                                  payload.substr(2)));
      else
        out.emplace_back(payload);
      bytes.remove_prefix(at + size);
    }
    return out;
  }
  std::vector<std::string> take() { return frames(ws->take()); }
  void script(std::string_view method, std::deque<result<std::string>> answers) {
    shop.answers[std::string(method)] = std::move(answers);
  }

  std::shared_ptr<reply_stream> ws;
  int woken = 0;
};

TEST_F(GraphqlWs, operations_take_turns_and_say_that_they_are_complete) {
  ask("a", "subscription{t:ticks}");
  ask("b", "subscription{t:ticks}");
  script("ticks", {R"({"items":[1,2],"done":true})", R"({"items":[3],"done":true})"});
  EXPECT_THAT(take(), ElementsAre(HasSubstr("\"a\",\"type\":\"next\",\"payload\":{\"data\":{\"t\":1}}"),
                                  HasSubstr("\"b\",\"type\":\"next\",\"payload\":{\"data\":{\"t\":3}}"),
                                  HasSubstr("\"a\",\"type\":\"next\",\"payload\":{\"data\":{\"t\":2}}"),
                                  HasSubstr("\"b\",\"type\":\"complete\""), HasSubstr("\"a\",\"type\":\"complete\"")));
}

TEST_F(GraphqlWs, a_stream_that_could_not_be_made_is_an_error_and_the_last_word) {
  ask("a", "subscription{t:ticks}");
  script("ticks", {failed(error_code::not_found)});
  const auto said = take();
  ASSERT_EQ(said.size(), 1U) << "no `complete`";
  EXPECT_THAT(said[0], testing::StartsWith(R"({"id":"a","type":"error","payload":[{"message":"no luck")"));
  EXPECT_THAT(said[0], testing::EndsWith("}]}"));
  ask("a", "subscription{t:ticks}");
  script("ticks", {R"({"items":[1]})", failed(error_code::not_found)});
  EXPECT_THAT(take(), ElementsAre(HasSubstr("{\"data\":{\"t\":1}}"),
                                  testing::AllOf(HasSubstr("\"next\""), HasSubstr("no luck")), HasSubstr("complete")))
      << "its id is free again";
}

TEST_F(GraphqlWs, what_comes_later_wakes_it_and_is_said_alone) {
  ask("a", "subscription{t:ticks}");
  ask("b", "{b}");
  EXPECT_THAT(take(), IsEmpty());
  shop.let_go("7");  // `b` is asked at once, `a` with the first take
  EXPECT_EQ(woken, 1);
  EXPECT_THAT(take(), ElementsAre(HasSubstr("{\"data\":{\"b\":7}}"), HasSubstr("complete")));
  shop.let_go(R"({"items":[1]})");
  EXPECT_EQ(woken, 2);
  EXPECT_THAT(take(), ElementsAre(HasSubstr("{\"data\":{\"t\":1}}")));
  send(R"({"type":"complete","id":"a"})");
  EXPECT_EQ(shop.stopped, 1);
  EXPECT_THAT(take(), IsEmpty());
}

TEST_F(GraphqlWs, the_requests_of_what_runs_are_bounded_together) {
  const std::string query = "{b}#" + std::string(9'000, 'x');
  for (const char* id : {"1", "2", "3", "4"}) ask(id, query);
  EXPECT_THAT(take(), IsEmpty());
  ask("5", query);
  EXPECT_THAT(take(),
              ElementsAre(testing::AllOf(HasSubstr("\"5\",\"type\":\"error\""), HasSubstr("40000 bytes together"))));
  send(R"({"type":"complete","id":"2"})");
  ask("6", query);
  EXPECT_THAT(take(), IsEmpty());
}

// A mutation was done, and its answer thrown away.
TEST_F(GraphqlWs, a_drain_ends_subscriptions_and_answers_the_rest) {
  ask("s", "subscription{ticks}");
  ask("m", "mutation{put}");
  EXPECT_THAT(take(), IsEmpty());
  ws->drain();
  EXPECT_EQ(shop.stopped, 1) << "the subscription";
  EXPECT_THAT(take(), IsEmpty());
  ask("n", "{a}");
  EXPECT_THAT(take(), ElementsAre(testing::AllOf(HasSubstr("\"n\",\"type\":\"error\""), HasSubstr("unavailable"))));
  shop.let_go("5");
  EXPECT_THAT(take(), ElementsAre(HasSubstr("{\"data\":{\"put\":5}}"), HasSubstr("complete"),
                                  "close 1012 the node ends; come again"));
  EXPECT_TRUE(ws->ended());
}

TEST_F(GraphqlWs, drained_with_nothing_to_do_it_ends_at_once) {
  ws->drain();
  EXPECT_THAT(take(), ElementsAre("close 1012 the node ends; come again"));
  EXPECT_TRUE(ws->ended());
}

TEST_F(GraphqlWs, a_client_that_reads_nothing_begins_nothing_more) {
  const std::string large = '"' + std::string(700'000, 'x') + '"';
  for (const char* id : {"a", "b", "c"}) {
    script("any", {large});
    ask(id, "{any}");
  }
  EXPECT_EQ(shop.asked.size(), 2U);
  std::vector<std::string> all;
  for (auto some = take(); !some.empty(); some = take()) all.insert(all.end(), some.begin(), some.end());
  EXPECT_THAT(all.front(), testing::AllOf(HasSubstr("\"c\",\"type\":\"error\""), HasSubstr("resource_exhausted")));
  EXPECT_EQ(all.size(), 5U) << "both others are answered";
  ask("d", "{any}");
  EXPECT_EQ(shop.asked.size(), 3U);
}

TEST_F(GraphqlWs, a_message_may_come_in_pieces_with_pings_between) {
  ws->received(frame(R"({"type":)", 1, false));
  ws->received(frame("", 0, false));
  ws->received(frame("hello", 9));
  for (const char* piece : {"\"pi", "n", "g\""}) ws->received(frame(piece, 0, false));
  ws->received(frame("}", 0, true));
  EXPECT_THAT(take(), testing::UnorderedElementsAre("hello", R"({"type":"pong"})"));
  pass(25s);
  send(R"({"type":"ping"})");
  pass(25s);
  EXPECT_THAT(take(), testing::Contains(R"({"type":"pong"})")) << "it was complete";
}

TEST_F(GraphqlWs, a_message_is_bounded_in_all_its_pieces) {
  const std::string piece(6'000, ' ');
  ws->received(frame(piece, 1, false));
  EXPECT_THAT(take(), IsEmpty());
  ws->received(frame(piece, 0, false));
  EXPECT_THAT(take(), ElementsAre(HasSubstr("close 1009")));
  EXPECT_TRUE(ws->ended());
}

TEST_F(GraphqlWs, an_empty_authorization_leaves_whom_the_upgrade_showed_to_be_judged_anew) {
  authenticator identity({.api_keys = true});
  shared.identity = &identity;
  std::string line = "till ";
  for (const char c : sha256("wk_a")) line += fmt::format("{:02x}", static_cast<unsigned char>(c));
  identity.set_api_keys(std::make_shared<const api_keys>(*api_keys::read(line)));
  ws->abort();
  open("wk_a", R"({"type":"connection_init","payload":{"authorization":""}})");
  script("a", {"1"});
  ask("a", "{a}");
  EXPECT_THAT(take().back(), HasSubstr("complete"));
  identity.set_api_keys(std::make_shared<const api_keys>(*api_keys::read("")));
  ask("a", "{a}");
  EXPECT_THAT(take(), testing::Contains(HasSubstr("close 4403")));
  shared.identity = nullptr;
}

TEST_F(GraphqlWs, a_message_without_an_end_ends_the_connection) {
  EXPECT_THAT(take(), IsEmpty());
  ws->received(frame("{", 1, false));
  for (int i = 0; i < 30; ++i) {
    pass(1s);
    ws->received(frame(" ", 0, false));
  }
  pass(1s);
  EXPECT_THAT(take(), testing::Contains("close 1008 the message took too long"));
  EXPECT_TRUE(ws->ended());
  EXPECT_GT(woken, 0);
}

TEST_F(GraphqlWs, who_does_not_answer_a_ping_is_gone) {
  EXPECT_THAT(take(), IsEmpty());
  for (int i = 0; i < 3; ++i) {
    pass(30s);
    EXPECT_EQ(ws->take(), std::string("\x89\0", 2));
    EXPECT_EQ(ws->take(), "");
    ws->received(frame("", 10));
  }
  pass(30s);
  EXPECT_EQ(ws->take(), std::string("\x89\0", 2));
  EXPECT_EQ(ws->take(), "");
  EXPECT_FALSE(ws->ended());
  pass(30s);
  EXPECT_TRUE(ws->ended());
}

TEST_F(GraphqlWs, items_are_no_sign_of_who_takes_them) {
  ask("a", "subscription{t:ticks}");
  EXPECT_THAT(take(), IsEmpty());
  for (int i = 0; i < 7 && !ws->ended(); ++i) {
    ASSERT_FALSE(shop.waiting.empty());
    shop.let_go(R"({"items":[1]})");
    (void)take();
    (void)take();
    pass(10s);
  }
  EXPECT_TRUE(ws->ended());
}

// It is not listened to meanwhile.
TEST_F(GraphqlWs, who_takes_long_for_an_answer_is_not_gone) {
  script("any", {"\"" + std::string(9'000, 'x') + "\""});
  ask("a", "{any}");
  ws->received(frame("{", 1, false));
  EXPECT_THAT(take(), testing::Contains(HasSubstr("xxxx")));
  for (int i = 0; i < 5; ++i) pass(30s);
  EXPECT_FALSE(ws->ended());
  ws->received(frame(R"("type":"ping"})", 0, true));
  EXPECT_THAT(take(), testing::Contains(R"({"type":"pong"})"));
  EXPECT_EQ(ws->take(), "");
  pass(30s);
  EXPECT_EQ(ws->take(), std::string("\x89\0", 2));
  EXPECT_FALSE(ws->ended());
}

TEST_F(GraphqlWs, text_is_utf_8_across_its_pieces) {
  ws->received(frame("{\"\xc3", 1, false));
  ws->received(frame("\xa4\":1}", 0, true));
  EXPECT_THAT(take(), ElementsAre(HasSubstr("close 4400")));
  open();
  ws->received(frame("\xff", 1, true));
  EXPECT_THAT(take(), ElementsAre(HasSubstr("close 1007")));
}

// Clients refuse a reason that is no UTF-8, and the code with it.
TEST_F(GraphqlWs, a_reason_is_cut_between_characters) {
  std::string id;
  for (int i = 0; i < 60; ++i) id += "\xc3\xa4";
  for (const std::string more : {"", "x"}) {
    open();
    ask(id + more, "{a}");
    ask(id + more, "{a}");
    const auto said = take();
    ASSERT_EQ(said.size(), 1U);
    const std::string expected = "Subscriber for " + id;
    EXPECT_EQ(said[0], "close 4409 " + expected.substr(0, 123));
  }
  open();
  ask("x" + id, "{a}");
  ask("x" + id, "{a}");
  EXPECT_EQ(take().back(), "close 4409 " + ("Subscriber for x" + id).substr(0, 122));
}

}  // namespace
}  // namespace waggle
