#include "gateway/graphql_operation.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "gateway/graphql_shop_for_tests.h"
#include "gateway/held_answers.h"

namespace waggle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class GraphqlOperation : public graphql_shop {
 protected:
  std::shared_ptr<graphql_operation> make(std::string query, request_context context = {}) {
    auto begun = begin_graphql(front, front.find("shop.v1.Shop"), {.query = std::move(query)}, false);
    if (!begun) throw std::runtime_error(begun.error().response);
    return std::make_shared<graphql_operation>(shared, std::move(begun->execution), std::move(context));
  }
  void start(graphql_operation& op) {
    op.start(this, [](void* self, std::string response) {
      static_cast<GraphqlOperation*>(self)->responses.push_back(std::move(response));
    });
  }
  /// Starts it and forgets it.
  void run(std::string query, request_context context = {}) { start(*make(std::move(query), std::move(context))); }

  std::vector<std::string> responses;
};

TEST_F(GraphqlOperation, calls_that_answer_at_once) {
  shop.answers["a"] = {"1"};
  shop.answers["b"] = {"2"};
  run("{b x:a(n:7) __typename}");
  EXPECT_THAT(responses, ElementsAre(R"({"data":{"b":2,"x":1,"__typename":"Query"}})"));
  EXPECT_THAT(shop.asked, ElementsAre("b{}", R"(a{"n":7})"));
}

TEST_F(GraphqlOperation, what_the_endpoint_answers_alone_asks_nobody) {
  run("{__typename}");
  EXPECT_THAT(responses, ElementsAre(R"({"data":{"__typename":"Query"}})"));
  EXPECT_THAT(shop.asked, IsEmpty());
}

TEST_F(GraphqlOperation, a_querys_calls_run_at_the_same_time_and_answer_in_any_order) {
  run("{a b sure}");
  ASSERT_EQ(shop.waiting.size(), 3U);
  std::swap(shop.waiting[0], shop.waiting[2]);
  shop.let_go("3");
  shop.let_go("2");
  EXPECT_THAT(responses, IsEmpty());
  shop.let_go("1");
  EXPECT_THAT(responses, ElementsAre(R"({"data":{"a":1,"b":2,"sure":3}})"));
}

TEST_F(GraphqlOperation, a_query_asks_eight_at_a_time) {
  std::string query = "{";
  for (int i = 0; i < 20; ++i) query += fmt::format("x{}:a ", i);
  run(query + "}");
  EXPECT_EQ(shop.asked.size(), 8U);
  shop.let_go("1");
  shop.let_go("1");
  EXPECT_EQ(shop.asked.size(), 8U) << "the service is still in the midst of finishing";
  loop.poll();
  EXPECT_EQ(shop.asked.size(), 10U);
  while (!shop.waiting.empty()) shop.let_go("1");
  loop.poll();
  EXPECT_EQ(shop.asked.size(), 18U);
  shop.answers["a"] = {"1"};  // the rest at once
  shop.let_go("1");
  loop.poll();
  EXPECT_EQ(shop.asked.size(), 20U);
  EXPECT_THAT(responses, IsEmpty());
  while (!shop.waiting.empty()) shop.let_go("1");
  ASSERT_EQ(responses.size(), 1U);
  EXPECT_THAT(responses[0], HasSubstr(R"("x19":1})"));
}

