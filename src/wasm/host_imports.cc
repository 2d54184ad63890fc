#include "wasm/host_imports.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "wasm/instance.h"

namespace waggle {

/// The functions of the import module `waggle`. They run on the guest's fiber: they do not block, and throw nothing.
struct host_imports {
  static constexpr std::size_t max_line = 64 << 10;  // longer ones are cut before they are copied

  static instance& of(wasmtime_caller_t* caller) {
    return static_cast<instance&>(*static_cast<wasi_host*>(wasmtime_context_get_data(wasmtime_caller_context(caller))));
  }

  static wasm_trap_t* bad_pointer(std::string_view import) {
    const std::string text = fmt::format("waggle.{} was given memory that the guest does not have", import);
    return wasmtime_trap_new(text.data(), text.size());
  }

  static wasm_trap_t* log(void*, wasmtime_caller_t* caller, wasmtime_val_raw_t* v, std::size_t) noexcept {
    instance& guest = of(caller);
    const auto text = guest.memory().at(static_cast<std::uint32_t>(v[1].i32), static_cast<std::uint32_t>(v[2].i32));
    if (!text) return bad_pointer("log");
    const std::string_view line(reinterpret_cast<const char*>(text->data()), std::min(text->size(), max_line));
    guest.host_.guest_log(std::clamp(v[0].i32, 0, 4), line);
    return nullptr;
  }

  static wasm_trap_t* context(void*, wasmtime_caller_t* caller, wasmtime_val_raw_t* v, std::size_t) noexcept {
    instance& guest = of(caller);
    const auto room = guest.memory().at(static_cast<std::uint32_t>(v[0].i32), static_cast<std::uint32_t>(v[1].i32));
    if (!room) return bad_pointer("context");
    const std::string text = guest.host_.guest_context();
    std::ranges::copy_n(text.data(), static_cast<std::ptrdiff_t>(std::min(room->size(), text.size())),
                        reinterpret_cast<char*>(room->data()));  // not memcpy: a start function has no memory yet
    v[0].i32 = static_cast<std::int32_t>(text.size());
    return nullptr;
  }
};

namespace {

struct host_import {
  std::string_view name;
  std::string_view type;
  std::size_t params;
  std::size_t results;
  wasmtime_func_unchecked_callback_t run;
};
constexpr std::array<host_import, 2> imports = {{
    {"log", "func (i32, i32, i32)", 3, 0, host_imports::log},
    {"context", "func (i32, i32) -> i32", 2, 1, host_imports::context},
}};

wasm_valtype_vec_t i32s(std::size_t count) {
  wasm_valtype_vec_t types;
  wasm_valtype_vec_new_uninitialized(&types, count);
  for (std::size_t i = 0; i < count; ++i) types.data[i] = wasm_valtype_new(WASM_I32);
  return types;
}

}  // namespace

result<void> define_host_imports(wasmtime_linker_t* linker) {
  for (const host_import& i : imports) {
    wasm_valtype_vec_t params = i32s(i.params);
    wasm_valtype_vec_t results = i32s(i.results);
    const c_ptr<wasm_functype_t, wasm_functype_delete> type(wasm_functype_new(&params, &results));
    if (auto* e = wasmtime_linker_define_func_unchecked(linker, host_module.data(), host_module.size(), i.name.data(),
                                                        i.name.size(), type.get(), i.run, nullptr, nullptr)) {
      const error_ptr owned(e);
      return fail(error_code::internal, fault::host, message_of(*owned));
    }
  }
  return {};
}

std::string host_import_type(std::string_view name) {
  for (const host_import& i : imports)
    if (i.name == name) return std::string(i.type);
  return {};
}

std::string wasi_import_type(std::string_view name) {
  const wasi_function* const f = find_wasi(name);
  if (f == nullptr) return {};
  std::string type = "func (";
  for (std::size_t i = 0; i < f->params.size(); ++i) {
    if (i > 0) type += ", ";
    type += f->params[i] == 'I' ? "i64" : "i32";
  }
  return type + (f->answers ? ") -> i32" : ")");
}

}  // namespace waggle
