#pragma once
#include <functional>
#include <memory>

#include "runtime/actor_common.h"
#include "runtime/pool.h"
#include "runtime/request_state.h"

namespace waggle {

/// A service that a Wasm module backs, on one core: admission, then its pool, then what its request wrote.
class wasm_actor final : public service {
 public:
  struct shared {
    std::shared_ptr<pool_permits> permits;
    std::shared_ptr<repeats> running;
  };
  /// `calls` and `blocking`, which may be null, outlive it.
  wasm_actor(core_loop& core, sub_calls& calls, blocking_pool* blocking, actor_parts p, shared between_cores,
             pool_limits limits);

  void ask(service_call& call) override;
  void settle(service_call& call) override { state_.settle(call); }
  [[nodiscard]] std::optional<error> refuses() const override;
  [[nodiscard]] const contract& description() const override { return *common_.parts.about; }

  wasm_worker_pool& pool() { return pool_; }
  /// Whether it takes requests: not while the version before still has its state.
  void open(bool yes) { common_.closed = !yes; }
  /// Refuses what comes from now on, finishes what it has, then calls `done`.
  void drain(std::function<void()> done);
  /// Ends what it has with `why`.
  void shutdown(const error& why);
  [[nodiscard]] const actor_common& common() const { return common_; }

 private:
  void check_drained();

  actor_common common_;
  request_state state_;
  wasm_worker_pool pool_;
  std::function<void()> drained_;
};

}  // namespace waggle
