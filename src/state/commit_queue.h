#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/counter.h"
#include "loop/core_loop.h"
#include "state/store.h"
#include "state/transaction.h"

namespace waggle {

/// One thing for the committer: a transaction, or something else to write in its turn.
struct commit_job {
  std::shared_ptr<transaction> t;
  /// Adds to what is written; on the committer's thread. May be empty: only to be told of its turn.
  std::move_only_function<void(std::vector<change>&)> write;
  core_loop* core = nullptr;  ///< where it is told; null: on the committer's thread
  std::move_only_function<void(result<void>)> tell;
};

/// What waits for the committer, in the order in which it is committed, and who has to stay out of it for a while
/// because somebody is `alone`. It gives the versions, since its order is theirs. Thread-safe; nothing blocks but `take`.
class commit_queue : public std::enable_shared_from_this<commit_queue> {
 public:
  commit_queue(std::shared_ptr<const state_ground> ground, std::int64_t last_version);

  void put(commit_job j);

  using ready = std::move_only_function<void(std::shared_ptr<void> hold)>;
  /// `tell` runs on `core` when all that came before has been committed; from then on, until the hold is let go or
  /// `transaction_limit` is over, others of this service wait, but for those that pass holds. First come, first
  /// served.
  void hold_off_others(const std::string& service, core_loop& core, ready tell);

  /// What is there, at least one and at most so much; blocks until there is something. Empty: closed, and all was taken.
  /// `gather`: how long it may wait, then, for those to come back that were just told of their commits.
  [[nodiscard]] std::vector<commit_job> take(std::size_t most, std::size_t most_bytes, duration gather);

  /// Those that were taken are told of their commits now.
  void about_to_tell();

  /// What is in it and whoever waits in it is still taken.
  void close();

  /// How many are in it. From any thread.
  [[nodiscard]] const counter& length() const { return length_; }

 private:
  class hold;
  struct line {
    const hold* active = nullptr;
    time_point until{};
    std::deque<std::pair<core_loop*, ready>> next;
    std::deque<commit_job> waiting;
  };
  using lines = std::map<std::string, line, std::less<>>;

  void enter(commit_job j);  // these four with the lock
  void end_holds();
  void activate(lines::iterator at);
  void next_of(lines::iterator at);
  void let_go(const std::string& service, const hold* h);

  const std::shared_ptr<const state_ground> ground_;
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<commit_job> queue_;
  counter length_;  // changed with the lock
  lines lines_;
  std::size_t taken_ = 0;   // the last time
  std::size_t wanted_ = 1;  // wakes who takes
  std::int64_t last_version_;
  bool closed_ = false;
};

}  // namespace waggle
