#pragma once
#include <string>
#include <string_view>

#include "core/error.h"
#include "wasm/engine_ffi.h"

namespace waggle {

/// The module name of waggle's own imports (docs/guest-abi.md): `call`, `rest`, `log` and `context`.
inline constexpr std::string_view host_module = "waggle";
inline constexpr std::string_view wasi_module = "wasi_snapshot_preview1";

result<void> define_host_imports(wasmtime_linker_t* linker);

/// `func (i32, i32, i32)`; empty where there is no such import.
[[nodiscard]] std::string host_import_type(std::string_view name);
[[nodiscard]] std::string wasi_import_type(std::string_view name);

}  // namespace waggle
