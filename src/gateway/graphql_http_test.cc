#include "gateway/graphql_http.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "gateway/graphql_shop_for_tests.h"

namespace waggle {
namespace {

using testing::HasSubstr;

constexpr std::string_view json = "application/json";
constexpr std::string_view graphql_json = "application/graphql-response+json";
constexpr std::string_view events = "text/event-stream";

class GraphqlHttp : public graphql_shop {
 protected:
  static http_head head_of(std::string_view accept) {
    http_head head;
    head.verb = http_verb::post;
    head.content_type = "application/json";
    head.accept = accept;
    return head;
  }
  /// The answer, where it comes at once.
  http_reply ask(const http_head& head, std::string_view query) {
    http_reply out{.status = 0, .body = {}, .headers = {}};
    const auto pending =
        answer_graphql(shared, head, fmt::format(R"({{"query":{}}})", json_quote(query)), front.find("shop.v1.Shop"),
                       {}, &out, [](void* to, http_reply r) { *static_cast<http_reply*>(to) = std::move(r); });
    if (pending != nullptr && out.status == 0) pending->stop();
    return out;
  }
  /// What the answer is sent as; its status where it is refused.
  std::string type(std::string_view accept, std::string_view query = "{__typename}") {
    const http_reply r = ask(head_of(accept), query);
    return r.status == 200 ? std::string(r.content_type.substr(0, r.content_type.find(';'))) : std::to_string(r.status);
  }
};

TEST_F(GraphqlHttp, of_equals_the_first_is_taken) {
  EXPECT_EQ(type(""), json);
  EXPECT_EQ(type("*/*"), json);
  EXPECT_EQ(type("application/*"), json);
  EXPECT_EQ(type("Application/JSON; charset=utf-8"), json);
  EXPECT_EQ(type("application/graphql-response+json, application/json"), graphql_json);
  EXPECT_EQ(type("application/json, application/graphql-response+json"), json);
  EXPECT_EQ(type("*/*, application/graphql-response+json, application/json"), json);
  EXPECT_EQ(type("application/graphql-response+json, application/json, text/event-stream"), graphql_json);
  EXPECT_EQ(type("text/event-stream, */*"), events);
  EXPECT_EQ(type("*/*, text/event-stream"), json);
  EXPECT_EQ(type("text/html"), "406");
}

TEST_F(GraphqlHttp, the_greatest_weight_is_taken) {
  EXPECT_EQ(type("application/json;q=0.8, application/graphql-response+json;q=0.9"), graphql_json);
  EXPECT_EQ(type("application/json;q=0.4, application/graphql-response+json;q=.5"), graphql_json) << "leniently";
  EXPECT_EQ(type("application/json;q=0.6, application/graphql-response+json;q=.5"), json);
  EXPECT_EQ(type("*/*;q=0.1, application/graphql-response+json, application/json"), graphql_json);
  EXPECT_EQ(type("text/html, application/xml;q=0.9, */*;q=0.8"), json);
  EXPECT_EQ(type("application/json;q=0.000"), "406");
}

// A range for several types took back what the client had said of one.
TEST_F(GraphqlHttp, of_each_type_the_closest_range_counts) {
  EXPECT_EQ(type("application/json;q=0, */*"), graphql_json);
  EXPECT_EQ(type("*/*, application/json;q=0"), graphql_json);
  EXPECT_EQ(type("application/*;q=0, */*"), events);
  EXPECT_EQ(type("application/json, application/*;q=0"), json);
  EXPECT_EQ(type("application/json;q=0.1, */*;q=0.5, text/*;q=0"), graphql_json);
  EXPECT_EQ(type("application/json;q=0, application/graphql-response+json;q=0, text/event-stream;q=0, */*"), "406");
}

TEST_F(GraphqlHttp, any_text_is_events_where_nothing_better_is_there) {
  EXPECT_EQ(type("text/*"), events);
  EXPECT_EQ(type("text/*, application/json"), json);
  EXPECT_EQ(type("text/*, */*"), json);
  EXPECT_EQ(type("text/*, application/json;q=0.9"), events);
  EXPECT_EQ(type("text/*, text/event-stream;q=0"), "406");
}

// urql names JSON first whatever it asks.
TEST_F(GraphqlHttp, a_subscription_is_events_wherever_they_are_taken) {
  const auto of = [&](std::string_view accept) { return type(accept, "subscription{ticks}"); };
  EXPECT_EQ(of("application/graphql-response+json, application/json, text/event-stream"), events);
  EXPECT_EQ(of("application/json, text/event-stream;q=0.1"), events);
  EXPECT_EQ(of("application/json, text/*;q=0.1"), events);
  EXPECT_EQ(of("*/*"), events);
  EXPECT_EQ(of("application/json"), "406");
  EXPECT_EQ(of("application/json, text/event-stream;q=0"), "406");
  EXPECT_EQ(of("*/*, text/event-stream;q=0"), "406");
  EXPECT_EQ(of(""), "406");
  http_head by_url = head_of("application/json, text/event-stream");
  by_url.verb = http_verb::get;
  by_url.target = "/graphql?query=subscription%7Bticks%7D";
  EXPECT_EQ(ask(by_url, "").content_type, "text/event-stream; charset=utf-8");
  by_url.accept = "application/json";
  EXPECT_EQ(ask(by_url, "").status, 406U);
  EXPECT_THAT(ask(by_url, "").body, HasSubstr("send accept: text/event-stream"));
  by_url.target = "/graphql?query=mutation%7Bput%7D";
  EXPECT_EQ(ask(by_url, "").status, 405U);
}

TEST_F(GraphqlHttp, no_cache_keeps_an_answer_or_gives_it_to_who_takes_another) {
  shop.answers["a"] = {"1"};
  http_head put = head_of("");
  put.verb = http_verb::other;
  for (const http_reply& r :
       {ask(head_of(""), "{a}"), ask(head_of(""), "{nope}"), ask(head_of("text/html"), "{a}"), ask(put, "{a}"),
        ask(head_of(graphql_json), "{nope}"), ask(head_of(events), "subscription{ticks}")}) {
    EXPECT_THAT(r.headers, HasSubstr("Vary: Accept\r\n")) << r.status;
    EXPECT_THAT(r.headers, HasSubstr("Cache-Control: no-store\r\n")) << r.status;
  }
  EXPECT_THAT(ask(put, "{a}").headers, HasSubstr("Allow: GET, HEAD, POST\r\n"));
}

TEST_F(GraphqlHttp, a_last_event_id_is_bounded) {
  http_head head = head_of(events);
  head.last_event_id = std::string(4096, 'x');
  const http_reply fine = ask(head, "subscription{ticks}");
  ASSERT_NE(fine.stream, nullptr);
  EXPECT_EQ(fine.stream->take(), "");
  ASSERT_EQ(shop.cursors.size(), 1U);
  EXPECT_EQ(shop.cursors[0], head.last_event_id);
  fine.stream->abort();
  head.last_event_id += 'x';
  const http_reply refused = ask(head, "subscription{ticks}");
  EXPECT_EQ(refused.status, 400U);
  EXPECT_EQ(refused.stream, nullptr);
  EXPECT_THAT(refused.body, HasSubstr("Last-Event-ID has 4097 bytes; at most 4096"));
  EXPECT_THAT(refused.body, HasSubstr(R"("code":"invalid_argument","fault":"caller")"));
}

}  // namespace
}  // namespace waggle
