#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/grants.h"
#include "state/lease.h"
#include "state/moment.h"

namespace waggle {

/// What a transaction sees under a key.
struct state_entry {
  std::string key;
  std::string value;  ///< JSON
  /// Of the commit that wrote it; -1 where this transaction did, since its commit has none yet.
  std::int64_t version = 0;
  std::int64_t expires = 0;  ///< milliseconds since 1970; 0: never
};

struct state_page {
  std::vector<state_entry> entries;
  std::optional<std::string> next;  ///< for `after`; nothing: that was all
};

/// One of the operations that write.
struct state_write {
  enum class kind : std::uint8_t { put, remove, increment };
  kind what = kind::put;
  std::string key;
  std::string value = "null";  ///< put: JSON
  std::optional<std::int64_t> if_version;
  std::optional<std::int64_t> ttl_ms;  ///< put
  std::int64_t by = 1;                 ///< increment
};

/// An idempotent request's answer, kept for its repeats.
struct kept_answer {
  std::string input_hash;
  std::string answer;
};

/// The state of one service as one request sees and changes it (contract: src/host/state.graphql). It reads one moment,
/// that of its first use, and its own writes on top; a lease's also what was submitted before under the lease. Nothing
/// happens to the store until it is given to `state_keeper::commit`; afterwards it is of no more use. To undo it, forget it.
///
/// Used by one thread at a time. Reads do not block by themselves: where what they need is not in memory they fail and
/// `needs_disk` is true; then the same is to be asked again with `may_block(true)` off the core.
///
/// Errors are the guest's, but for `aborted` when it is over.
class transaction {
 public:
  transaction(std::shared_ptr<const state_ground> ground, std::string service,
              std::shared_ptr<const service_grants> granted, bool reads_only, std::shared_ptr<lease> held);

  [[nodiscard]] result<std::optional<state_entry>> get(std::string_view key);
  /// `first`: at most that many; it may end before, with `next`, where they are large.
  [[nodiscard]] result<state_page> list(std::string_view prefix, const std::optional<std::string>& after,
                                        std::size_t first);
  [[nodiscard]] result<void> put(std::string_view key, std::string value, std::optional<std::int64_t> if_version = {},
                                 std::optional<std::int64_t> ttl_ms = {});
  /// False where there was nothing.
  [[nodiscard]] result<bool> remove(std::string_view key, std::optional<std::int64_t> if_version = {});
  /// The new value. The entry's expiry stays as it was.
  [[nodiscard]] result<std::int64_t> increment(std::string_view key, std::int64_t by);
  /// All in order, or, where one fails, none.
  [[nodiscard]] result<void> write(std::span<const state_write> ops);

  /// What `keep_answer` kept under this name, if it has not expired. Counts as read.
  [[nodiscard]] result<std::optional<kept_answer>> find_answer(std::string_view record);
  result<void> keep_answer(std::string_view record, const kept_answer& a);

  /// There is something to commit: it wrote, or it read what under its lease is not yet durable; or it is over, which whoever
  /// commits it is told.
  [[nodiscard]] bool writes() const { return ended_ || !writes_->keys.empty() || !pending_.empty(); }
  /// It has not been given to `commit`.
  [[nodiscard]] bool usable() const { return !ended_; }
  /// The last operation failed only because it may not block.
  [[nodiscard]] bool needs_disk() const { return needs_disk_; }
  void may_block(bool yes) { may_block_ = yes; }

  /// It is the one for which `state_keeper::hold_off_others` keeps others waiting.
  void alone(std::shared_ptr<void> hold) { hold_ = std::move(hold); }
  [[nodiscard]] const std::shared_ptr<void>& hold() const { return hold_; }
  /// Its guest waits for the commit and keeps its worker meanwhile, for which whoever is alone may be waiting: so its commit
  /// does not wait for that one.
  void pass_holds() { passes_holds_ = true; }
  [[nodiscard]] bool passes_holds() const { return passes_holds_; }

  /// The moment from which its times to live count, in milliseconds since 1970: that of its first use, which this may be.
  [[nodiscard]] result<std::int64_t> wall_ms();

  [[nodiscard]] bool reads_only() const { return reads_only_; }
  [[nodiscard]] const std::string& service() const { return service_; }
  [[nodiscard]] const std::shared_ptr<lease>& held() const { return held_; }

  // For the committer.
  struct range {
    std::string from, to;  ///< full keys; `to` is not in it
  };
  struct reads {
    std::shared_ptr<const moment> at;  ///< null: it read nothing
    std::set<std::string, std::less<>> keys;
    std::vector<range> ranges;
  };
  [[nodiscard]] const reads& seen() const { return reads_; }
  [[nodiscard]] const std::shared_ptr<write_set>& written() const { return writes_; }
  [[nodiscard]] std::size_t written_bytes() const { return written_bytes_; }
  [[nodiscard]] bool too_old() const;
  /// False where it has been before.
  [[nodiscard]] bool end() { return !std::exchange(ended_, true); }

 private:
  struct found {
    std::int64_t version;
    std::int64_t expires;
    std::string value;
  };
  [[nodiscard]] result<void> begin();
  [[nodiscard]] result<void> check_key(std::string_view key) const;
  [[nodiscard]] result<void> check_write(std::string_view key, std::optional<std::int64_t> if_version,
                                         std::string& full);
  [[nodiscard]] result<std::optional<found>> look(const std::string& full);
  [[nodiscard]] result<void> note_read(std::size_t bytes);
  [[nodiscard]] result<void> set(std::string full, written_value now);
  [[nodiscard]] result<void> apply(const state_write& op);
  [[nodiscard]] bool expired(std::int64_t at) const { return at != 0 && at <= wall_ms_; }
  [[nodiscard]] error disk_needed();
  void undo();

  std::shared_ptr<const state_ground> ground_;
  std::string service_;
  std::shared_ptr<const service_grants> granted_;
  bool reads_only_;
  std::shared_ptr<lease> held_;
  std::shared_ptr<void> hold_;

  bool begun_ = false;
  bool ended_ = false;
  bool may_block_ = false;
  bool needs_disk_ = false;
  bool passes_holds_ = false;
  time_point since_{};
  std::int64_t wall_ms_ = 0;
  lease::writes pending_;  // under the lease, at the moment
  reads reads_;
  std::size_t read_count_ = 0;
  std::size_t read_bytes_ = 0;
  std::shared_ptr<write_set> writes_ = std::make_shared<write_set>();
  std::size_t written_bytes_ = 0;
  std::size_t written_keys_ = 0;  // entries, without kept answers
  std::vector<std::pair<std::string, std::optional<written_value>>> undo_;
  bool keep_undo_ = false;
};

}  // namespace waggle
