#include "state/recent_writes.h"

#include <gtest/gtest.h>

#include "state/memory_store.h"

namespace waggle {
namespace {

using std::chrono::seconds;

class recent : public testing::Test {
 protected:
  /// Another commit, and the moment after it.
  std::shared_ptr<const moment> write(const std::string& key) {
    write_set w;
    w.version = ++version;
    w.keys[key] = {};
    writes.prune(now);
    writes.add(w);
    auto m = std::make_shared<const moment>(moment{version, store->view()});
    writes.began(m, now);
    return m;
  }
  static transaction::reads read(std::shared_ptr<const moment> at, std::string key) {
    return {std::move(at), {std::move(key)}, {}};
  }

  time_point now{seconds(1000)};
  std::int64_t version = 0;
  std::unique_ptr<waggle::store> store = make_memory_store();
  recent_writes writes{10'000, seconds(30)};
};

TEST_F(recent, what_is_before_no_living_moment_is_forgotten) {
  auto old = write("a");
  write("a");
  write("b");
  EXPECT_TRUE(writes.conflict(read(old, "a")));
  EXPECT_FALSE(writes.conflict(read(old, "c")));
  const auto last = write("c");
  old.reset();
  writes.prune(now);
  EXPECT_EQ(writes.size(), 0U);
  EXPECT_EQ(writes.bytes(), 0U);
  EXPECT_FALSE(writes.conflict(read(last, "a")));
}

TEST_F(recent, a_moment_that_is_older_than_a_transaction_may_be_keeps_nothing) {
  const auto old = write("a");
  write("b");
  now += seconds(30);
  const auto last = write("c");
  EXPECT_FALSE(writes.conflict(read(old, "c2"))) << "who began at it as the next one came may still be committed";
  now += seconds(1);
  writes.prune(now);
  EXPECT_EQ(writes.size(), 0U);
  EXPECT_TRUE(writes.conflict(read(old, "c2")));
  EXPECT_FALSE(writes.conflict(read(last, "b")));
}

TEST_F(recent, an_old_moment_costs_no_more_than_so_many_bytes) {
  const auto old = write("a");
  for (int i = 0; i < 1000; ++i) write(std::string(1000, 'k') + std::to_string(i % 100));
  EXPECT_LT(writes.bytes(), 12'000U);
  EXPECT_LT(writes.size(), 12U);
  EXPECT_TRUE(writes.conflict(read(old, "z")));
}

TEST_F(recent, a_key_that_is_written_again_and_again_is_kept_once_and_its_last_write_counts) {
  const auto old = write("a");
  std::vector<std::shared_ptr<const moment>> since;
  for (int i = 0; i < 50; ++i) since.push_back(write("n"));
  EXPECT_EQ(writes.size(), 1U);
  EXPECT_TRUE(writes.conflict(read(since[48], "n")));
  EXPECT_FALSE(writes.conflict(read(since[49], "n")));
}

}  // namespace
}  // namespace waggle
