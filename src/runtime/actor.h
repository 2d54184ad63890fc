#pragma once
#include <memory>
#include <string>

#include "core/service.h"
#include "loop/core_loop.h"
#include "runtime/breaker.h"
#include "runtime/pool.h"
#include "runtime/wasm_worker.h"
#include "schema/contract.h"

namespace waggle {

/// A service that a Wasm module backs, on one core: admission, then its pool.
class wasm_actor final : public service {
 public:
  struct parts {
    std::shared_ptr<const contract> about;
    std::shared_ptr<const module> code;
    std::shared_ptr<pool_permits> permits;
    std::shared_ptr<breaker> trips;
    std::shared_ptr<const service_grants> granted;
    instance_settings settings;
    pool_limits limits;
    bool verbose = false;  ///< log the backtraces of guests' failures at once
  };
  /// `calls`, of the same core, outlives it.
  wasm_actor(core_loop& core, sub_calls& calls, parts p);

  void ask(service_call& call) override;
  [[nodiscard]] const contract& description() const override { return *parts_.about; }

  wasm_worker_pool& pool() { return pool_; }
  /// Requests that come from now on are refused: `unavailable`.
  void close() { closed_ = true; }
  [[nodiscard]] const counter& guest_failures() const { return failures_; }

 private:
  core_loop& core_;
  parts parts_;
  bool closed_ = false;
  counter failures_;
  line_log log_;
  flow share_;
  worker_environment around_;
  wasm_worker_pool pool_;
};

}  // namespace waggle
