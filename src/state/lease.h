#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "state/moment.h"

namespace waggle {

/// A singleton's right to its service's state (`state_keeper::acquire`). What it writes is seen by its next transactions
/// before it is durable, in order; when one commit fails, those after it fail too and the lease is broken: get another.
/// Thread-safe.
class lease {
 public:
  lease(std::string service, std::int64_t epoch) : service_(std::move(service)), epoch_(epoch) {}

  [[nodiscard]] const std::string& service() const { return service_; }
  /// Grows with each owner.
  [[nodiscard]] std::int64_t epoch() const { return epoch_; }
  /// A commit failed or somebody else took over: nothing can be committed under it any more.
  [[nodiscard]] bool broken() const { return broken_.load(std::memory_order_acquire); }

  // For transactions and the committer.
  using writes = std::vector<std::shared_ptr<const write_set>>;
  /// Submitted and not yet durable, oldest first.
  [[nodiscard]] writes pending() const {
    const std::lock_guard lock(mutex_);
    return {pending_.begin(), pending_.end()};
  }
  void submitted(std::shared_ptr<const write_set> w) {
    const std::lock_guard lock(mutex_);
    pending_bytes_ += bytes_of(*w);
    pending_.push_back(std::move(w));
  }
  /// Of keys and values that are submitted and not yet durable.
  [[nodiscard]] std::size_t pending_bytes() const {
    const std::lock_guard lock(mutex_);
    return pending_bytes_;
  }
  /// Up to that version they are durable and in the latest moment.
  void durable(std::int64_t version) {
    const std::lock_guard lock(mutex_);
    for (; !pending_.empty() && pending_.front()->version <= version; pending_.pop_front())
      pending_bytes_ -= bytes_of(*pending_.front());
  }
  void break_it() { broken_.store(true, std::memory_order_release); }

 private:
  static std::size_t bytes_of(const write_set& w) {
    std::size_t all = 0;
    for (const auto& [key, value] : w.keys) all += key.size() + (value.value ? value.value->size() : 0);
    return all;
  }

  const std::string service_;
  const std::int64_t epoch_;
  std::atomic<bool> broken_{false};
  mutable std::mutex mutex_;
  std::deque<std::shared_ptr<const write_set>> pending_;
  std::size_t pending_bytes_ = 0;
};

}  // namespace waggle
