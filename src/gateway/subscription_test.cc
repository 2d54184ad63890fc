#include "gateway/subscription.h"

#include <gmock/gmock.h>

#include "gateway/graphql_shop_for_tests.h"

namespace waggle {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Subscription : public graphql_shop {
 protected:
  std::shared_ptr<subscription> make(std::string cursor = {}) {
    service_request request;
    request.method = "ticks";
    request.input = R"({"from":1})";
    request.stream_cursor = std::move(cursor);
    auto s = std::make_shared<subscription>(loop, directory, shared.next_id, "shop.v1.Shop", std::move(request));
    s->listen(this, [](void* self) { ++static_cast<Subscription*>(self)->woken; });
    return s;
  }
  void script(std::deque<result<std::string>> answers) { shop.answers["ticks"] = std::move(answers); }
  /// All that is there, with their cursors where they have one.
  static std::vector<std::string> take(subscription& s) {
    std::vector<std::string> out;
    while (auto item = s.next()) out.push_back(item->json + (item->cursor.empty() ? "" : " @" + item->cursor));
    return out;
  }
  [[nodiscard]] std::size_t asked() const { return shop.asked.size(); }

  int woken = 0;
};

TEST_F(Subscription, items_come_until_it_is_done) {
  script({R"({"items":[1,{"a":2}],"cursor":"c1"})", R"({"items":["3"],"cursor":"c\n2","done":true})"});
  const auto s = make();
  EXPECT_EQ(asked(), 0U) << "nobody has taken anything";
  EXPECT_THAT(take(*s), ElementsAre("1", R"({"a":2} @c1)", "\"3\" @c\n2"));
  EXPECT_TRUE(s->ended());
  EXPECT_FALSE(s->why());
  EXPECT_THAT(shop.cursors, ElementsAre("", "c1"));
  EXPECT_THAT(shop.asked, ElementsAre(R"(ticks{"from":1})", R"(ticks{"from":1})"));
  EXPECT_EQ(woken, 0) << "not from within next";
  EXPECT_THAT(take(*s), IsEmpty());
  EXPECT_EQ(asked(), 2U);
}

TEST_F(Subscription, it_goes_on_where_the_consumer_left_it) {
  script({R"({"items":[],"done":true})"});
  const auto s = make("c7");
  EXPECT_THAT(take(*s), IsEmpty());
  EXPECT_TRUE(s->ended());
  EXPECT_THAT(shop.cursors, ElementsAre("c7"));
}

TEST_F(Subscription, who_asks_is_judged_again_before_each_question) {
  script({R"({"items":[1],"cursor":"a"})", R"({"items":[2],"cursor":"b"})"});
  service_request request;
  request.method = "ticks";
  int judged = 0;
  const auto s = std::make_shared<subscription>(loop, directory, shared.next_id, "shop.v1.Shop", std::move(request),
                                                [&judged]() -> result<std::shared_ptr<const caller>> {
                                                  if (++judged == 2)
                                                    return fail(error_code::unauthenticated, fault::caller,
                                                                "the token has expired");
                                                  return std::make_shared<const caller>(caller{.subject = "ada"});
                                                });
  EXPECT_EQ(s->next()->json, "1");
  EXPECT_FALSE(s->next());
  EXPECT_TRUE(s->ended());
  ASSERT_TRUE(s->why());
  EXPECT_EQ(s->why()->code, error_code::unauthenticated);
  EXPECT_EQ(asked(), 1U);
}

TEST_F(Subscription, an_answer_that_comes_later_wakes_the_consumer) {
  const auto s = make();
  EXPECT_THAT(take(*s), IsEmpty());
  EXPECT_THAT(take(*s), IsEmpty());
  EXPECT_EQ(asked(), 1U) << "one call at a time";
  shop.let_go(R"({"items":[1]})");
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(s->next()->json, "1");
}

TEST_F(Subscription, a_slow_consumer_costs_one_answer) {
  const auto s = make();
  EXPECT_FALSE(s->next());
  shop.let_go(R"({"items":[1,2,3]})");
  pass(1h);
  EXPECT_EQ(s->next()->json, "1");
  EXPECT_EQ(s->next()->json, "2");
  pass(1h);
  EXPECT_EQ(s->next()->json, "3");
  pass(1h);
  EXPECT_EQ(asked(), 1U);
  EXPECT_FALSE(s->next());
  EXPECT_EQ(asked(), 2U);
  s->stop();
}

TEST_F(Subscription, without_items_it_asks_again_after_a_second) {
  script({R"({"items":[]})", R"({"items":[1],"done":true})"});
  const auto s = make();
  EXPECT_THAT(take(*s), IsEmpty());
  pass(999ms);
  EXPECT_EQ(asked(), 1U);
  pass(2ms);
  EXPECT_EQ(asked(), 2U);
  EXPECT_EQ(woken, 1);
  EXPECT_THAT(take(*s), ElementsAre("1"));
}

TEST_F(Subscription, after_ms_is_when_to_come_again) {
  script({R"({"items":[1],"afterMs":200})", R"({"items":[],"afterMs":50})", R"({"items":[2],"done":true})"});
  const auto s = make();
  EXPECT_THAT(take(*s), ElementsAre("1"));
  pass(199ms);
  EXPECT_EQ(asked(), 1U);
  pass(2ms);
  EXPECT_EQ(asked(), 2U);
  pass(51ms);
  EXPECT_EQ(asked(), 3U);
  EXPECT_THAT(take(*s), ElementsAre("2"));
}

TEST_F(Subscription, a_guest_cannot_make_its_node_spin) {
  for (const char* ms : {"0", "-1", "-99999999999999999999"}) {
    shop.asked.clear();
    script({R"({"items":[],"afterMs":)" + std::string(ms) + "}"});
    const auto s = make();
    EXPECT_THAT(take(*s), IsEmpty());
    pass(9ms);
    EXPECT_EQ(asked(), 1U) << ms;
    pass(1h);
    EXPECT_EQ(asked(), 2U) << ms;
    s->stop();
  }
}

TEST_F(Subscription, it_comes_again_after_an_hour_at_the_latest) {
  script({R"({"items":[],"afterMs":999999999999})"});
  const auto s = make();
  EXPECT_THAT(take(*s), IsEmpty());
  pass(1h + 2ms);
  EXPECT_EQ(asked(), 2U);
  s->stop();
}

TEST_F(Subscription, an_overloaded_service_is_asked_again_when_it_says) {
  script({failed(error_code::resource_exhausted, 300ms), failed(error_code::unavailable, 0ms),
          R"({"items":[1],"cursor":"x"})", failed(error_code::not_found)});
  const auto s = make();
  EXPECT_THAT(take(*s), IsEmpty());
  pass(299ms);
  EXPECT_EQ(asked(), 1U);
  pass(2ms);
  EXPECT_EQ(asked(), 2U);
  pass(9ms);
  EXPECT_EQ(asked(), 2U);
  pass(2ms);
  EXPECT_THAT(take(*s), ElementsAre("1 @x"));
  EXPECT_TRUE(s->ended());
  EXPECT_EQ(s->why()->code, error_code::not_found);
}

TEST_F(Subscription, it_gives_up_after_eight_failures_in_a_row) {
  const auto s = make();
  for (int i = 0; i < 20; ++i) shop.answers["ticks"].push_back(failed(error_code::unavailable, 100ms));
  EXPECT_THAT(take(*s), IsEmpty());
  for (int i = 0; i < 20; ++i) pass(101ms);
  EXPECT_EQ(asked(), 9U);
  EXPECT_TRUE(s->ended());
  EXPECT_EQ(s->why()->code, error_code::unavailable);
  EXPECT_EQ(woken, 1);
}

TEST_F(Subscription, an_error_that_comes_later_ends_it) {
  const auto s = make();
  EXPECT_FALSE(s->next());
  shop.let_go(failed(error_code::permission_denied));
  EXPECT_EQ(woken, 1);
  EXPECT_TRUE(s->ended());
  EXPECT_EQ(s->why()->code, error_code::permission_denied);
}

TEST_F(Subscription, a_service_that_was_removed_ends_it) {
  script({R"({"items":[1],"afterMs":5})"});
  const auto s = make();
  EXPECT_THAT(take(*s), ElementsAre("1"));
  directory.remove("shop.v1.Shop");
  pass(10ms);
  EXPECT_EQ(woken, 1);
  EXPECT_TRUE(s->ended());
  EXPECT_EQ(s->why()->code, error_code::unavailable);
  EXPECT_THAT(s->why()->message, HasSubstr("shop.v1.Shop"));
}

TEST_F(Subscription, an_answer_that_is_no_envelope_is_the_guests_fault) {
  for (const char* bad : {"", "[]", "null", "{", R"({"cursor":"x"})", R"({"items":{}})", R"({"items":null})"}) {
    script({bad});
    const auto s = make();
    EXPECT_FALSE(s->next());
    ASSERT_TRUE(s->ended()) << bad;
    ASSERT_TRUE(s->why()) << bad;
    EXPECT_EQ(s->why()->code, error_code::internal) << bad;
    EXPECT_EQ(s->why()->whose, fault::guest) << bad;
  }
}

TEST_F(Subscription, cursors_are_bounded) {
  script({R"({"items":[1],"cursor":")" + std::string(4097, 'x') + "\"}"});
  const auto s = make();
  EXPECT_FALSE(s->next());
  EXPECT_TRUE(s->ended());
  EXPECT_THAT(s->why()->message, HasSubstr("4097 bytes; at most 4096"));
}

