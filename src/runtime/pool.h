#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "loop/core_loop.h"
#include "runtime/breaker.h"
#include "runtime/core_memory.h"
#include "runtime/permits.h"
#include "runtime/pool_stats.h"
#include "runtime/wait_estimate.h"
#include "runtime/worker.h"

namespace waggle {

struct pool_limits {
  std::uint32_t min = 0;                   ///< of this core: its share of the service's
  std::uint32_t queue = 1000;              ///< of the service: over all cores
  duration queue_wait{0};                  ///< how long a request may wait (wait_estimate.h); zero: as long as it likes
  duration idle{std::chrono::minutes(1)};  ///< zero: idle workers stay
  std::uint32_t max_requests = 0;          ///< zero: workers are never replaced
  bool fresh = false;                      ///< a worker serves one request
  instance_needs needs{};                  ///< of a new instance, before one was seen
};

/// The workers of one service on one core, and the requests that wait for one: the service's shard here.
///
/// A request takes an idle worker, or a permit and a new worker; else a worker that is idle on another core, which is
/// claimed before the request is handed over, so that it never waits there; else it waits, first in first out. Whoever
/// frees a worker that it does not need grants it to a shard that has waiters; whoever gives a permit back wakes one.
/// Both sides publish before they look (`waiting`, then workers; `idle`, then waiters), so one of them sees the other:
/// no wake-up is lost (docs/adr/0006).
class wasm_worker_pool final : private worker_events {
 public:
  /// `permits` and `trips` are shared by the pools of all cores; `peers` is filled with them before the first request.
  /// `memory` may be without parts: no bound.
  wasm_worker_pool(core_loop& core, std::shared_ptr<pool_permits> permits, pool_limits limits, breaker& trips,
                   worker_factory make, memory_account memory = {});
  /// Only when it has drained or its core has stopped.
  ~wasm_worker_pool() override;

  void connect(std::vector<wasm_worker_pool*> peers) { peers_ = std::move(peers); }

  /// Runs `call` in a worker: acquire, run, release. It waits while all are busy; `resource_exhausted` when the queue
  /// is full or it would wait for too long, `deadline_exceeded` when its caller's time would not do. `call.stop` takes it out of the queue or away from its worker.
  void invoke(service_call& call);

  /// A request that came now would be refused, for it would wait too long: why.
  [[nodiscard]] std::optional<error> refuses() const;

  /// Makes its share of warm workers; `done` when they are, with the first failure.
  void warm(std::move_only_function<void(bool fine)> done);

  /// No more requests will come: finishes what it has, destroys its workers, then calls `done`.
  void drain(std::move_only_function<void()> done);
  /// Ends what still waits or runs with `why`.
  void shutdown(const error& why);

  /// The service has more memory than it may: its idle instances go, on the other cores soon.
  void shed();

  /// Nothing is here that `drain` would wait for.
  [[nodiscard]] bool empty() const { return held_ == 0 && slots_.empty(); }

  /// Live workers of the service, over all cores.
  [[nodiscard]] std::uint32_t worker_count() const { return permits_->live(); }
  [[nodiscard]] const pool_stats& stats() const { return stats_; }

 private:
  struct slot;
  enum class state : std::uint32_t { queued = 1, running, remote };

  void on_warm(worker& w, outcome how) override;
  void on_done(worker& w, service_call* call, outcome how) override;

  /// Where a request may run: a worker here, or one claimed on another core.
  struct seat {
    slot* here = nullptr;
    unsigned core = 0;
  };
  bool acquire(seat& s);
  bool acquire_elsewhere(seat& s);
  void ask_for_help(wasm_worker_pool& peer);
  void help();
  void take(const seat& s, service_call& call);
  void run_on(slot& s, service_call& call, unsigned origin);
  void hand_over(service_call& call, unsigned core, slot* granted);
  void finish(service_call& call);
  void send_home(service_call& call, unsigned origin);
  void stop(service_call& call, error why);
  void stop_for_peer(service_call* call, unsigned origin, error why);

  void begin_waiting(service_call& call);
  void enqueue(service_call& call);
  service_call& dequeue();
  void unlink(service_call& call);
  void pump();
  [[nodiscard]] wasm_worker_pool* waiting_peer() const;
  void grant(slot& s, wasm_worker_pool& to);
  void on_grant(wasm_worker_pool& from, slot& s);

  slot* make(bool may_drop_others);
  [[nodiscard]] bool room(bool may_drop_others);
  void on_room();
  void shed_here();
  void saw(const worker& w);
  bool drop(slot& s);
  /// Who waits waits in vain: no instance lives, and none can be made.
  [[nodiscard]] bool hopeless() const { return no_room_ && !asked_ && permits_->live() == 0; }
  void refuse_for_memory();
  void became_idle(slot& s);
  slot& take_idle(std::size_t at);
  void destroy(slot& s);
  void freed();
  void offer(unsigned nth);
  void fill();
  void check_warm();
  void note_outcome(outcome how);
  [[nodiscard]] bool backing_off() const;
  void shrink();
  void plan_shrink();
  void check_drained();

  core_loop& core_;
  std::shared_ptr<pool_permits> permits_;
  pool_limits limits_;
  breaker& trips_;
  worker_factory make_;
  std::vector<wasm_worker_pool*> peers_;

  std::vector<std::unique_ptr<slot>> slots_;  // live workers
  std::vector<slot*> idle_;                   // the last is the warmest
  service_call* first_ = nullptr;             // the queue
  service_call* last_ = nullptr;
  wait_estimate estimate_;
  std::uint32_t held_ = 0;      // calls between invoke and finish, permits on offer
  std::uint32_t in_a_row_ = 0;  // own requests served while another shard waited
  memory_account memory_;
  instance_needs needs_;     // of a new instance: what the last was seen to take, or what its module says
  bool no_room_ = false;     // for another instance, when it was tried last
  bool asked_ = false;       // other cores make room: who waits has hope
  bool said_short_ = false;  // in the log
  bool pumping_ = false;
  bool asking_ = false;  // another core for help
  bool filling_ = false;

  unsigned failures_ = 0;  // guest faults in a row
  time_point backoff_until_{};
  timer backoff_timer_;
  timer shrink_timer_;
  timer refill_timer_;  // runs: memory was short, `fill` waits
  bool warming_ = false;
  bool warm_failed_ = false;
  std::move_only_function<void(bool)> warm_done_;
  bool draining_ = false;
  std::move_only_function<void()> drained_;
  std::optional<error> cut_off_;  // what still comes from other cores ends at once
  pool_stats stats_;
};

}  // namespace waggle
