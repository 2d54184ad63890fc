#include "state/transaction.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "state/state_for_tests.h"

namespace waggle {
namespace {

using namespace testing_state;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

class transaction_on : public state_on {
 protected:
  static std::vector<std::string> keys(const state_page& page) {
    std::vector<std::string> out;
    for (const auto& e : page.entries) out.push_back(e.key);
    return out;
  }
};
INSTANTIATE_TEST_SUITE_P(stores, transaction_on, both_stores, store_name);

TEST_P(transaction_on, reads_nothing_where_nothing_is) {
  EXPECT_EQ(value("a"), "-");
  const auto page = begin()->list("", {}, 100);
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->entries.empty());
  EXPECT_FALSE(page->next);
}

TEST_P(transaction_on, reads_what_was_committed_with_its_version) {
  put("a", R"({"n":1})");
  const auto e = begin()->get("a");
  ASSERT_TRUE(e && *e);
  EXPECT_EQ((*e)->key, "a");
  EXPECT_EQ((*e)->value, R"({"n":1})");
  EXPECT_GE((*e)->version, 1);
  EXPECT_EQ((*e)->expires, 0);
}

TEST_P(transaction_on, reads_one_moment_that_of_its_first_use) {
  put("a", "1");
  const auto t = begin();
  put("a", "2");  // before the first use
  EXPECT_EQ(value(*t, "a"), "2");
  put("a", "3");
  put("b", "3");
  EXPECT_EQ(value(*t, "a"), "2");
  EXPECT_EQ(value(*t, "b"), "-");
  const auto page = t->list("", {}, 10);
  ASSERT_TRUE(page);
  EXPECT_THAT(keys(*page), ElementsAre("a"));
}

TEST_P(transaction_on, reads_its_own_writes_on_top_at_version_minus_one) {
  put("a", "1");
  put("b", "1");
  put("d", "1");
  const auto t = begin();
  ASSERT_TRUE(t->put("a", "2"));
  ASSERT_TRUE(t->remove("b"));
  ASSERT_TRUE(t->put("c", "2"));
  ASSERT_TRUE(t->put("z", "2"));
  EXPECT_EQ(value(*t, "a"), "2");
  EXPECT_EQ(value(*t, "b"), "-");
  EXPECT_EQ((**t->get("a")).version, -1);
  const auto page = t->list("", {}, 10);
  ASSERT_TRUE(page);
  EXPECT_THAT(keys(*page), ElementsAre("a", "c", "d", "z"));
  EXPECT_EQ(page->entries[0].value, "2");
  EXPECT_EQ(value("a"), "1") << "others see nothing of it";
}

TEST_P(transaction_on, nothing_is_kept_of_one_that_is_not_committed) {
  ASSERT_TRUE(begin()->put("a", "1"));
  EXPECT_EQ(value("a"), "-");
}

TEST_P(transaction_on, all_writes_become_visible_together) {
  auto t = begin();
  ASSERT_TRUE(t->put("a", "1"));
  ASSERT_TRUE(t->put("b", "1"));
  ASSERT_TRUE(commit(std::move(t)));
  EXPECT_EQ(value("a"), "1");
  EXPECT_EQ(version("a"), version("b"));
}

TEST_P(transaction_on, versions_grow_over_the_whole_service_and_are_never_used_twice) {
  put("a", "1");
  const auto first = version("a");
  put("b", "1");
  EXPECT_GT(version("b"), first);
  auto t = begin();
  ASSERT_TRUE(t->remove("a"));
  ASSERT_TRUE(commit(std::move(t)));
  put("a", "1");
  EXPECT_GT(version("a"), version("b"));
}

TEST_P(transaction_on, a_service_sees_its_own_keys_only) {
  put("a", "1");
  for (const char* other : {"shop.v1.Order", "shop.v1.OrdersX", "a"}) {
    const auto t = begin(nullptr, {}, other);
    EXPECT_EQ(value(*t, "a"), "-");
    EXPECT_TRUE(t->list("", {}, 10)->entries.empty());
  }
}

TEST_P(transaction_on, a_list_is_in_order_of_bytes_and_bounded_by_its_prefix) {
  for (const char* key : {"b", "a", "a/2", "a/10", "a0", "\xC3\xA9", "B"}) put(key, "1");
  const auto all = begin()->list("", {}, 100);
  ASSERT_TRUE(all);
  EXPECT_THAT(keys(*all), ElementsAre("B", "a", "a/10", "a/2", "a0", "b", "\xC3\xA9"));
  EXPECT_THAT(keys(*begin()->list("a/", {}, 100)), ElementsAre("a/10", "a/2"));
  EXPECT_THAT(keys(*begin()->list("\xC3", {}, 100)), ElementsAre("\xC3\xA9"));
}

TEST_P(transaction_on, a_list_goes_on_behind_its_cursor_which_is_null_at_the_end) {
  for (const char* key : {"a", "b", "c", "d"}) put(key, "1");
  const auto t = begin();
  auto page = t->list("", {}, 3);
  ASSERT_TRUE(page);
  EXPECT_THAT(keys(*page), ElementsAre("a", "b", "c"));
  ASSERT_TRUE(page->next);
  page = t->list("", page->next, 3);
  EXPECT_THAT(keys(*page), ElementsAre("d"));
  EXPECT_FALSE(page->next);
  page = t->list("", {}, 4);
  EXPECT_EQ(page->entries.size(), 4U);
  EXPECT_FALSE(page->next) << "exactly as many as asked for: that was all";
  EXPECT_THAT(keys(*t->list("b", std::string("a"), 9)), ElementsAre("b")) << "a cursor before the prefix";
  EXPECT_TRUE(t->list("b", std::string("c"), 9)->entries.empty()) << "a cursor behind the prefix";
}

TEST_P(transaction_on, a_list_of_large_values_ends_before_they_are_too_much_for_an_answer) {
  const std::string large = '"' + std::string(200'000, 'x') + '"';
  for (const char* key : {"a", "b", "c", "d"}) put(key, large);
  const auto page = begin()->list("", {}, 100);
  ASSERT_TRUE(page);
  EXPECT_THAT(keys(*page), ElementsAre("a", "b"));
  EXPECT_THAT(keys(*begin()->list("", page->next, 100)), ElementsAre("c", "d"));
}

TEST_P(transaction_on, put_only_at_the_given_version) {
  put("a", "1");
  const auto at = version("a");
  auto t = begin();
  EXPECT_EQ(code_of(t->put("a", "2", at + 1)), "aborted guest");
  EXPECT_EQ(code_of(t->put("a", "2", 0)), "aborted guest") << "0: only if absent";
  EXPECT_EQ(code_of(t->put("new", "2", at)), "aborted guest");
  EXPECT_EQ(code_of(t->put("new", "2", 0)), "ok");
  EXPECT_EQ(code_of(t->put("new", "3", 0)), "aborted guest") << "it is there now";
  EXPECT_EQ(code_of(t->put("new", "3", -1)), "ok") << "its own write";
  EXPECT_EQ(code_of(t->put("a", "2", at)), "ok");
  EXPECT_EQ(code_of(t->remove("a", at)), "aborted guest");
  EXPECT_EQ(code_of(t->remove("a", -1)), "ok");
  ASSERT_TRUE(commit(std::move(t)));
  EXPECT_EQ(value("a"), "-");
  EXPECT_EQ(value("new"), "3");
}

TEST_P(transaction_on, remove_says_whether_there_was_something) {
  put("a", "1");
  auto t = begin();
  EXPECT_EQ(t->remove("a"), true);
  EXPECT_EQ(t->remove("a"), false);
  EXPECT_EQ(t->remove("b"), false);
}

TEST_P(transaction_on, increment_counts_from_what_is_there_or_from_0) {
  put("a", "41");
  auto t = begin();
  EXPECT_EQ(t->increment("a", 1), 42);
  EXPECT_EQ(t->increment("new", -3), -3);
  EXPECT_EQ(t->increment("new", -3), -6);
  ASSERT_TRUE(commit(std::move(t)));
  EXPECT_EQ(value("a"), "42");
  EXPECT_EQ(value("new"), "-6");
}

TEST_P(transaction_on, increment_refuses_what_is_no_integer_or_overflows) {
  const auto most = std::numeric_limits<std::int64_t>::max();
  put("text", "\"1\"");
  put("real", "1.5");
  put("null", "null");
  put("huge", "92233720368547758070");
  put("most", std::to_string(most));
  put("least", std::to_string(std::numeric_limits<std::int64_t>::min()));
  const auto t = begin();
  for (const char* key : {"text", "real", "null", "huge", "most"})
    EXPECT_EQ(code_of(t->increment(key, 1)), "failed_precondition guest") << key;
  EXPECT_EQ(code_of(t->increment("least", -1)), "failed_precondition guest");
  EXPECT_EQ(t->increment("most", -1), most - 1);
}

TEST_P(transaction_on, expired_entries_are_gone_by_the_clock_of_its_moment) {
  put("a", "1", 10'000);
  put("b", "1");
  const auto before = begin();
  EXPECT_EQ(value(*before, "a"), "1");
  clock.advance(seconds(10));
  EXPECT_EQ(value(*before, "a"), "1") << "its moment was before";
  const auto after = begin();
  EXPECT_EQ(value(*after, "a"), "-");
  EXPECT_THAT(keys(*after->list("", {}, 9)), ElementsAre("b"));
  EXPECT_EQ(after->remove("a"), false);
  EXPECT_EQ(after->increment("a", 5), 5);
  EXPECT_EQ(code_of(begin()->put("a", "2", 0)), "ok") << "absent";
}

TEST_P(transaction_on, says_when_an_entry_expires) {
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(clock.wall().time_since_epoch()).count();
  put("a", "1", 10'000);
  EXPECT_EQ((**begin()->get("a")).expires, now + 10'000);
  auto t = begin();
  EXPECT_EQ(t->increment("a", 1), 2);
  EXPECT_EQ((**t->get("a")).expires, now + 10'000) << "counting does not make it last longer";
  ASSERT_TRUE(t->put("a", "1"));
  EXPECT_EQ((**t->get("a")).expires, 0) << "a new value without an end has none";
}

TEST_P(transaction_on, refuses_times_that_make_no_sense) {
  const auto t = begin();
  for (const std::int64_t ttl : {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min(),
                                 std::numeric_limits<std::int64_t>::max()})
    EXPECT_EQ(code_of(t->put("a", "1", {}, ttl)), "invalid_argument guest") << ttl;
}

TEST_P(transaction_on, write_does_all_in_order_or_none) {
  put("n", "1");
  auto t = begin();
  ASSERT_TRUE(t->put("own", "1"));
  using kind = state_write::kind;
  const std::vector<state_write> good{{kind::increment, "n", "", {}, {}, 4},
                                      {kind::put, "a", "1", {}, {}, 0},
                                      {kind::remove, "a", "", {}, {}, 0},
                                      {kind::put, "b", "2", {}, {}, 0}};
  EXPECT_EQ(code_of(t->write(good)), "ok");
  const std::vector<state_write> bad{{kind::put, "own", "2", {}, {}, 0},
                                     {kind::put, "c", "3", {}, {}, 0},
                                     {kind::remove, "b", "", {}, {}, 0},
                                     {kind::put, "n", "0", 77, {}, 0}};
  const auto failed = t->write(bad);
  EXPECT_EQ(code_of(failed), "aborted guest");
  EXPECT_THAT(failed.error().message, HasSubstr("ops[3]"));
  ASSERT_TRUE(commit(std::move(t)));
  EXPECT_EQ(value("n"), "5");
  EXPECT_EQ(value("a"), "-");
  EXPECT_EQ(value("b"), "2");
  EXPECT_EQ(value("c"), "-");
  EXPECT_EQ(value("own"), "1");
}

TEST_P(transaction_on, write_takes_a_thousand_operations) {
  std::vector<state_write> ops(1000);
  for (std::size_t i = 0; i < ops.size(); ++i) ops[i].key = std::to_string(i);
  EXPECT_EQ(code_of(begin()->write(ops)), "ok");
  ops.emplace_back().key = "one more";
  EXPECT_EQ(code_of(begin()->write(ops)), "invalid_argument guest");
}

TEST_P(transaction_on, a_query_is_refused_writes) {
  const auto t = keeper->begin("shop.v1.Orders", nullptr, true, nullptr);
  EXPECT_EQ(code_of(t->put("a", "1")), "failed_precondition guest");
  EXPECT_EQ(code_of(t->remove("a")), "failed_precondition guest");
  EXPECT_EQ(code_of(t->increment("a", 1)), "failed_precondition guest");
  EXPECT_EQ(code_of(t->write({})), "failed_precondition guest");
  EXPECT_EQ(code_of(t->get("a")), "ok");
  EXPECT_FALSE(t->writes());
}

TEST_P(transaction_on, keys_and_values_have_limits) {
  const auto t = begin();
  EXPECT_EQ(code_of(t->get("")), "invalid_argument guest");
  EXPECT_EQ(code_of(t->put("", "1")), "invalid_argument guest");
  EXPECT_EQ(code_of(t->put(std::string(1024, 'k'), "1")), "ok");
  EXPECT_EQ(code_of(t->put(std::string(1025, 'k'), "1")), "invalid_argument guest");
  EXPECT_EQ(code_of(t->list(std::string(1025, 'k'), {}, 1)), "invalid_argument guest");
  EXPECT_EQ(code_of(t->put("a", std::string(1 << 20, '1'))), "ok");
  EXPECT_EQ(code_of(t->put("a", std::string((1 << 20) + 1, '1'))), "resource_exhausted guest");
}

TEST_P(transaction_on, what_one_may_write_is_limited) {
  service_grants granted;
  granted.state.bytes = 1000;
  auto t = begin(nullptr, granted);
  EXPECT_EQ(code_of(t->put("a", std::string(900, '1'))), "ok");
  EXPECT_EQ(code_of(t->put("b", std::string(100, '1'))), "resource_exhausted guest");
  EXPECT_EQ(code_of(t->put("a", "1")), "ok") << "smaller than before";
  EXPECT_EQ(code_of(t->put("b", std::string(100, '1'))), "ok");
  t.reset();
  state_settings s;
  s.written_keys = 10;
  open(s);
  t = begin();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(code_of(t->put(std::to_string(i), "1")), "ok");
  EXPECT_EQ(code_of(t->put("one more", "1")), "resource_exhausted guest");
  EXPECT_EQ(code_of(t->put("3", "2")), "ok");
}

TEST_P(transaction_on, what_one_may_read_is_limited) {
  state_settings s;
  s.read_keys = 10;
  open(s);
  const auto t = begin();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(code_of(t->get(std::to_string(i))), "ok");
  EXPECT_EQ(code_of(t->get("3")), "ok") << "again";
  EXPECT_EQ(code_of(t->get("one more")), "resource_exhausted guest");
  EXPECT_EQ(code_of(t->list("", {}, 1)), "resource_exhausted guest");
}

TEST_P(transaction_on, granted_prefixes_bound_keys_and_lists) {
  service_grants granted;
  granted.state.prefixes = {"cart/", "tmp/"};
  const auto t = begin(nullptr, granted);
  EXPECT_EQ(code_of(t->put("cart/1", "1")), "ok");
  EXPECT_EQ(code_of(t->get("tmp/1")), "ok");
  EXPECT_EQ(code_of(t->list("cart/", {}, 10)), "ok");
  EXPECT_EQ(code_of(t->list("cart/1", {}, 10)), "ok");
  for (const char* key : {"cart", "cartx/1", "other"}) {
    EXPECT_EQ(code_of(t->get(key)), "permission_denied guest") << key;
    EXPECT_EQ(code_of(t->put(key, "1")), "permission_denied guest") << key;
    EXPECT_EQ(code_of(t->list(key, {}, 10)), "permission_denied guest") << key;
  }
  EXPECT_EQ(code_of(t->list("", {}, 10)), "permission_denied guest");
}

TEST_P(transaction_on, is_aborted_when_it_is_too_old) {
  auto t = begin();
  ASSERT_TRUE(t->put("a", "1"));
  clock.advance(seconds(30));
  EXPECT_EQ(code_of(t->put("b", "1")), "ok");
  clock.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(code_of(t->get("b")), "aborted guest");
  EXPECT_EQ(code_of(commit(std::move(t))), "aborted guest");
  EXPECT_EQ(value("a"), "-");
}

TEST_P(transaction_on, is_of_no_more_use_once_it_was_committed) {
  const auto t = begin();
  ASSERT_TRUE(t->put("a", "1"));
  ASSERT_TRUE(commit(t));
  EXPECT_EQ(code_of(t->put("a", "2")), "aborted guest");
  EXPECT_EQ(code_of(commit(t)), "aborted guest");
}

TEST_P(transaction_on, keeps_an_answer_with_what_it_wrote_for_a_day) {
  auto t = begin();
  EXPECT_EQ(code_of(t->find_answer("key 1")), "ok");
  EXPECT_FALSE(*t->find_answer("key 1"));
  ASSERT_TRUE(t->put("a", "1"));
  t->keep_answer("key 1", {"hash", R"({"ok":true})"});
  EXPECT_TRUE(t->writes());
  ASSERT_TRUE(commit(std::move(t)));
  clock.advance(std::chrono::hours(24) - seconds(1));
  const auto found = begin()->find_answer("key 1");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->input_hash, "hash");
  EXPECT_EQ((*found)->answer, R"({"ok":true})");
  EXPECT_TRUE(begin()->list("", {}, 9)->entries.size() == 1) << "it is no entry";
  EXPECT_FALSE(*begin(nullptr, {}, "other.v1.Service")->find_answer("key 1"));
  clock.advance(seconds(1));
  EXPECT_FALSE(*begin()->find_answer("key 1"));
}

TEST_P(transaction_on, of_two_with_the_same_idempotency_key_one_is_kept) {
  auto a = begin();
  auto b = begin();
  for (const auto& t : {a, b}) {
    ASSERT_FALSE(*t->find_answer("key 1"));
    t->keep_answer("key 1", {"hash", "1"});
  }
  EXPECT_EQ(code_of(commit(a)), "ok");
  EXPECT_EQ(code_of(commit(b)), "aborted overload");
}

}  // namespace
}  // namespace waggle
