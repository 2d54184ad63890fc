#pragma once
// The functions of the wrapper crate (wasmtime/src/lib.rs) beside Wasmtime's C API.
#include <wasmtime.h>
#include <wasmtime/async.h>

extern "C" {
struct waggle_driver_t;
struct waggle_fiber_t;
waggle_driver_t* waggle_driver_new(wasmtime_context_t* store, const wasmtime_func_t* func);
void waggle_driver_delete(waggle_driver_t*);
waggle_fiber_t* waggle_fiber_new(wasmtime_context_t* store, const waggle_driver_t* driver, wasmtime_error_t** failure);
bool waggle_fiber_poll(waggle_fiber_t*);
void waggle_fiber_delete(waggle_fiber_t*);
uint64_t waggle_engine_fingerprint(wasmtime_context_t* store);
}

#include <memory>
#include <string>

namespace waggle {

/// Ownership of a C object by its delete function.
template <auto Delete>
struct c_deleter {
  template <class T>
  void operator()(T* p) const {
    Delete(p);
  }
};
template <class T, auto Delete>
using c_ptr = std::unique_ptr<T, c_deleter<Delete>>;

using engine_ptr = c_ptr<wasm_engine_t, wasm_engine_delete>;
using linker_ptr = c_ptr<wasmtime_linker_t, wasmtime_linker_delete>;
using module_ptr = c_ptr<wasmtime_module_t, wasmtime_module_delete>;
using instance_pre_ptr = c_ptr<wasmtime_instance_pre_t, wasmtime_instance_pre_delete>;
using store_ptr = c_ptr<wasmtime_store_t, wasmtime_store_delete>;
using error_ptr = c_ptr<wasmtime_error_t, wasmtime_error_delete>;
using trap_ptr = c_ptr<wasm_trap_t, wasm_trap_delete>;

/// The engine's own words, its backtrace included.
std::string message_of(const wasmtime_error_t& e);
std::string message_of(const wasm_trap_t& t);

}  // namespace waggle
