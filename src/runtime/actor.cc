#include "runtime/actor.h"

#include <utility>

namespace waggle {

wasm_actor::wasm_actor(core_loop& core, sub_calls& calls, blocking_pool* blocking, actor_parts p, shared between_cores,
                       pool_limits limits)
    : common_(core, calls, std::move(p)),
      state_(common_.around, common_.parts.state, blocking, std::move(between_cores.running)),
      pool_(
          core, std::move(between_cores.permits), limits, *common_.parts.trips,
          [this](worker_events& pool) { return std::make_unique<wasm_worker>(common_.around, pool); },
          [this] {
            memory_account m = common_.parts.memory;
            m.say = [this](std::string_view line) { common_.node_log.write(3, line); };
            return m;
          }()) {
  common_.around.memory.over = [this] { pool_.shed(); };
}

std::optional<error> wasm_actor::refuses() const {
  if (auto why = common_.refuses()) return why;
  return pool_.refuses();
}

void wasm_actor::ask(service_call& call) {
  call.request.context.calling.reset();  // for the node's own services; what it holds goes with its request
  const bool again = call.effects && call.effects->runs > 1;  // it was admitted before
  if (!again)
    if (auto why = common_.refuses()) return call.finish(*std::move(why));
  if (!call.request.idempotent) return pool_.invoke(call);
  state_.begin(call, &pool_, [](void* pool, service_call& c) { static_cast<wasm_worker_pool*>(pool)->invoke(c); });
}

void wasm_actor::drain(std::function<void()> done) {
  common_.closed = true;
  drained_ = std::move(done);
  state_.on_idle([this] { check_drained(); });
  check_drained();
}

/// Requests that wait for the one which they repeat, or run once more, still come to the pool when it was empty before.
void wasm_actor::check_drained() {
  if (!drained_ || state_.open() > 0) return;
  pool_.drain([this] {
    // One that met a conflict may have come back since.
    if (drained_ && state_.open() == 0 && pool_.empty()) std::exchange(drained_, nullptr)();
  });
}

void wasm_actor::shutdown(const error& why) {
  common_.closed = true;
  pool_.shutdown(why);
}

}  // namespace waggle