TEST_F(GraphqlOperation, what_it_holds_counts_until_its_response_is_given) {
  shared.settings.answers = std::make_shared<answer_memory>(10);
  answer_memory& all = *shared.settings.answers;
  run("{a b}");
  shop.let_go("12345678");
  EXPECT_EQ(all.used, 8U);
  shop.let_go("123");
  EXPECT_EQ(all.used, 0U);
  ASSERT_EQ(responses.size(), 1U);
  EXPECT_THAT(responses[0], StartsWith(R"({"errors":[{"message":"too many answers wait)"));
  EXPECT_THAT(responses[0], HasSubstr(R"("data":{"a":12345678,"b":null})"));
  const auto stopped = make("{a b}");
  start(*stopped);
  shop.let_go("12345678");
  stopped->stop();
}

TEST_F(GraphqlOperation, one_that_is_stopped_asks_no_further) {
  std::string query = "{";
  for (int i = 0; i < 20; ++i) query += fmt::format("x{}:a ", i);
  const auto op = make(query + "}");
  start(*op);
  shop.let_go("1");
  op->stop();
  loop.poll();
  EXPECT_EQ(shop.asked.size(), 8U);
  EXPECT_THAT(responses, IsEmpty());
}

TEST_F(GraphqlOperation, some_at_once_and_some_later) {
  shop.answers["a"] = {"1"};
  run("{a b}");
  EXPECT_THAT(responses, IsEmpty());
  shop.let_go("2");
  EXPECT_THAT(responses, ElementsAre(R"({"data":{"a":1,"b":2}})"));
}

TEST_F(GraphqlOperation, a_mutations_calls_run_one_after_the_other) {
  run("mutation {x:put(n:1) y:put(n:2) z:put(n:3)}");
  EXPECT_THAT(shop.asked, ElementsAre(R"(put{"n":1})"));
  shop.let_go("1");
  EXPECT_EQ(shop.asked.size(), 1U) << "the service is still in the midst of finishing";
  shop.answers["put"] = {"2"};
  loop.poll();
  EXPECT_THAT(shop.asked, ElementsAre(R"(put{"n":1})", R"(put{"n":2})", R"(put{"n":3})"));
  shop.let_go("3");
  EXPECT_THAT(responses, ElementsAre(R"({"data":{"x":1,"y":2,"z":3}})"));
}

TEST_F(GraphqlOperation, without_a_loop_the_next_call_follows_at_once) {
  shared.loop = nullptr;
  run("mutation {x:put(n:1) y:put(n:2)}");
  shop.let_go("1");
  shop.let_go("2");
  EXPECT_EQ(responses.size(), 1U);
}

TEST_F(GraphqlOperation, what_is_lost_asks_no_further) {
  shop.answers["must"] = {failed(error_code::internal)};
  run("mutation {must put(n:2)}");
  EXPECT_THAT(shop.asked, ElementsAre("must{}"));
  ASSERT_EQ(responses.size(), 1U);
  EXPECT_THAT(responses[0], HasSubstr(R"("path":["must"])"));
  EXPECT_THAT(responses[0], HasSubstr(R"("data":null)"));
}

TEST_F(GraphqlOperation, what_is_lost_later_asks_no_further) {
  run("mutation {must put(n:2)}");
  shop.let_go(failed(error_code::internal));
  loop.poll();
  EXPECT_EQ(shop.asked.size(), 1U);
  EXPECT_EQ(responses.size(), 1U);
}

// One small query with many aliases held as many of the largest answers before its response was looked at.
TEST_F(GraphqlOperation, answers_that_are_too_much_together_end_it) {
  for (const std::string kind : {"query", "mutation"}) {
    shop.asked.clear();
    responses.clear();
    std::string query = kind + "{";
    for (int i = 0; i < 20; ++i) query += fmt::format("x{}:{} ", i, kind == "query" ? "any" : "put");
    auto begun = begin_graphql(front, front.find("shop.v1.Shop"), {.query = query + "}"}, false);
    ASSERT_TRUE(begun);
    auto bounded = graphql::execution::begin(
        {.document = begun->document, .operation_name = {}, .variables = {}, .limits = {.response_bytes = 1000}});
    ASSERT_TRUE(bounded);
    start(*std::make_shared<graphql_operation>(shared, *std::move(bounded), request_context{}));
    for (int i = 0; i < 20 && !shop.waiting.empty(); ++i) {
      shop.let_go('"' + std::string(1500, 'x') + '"');  // 4,506 bytes of three are more than 4 times 1,000
      loop.poll();
    }
    EXPECT_EQ(shop.asked.size(), kind == "query" ? 10U : 3U);
    ASSERT_EQ(responses.size(), 1U);
    EXPECT_THAT(responses[0], HasSubstr(R"("code":"resource_exhausted","fault":"caller")"));
    EXPECT_THAT(responses[0], testing::EndsWith(R"("data":null})"));
  }
}

TEST_F(GraphqlOperation, an_error_is_one_fields) {
  shop.answers["a"] = {failed(error_code::not_found)};
  shop.answers["b"] = {"2"};
  run("{a b}");
  ASSERT_EQ(responses.size(), 1U);
  EXPECT_THAT(responses[0], StartsWith(R"({"errors":[{"message":"no luck")"));
  EXPECT_THAT(responses[0], HasSubstr(R"("data":{"a":null,"b":2})"));
}

TEST_F(GraphqlOperation, a_service_that_has_gone_is_unavailable) {
  directory.remove("shop.v1.Shop");
  run("{a}");
  ASSERT_EQ(responses.size(), 1U);
  EXPECT_THAT(responses[0], HasSubstr("shop.v1.Shop is not on this node any more"));
  EXPECT_THAT(responses[0], HasSubstr(R"("code":"unavailable")"));
}

TEST_F(GraphqlOperation, its_context_is_that_of_each_call) {
  request_context context;
  context.deadline = clock.now() + std::chrono::seconds(1);
  context.headers = {{"x-a", "b"}};
  shop.answers["a"] = {"1"};
  run("{a}", context);
  EXPECT_EQ(shop.seen.deadline, context.deadline);
  EXPECT_EQ(shop.seen.headers, context.headers);
  EXPECT_FALSE(shop.seen.trusted);
}

TEST_F(GraphqlOperation, stopped_it_tells_nobody_and_ends_its_calls) {
  const auto op = make("{a b}");
  const std::weak_ptr<graphql_operation> watched = op;
  start(*op);
  op->stop();
  EXPECT_EQ(shop.stopped, 2);
  EXPECT_THAT(shop.waiting, IsEmpty());
  EXPECT_THAT(responses, IsEmpty());
  EXPECT_EQ(watched.use_count(), 1) << "it keeps itself no longer";
}

TEST_F(GraphqlOperation, calls_that_cannot_be_stopped_keep_it_until_they_answer) {
  shop.stop_is_ignored = true;
  auto op = make("{a b}");
  const std::weak_ptr<graphql_operation> watched = op;
  start(*op);
  op->stop();
  op = nullptr;
  EXPECT_FALSE(watched.expired());
  shop.let_go("1");
  EXPECT_FALSE(watched.expired());
  shop.let_go("2");
  EXPECT_TRUE(watched.expired());
  EXPECT_THAT(responses, IsEmpty());
}

TEST_F(GraphqlOperation, stopped_between_two_calls_of_a_mutation_it_asks_no_further) {
  auto op = make("mutation {x:put(n:1) y:put(n:2)}");
  const std::weak_ptr<graphql_operation> watched = op;
  start(*op);
  shop.let_go("1");
  op->stop();
  op = nullptr;
  loop.poll();
  EXPECT_EQ(shop.asked.size(), 1U);
  EXPECT_THAT(responses, IsEmpty());
  EXPECT_TRUE(watched.expired());
}

TEST_F(GraphqlOperation, a_finished_one_can_be_stopped) {
  shop.answers["a"] = {"1"};
  const auto op = make("{a}");
  start(*op);
  op->stop();
  EXPECT_EQ(responses.size(), 1U);
}

// The job kept the operation, and the operation itself.
TEST_F(GraphqlOperation, a_loop_that_ends_takes_what_waits_for_its_turn_with_it) {
  std::weak_ptr<graphql_operation> watched;
  {
    core_loop other(1, clock);
    shared.loop = &other;
    const auto op = make("mutation {x:put(n:1) y:put(n:2)}");
    watched = op;
    start(*op);
    shop.let_go("1");
  }
  EXPECT_TRUE(watched.expired());
}

TEST_F(GraphqlOperation, costs_are_put_together) {
  const auto op = make("{a b}");
  start(*op);
  for (service_call* const c : shop.waiting)
    c->response.cost = {.queue = std::chrono::microseconds(5), .guest = std::chrono::microseconds(7), .calls = 1};
  shop.waiting.front()->response.cost.warm = true;
  shop.let_go("1");
  shop.let_go("2");
  EXPECT_EQ(op->cost().queue, std::chrono::microseconds(5));
  EXPECT_EQ(op->cost().guest, std::chrono::microseconds(14));
  EXPECT_EQ(op->cost().calls, 4U);
  EXPECT_FALSE(op->cost().warm);
}

TEST_F(GraphqlOperation, variables_that_do_not_fit_are_refused_before_anything_is_asked) {
  const auto begun = begin_graphql(front, front.find("shop.v1.Shop"),
                                   {.query = "query($n:Int!){a(n:$n)}", .variables = R"({"n":"x"})"}, false);
  ASSERT_FALSE(begun);
  EXPECT_THAT(begun.error().response, HasSubstr("$n"));
  EXPECT_FALSE(begin_graphql(front, front.find("shop.v1.Shop"),
                             {.query = "query A{a} query B{b}", .operation_name = "C"}, false));
  const auto stream =
      begin_graphql(front, front.find("shop.v1.Shop"),
                    {.query = "subscription($n:Int=1){since(n:$n)}", .variables = R"({"n":null})"}, false);
  ASSERT_FALSE(stream) << "it would end without a word";
  EXPECT_THAT(stream.error().response, HasSubstr("the argument n of since cannot be null"));
}

}  // namespace
}  // namespace waggle
