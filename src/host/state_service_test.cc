#include "host/state_service.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "call/call_chain.h"
#include "host/host_call_for_tests.h"
#include "state/memory_store.h"

namespace waggle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing_host::guest;
using testing_host::guest_call;

/// A store whose reads block, all of them.
class slow_store final : public store {
 public:
  explicit slow_store(std::unique_ptr<store> of) : of_(std::move(of)) {}
  std::shared_ptr<const store_view> view() override { return std::make_shared<slow_view>(of_->view()); }
  result<void> write(std::span<const change> changes) override { return of_->write(changes); }
  void drop_expired(std::int64_t before) override { of_->drop_expired(before); }

 private:
  struct slow_view final : store_view {
    explicit slow_view(std::shared_ptr<const store_view> view) : of(std::move(view)) {}
    result<bool> get(std::string_view key, bool may_block, std::optional<stored>& out) const override {
      if (!may_block) return false;
      return of->get(key, true, out);
    }
    result<bool> scan(std::string_view from, std::string_view to, bool may_block, const visitor& show) const override {
      if (!may_block) return false;
      return of->scan(from, to, true, show);
    }
    std::shared_ptr<const store_view> of;
  };
  std::unique_ptr<store> of_;
};

/// Behind the call chain, which checks payloads and answers against the contract. The parameter: must reads go to the disk?
class State : public testing::TestWithParam<bool> {
 protected:
  std::unique_ptr<state_keeper> make_keeper() {
    auto inner = make_memory_store();
    if (GetParam()) inner = std::make_unique<slow_store>(std::move(inner));
    return *state_keeper::on(std::move(inner), clock);
  }

  std::string ask(const std::shared_ptr<guest_request>& as, std::string method, std::string input = "{}") {
    guest_call c(std::move(method), std::move(input), as);
    chain.ask(c.call);
    while (!c.done) core.poll();
    return c.text();
  }
  /// What the runtime does when the request is over.
  std::string settle(const std::shared_ptr<guest_request>& as) {
    if (!as->state) return "ok";
    const auto done = keeper->commit_now(as->state);
    return done ? "ok" : std::string(to_string(done.error().code));
  }
  /// Of a new request.
  std::string ask(std::string method, std::string input = "{}") {
    const auto as = guest("shop.v1.Orders");
    std::string answer = ask(as, std::move(method), std::move(input));
    EXPECT_EQ(settle(as), "ok");
    return answer;
  }

  manual_clock clock;
  core_loop core{0, clock};
  std::unique_ptr<state_keeper> keeper = make_keeper();
  blocking_pool disk{1};
  state_service service{core, *keeper, disk};
  call_chain chain{core, service.description(), service, {}};
};
INSTANTIATE_TEST_SUITE_P(reads, State, testing::Bool(),
                         [](const auto& of) { return of.param ? "from_disk" : "from_memory"; });

TEST_P(State, answers_guests_only) {
  guest_call c("get", R"({"key":"a"})", nullptr);
  chain.ask(c.call);
  ASSERT_TRUE(c.done);
  EXPECT_EQ(c.output().error().code, error_code::permission_denied);
}

TEST_P(State, get_is_null_where_the_key_does_not_exist) { EXPECT_EQ(ask("get", R"({"key":"a"})"), "null"); }

TEST_P(State, put_and_get_keep_any_json_byte_for_byte) {
  for (const char* value : {"null", "true", "1.50", "123456789012345678901234567890", "\"\\u00e9\\n\"", "[1, 2,{}]",
                            R"({"b" : 1,"a":[null]})"}) {
    EXPECT_EQ(ask("put", std::string(R"({"key":"a","value":)") + value + "}"), "true");
    EXPECT_THAT(ask("get", R"({"key":"a"})"),
                testing::StartsWith(std::string(R"({"key":"a","value":)") + value + R"(,"version":)"));
  }
}

TEST_P(State, a_missing_value_is_null) {
  EXPECT_EQ(ask("put", R"({"key":"a"})"), "true");
  EXPECT_THAT(ask("get", R"({"key":"a"})"), HasSubstr(R"("value":null)"));
}

TEST_P(State, keys_are_any_text) {
  EXPECT_EQ(ask("put", R"({"key":"a\u0000\n\"é","value":1})"), "true");
  EXPECT_THAT(ask("get", R"({"key":"a\u0000\n\"é"})"), HasSubstr(R"("key":"a\u0000\n\"é")"));
  EXPECT_EQ(ask("get", R"({"key":"a"})"), "null");
}

