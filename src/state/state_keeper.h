#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loop/core_loop.h"
#include "state/lease.h"
#include "state/state_settings.h"
#include "state/state_stats.h"
#include "state/store.h"
#include "state/transaction.h"

namespace waggle {

/// The state of all services of a node: one store, one committer. Thread-safe; nothing blocks unless it says so. The
/// cores that are told something outlive it.
class state_keeper {
 public:
  /// What happens when the store can't be written: nothing that was submitted may count as done any more (a failed sync
  /// may have dropped data, and another one would not say so). The default logs it and aborts the process.
  using fatal_handler = std::function<void(std::string why)>;
  [[nodiscard]] static fatal_handler stop_the_process();

  /// The store in that folder, which is made where it isn't there. Blocks. Errors: `failed_precondition` (another process
  /// has it, or it is of a later version of waggle), `data_loss` (damaged; nothing was changed), `internal` (the disk).
  [[nodiscard]] static result<std::unique_ptr<state_keeper>> open(const std::filesystem::path& folder,
                                                                  const clock_source& time, state_settings s = {},
                                                                  fatal_handler fatal = stop_the_process());
  /// Nothing lasts.
  [[nodiscard]] static std::unique_ptr<state_keeper> in_memory(const clock_source& time, state_settings s = {},
                                                               fatal_handler fatal = stop_the_process());
  /// On a store of the caller's.
  [[nodiscard]] static result<std::unique_ptr<state_keeper>> on(std::unique_ptr<store> s, const clock_source& time,
                                                                state_settings settings = {},
                                                                fatal_handler fatal = stop_the_process());
  /// Finishes what was submitted. The folder is free for others when the last transaction is gone too.
  ~state_keeper();
  state_keeper(const state_keeper&) = delete;
  state_keeper& operator=(const state_keeper&) = delete;

  /// A transaction of `service`. Its moment is that of its first use. `granted` null: any key (the operator). `held`: a
  /// singleton's lease or null.
  [[nodiscard]] std::shared_ptr<transaction> begin(std::string service, std::shared_ptr<const service_grants> granted,
                                                   bool reads_only, std::shared_ptr<lease> held);

  using done = std::move_only_function<void(result<void>)>;
  /// `tell` runs on `core` when `t` is durable and everybody sees it, or with the error: `aborted` (conflict; older than
  /// `transaction_limit`; its lease is broken), `resource_exhausted` (the disk is nearly full), `unavailable` (the store
  /// could not be written: `fatal` has been called).
  void commit(std::shared_ptr<transaction> t, core_loop& core, done tell);
  /// The same, and blocks until it is done.
  [[nodiscard]] result<void> commit_now(std::shared_ptr<transaction> t);

  /// For the last retry of a transaction, to be alone: from when `ready` is run on `core` until the hold that it gets is let
  /// go, commits of this service wait, but for that of the transaction that was given it (`transaction::alone`) and those
  /// that may not wait for it (`transaction::pass_holds`). First come, first served; it ends by itself after
  /// `transaction_limit`.
  void hold_off_others(const std::string& service, core_loop& core,
                       std::move_only_function<void(std::shared_ptr<void> hold)> ready);

  /// The right of a singleton to its service's state: commits under earlier leases are refused from now on, also after a
  /// restart. Blocks (a sync).
  [[nodiscard]] result<std::shared_ptr<lease>> acquire(const std::string& service);
  /// Another lease for the owner of a broken one; `unavailable` where somebody else has acquired it since: an owner that was
  /// fenced never takes it back. Blocks (a sync).
  [[nodiscard]] result<std::shared_ptr<lease>> renew(std::shared_ptr<const lease> broken);

  /// A time that is kept durably by name, with a text beside it: schedules' next runs. Blocks.
  struct kept_time {
    std::int64_t ms = 0;  ///< since 1970
    std::string text;
    friend bool operator==(const kept_time&, const kept_time&) = default;
  };
  [[nodiscard]] result<std::optional<kept_time>> load_time(std::string_view name);
  [[nodiscard]] result<void> save_time(std::string_view name, kept_time t);
  /// The same, told on `core`.
  void save_time(std::string_view name, kept_time t, core_loop& core, done tell);

  /// What is durable now, for state/archive.h.
  [[nodiscard]] std::shared_ptr<const store_view> view() const;

  /// Figures, from any thread: what became of commits, and how many wait.
  [[nodiscard]] const state_stats& stats() const;
  [[nodiscard]] std::uint64_t waiting() const;

  /// The services that have entries. Blocks. Reading them: `begin` with `may_block`; more in state/archive.h.
  [[nodiscard]] result<std::vector<std::string>> services();

 private:
  struct parts;
  explicit state_keeper(std::unique_ptr<parts> p);
  std::unique_ptr<parts> parts_;
};

}  // namespace waggle
