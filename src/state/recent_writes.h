#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "state/transaction.h"

namespace waggle {

/// The keys that were written since the oldest transaction that may still be committed began, with the version of the
/// last commit that wrote each: by it is decided whether what a transaction read still holds (validation of the read set at
/// the end, as in Kung & Robinson 1981). For the committer's thread.
class recent_writes {
 public:
  explicit recent_writes(std::size_t most) : most_(most) {}

  /// Has something that it read been written after its moment? True also where that is not known any more.
  [[nodiscard]] bool conflict(const transaction::reads& r) const;
  void add(const write_set& w);

  /// `m` is what transactions begin at from now on.
  void began(const std::shared_ptr<const moment>& m) { moments_.emplace_back(m->version, m); }
  /// Forgets what no living moment is before.
  void prune();

  [[nodiscard]] std::size_t size() const { return keys_.size(); }

 private:
  void forget_up_to(std::int64_t version);

  std::size_t most_;
  std::int64_t known_since_ = 0;  // all that was written after this version is in `keys_`
  std::map<std::string, std::int64_t, std::less<>> keys_;
  std::deque<std::pair<std::int64_t, std::string>> order_;
  std::deque<std::pair<std::int64_t, std::weak_ptr<const moment>>> moments_;
};

}  // namespace waggle
