#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "wasm/engine.h"

namespace waggle {

/// What a module says of itself; for `inspect` and for the check whether it can be a service.
struct module_shape {
  struct item {
    std::string module;  ///< of an import
    std::string name;
    std::string type;  ///< `func (i32, i32) -> i64`, `memory 17..`, …
  };
  std::vector<item> imports;
  std::vector<item> exports;
  std::uint64_t memory_min_bytes = 0;
  bool has_initialize = false;
  bool uses_wasi = false;
};

/// How a module was made ready.
struct load_report {
  std::function<void()> on_compile;  ///< called before a compilation, which may take seconds
  bool from_cache = false;
  std::chrono::nanoseconds compiled_in{0};  ///< zero where it was not compiled
  bool pooled = true;  ///< false: it does not fit the pool's slots and runs on the on-demand engine
  std::string why_not_pooled;
  std::vector<std::string> warnings;  ///< a bad cache entry, a cache that cannot be written
};

/// A compiled module, linked, ready to be instantiated on any core. Immutable, shared between threads.
class module {
 public:
  /// Compiles `bytes`, or takes the code from the cache, and checks that they can be a service by the native guest ABI
  /// (docs/guest-abi.md). Takes long: not on a core. Errors: `invalid_argument`, the guest's fault, with every reason
  /// at once as violations.
  static result<std::shared_ptr<const module>> load(engines& on, std::span<const std::byte> bytes,
                                                    std::uint64_t memory_limit, load_report& report);

  [[nodiscard]] const module_shape& shape() const { return shape_; }
  [[nodiscard]] const guest_engine& engine() const { return *engine_; }
  [[nodiscard]] wasmtime_instance_pre_t* pre() const { return pre_.get(); }

 private:
  module() = default;

  module_shape shape_;
  const guest_engine* engine_ = nullptr;
  module_ptr code_;
  instance_pre_ptr pre_;
};

/// The parts of `load` that `inspect` and `check` want even when the module cannot be a service.
[[nodiscard]] result<module_shape> shape_of(engines& on, std::span<const std::byte> bytes);
/// What keeps a module of this shape from being a service; empty when nothing does.
[[nodiscard]] std::vector<std::string> reasons_against(const module_shape& shape, std::uint64_t memory_limit);

}  // namespace waggle
