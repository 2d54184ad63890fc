#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "call/call_chain.h"
#include "runtime/actor.h"

namespace waggle {

/// What a service needs to run, beside its module.
struct deployment_settings {
  chain_settings chain;
  instance_settings instances;
  std::shared_ptr<const service_grants> granted;  ///< null: it may call nothing
};

/// A core as a service on it sees it.
struct service_core {
  core_loop* loop = nullptr;
  sub_calls* calls = nullptr;
};

/// One version of a service on all cores: an actor and the chain around it on each.
///
/// Made on any thread; then `start`, `install`, and at its end `retire`. It may be destroyed when `retire` is done.
/// Each callback comes on one of the cores.
class deployment : public std::enable_shared_from_this<deployment> {
 public:
  deployment(std::span<const service_core> cores, std::shared_ptr<const contract> about,
             std::shared_ptr<const module> code, const deployment_settings& settings);

  /// Warms `min` instances. False where one could not be started.
  void start(std::function<void(bool fine)> done);
  /// The service on this core, for the core's directory.
  [[nodiscard]] service& on(unsigned core) { return *shards_[core].chain; }
  /// It has left the directories: finish what is there, then `done`.
  void retire(std::function<void()> done);
  /// Ends at once what is still there. Where a shared pointer holds it, it stays alive until it has.
  void cut_off();

  [[nodiscard]] const contract& about() const { return *about_; }
  [[nodiscard]] std::uint32_t workers() const { return permits_->live(); }
  [[nodiscard]] std::uint32_t max_workers() const { return permits_->max(); }
  struct shard_view {
    const call_stats& calls;
    const pool_stats& pool;
    const counter& guest_failures;
  };
  [[nodiscard]] std::size_t shards() const { return shards_.size(); }
  [[nodiscard]] shard_view view(std::size_t core) const;

 private:
  struct shard {
    core_loop* core = nullptr;
    std::unique_ptr<wasm_actor> actor;
    std::unique_ptr<call_chain> chain;
  };
  std::shared_ptr<const contract> about_;
  std::shared_ptr<pool_permits> permits_;
  std::shared_ptr<breaker> trips_ = std::make_shared<breaker>();
  std::vector<shard> shards_;
  std::atomic<unsigned> pending_{0};
  std::atomic<bool> failed_{false};
};

}  // namespace waggle
