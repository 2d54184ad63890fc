#include "gateway/graphql_source.h"

#include <gmock/gmock.h>

#include "gateway/graphql_shop_for_tests.h"

namespace waggle {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class GraphqlEvents : public graphql_shop {
 protected:
  graphql_start begin(std::string query) {
    auto begun = begin_graphql(front, front.find("shop.v1.Shop"), {.query = std::move(query)}, false);
    if (!begun) throw std::runtime_error(begun.error().response);
    return *std::move(begun);
  }
  graphql_events& open(std::string query = "subscription{t:ticks}", std::string cursor = {}) {
    events = std::make_unique<graphql_events>(shared, begin(std::move(query)), request_context{}, std::move(cursor));
    events->listen(this, [](void* self) { ++static_cast<GraphqlEvents*>(self)->woken; });
    return *events;
  }
  void script(std::deque<result<std::string>> answers) { shop.answers["ticks"] = std::move(answers); }

  std::unique_ptr<graphql_events> events;
  int woken = 0;
};

TEST_F(GraphqlEvents, each_item_is_an_event_and_the_end_another) {
  script({R"({"items":[1,[2]],"cursor":"c1"})", R"({"items":[],"done":true})"});
  EXPECT_EQ(open("subscription{t:ticks}", "c0").take(),
            "event: next\ndata: {\"data\":{\"t\":1}}\n\n"
            "event: next\nid: c1\ndata: {\"data\":{\"t\":[2]}}\n\n"
            "event: complete\ndata:\n\n");
  EXPECT_TRUE(events->ended());
  EXPECT_EQ(shop.cursors.front(), "c0");
  EXPECT_EQ(events->take(), "");
  EXPECT_EQ(loop.poll(), 0U);
  pass(1min);
  EXPECT_EQ(woken, 0) << "no comments after the end";
}

TEST_F(GraphqlEvents, a_cursor_that_does_not_fit_a_line_is_no_id) {
  for (const char* bad : {R"(a\nevent: complete)", R"(a\rb)", R"(a\u0000b)"}) {
    script({R"({"items":[1],"cursor":")" + std::string(bad) + R"(","done":true})"});
    EXPECT_EQ(open().take(), "event: next\ndata: {\"data\":{\"t\":1}}\n\nevent: complete\ndata:\n\n") << bad;
  }
}

// A guest could end its own event and forge others.
TEST_F(GraphqlEvents, line_breaks_in_an_item_do_not_end_its_event) {
  script({"{\"items\":[{\"a\":\n\n1,\r\n\"b\":\"x\\n\"}],\"done\":true}"});
  EXPECT_EQ(open().take(),
            "event: next\ndata: {\"data\":{\"t\":{\"a\":  1,  \"b\":\"x\\n\"}}}\n\nevent: complete\ndata:\n\n");
}

TEST_F(GraphqlEvents, an_error_is_the_last_response) {
  script({R"({"items":[1]})", failed(error_code::not_found)});
  const std::string all = open().take();
  EXPECT_THAT(all, HasSubstr("event: next\ndata: {\"errors\":[{\"message\":\"no luck\""));
  EXPECT_TRUE(all.ends_with("\n\nevent: complete\ndata:\n\n"));
}

// It had a `data` of null, as if there had been a stream.
TEST_F(GraphqlEvents, a_stream_that_could_not_be_made_has_no_data) {
  script({failed(error_code::not_found)});
  const std::string all = open().take();
  EXPECT_TRUE(all.starts_with("event: next\ndata: {\"errors\":[{\"message\":\"no luck\"")) << all;
  EXPECT_THAT(all, HasSubstr(R"("path":["t"])"));
  EXPECT_THAT(all, testing::Not(HasSubstr(R"("data")")));
  EXPECT_TRUE(all.ends_with("}]}\n\nevent: complete\ndata:\n\n")) << all;
  script({R"({"items":[1]})", failed(error_code::not_found)});
  EXPECT_THAT(open().take(), HasSubstr(R"("data":{"t":null}})")) << "there was one";
}

TEST_F(GraphqlEvents, a_query_is_one_event) {
  shop.answers["a"] = {"1"};
  EXPECT_EQ(open("{a}").take(), "event: next\ndata: {\"data\":{\"a\":1}}\n\nevent: complete\ndata:\n\n");
  open("{a}");
  EXPECT_EQ(events->take(), "");
  EXPECT_FALSE(events->ended());
  shop.let_go("2");
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(events->take(), "event: next\ndata: {\"data\":{\"a\":2}}\n\nevent: complete\ndata:\n\n");
}

TEST_F(GraphqlEvents, what_is_taken_at_once_is_bounded) {
  const std::string item = '"' + std::string(10'000, 'x') + '"';
  for (int i = 0; i < 100; ++i) shop.answers["ticks"].push_back(R"({"items":[)" + item + "]}");
  const std::size_t size = open().take().size();
  EXPECT_GT(size, 64'000U);
  EXPECT_LT(size, 80'000U);
  EXPECT_LT(shop.asked.size(), 9U);
}

TEST_F(GraphqlEvents, a_comment_now_and_then_shows_that_it_is_there) {
  open();
  EXPECT_EQ(events->take(), "");
  pass(14s);
  EXPECT_EQ(woken, 0);
  pass(1s + 2ms);
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(events->take(), ":\n\n");
  pass(15s + 2ms);
  EXPECT_EQ(events->take(), ":\n\n");
  pass(10s);
  shop.let_go(R"({"items":[1],"afterMs":100000})");
  EXPECT_THAT(events->take(), HasSubstr("event: next"));
  pass(10s);
  EXPECT_EQ(events->take(), "") << "only where nothing else was said";
  events->abort();
}

TEST_F(GraphqlEvents, a_drained_subscription_ends_without_complete) {
  open();
  EXPECT_EQ(events->take(), "");
  events->drain();
  EXPECT_EQ(shop.stopped, 1);
  EXPECT_EQ(events->take(), "");
  EXPECT_TRUE(events->ended());
  pass(1min);
  EXPECT_EQ(woken, 0);
}

// A mutation was done, and its answer thrown away.
TEST_F(GraphqlEvents, a_drained_mutation_is_still_answered) {
  open("mutation{put}");
  EXPECT_EQ(events->take(), "");
  events->drain();
  EXPECT_EQ(shop.stopped, 0);
  EXPECT_FALSE(events->ended());
  shop.let_go("1");
  EXPECT_THAT(events->take(), HasSubstr(R"({"data":{"put":1}})"));
  EXPECT_TRUE(events->ended());
  events->drain();
}

TEST_F(GraphqlEvents, aborted_it_stops_its_call_and_is_silent) {
  for (const char* query : {"subscription{ticks}", "{a}", "mutation{put}"}) {
    shop.stopped = 0;
    open(query);
    EXPECT_EQ(events->take(), "");
    events->abort();
    EXPECT_EQ(shop.stopped, 1) << query;
    EXPECT_TRUE(events->ended());
    EXPECT_EQ(events->take(), "");
  }
  pass(1min);
  EXPECT_EQ(woken, 0);
}

TEST_F(GraphqlEvents, it_may_be_destroyed_while_a_call_is_pending) {
  shop.stop_is_ignored = true;
  for (const char* query : {"subscription{ticks}", "{a}"}) {
    open(query);
    EXPECT_EQ(events->take(), "");
    events = nullptr;
    shop.let_go(R"({"items":[]})");
  }
  pass(1min);
  EXPECT_EQ(woken, 0);
}

TEST_F(GraphqlEvents, a_subscriptions_deadline_is_not_that_of_a_request) {
  request_context context;
  context.deadline = clock.now() + 1s;
  graphql_source source(shared, begin("subscription{ticks}"), context, "");
  EXPECT_FALSE(source.next());
  EXPECT_FALSE(shop.seen.deadline);
}

}  // namespace
}  // namespace waggle
