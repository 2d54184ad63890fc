#include "state/state_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "state/state_for_tests.h"

namespace waggle {
namespace {

using namespace testing_state;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

class keeper_on : public state_on {};
INSTANTIATE_TEST_SUITE_P(stores, keeper_on, both_stores, store_name);

TEST_P(keeper_on, of_two_that_read_and_write_the_same_key_the_later_is_aborted) {
  auto a = begin();
  auto b = begin();
  EXPECT_EQ(a->increment("n", 1), 1);
  EXPECT_EQ(b->increment("n", 1), 1);
  EXPECT_EQ(code_of(commit(a)), "ok");
  const auto refused = commit(b);
  EXPECT_EQ(code_of(refused), "aborted overload");
  EXPECT_THAT(refused.error().message, HasSubstr("try again"));
  EXPECT_EQ(value("n"), "1");
}

TEST_P(keeper_on, a_key_that_was_read_as_absent_conflicts_with_one_who_puts_it) {
  auto a = begin();
  EXPECT_EQ(value(*a, "x"), "-");
  ASSERT_TRUE(a->put("y", "1"));
  put("x", "1");
  EXPECT_EQ(code_of(commit(a)), "aborted overload");
}

TEST_P(keeper_on, a_listed_prefix_conflicts_with_new_changed_and_removed_keys_in_it) {
  put("p/1", "1");
  put("p/2", "1");
  const auto after = [this](const std::function<void(transaction&)>& other) {
    auto a = begin();
    EXPECT_TRUE(a->list("p/", {}, 10));
    EXPECT_TRUE(a->put("sum", "1"));
    auto b = begin();
    other(*b);
    EXPECT_TRUE(commit(b));
    return code_of(commit(a));
  };
  EXPECT_EQ(after([](transaction& t) { EXPECT_TRUE(t.put("p/3", "1")); }), "aborted overload");
  EXPECT_EQ(after([](transaction& t) { EXPECT_TRUE(t.put("p/1", "2")); }), "aborted overload");
  EXPECT_EQ(after([](transaction& t) { EXPECT_TRUE(t.remove("p/2")); }), "aborted overload");
  EXPECT_EQ(after([](transaction& t) { EXPECT_TRUE(t.put("p", "1")); }), "ok");
  EXPECT_EQ(after([](transaction& t) { EXPECT_TRUE(t.put("p0", "1")); }), "ok");
}

TEST_P(keeper_on, of_a_page_only_what_it_has_seen_counts) {
  for (const char* key : {"a", "b", "c", "e"}) put(key, "1");
  const auto after = [this](const char* other) {
    auto t = begin();
    EXPECT_TRUE(t->list("", {}, 2));  // a, b, and that there is a c
    EXPECT_TRUE(t->put("x", "1"));
    put(other, "2");
    return code_of(commit(t));
  };
  EXPECT_EQ(after("d"), "ok");
  EXPECT_EQ(after("c"), "aborted overload");
  EXPECT_EQ(after("aa"), "aborted overload");
}

TEST_P(keeper_on, a_blind_put_reads_nothing) {
  auto a = begin();
  auto b = begin();
  ASSERT_TRUE(a->put("x", "1"));
  ASSERT_TRUE(b->put("x", "2"));
  EXPECT_EQ(code_of(commit(a)), "ok");
  EXPECT_EQ(code_of(commit(b)), "ok");
  EXPECT_EQ(value("x"), "2");
}

TEST_P(keeper_on, what_is_compared_or_answered_is_read) {
  put("x", "1");
  const auto at = version("x");
  const auto after = [this](const std::function<void(transaction&)>& mine) {
    auto a = begin();
    mine(*a);
    EXPECT_TRUE(a->put("other", "1"));
    auto b = begin();
    EXPECT_TRUE(b->put("gone", "9"));
    EXPECT_TRUE(commit(b));
    return code_of(commit(a));
  };
  EXPECT_EQ(after([](transaction& t) { EXPECT_TRUE(t.put("gone", "1", 0)); }), "aborted overload");
  EXPECT_EQ(after([](transaction& t) { EXPECT_TRUE(t.remove("gone")); }), "aborted overload");
  EXPECT_EQ(after([](transaction& t) { EXPECT_TRUE(t.increment("gone", 1)); }), "aborted overload");
  EXPECT_EQ(after([at](transaction& t) { EXPECT_TRUE(t.put("x", "1", at)); }), "ok");
}

TEST_P(keeper_on, one_that_only_read_never_conflicts) {
  put("x", "1");
  auto t = begin();
  EXPECT_EQ(value(*t, "x"), "1");
  put("x", "2");
  EXPECT_FALSE(t->writes());
  EXPECT_EQ(code_of(commit(t)), "ok");
}

TEST_P(keeper_on, services_do_not_conflict_with_each_other) {
  auto a = begin(nullptr, {}, "a.A");
  EXPECT_EQ(a->increment("n", 1), 1);
  auto b = begin(nullptr, {}, "b.B");
  EXPECT_EQ(b->increment("n", 1), 1);
  EXPECT_EQ(code_of(commit(a)), "ok");
  EXPECT_EQ(code_of(commit(b)), "ok");
  EXPECT_THAT(*keeper->services(), ElementsAre("a.A", "b.B"));
}

TEST_P(keeper_on, an_old_transaction_does_not_make_the_memory_of_conflicts_grow) {
  state_settings s;
  s.remembered_bytes = 1024;
  open(s);
  auto old = begin();
  EXPECT_EQ(value(*old, "never touched"), "-");
  ASSERT_TRUE(old->put("x", "1"));
  for (int i = 0; i < 20; ++i) put(std::to_string(i), "1");
  EXPECT_EQ(code_of(commit(old)), "aborted overload") << "it is not known any more";
}

TEST_P(keeper_on, tells_on_the_core_when_it_is_visible) {
  auto t = begin();
  ASSERT_TRUE(t->put("a", "1"));
  std::string seen;
  keeper->commit(t, core, [&](result<void> done) {
    seen = code_of(done) + " " + value("a");
    core.stop();
  });
  EXPECT_EQ(seen, "") << "only on the core's thread";
  core.run();
  EXPECT_EQ(seen, "ok 1");
}

TEST_P(keeper_on, its_end_finishes_what_was_submitted) {
  int done = 0;
  for (int i = 0; i < 100; ++i) {
    auto t = begin();
    ASSERT_TRUE(t->put(std::to_string(i), "1"));
    keeper->commit(std::move(t), core, [&](const result<void>& r) { done += r ? 1 : 0; });
  }
  keeper.reset();
  core.poll();
  EXPECT_EQ(done, 100);
}

TEST_P(keeper_on, refuses_to_write_while_the_disk_is_nearly_full) {
  if (GetParam() == store_kind::memory) GTEST_SKIP() << "there is no disk";
  state_settings s;
  s.reserve_bytes = std::uint64_t{1} << 62;
  open(s);
  auto t = begin();
  ASSERT_TRUE(t->put("a", "1"));
  const auto refused = commit(t);
  EXPECT_EQ(code_of(refused), "resource_exhausted host");
  EXPECT_THAT(refused.error().message, HasSubstr("disk"));
  EXPECT_EQ(value("a"), "-");
  EXPECT_EQ(fatal, "");
}

TEST_P(keeper_on, times_are_kept_by_name) {
  EXPECT_FALSE(keeper->load_time("shop.v1.Orders/poll").value());
  EXPECT_TRUE(keeper->save_time("shop.v1.Orders/poll", {1'700'000'000'000, "every day"}));
  EXPECT_TRUE(keeper->save_time("shop.v1.Orders/other", {-5, "every day"}));
  EXPECT_EQ(keeper->load_time("shop.v1.Orders/poll").value(),
            (state_keeper::kept_time{1'700'000'000'000, "every day"}));
  EXPECT_EQ(keeper->load_time("shop.v1.Orders/other").value(), (state_keeper::kept_time{-5, "every day"}));
  keeper->save_time("shop.v1.Orders/poll", {7, "every day"}, core, [&](const result<void>& done) {
    EXPECT_TRUE(done);
    core.stop();
  });
  core.run();
  EXPECT_EQ(keeper->load_time("shop.v1.Orders/poll").value(), (state_keeper::kept_time{7, "every day"}));
  EXPECT_TRUE(keeper->services()->empty());
}

// Leases.

TEST_P(keeper_on, a_lease_reads_what_it_submitted_and_never_conflicts) {
  const auto held = *keeper->acquire("shop.v1.Orders");
  std::vector<std::string> told;
  for (int i = 0; i < 20; ++i) {
    auto t = begin(held);
    ASSERT_EQ(t->increment("n", 1), i + 1) << "on top of the ones before";
    ASSERT_EQ(t->list("", {}, 10)->entries.size(), 1U);
    keeper->commit(std::move(t), core, [&told](const result<void>& done) { told.push_back(code_of(done)); });
  }
  EXPECT_EQ(code_of(commit(begin(held))), "ok");  // all before it are through
  while (told.size() < 20) core.poll();
  EXPECT_EQ(told, std::vector<std::string>(20, "ok"));
  EXPECT_EQ(value("n"), "20");
  EXPECT_TRUE(held->pending().empty());
}

TEST_P(keeper_on, versions_seen_under_a_lease_are_those_of_the_commit) {
  const auto held = *keeper->acquire("shop.v1.Orders");
  auto first = begin(held);
  ASSERT_TRUE(first->put("a", "1"));
  keeper->commit(std::move(first), core, [](const result<void>&) {});
  auto second = begin(held);
  const auto seen = (**second->get("a")).version;
  EXPECT_EQ(code_of(second->put("a", "2", seen)), "ok");
  ASSERT_TRUE(commit(second));
  EXPECT_GT(version("a"), seen);
}

TEST(state_keeper, after_one_commit_fails_those_after_it_under_the_lease_fail_too) {
  manual_clock clock;
  core_loop core(0, clock);
  auto made = std::make_unique<gated_store>();
  gated_store& gate = *made;
  const auto keeper = *state_keeper::on(std::move(made), clock);
  const auto held = *keeper->acquire("shop.v1.Orders");
  const auto begin = [&](std::shared_ptr<lease> under) {
    return keeper->begin("shop.v1.Orders", nullptr, false, std::move(under));
  };
  std::vector<std::string> told;
  const auto tell = [&told](const result<void>& done) { told.push_back(code_of(done)); };
  auto first = begin(held);
  ASSERT_TRUE(first->put("a", "1"));
  clock.advance(seconds(31));  // it will be refused
  gate.shut();
  auto other = keeper->begin("other.v1.Service", nullptr, false, nullptr);
  ASSERT_TRUE(other->put("a", "1"));
  keeper->commit(other, core, tell);  // what is submitted from here on waits
  gate.wait_for_writer();
  keeper->commit(std::move(first), core, tell);
  auto second = begin(held);
  ASSERT_TRUE(second->put("b", "1"));
  keeper->commit(std::move(second), core, tell);
  auto reader = begin(held);
  EXPECT_EQ((**reader->get("a")).value, "1");
  EXPECT_TRUE(reader->writes()) << "its answer has to wait, for it may be wrong";
  keeper->commit(std::move(reader), core, tell);
  auto last = begin(held);
  ASSERT_TRUE(last->get("b"));
  gate.open();
  EXPECT_EQ(code_of(keeper->commit_now(last)), "aborted host");
  while (told.size() < 4) core.poll();
  EXPECT_THAT(told, ElementsAre("ok", "aborted guest", "aborted host", "aborted host"));
  EXPECT_TRUE(held->broken());
  EXPECT_EQ(code_of(begin(held)->get("a")), "aborted host");
  EXPECT_FALSE(*begin(nullptr)->get("a"));
}

TEST(state_keeper, a_write_that_fails_is_fatal_and_acknowledges_nothing) {
  manual_clock clock;
  auto made = std::make_unique<gated_store>();
  gated_store& gate = *made;
  std::vector<std::string> fatal;
  const auto keeper =
      *state_keeper::on(std::move(made), clock, {}, [&](const std::string& why) { fatal.push_back(why); });
  const auto put = [&](const char* key) {
    auto t = keeper->begin("shop.v1.Orders", nullptr, false, nullptr);
    EXPECT_TRUE(t->put(key, "1"));
    return code_of(keeper->commit_now(t));
  };
  EXPECT_EQ(put("a"), "ok");
  gate.fails = true;
  EXPECT_EQ(put("b"), "unavailable host");
  gate.fails = false;
  EXPECT_EQ(put("c"), "unavailable host") << "whatever the disk says now";
  EXPECT_EQ(code_of(keeper->acquire("shop.v1.Orders")), "unavailable host");
  EXPECT_EQ(code_of(keeper->save_time("x", {1, "every day"})), "unavailable host");
  ASSERT_EQ(fatal.size(), 1U);
  EXPECT_THAT(fatal[0], HasSubstr("no space"));
  EXPECT_TRUE(*keeper->begin("shop.v1.Orders", nullptr, false, nullptr)->get("a"));
  EXPECT_FALSE(*keeper->begin("shop.v1.Orders", nullptr, false, nullptr)->get("b"));
}

TEST_P(keeper_on, a_new_owner_shuts_out_the_one_before) {
  const auto first = *keeper->acquire("shop.v1.Orders");
  auto t = begin(first);
  ASSERT_TRUE(t->put("a", "1"));
  const auto second = *keeper->acquire("shop.v1.Orders");
  EXPECT_EQ(second->epoch(), first->epoch() + 1);
  EXPECT_EQ(code_of(commit(t)), "aborted host");
  EXPECT_TRUE(first->broken());
  EXPECT_EQ(value("a"), "-");
  t = begin(second);
  ASSERT_TRUE(t->put("a", "2"));
  EXPECT_EQ(code_of(commit(t)), "ok");
  EXPECT_EQ((*keeper->acquire("other.v1.Service"))->epoch(), 1);
}

TEST_P(keeper_on, a_broken_lease_is_renewed_but_not_taken_back) {
  const auto first = *keeper->acquire("shop.v1.Orders");
  const auto second = keeper->renew(first);
  ASSERT_TRUE(second);
  EXPECT_EQ((*second)->epoch(), first->epoch() + 1);
  EXPECT_EQ(code_of(keeper->renew(first)), "unavailable host");
  auto t = begin(*second);
  ASSERT_TRUE(t->put("a", "1"));
  EXPECT_EQ(code_of(commit(t)), "ok");
  EXPECT_EQ((*second)->pending_bytes(), 0U);
}

// Holding off others.

class hold_on : public state_on {
 protected:
  std::shared_ptr<void> hold() {
    std::shared_ptr<void> out;
    keeper->hold_off_others("shop.v1.Orders", core, [&](std::shared_ptr<void> h) {
      out = std::move(h);
      core.stop();
    });
    core.io().restart();
    core.run();
    return out;
  }
  std::vector<std::string> told;
  void submit(const std::string& name, std::shared_ptr<transaction> t) {
    keeper->commit(std::move(t), core,
                   [this, name](const result<void>& done) { told.push_back(name + " " + code_of(done)); });
  }
};
INSTANTIATE_TEST_SUITE_P(stores, hold_on, both_stores, store_name);

TEST_P(hold_on, others_wait_until_it_is_let_go) {
  auto other = begin();
  EXPECT_EQ(other->increment("n", 1), 1);
  auto h = hold();
  submit("other", std::move(other));
  auto elsewhere = begin(nullptr, {}, "other.v1.Service");
  ASSERT_TRUE(elsewhere->put("a", "1"));
  EXPECT_EQ(code_of(commit(elsewhere)), "ok") << "of another service";
  auto alone = begin();
  alone->alone(h);
  EXPECT_EQ(alone->increment("n", 10), 10);
  EXPECT_EQ(code_of(commit(alone)), "ok");
  core.poll();
  EXPECT_TRUE(told.empty());
  h.reset();
  alone.reset();
  while (told.empty()) core.poll();
  EXPECT_THAT(told, ElementsAre("other aborted overload"));
  EXPECT_EQ(value("n"), "10");
}

TEST_P(hold_on, a_commit_for_which_a_guest_waits_passes) {
  const auto h = hold();
  auto alone = begin();
  alone->alone(h);
  EXPECT_EQ(alone->increment("n", 10), 10);
  auto passing = begin();
  EXPECT_EQ(passing->increment("n", 1), 1);
  passing->pass_holds();
  submit("passing", std::move(passing));
  for (int i = 0; i < 1'000'000 && told.empty(); ++i) core.poll();
  EXPECT_THAT(told, ElementsAre("passing ok"));
  EXPECT_EQ(code_of(commit(alone)), "aborted overload") << "checked all the same";
}

TEST_P(hold_on, they_are_served_in_order) {
  auto first = hold();
  std::shared_ptr<void> second;
  keeper->hold_off_others("shop.v1.Orders", core, [&](std::shared_ptr<void> h) {
    second = std::move(h);
    core.stop();
  });
  core.poll();
  EXPECT_EQ(second, nullptr);
  auto other = begin();
  ASSERT_TRUE(other->put("a", "1"));
  submit("other", std::move(other));
  first.reset();
  core.io().restart();
  core.run();
  EXPECT_NE(second, nullptr);
  EXPECT_THAT(told, ElementsAre("other ok")) << "who waited goes first";
}

TEST_P(hold_on, ends_by_itself) {
  const auto h = hold();
  clock.advance(seconds(31));
  put("a", "1");  // blocks until the hold is over
  EXPECT_EQ(value("a"), "1");
}

TEST_P(hold_on, the_end_of_the_keeper_does_not_wait_for_it) {
  const auto h = hold();
  auto other = begin();
  ASSERT_TRUE(other->put("a", "1"));
  submit("other", std::move(other));
  keeper.reset();
  core.poll();
  EXPECT_THAT(told, ElementsAre("other ok"));
}

}  // namespace
}  // namespace waggle