// The payload and the cursor were kept three times as long as the stream was open.
TEST_F(Subscription, between_two_questions_its_call_keeps_nothing) {
  const auto s = make("c0");
  EXPECT_FALSE(s->next());
  const service_call& call = *shop.waiting.front();
  EXPECT_EQ(call.request.stream_cursor, "c0");
  shop.let_go(R"({"items":[1]})");
  EXPECT_EQ(call.request.input, "");
  EXPECT_FALSE(call.request.stream_cursor);
  EXPECT_THAT(take(*s), ElementsAre("1"));
  EXPECT_THAT(shop.asked, ElementsAre(R"(ticks{"from":1})", R"(ticks{"from":1})"));
  EXPECT_THAT(shop.cursors, ElementsAre("c0", "c0")) << "the answer gave none: where it was";
  s->stop();
}

TEST_F(Subscription, stopped_during_a_call_it_ends_the_call_and_tells_nobody) {
  auto s = make();
  const std::weak_ptr<subscription> watched = s;
  EXPECT_FALSE(s->next());
  s->stop();
  EXPECT_EQ(shop.stopped, 1);
  EXPECT_EQ(woken, 0);
  s = nullptr;
  EXPECT_TRUE(watched.expired());
}

TEST_F(Subscription, a_call_that_cannot_be_stopped_keeps_it_until_it_answers) {
  shop.stop_is_ignored = true;
  auto s = make();
  const std::weak_ptr<subscription> watched = s;
  EXPECT_FALSE(s->next());
  s->stop();
  s = nullptr;
  EXPECT_FALSE(watched.expired());
  shop.let_go(R"({"items":[1],"afterMs":1})");
  EXPECT_TRUE(watched.expired());
  pass(1h);
  EXPECT_EQ(asked(), 1U);
  EXPECT_EQ(woken, 0);
}

TEST_F(Subscription, stopped_while_it_waits_it_does_not_ask_again) {
  script({R"({"items":[]})"});
  const auto s = make();
  EXPECT_FALSE(s->next());
  s->stop();
  pass(1h);
  EXPECT_FALSE(s->next());
  EXPECT_EQ(asked(), 1U);
}

}  // namespace
}  // namespace waggle
