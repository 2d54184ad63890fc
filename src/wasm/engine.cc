#include "wasm/engine.h"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "wasm/host_imports.h"
#include "wasm/wasi.h"

namespace waggle {
namespace {

constexpr std::size_t guest_stack = 512 << 10;
constexpr std::size_t fiber_stack = 1 << 20;  // the guest's and what host functions need on top

wasm_config_t* common_config() {
  wasm_config_t* const c = wasm_config_new();
  wasmtime_config_epoch_interruption_set(c, true);
  wasmtime_config_max_wasm_stack_set(c, guest_stack);
  wasmtime_config_async_stack_size_set(c, fiber_stack);
  wasmtime_config_cranelift_opt_level_set(c, WASMTIME_OPT_LEVEL_SPEED);
  wasmtime_config_wasm_memory64_set(c, false);
  wasmtime_config_wasm_multi_memory_set(c, false);
  wasmtime_config_wasm_gc_set(c, false);
  wasmtime_config_wasm_function_references_set(c, false);
  wasmtime_config_memory_init_cow_set(c, true);
  return c;
}

engine_ptr make_on_demand(bool sanitized) {
  wasm_config_t* const c = common_config();
  if (sanitized) {
    wasmtime_config_parallel_compilation_set(c, false);  // its threads are not instrumented
    wasmtime_config_memory_reservation_set(c, 1 << 20);
    wasmtime_config_memory_reservation_for_growth_set(c, 1 << 20);
    wasmtime_config_memory_guard_size_set(c, 64 << 10);
  }
  return engine_ptr(wasm_engine_new_with_config(c));
}

engine_ptr make_pooled(std::uint32_t slots) {
  wasm_config_t* const c = common_config();
  auto* const p = wasmtime_pooling_allocation_config_new();
  wasmtime_pooling_allocation_config_total_core_instances_set(p, slots);
  wasmtime_pooling_allocation_config_total_memories_set(p, slots);
  wasmtime_pooling_allocation_config_total_tables_set(p, slots);
  wasmtime_pooling_allocation_config_total_stacks_set(p, slots);
  wasmtime_pooling_allocation_config_total_gc_heaps_set(p, 1);
  // Address space only: a store's own limit (instance.cc) is what a guest may really use.
  wasmtime_pooling_allocation_config_max_memory_size_set(p, std::size_t{2} << 30);
  wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(p, 64 << 10);
  wasmtime_pooling_allocation_config_table_keep_resident_set(p, 64 << 10);
  wasmtime_pooling_allocation_config_async_stack_keep_resident_set(p, 64 << 10);
  wasmtime_pooling_allocation_config_max_unused_warm_slots_set(p, 100);
  wasmtime_pooling_allocation_strategy_set(c, p);
  wasmtime_pooling_allocation_config_delete(p);
  return engine_ptr(wasm_engine_new_with_config(c));
}

/// A slot needs about 6 memory maps for the engine and 4 when it is used; half of what the system allows is ours.
std::uint32_t bounded_slots(std::uint32_t wanted) {
  return std::clamp<std::uint32_t>(static_cast<std::uint32_t>(std::min<std::uint64_t>(max_memory_maps() / 20, 100'000)),
                                   1, wanted);
}

result<guest_engine> with_imports(engine_ptr engine) {
  guest_engine g{.engine = std::move(engine), .linker = {}, .memory_stays = false, .slots = 0, .driver_type = {}};
  g.linker.reset(wasmtime_linker_new(g.engine.get()));
  if (auto done = define_wasi(g.linker.get()); !done) return std::unexpected(done.error());
  if (auto done = define_host_imports(g.linker.get()); !done) return std::unexpected(done.error());
  wasm_valtype_vec_t params;
  wasm_valtype_vec_t results;
  wasm_valtype_vec_new_empty(&params);
  wasm_valtype_vec_new_empty(&results);
  g.driver_type.reset(wasm_functype_new(&params, &results));
  return g;
}

}  // namespace

std::uint64_t max_memory_maps() {
  std::uint64_t maps = 65530;
  std::ifstream("/proc/sys/vm/max_map_count") >> maps;
  return maps;
}

std::string message_of(const wasmtime_error_t& e) {
  wasm_byte_vec_t text;
  wasmtime_error_message(&e, &text);
  std::string out(text.data, text.size);
  wasm_byte_vec_delete(&text);
  return out;
}

std::string message_of(const wasm_trap_t& t) {
  wasm_byte_vec_t text;
  wasm_trap_message(&t, &text);
  std::string out(text.data, text.size);
  wasm_byte_vec_delete(&text);
  while (!out.empty() && out.back() == '\0') out.pop_back();
  return out;
}

result<std::unique_ptr<engines>> engines::make(const engine_settings& settings, std::optional<module_cache> cache) {
  if (settings.slots == 0) return fail(error_code::invalid_argument, fault::host, "wasm.instances must be at least 1");
  std::unique_ptr<engines> all(new engines);
  all->cache_ = std::move(cache);
  auto demand = with_imports(make_on_demand(settings.sanitized));
  if (!demand) return std::unexpected(demand.error());
  all->on_demand_ = *std::move(demand);
  if (!settings.sanitized) {
    all->slots_ = bounded_slots(settings.slots);
    auto pool = with_imports(make_pooled(all->slots_));
    if (!pool) return std::unexpected(pool.error());
    all->pooled_ = *std::move(pool);
    all->pooled_.memory_stays = true;
    all->pooled_.slots = all->slots_;
  }
  const store_ptr store(wasmtime_store_new(all->on_demand_.engine.get(), nullptr, nullptr));
  all->fingerprint_ = waggle_engine_fingerprint(wasmtime_store_context(store.get()));
  all->ticker_ = std::make_unique<ticker>(scheduler::slice,
                                          [pool = all->pooled_.engine.get(), demand = all->on_demand_.engine.get()] {
                                            if (pool != nullptr) wasmtime_engine_increment_epoch(pool);
                                            wasmtime_engine_increment_epoch(demand);
                                          });
  return all;
}

engines::~engines() = default;

}  // namespace waggle
