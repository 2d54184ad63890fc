#include "wasm/native_abi.h"

#include <array>
#include <cassert>
#include <cstring>

#include <fmt/format.h>

#include "wasm/module.h"

namespace waggle {
namespace {

constexpr std::size_t parser_padding = 64;  // spare capacity behind the answer, so that checking it needs no copy

wasmtime_func_t exported(wasmtime_context_t* store, const wasmtime_instance_t& instance, std::string_view name) {
  wasmtime_extern_t item;
  const bool found = wasmtime_instance_export_get(store, &instance, name.data(), name.size(), &item);
  assert(found && item.kind == WASMTIME_EXTERN_FUNC);
  (void)found;
  return item.of.func;
}

/// Calls into the guest, on its fiber.
class guest_calls {
 public:
  guest_calls(wasmtime_context_t* store, native_exports& exports, native_request& r)
      : store_(store), exports_(exports), r_(r) {}

  /// Bytes of the guest's memory, good until it runs again.
  std::optional<std::span<std::byte>> at(std::uint32_t offset, std::uint32_t length) {
    if (exports_.stays)
      if (const auto bytes = exports_.seen.at(offset, length)) return bytes;
    // Anew: the guest may have grown it.
    exports_.seen = {reinterpret_cast<std::byte*>(wasmtime_memory_data(store_, &exports_.memory)),
                     wasmtime_memory_data_size(store_, &exports_.memory)};
    return exports_.seen.at(offset, length);
  }

  template <std::size_t N>
  bool call(const wasmtime_func_t& f, std::array<wasmtime_val_raw_t, N>& values) {
    wasm_trap_t* trap = nullptr;
    if (wasmtime_error_t* const e = wasmtime_func_call_unchecked(store_, &f, values.data(), N, &trap)) {
      r_.error.reset(e);
      return false;
    }
    if (trap != nullptr) {
      r_.trap.reset(trap);
      return false;
    }
    return true;
  }

  /// Copies one part of the request into memory that the guest allocates for it. The part is looked up again after
  /// `allocate`, which may have been suspended while the request moved.
  bool give(std::string_view what, std::string_view native_request::*part, std::uint32_t& at) {
    if ((r_.*part).empty()) return true;  // allocate is never called with 0
    std::string_view bytes = r_.*part;
    std::array<wasmtime_val_raw_t, 1> v{};
    v[0].i32 = static_cast<std::int32_t>(bytes.size());
    if (!call(exports_.allocate, v)) return false;
    bytes = r_.*part;
    at = static_cast<std::uint32_t>(v[0].i32);
    if (at == 0) return broken(fmt::format("allocate({}) for the {} answered 0: out of memory", bytes.size(), what));
    const auto room = this->at(at, static_cast<std::uint32_t>(bytes.size()));
    if (!room)
      return broken(fmt::format("allocate({}) for the {} answered {:#x}, which is outside of its memory of {} bytes",
                                bytes.size(), what, at, exports_.seen.size));
    std::memcpy(room->data(), bytes.data(), bytes.size());
    return true;
  }

  bool take_back(std::uint32_t at) {
    if (at == 0) return true;
    std::array<wasmtime_val_raw_t, 1> v{};
    v[0].i32 = static_cast<std::int32_t>(at);
    return call(exports_.deallocate, v);
  }

  bool broken(std::string how) {
    r_.violation = std::move(how);
    return false;
  }

