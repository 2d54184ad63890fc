#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/engine_ffi.h"
#include "wasm/guest_memory.h"

namespace waggle {

struct module_shape;

/// The native guest ABI (docs/guest-abi.md): the exports that the host calls.
struct native_exports {
  wasmtime_func_t allocate;
  wasmtime_func_t deallocate;
  wasmtime_func_t handle_request;
  std::optional<wasmtime_func_t> initialize;
  wasmtime_memory_t memory;
  /// In the pooling allocator memories never move or shrink: what was seen once stays true, and asking is dear.
  bool stays = false;
  guest_memory seen;
};

/// The exports of a fresh instance of a module that passed `native_abi_reasons`.
/// `stays`: its memory never moves.
native_exports bind_native(wasmtime_context_t* store, const wasmtime_instance_t& instance, bool has_initialize,
                           bool stays);

/// What a module lacks for this ABI, a line each.
void native_abi_reasons(const module_shape& shape, std::vector<std::string>& reasons);

/// One request as the guest sees it, and what it answered.
struct native_request {
  std::string_view method;
  std::string_view input;
  std::size_t output_limit = 0;

  bool handling = false;      ///< `handle_request` runs, not one of the functions around it
  std::string output;         ///< the answer's bytes
  bool failed = false;        ///< the guest says that they are an error
  bool said_nothing = false;  ///< it failed without a message
  std::string violation;      ///< how the guest broke the ABI; empty when it did not
  bool too_long = false;      ///< the answer is over the limit; the instance is sound
  trap_ptr trap;              ///< what ended the guest, one of these two
  error_ptr error;
};

/// On a fiber only: `_initialize`. False when it trapped.
bool native_initialize(wasmtime_context_t* store, native_exports& exports, native_request& r);
/// On a fiber only: allocate, copy in, handle_request, copy out, deallocate. False when the guest trapped or broke the
/// ABI; the instance must not be used again then.
bool native_handle(wasmtime_context_t* store, native_exports& exports, native_request& r);

}  // namespace waggle
