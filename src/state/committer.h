#pragma once
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "state/commit_queue.h"
#include "state/recent_writes.h"
#include "state/state_stats.h"

namespace waggle {

/// What a store says about itself.
struct store_facts {
  std::int64_t last_version = 0;
  std::unordered_map<std::string, std::int64_t> epochs;  ///< of services that had a lease
};
[[nodiscard]] result<store_facts> read_store_facts(const store_view& view);

/// The one thread that writes to a store. It takes what was submitted, in order, as much as is there; decides for each
/// transaction whether it may be committed; writes them all together, with one sync; then lets everybody see them, and
/// tells who waits. Thread-safe.
class committer {
 public:
  /// `to` outlives it. `fatal`: the store could not be written; what is submitted fails from then on.
  committer(store& to, std::shared_ptr<state_ground> ground, store_facts facts, std::function<void(std::string)> fatal);
  /// Finishes what was submitted.
  ~committer();
  committer(const committer&) = delete;
  committer& operator=(const committer&) = delete;

  commit_queue& queue() { return *queue_; }
  [[nodiscard]] const state_stats& stats() const { return stats_; }
  /// Makes the service's next owner; commits under older leases are refused from then on. `tell` runs on its thread.
  /// `after`: only where nobody has acquired it since that lease; else `unavailable`.
  void acquire(const std::string& service, std::shared_ptr<const lease> after,
               std::move_only_function<void(result<std::shared_ptr<lease>>)> tell);

 private:
  void run();
  void commit(std::vector<commit_job>& jobs);
  [[nodiscard]] result<void> check(transaction& t, bool enough_space) const;
  void publish(std::int64_t version);
  void note(const commit_job& j, const result<void>& outcome);

  store& store_;
  const std::shared_ptr<state_ground> ground_;
  const std::function<void(std::string)> fatal_;
  const std::shared_ptr<commit_queue> queue_;

  state_stats stats_;

  // On its thread only.
  recent_writes recent_;
  store_facts facts_;
  std::string broken_;       // why nothing is written any more
  duration write_takes_{0};  // smoothed
  std::thread thread_;
};

}  // namespace waggle