  bool handle() {
    std::uint32_t method = 0;
    std::uint32_t input = 0;
    if (!give("method's name", &native_request::method, method) || !give("input", &native_request::input, input))
      return false;
    std::array<wasmtime_val_raw_t, 4> v{};
    v[0].i32 = static_cast<std::int32_t>(method);
    v[1].i32 = static_cast<std::int32_t>(r_.method.size());
    v[2].i32 = static_cast<std::int32_t>(input);
    v[3].i32 = static_cast<std::int32_t>(r_.input.size());
    r_.handling = true;
    const bool fine = call(exports_.handle_request, v);
    r_.handling = false;
    if (!fine) return false;
    const auto answer = static_cast<std::uint64_t>(v[0].i64);
    const auto at = static_cast<std::uint32_t>(answer >> 32 & 0x7fff'ffff);
    const auto length = static_cast<std::uint32_t>(answer);
    r_.failed = answer >> 63 != 0;
    if (answer == 0) {
      r_.said_nothing = r_.failed = true;
    } else {
      const auto bytes = this->at(at, length);
      if (!bytes)
        return broken(
            fmt::format("handle_request answered {} bytes at {:#x}, which is outside of its memory of {} bytes", length,
                        at, exports_.seen.size));
      if (length > r_.output_limit) {
        r_.too_long = true;
        r_.violation = fmt::format("the answer has {} bytes, the limit is {}", length, r_.output_limit);
      } else {
        r_.output.reserve(length + parser_padding);
        r_.output.assign(reinterpret_cast<const char*>(bytes->data()), length);
      }
    }
    if (!take_back(method)) return false;
    if (input != method && !take_back(input)) return false;
    return at == method || at == input || take_back(at);
  }

 private:
  wasmtime_context_t* store_;
  native_exports& exports_;
  native_request& r_;
};

const module_shape::item* find(const std::vector<module_shape::item>& items, std::string_view name) {
  for (const auto& i : items)
    if (i.name == name) return &i;
  return nullptr;
}

}  // namespace

native_exports bind_native(wasmtime_context_t* store, const wasmtime_instance_t& instance, bool has_initialize,
                           bool stays) {
  native_exports e{};
  e.stays = stays;
  e.allocate = exported(store, instance, "allocate");
  e.deallocate = exported(store, instance, "deallocate");
  e.handle_request = exported(store, instance, "handle_request");
  if (has_initialize) e.initialize = exported(store, instance, "_initialize");
  wasmtime_extern_t item;
  wasmtime_instance_export_get(store, &instance, "memory", 6, &item);
  e.memory = item.of.memory;
  return e;
}

void native_abi_reasons(const module_shape& shape, std::vector<std::string>& reasons) {
  struct wanted {
    std::string_view name;
    std::string_view type;
    bool optional = false;
  };
  static constexpr std::array<wanted, 4> functions = {{
      {"allocate", "func (i32) -> i32"},
      {"deallocate", "func (i32)"},
      {"handle_request", "func (i32, i32, i32, i32) -> i64"},
      {"_initialize", "func ()", true},
  }};
  const auto* const memory = find(shape.exports, "memory");
  if (memory == nullptr)
    reasons.emplace_back("no export `memory`: the module must export its linear memory under this name");
  else if (!memory->type.starts_with("memory"))
    reasons.push_back(fmt::format("export `memory` is a {}, not a memory", memory->type));
  for (const wanted& w : functions) {
    const auto* const f = find(shape.exports, w.name);
    if (f == nullptr && !w.optional)
      reasons.push_back(fmt::format("no export `{}`: the guest ABI needs `{}`", w.name, w.type));
    else if (f != nullptr && f->type != w.type)
      reasons.push_back(fmt::format("export `{}` is `{}`, the guest ABI needs `{}`", w.name, f->type, w.type));
  }
  if (find(shape.exports, "_start") != nullptr && find(shape.exports, "handle_request") == nullptr)
    reasons.emplace_back(
        "it is a command (it exports `_start`): build a reactor, which exports functions to be called "
        "(clang: -mexec-model=reactor, Go: -buildmode=c-shared)");
}

bool native_initialize(wasmtime_context_t* store, native_exports& exports, native_request& r) {
  if (!exports.initialize) return true;
  std::array<wasmtime_val_raw_t, 1> none{};
  return guest_calls(store, exports, r).call(*exports.initialize, none);
}

bool native_handle(wasmtime_context_t* store, native_exports& exports, native_request& r) {
  return guest_calls(store, exports, r).handle();
}

}  // namespace waggle
