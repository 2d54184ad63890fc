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
  /// `most_bytes`: of memory, about; `limit`: no transaction that is older may be committed.
  recent_writes(std::size_t most_bytes, duration limit) : most_bytes_(most_bytes), limit_(limit) {}

  /// Has something that it read been written after its moment? True also where that is not known any more.
  [[nodiscard]] bool conflict(const transaction::reads& r) const;
  void add(const write_set& w);

  /// `m` is what transactions begin at from `now` on.
  void began(const std::shared_ptr<const moment>& m, time_point now) { moments_.push_back({m->version, now, m}); }
  /// Forgets what no living moment is before that a transaction may still be committed of; and what is too much.
  void prune(time_point now);

  [[nodiscard]] std::size_t size() const { return keys_.size(); }
  /// What it takes, about.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  using keys = std::map<std::string, std::int64_t, std::less<>>;
  struct began_at {
    std::int64_t version;
    time_point since;
    std::weak_ptr<const moment> alive;
  };
  void forget_up_to(std::int64_t version);

  const std::size_t most_bytes_;
  const duration limit_;
  std::int64_t known_since_ = 0;  // all that was written after this version is in `keys_`
  std::size_t bytes_ = 0;
  keys keys_;
  std::deque<std::pair<std::int64_t, keys::iterator>> order_;  // a key's last is the one that its version names
  std::deque<began_at> moments_;
};

}  // namespace waggle
