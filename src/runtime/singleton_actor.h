#pragma once
#include <deque>
#include <functional>
#include <memory>

#include "call/call_chain.h"
#include "core/limits.h"
#include "runtime/actor_common.h"
#include "runtime/pool_stats.h"
#include "runtime/request_state.h"
#include "runtime/wait_estimate.h"

namespace waggle {

/// A service of which there is one: one instance, one request at a time, in the order in which they came. Its guest's
/// memory lasts between requests. The next request may begin when the one before is with the committer: it reads on top of
/// that one's writes and fails with them. Answers leave in the order of the requests, each when all that it could have
/// seen is durable. A request that has begun goes on to its end, also when nobody waits for it any more.
///
/// Used on its home core only (others: runtime/remote_service.h).
class wasm_singleton_actor final : public service, private worker_events {
 public:
  struct settings {
    std::uint32_t queue = 1000;
    payload_limits limits;
    output_check outputs = output_check::enforce;
  };
  wasm_singleton_actor(core_loop& core, sub_calls& calls, blocking_pool* blocking, actor_parts p, settings s);
  ~wasm_singleton_actor() override;

  void ask(service_call& call) override;
  /// What a request wrote is committed before its answer gets to the call chain.
  void settle(service_call& call) override;
  [[nodiscard]] std::optional<error> refuses() const override;
  [[nodiscard]] const contract& description() const override { return *common_.parts.about; }

  /// Makes the instance; `done` says whether it could be started.
  void warm(std::function<void(bool fine)> done);
  /// From now on it runs requests; until then they wait. `held` is null where there is no state.
  void take_over(std::shared_ptr<lease> held);

  /// Refuses what comes from now on, finishes what it has, then calls `done`.
  void drain(std::function<void()> done);
  /// Ends what it has with `why`.
  void shutdown(const error& why);

  [[nodiscard]] const pool_stats& stats() const { return stats_; }
  [[nodiscard]] const actor_common& common() const { return common_; }

 private:
  struct job;
  void on_warm(worker& w, outcome how) override;
  void on_done(worker& w, service_call* call, outcome how) override;

  void stop(service_call& call, error why);
  void enqueue(service_call& call);
  void unlink(service_call& call);
  [[nodiscard]] bool busy() const { return running_ != nullptr || first_ != nullptr || !may_run_; }
  [[nodiscard]] std::optional<error> too_many_wait() const;
  [[nodiscard]] bool may_begin() const;
  void run_next();
  void begin(service_call& outer);
  void make_worker();
  void run(job& j);
  void ran(job& j);
  void check(job& j);
  void commit(job& j);
  void committed(job& j, time_point since, result<void> how);
  void send_answers();
  void fail_after(const job& j);
  void discard_worker();
  [[nodiscard]] bool fenced() const { return common_.around.held && common_.around.held->broken(); }
  void renew_lease();
  void back_off(outcome how);
  void check_drained();

  actor_common common_;
  settings settings_;
  blocking_pool* blocking_;
  request_state state_;

  std::unique_ptr<wasm_worker> worker_;
  job* running_ = nullptr;
  std::deque<std::unique_ptr<job>> jobs_;  // begun and not yet answered, in order
  service_call* first_ = nullptr;          // the mailbox
  service_call* last_ = nullptr;
  std::uint32_t waiting_ = 0;
  wait_estimate estimate_;

  bool may_run_ = false;    // it has taken over, and its lease is good
  bool discard_ = false;    // the instance saw what came to nothing
  bool beginning_ = false;  // within `run_next`
  bool sending_ = false;
  bool renewing_ = false;
  unsigned failures_ = 0;
  timer backoff_;
  std::function<void(bool)> warmed_;
  std::function<void()> drained_;
  pool_stats stats_;
};

}  // namespace waggle
