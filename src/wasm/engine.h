#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"
#include "loop/core_loop.h"
#include "wasm/engine_ffi.h"
#include "wasm/module_cache.h"

namespace waggle {

struct engine_settings {
  /// Instances at the same time in the pooling allocator; bounded further by `vm.max_map_count`.
  std::uint32_t slots = 1000;
  /// No pool, small address space: what the thread sanitizer can stand.
  bool sanitized =
#ifdef WAGGLE_TSAN
      true;
#else
      false;
#endif
};

/// How many memory maps the system allows a process: `vm.max_map_count`.
[[nodiscard]] std::uint64_t max_memory_maps();

/// One of Wasmtime's engines with the imports that guests may use.
struct guest_engine {
  engine_ptr engine;
  linker_ptr linker;
  bool memory_stays = false;                                 ///< a memory never moves while it lives
  std::uint32_t slots = 0;                                   ///< instances at a time; zero: no bound
  c_ptr<wasm_functype_t, wasm_functype_delete> driver_type;  ///< `() -> ()`; types belong to the engine they met first
};

/// The engines of a process: a pool of slots for most modules, and one that allocates on demand for those that do not
/// fit a slot. Code compiled for one runs on both. Shared by all cores; a thread of its own bumps the epochs, which
/// ends the slices of running guests.
class engines {
 public:
  static result<std::unique_ptr<engines>> make(const engine_settings& settings, std::optional<module_cache> cache);
  ~engines();

  [[nodiscard]] const guest_engine& pooled() const { return pooled_.engine ? pooled_ : on_demand_; }
  [[nodiscard]] const guest_engine& on_demand() const { return on_demand_; }
  [[nodiscard]] std::uint64_t fingerprint() const { return fingerprint_; }
  [[nodiscard]] std::optional<module_cache>& cache() { return cache_; }
  /// What ends the slices: whether it lives is to be watched.
  [[nodiscard]] const ticker& heartbeat() const { return *ticker_; }
  /// Slots after the bound by the system.
  [[nodiscard]] std::uint32_t slots() const { return slots_; }

 private:
  engines() = default;

  guest_engine pooled_;
  guest_engine on_demand_;
  std::uint64_t fingerprint_ = 0;
  std::uint32_t slots_ = 0;
  std::optional<module_cache> cache_;
  std::unique_ptr<ticker> ticker_;
};

}  // namespace waggle
