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

  /// What `call` returns. The answer goes where the guest wanted it, as much as fits.
  static std::int64_t give_answer(instance& guest, std::uint32_t out, std::uint32_t capacity) {
    const std::string& answer = guest.call_answer_;
    if (const auto room = guest.memory().at(out, capacity))  // it was inside before, and memories do not shrink
      std::ranges::copy_n(answer.data(), static_cast<std::ptrdiff_t>(std::min(room->size(), answer.size())),
                          reinterpret_cast<char*>(room->data()));
    return static_cast<std::int64_t>(std::uint64_t{guest.call_status_} << 32 | answer.size());
  }

  static void refuse(instance& guest, error_code code, std::string message) {
    error e;
    e.code = code;
    e.whose = fault::guest;
    e.message = std::move(message);
    guest.answered(static_cast<std::uint32_t>(code), to_json(e));
    guest.calling_ = instance::calling::nothing;
  }

  /// A guest that waits for an answer. The answer is written into its memory when it is polled, never before.
  struct suspended_call {
    instance& guest;
    std::uint32_t out;
    std::uint32_t capacity;
    wasmtime_val_t* result;
  };
  static bool go_on(void* env) noexcept {
    auto& s = *static_cast<suspended_call*>(env);
    if (s.guest.calling_ != instance::calling::answered) return false;
    s.guest.calling_ = instance::calling::nothing;
    s.result->of.i64 = give_answer(s.guest, s.out, s.capacity);
    return true;
  }

  static void call(void*, wasmtime_caller_t* caller, const wasmtime_val_t* args, std::size_t, wasmtime_val_t* results,
                   std::size_t, wasm_trap_t** trapped, wasmtime_async_continuation_t* continuation) noexcept {
    // Always: without a continuation the engine aborts.
    continuation->callback = [](void*) { return true; };
    results[0].kind = WASMTIME_I64;
    instance& guest = of(caller);
    const auto arg = [args](std::size_t i) { return static_cast<std::uint32_t>(args[i].of.i32); };
    const guest_memory memory = guest.memory();
    const auto service = memory.text(arg(0), arg(1));
    const auto method = memory.text(arg(2), arg(3));
    const auto input = memory.text(arg(4), arg(5));
    const std::uint32_t out = arg(6);
    const std::uint32_t capacity = arg(7);
    if (!service || !method || !input || !memory.at(out, capacity)) {
      *trapped = bad_pointer("call");
      return;
    }
    if (!guest.request_.handling) {
      refuse(guest, error_code::failed_precondition,
             "waggle.call is for while a request is handled, not before or after");
      results[0].of.i64 = give_answer(guest, out, capacity);
      return;
    }
    guest.calling_ = instance::calling::wanted;
    guest.call_.service.assign(service->substr(0, guest_call::longest_name + 1));
    guest.call_.method.assign(method->substr(0, guest_call::longest_name + 1));
    guest.call_.input_bytes = input->size();
    guest.call_.input.assign(input->size() <= guest.settings_.call_bytes ? *input : std::string_view());
    continuation->env = new suspended_call{guest, out, capacity, results};
    continuation->callback = go_on;
    continuation->finalizer = [](void* env) { delete static_cast<suspended_call*>(env); };
  }

  static wasm_trap_t* rest(void*, wasmtime_caller_t* caller, wasmtime_val_raw_t* v, std::size_t) noexcept {
    instance& guest = of(caller);
    const auto room = guest.memory().at(static_cast<std::uint32_t>(v[0].i32), static_cast<std::uint32_t>(v[1].i32));
    if (!room) return bad_pointer("rest");
    const std::size_t size = std::min(room->size(), guest.call_answer_.size());
    std::ranges::copy_n(guest.call_answer_.data(), static_cast<std::ptrdiff_t>(size),
                        reinterpret_cast<char*>(room->data()));
    v[0].i32 = static_cast<std::int32_t>(size);
    return nullptr;
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
  wasmtime_func_unchecked_callback_t run;  ///< null: the one that suspends, `call`
};
constexpr std::array<host_import, 4> imports = {{
    {"call", "func (i32, i32, i32, i32, i32, i32, i32, i32) -> i64", 8, 1, nullptr},
    {"rest", "func (i32, i32) -> i32", 2, 1, host_imports::rest},
    {"log", "func (i32, i32, i32)", 3, 0, host_imports::log},
    {"context", "func (i32, i32) -> i32", 2, 1, host_imports::context},
}};

wasm_valtype_vec_t all_of(std::size_t count, wasm_valkind_t kind) {
  wasm_valtype_vec_t types;
  wasm_valtype_vec_new_uninitialized(&types, count);
  for (std::size_t i = 0; i < count; ++i) types.data[i] = wasm_valtype_new(kind);
  return types;
}

}  // namespace

result<void> define_host_imports(wasmtime_linker_t* linker) {
  for (const host_import& i : imports) {
    wasm_valtype_vec_t params = all_of(i.params, WASM_I32);
    wasm_valtype_vec_t results = all_of(i.results, i.run == nullptr ? WASM_I64 : WASM_I32);
    const c_ptr<wasm_functype_t, wasm_functype_delete> type(wasm_functype_new(&params, &results));
    auto* const e =
        i.run != nullptr
            ? wasmtime_linker_define_func_unchecked(linker, host_module.data(), host_module.size(), i.name.data(),
                                                    i.name.size(), type.get(), i.run, nullptr, nullptr)
            : wasmtime_linker_define_async_func(linker, host_module.data(), host_module.size(), i.name.data(),
                                                i.name.size(), type.get(), host_imports::call, nullptr, nullptr);
    if (e != nullptr) {
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
