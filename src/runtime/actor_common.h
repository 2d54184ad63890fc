#pragma once
#include <array>
#include <memory>

#include "core/counter.h"
#include "core/service.h"
#include "loop/core_loop.h"
#include "runtime/breaker.h"
#include "runtime/cpu_limit.h"
#include "runtime/wasm_worker.h"
#include "schema/contract.h"
#include "state/state_keeper.h"
#include "wasm/line_log.h"

namespace waggle {

/// What an actor is made of.
struct actor_parts {
  std::shared_ptr<const contract> about;
  std::shared_ptr<const module> code;
  std::shared_ptr<breaker> trips;
  std::shared_ptr<const service_grants> granted;
  state_keeper* state = nullptr;  ///< null: there is none, as in tests of what is around it
  instance_settings settings;
  std::shared_ptr<cpu_budget> cpu;  ///< null: no limit
  memory_account memory;
  duration queue_wait{0};  ///< how long a request may wait for a worker (wait_estimate.h); zero: no bound
};

/// How often guests failed of what; read by the metrics from any thread.
using guest_failures = std::array<counter, failure_causes>;

/// What the actors of one service on one core have in common: its turn on the core, its log, what its workers share.
struct actor_common {
  actor_common(core_loop& on, sub_calls& calls, actor_parts p);
  actor_common(const actor_common&) = delete;
  actor_common& operator=(const actor_common&) = delete;

  /// Requests are held off at the moment: why. Nothing when they may pass.
  [[nodiscard]] std::optional<error> refuses() const;
  /// A line of the node's log about this service, and about the request that runs.
  void say(int level, std::string_view line) const;

  core_loop& core;
  actor_parts parts;
  bool closed = false;  ///< requests that come from now on are refused: `unavailable`
  guest_failures failures{};
  flow share;
  cpu_limit cpu;
  worker_environment around;
  // End first: they may have a last line, which is about what runs.
  line_log log;       ///< what its guests say
  line_log node_log;  ///< what the node says of it: its guests cannot crowd that out
};

}  // namespace waggle