TEST_P(State, an_entry_says_when_it_expires) {
  clock.set_wall(wall_time(std::chrono::seconds(1'700'000'000)));
  EXPECT_EQ(ask("put", R"({"key":"a","value":1,"ttlMs":1500})"), "true");
  EXPECT_THAT(ask("get", R"({"key":"a"})"), HasSubstr(R"("expiresAt":"2023-11-14T22:13:21.500Z")"));
  clock.advance(std::chrono::milliseconds(1500));
  EXPECT_EQ(ask("get", R"({"key":"a"})"), "null");
}

TEST_P(State, list_gives_pages) {
  for (const char* key : {"a/1", "a/2", "a/3", "b"})
    EXPECT_EQ(ask("put", std::string(R"({"key":")") + key + R"(","value":0})"), "true");
  const auto as = guest("shop.v1.Orders");
  EXPECT_THAT(ask(as, "list", R"({"prefix":"a/","first":2})"),
              MatchesRegex(R"(\{"entries":\[\{"key":"a/1".*\},\{"key":"a/2".*\}\],"next":"a/2"\})"));
  EXPECT_THAT(ask(as, "list", R"({"prefix":"a/","first":2,"after":"a/2"})"),
              MatchesRegex(R"(\{"entries":\[\{"key":"a/3".*\}\],"next":null\})"));
  EXPECT_THAT(ask(as, "list"), HasSubstr(R"("key":"b")"));
  EXPECT_THAT(ask(as, "list", R"({"first":1001})"), HasSubstr("invalid_argument"));
  EXPECT_THAT(ask(as, "list", R"({"first":0})"), HasSubstr("invalid_argument"));
}

TEST_P(State, delete_says_whether_there_was_something) {
  EXPECT_EQ(ask("put", R"({"key":"a","value":1})"), "true");
  EXPECT_EQ(ask("delete", R"({"key":"a"})"), "true");
  EXPECT_EQ(ask("delete", R"({"key":"a"})"), "false");
}

TEST_P(State, if_version_is_compared) {
  EXPECT_EQ(ask("put", R"({"key":"a","value":1,"ifVersion":0})"), "true");
  EXPECT_THAT(ask("put", R"({"key":"a","value":1,"ifVersion":0})"), HasSubstr(R"("code":"aborted")"));
  EXPECT_THAT(ask("delete", R"({"key":"a","ifVersion":77})"), HasSubstr(R"("code":"aborted")"));
  EXPECT_EQ(ask("put", R"({"key":"a","value":1,"ifVersion":null})"), "true");
}

TEST_P(State, increment_gives_the_new_value) {
  EXPECT_EQ(ask("increment", R"({"key":"n"})"), "1");
  EXPECT_EQ(ask("increment", R"({"key":"n","by":-9007199254740993})"), "-9007199254740992");
  EXPECT_EQ(ask("put", R"({"key":"s","value":"x"})"), "true");
  EXPECT_THAT(ask("increment", R"({"key":"s"})"), HasSubstr(R"("code":"failed_precondition")"));
}

TEST_P(State, write_does_several) {
  EXPECT_EQ(ask("write", R"({"ops":[{"put":{"key":"a","value":{"x":[1]}}},{"increment":{"key":"n","by":3}},
    {"increment":{"key":"n"}},{"delete":{"key":"gone"}}]})"),
            "true");
  EXPECT_THAT(ask("get", R"({"key":"a"})"), HasSubstr(R"({"x":[1]})"));
  EXPECT_THAT(ask("get", R"({"key":"n"})"), HasSubstr(R"("value":4)"));
  EXPECT_THAT(ask("write", R"({"ops":[{"put":{"key":"b"}},{"put":{"key":"a","ifVersion":0}}]})"), HasSubstr("ops[1]"));
  EXPECT_EQ(ask("get", R"({"key":"b"})"), "null");
  EXPECT_EQ(ask("write", R"({"ops":[]})"), "true");
}

TEST_P(State, a_request_is_one_transaction) {
  const auto as = guest("shop.v1.Orders");
  EXPECT_EQ(ask(as, "increment", R"({"key":"n"})"), "1");
  EXPECT_EQ(ask("increment", R"({"key":"n"})"), "1") << "another one";
  EXPECT_EQ(ask(as, "increment", R"({"key":"n"})"), "2");
  EXPECT_TRUE(as->repeatable);
  EXPECT_EQ(settle(as), "aborted");
  EXPECT_THAT(ask("get", R"({"key":"n"})"), HasSubstr(R"("value":1)"));
}

TEST_P(State, a_request_that_fails_leaves_nothing) {
  {
    const auto as = guest("shop.v1.Orders");
    EXPECT_EQ(ask(as, "put", R"({"key":"a"})"), "true");
  }
  EXPECT_EQ(ask("get", R"({"key":"a"})"), "null");
}

TEST_P(State, commit_makes_final_what_was_written_and_begins_anew) {
  const auto as = guest("shop.v1.Orders");
  EXPECT_EQ(ask(as, "increment", R"({"key":"n"})"), "1");
  EXPECT_EQ(ask(as, "commit"), "true");
  EXPECT_FALSE(as->repeatable);
  EXPECT_EQ(ask("increment", R"({"key":"n"})"), "2");
  EXPECT_EQ(ask(as, "increment", R"({"key":"n"})"), "3") << "a new moment";
  EXPECT_EQ(ask(as, "commit"), "true");
  EXPECT_EQ(ask(as, "commit"), "true") << "with nothing written";
  EXPECT_EQ(settle(as), "ok");
}

TEST_P(State, commit_lets_a_request_last_longer_than_a_transaction_may) {
  const auto as = guest("shop.v1.Orders");
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(ask(as, "increment", R"({"key":"n"})"), std::to_string(i));
    EXPECT_EQ(ask(as, "commit"), "true");
    clock.advance(std::chrono::seconds(29));
  }
  EXPECT_EQ(ask(as, "increment", R"({"key":"n"})"), "4");
  clock.advance(std::chrono::seconds(31));
  EXPECT_THAT(ask(as, "increment", R"({"key":"n"})"), HasSubstr(R"("code":"aborted")"));
  EXPECT_THAT(ask(as, "commit"), HasSubstr(R"("code":"aborted")"));
  EXPECT_EQ(settle(as), "aborted");
}

TEST_P(State, a_commit_that_fails_ends_the_request_s_state) {
  const auto as = guest("shop.v1.Orders");
  EXPECT_EQ(ask(as, "increment", R"({"key":"n"})"), "1");
  EXPECT_EQ(ask("increment", R"({"key":"n"})"), "1");
  EXPECT_THAT(ask(as, "commit"), HasSubstr(R"("code":"aborted")"));
  EXPECT_THAT(ask(as, "put", R"({"key":"m"})"), HasSubstr(R"("code":"aborted")"));
  EXPECT_EQ(settle(as), "aborted");
}

TEST_P(State, a_commit_does_not_wait_for_who_is_alone_and_may_wait_for_this_guest_s_worker) {
  std::shared_ptr<void> hold;
  keeper->hold_off_others("shop.v1.Orders", core, [&](std::shared_ptr<void> h) { hold = std::move(h); });
  while (!hold) core.poll();
  const auto as = guest("shop.v1.Orders");
  EXPECT_EQ(ask(as, "increment", R"({"key":"n"})"), "1");
  guest_call c("commit", "{}", as);
  chain.ask(c.call);
  for (int i = 0; i < 1'000'000 && !c.done; ++i) core.poll();
  ASSERT_TRUE(c.done);
  EXPECT_EQ(c.text(), "true");
  hold.reset();
}

TEST_P(State, writes_of_a_query_are_refused) {
  const auto as = guest("shop.v1.Orders");
  as->reads_only = true;
  EXPECT_EQ(ask(as, "get", R"({"key":"n"})"), "null");
  for (const auto& [method, input] : {std::pair{"put", R"({"key":"a"})"},
                                      {"delete", R"({"key":"a"})"},
                                      {"increment", R"({"key":"a"})"},
                                      {"write", R"({"ops":[]})"},
                                      {"commit", "{}"}})
    EXPECT_THAT(ask(as, method, input), HasSubstr(R"("code":"failed_precondition")")) << method;
}

TEST_P(State, a_singleton_s_requests_build_on_each_other) {
  const auto held = *keeper->acquire("shop.v1.Orders");
  for (int i = 1; i <= 3; ++i) {
    const auto as = guest("shop.v1.Orders");
    as->held = held;
    EXPECT_EQ(ask(as, "increment", R"({"key":"n"})"), std::to_string(i));
    keeper->commit(as->state, core, [](const result<void>& done) { EXPECT_TRUE(done); });
  }
  EXPECT_THAT(ask("get", R"({"key":"a"})"), "null");
}

TEST_P(State, a_key_that_is_not_allowed_is_the_guests_fault) {
  service_grants granted;
  granted.state.prefixes = {"cart/"};
  const auto as = guest("shop.v1.Orders", granted);
  guest_call c("get", R"({"key":"a"})", as);
  chain.ask(c.call);
  ASSERT_TRUE(c.done);
  EXPECT_EQ(c.output().error().code, error_code::permission_denied);
  EXPECT_EQ(c.output().error().whose, fault::guest);
}

TEST_P(State, a_call_that_is_stopped_still_comes_to_its_end_since_its_guest_goes_on_with_the_transaction) {
  const auto as = guest("shop.v1.Orders");
  for (const char* method : {"put", "commit"}) {
    guest_call c(method, method == std::string("put") ? R"({"key":"a","ifVersion":0})" : "{}", as);
    chain.ask(c.call);
    if (!c.done) c.call.stop({.code = error_code::canceled, .message = "gone"});
    for (int i = 0; i < 1'000'000 && !c.done; ++i) core.poll();
    ASSERT_TRUE(c.done);
    EXPECT_EQ(c.text(), "true");
  }
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("increment", R"({"key":"n"})"), std::to_string(i + 1));
}

TEST_P(State, what_comes_back_after_its_end_finds_nothing) {
  const auto as = guest("shop.v1.Orders");
  auto here = std::make_unique<state_service>(core, *keeper, disk);
  guest_call c("get", R"({"key":"a"})", as);
  here->ask(c.call);
  if (!c.done) c.call.stop({});
  here.reset();
  EXPECT_EQ(ask("increment", R"({"key":"n"})"), "1");
}

}  // namespace
}  // namespace waggle
