#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "call/call_chain.h"
#include "runtime/actor.h"
#include "runtime/remote_service.h"
#include "runtime/singleton_actor.h"

namespace waggle {

/// What the versions of a service share: while one is replaced, both run.
struct version_share {
  std::shared_ptr<repeats> running;   ///< the idempotent requests that run
  service_limits limits;              ///< of the two below
  std::shared_ptr<admission> admits;  ///< null: everything
  std::shared_ptr<cpu_budget> cpu;    ///< null: no limit
};

/// What a service needs to run, beside its module.
struct deployment_settings {
  chain_settings chain;
  instance_settings instances;
  service_limits limits;                          ///< the operator's
  duration queue_wait{0};                         ///< how long a request may wait for a worker; zero: no bound
  std::shared_ptr<const service_grants> granted;  ///< null: it may call nothing
  state_keeper* state = nullptr;                  ///< null: no state, and idempotent methods are as any other
  blocking_pool* blocking = nullptr;              ///< for what of the state is not in memory
  version_share before;                           ///< of the version that this one replaces; empty: there was none
  bool waits = false;                             ///< a pool after a singleton: it refuses requests until `take_over`
};

/// A core as a service on it sees it.
struct service_core {
  core_loop* loop = nullptr;
  sub_calls* calls = nullptr;
  core_memory* memory = nullptr;        ///< null: instances' memory is not bounded together
  trace_lane* traces = nullptr;         ///< null: no traces
  flight_recorder* recorder = nullptr;  ///< null: nothing is recorded
};

/// One version of a service on all cores: an actor and the chain around it on each. A singleton has one actor, on its home
/// core; the others send their requests there.
///
/// Made on any thread; then `start`, `install`, for a singleton `take_over`, and at its end `retire`. It may be destroyed
/// when `retire` is done. Each callback comes on one of the cores.
class deployment : public std::enable_shared_from_this<deployment> {
 public:
  deployment(std::span<const service_core> cores, std::shared_ptr<const contract> about,
             std::shared_ptr<const module> code, const deployment_settings& settings);

  /// Warms `min` instances, a singleton's one. False where one could not be started.
  void start(std::function<void(bool fine)> done);
  /// A singleton runs requests from now on; `held` is its right to its state, null where there is none. A pool that waits
  /// begins. From any thread.
  void take_over(std::shared_ptr<lease> held);
  /// The service on this core, for the core's directory.
  [[nodiscard]] service& on(unsigned core) { return *shards_[core].chain; }
  /// It has left the directories: finish what is there, then `done`. Between the two `ended`: its figures are final, and `view`
  /// may not be used any more once that has returned.
  void retire(
      std::function<void()> done, std::function<void()> ended = [] {});
  /// Ends at once what is still there. Where a shared pointer holds it, it stays alive until it has.
  void cut_off();

  [[nodiscard]] const contract& about() const { return *about_; }
  [[nodiscard]] const std::shared_ptr<const contract>& shared_about() const { return about_; }
  /// For the next version of this service.
  [[nodiscard]] const version_share& share() const { return share_; }
  [[nodiscard]] std::uint32_t workers() const;
  /// Bytes of linear memory of all its instances.
  [[nodiscard]] std::uint64_t memory() const { return memory_->used(); }
  [[nodiscard]] std::uint32_t max_workers() const { return permits_->max(); }
  struct shard_view {
    const call_stats& calls;
    const pool_stats& pool;
    const guest_failures& failures;
    const worker_stats& workers;
    duration cpu;  ///< that its slices have taken
  };
  [[nodiscard]] std::size_t shards() const { return shards_.size(); }
  [[nodiscard]] shard_view view(std::size_t core) const;

 private:
  struct shard {
    core_loop* core = nullptr;
    std::unique_ptr<wasm_actor> actor;                // of a pool
    std::unique_ptr<wasm_singleton_actor> singleton;  // on its home core
    std::unique_ptr<remote_service> door;             // on the others
    std::unique_ptr<call_chain> chain;
  };
  void make_pools(std::span<const service_core> cores, const actor_parts& parts, const deployment_settings& settings);
  void make_singleton(std::span<const service_core> cores, const actor_parts& parts,
                      const deployment_settings& settings);
  static void drain(shard& s, std::function<void()> done);
  void take_apart(const std::function<void()>& done);

  std::shared_ptr<const contract> about_;
  std::shared_ptr<pool_permits> permits_;
  version_share share_;
  std::shared_ptr<memory_budget> memory_;
  unsigned home_ = 0;  // of a singleton
  std::vector<shard> shards_;
  std::atomic<unsigned> pending_{0};
  std::atomic<bool> failed_{false};
};

}  // namespace waggle
