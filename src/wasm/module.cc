#include "wasm/module.h"

#include <algorithm>

#include <fmt/format.h>

#include "wasm/host_imports.h"
#include "wasm/native_abi.h"
#include "wasm/wasi.h"
#include "wasm/wasm_binary.h"

namespace waggle {
namespace {

constexpr std::uint64_t max_memory = std::uint64_t{2} << 30;  // the ABI's pointers have 31 bits
constexpr std::size_t max_reasons = 50;

const std::uint8_t* raw(std::span<const std::byte> bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

std::string_view view(const wasm_name_t* n) { return {n->data, n->size}; }

std::string_view name_of(wasm_valkind_t kind) {
  switch (kind) {
    case WASM_I32: return "i32";
    case WASM_I64: return "i64";
    case WASM_F32: return "f32";
    case WASM_F64: return "f64";
    case WASM_FUNCREF: return "funcref";
    case WASM_EXTERNREF: return "externref";
    default: return "ref";
  }
}

std::string list_of(const wasm_valtype_vec_t* types) {
  std::string out;
  for (std::size_t i = 0; i < types->size; ++i) {
    if (i > 0) out += ", ";
    out += name_of(wasm_valtype_kind(types->data[i]));
  }
  return out;
}

std::string describe(const wasm_externtype_t* type) {
  switch (wasm_externtype_kind(type)) {
    case WASM_EXTERN_FUNC: {
      const auto* f = wasm_externtype_as_functype_const(type);
      std::string out = fmt::format("func ({})", list_of(wasm_functype_params(f)));
      const auto* results = wasm_functype_results(f);
      if (results->size == 1) out += " -> " + list_of(results);
      if (results->size > 1) out += " -> (" + list_of(results) + ")";
      return out;
    }
    case WASM_EXTERN_MEMORY: {
      const auto* m = wasm_externtype_as_memorytype_const(type);
      std::string out = fmt::format("memory {}..", wasmtime_memorytype_minimum(m));
      if (std::uint64_t most = 0; wasmtime_memorytype_maximum(m, &most)) out += std::to_string(most);
      if (wasmtime_memorytype_is64(m)) out += " 64-bit";
      if (wasmtime_memorytype_isshared(m)) out += " shared";
      return out;
    }
    case WASM_EXTERN_GLOBAL: return "global";
    case WASM_EXTERN_TABLE: return "table";
    default: return "tag";
  }
}

module_shape describe(const wasmtime_module_t* code) {
  module_shape shape;
  wasm_importtype_vec_t imports;
  wasmtime_module_imports(code, &imports);
  for (std::size_t i = 0; i < imports.size; ++i) {
    const auto* import = imports.data[i];
    shape.imports.push_back({std::string(view(wasm_importtype_module(import))),
                             std::string(view(wasm_importtype_name(import))), describe(wasm_importtype_type(import))});
    shape.uses_wasi = shape.uses_wasi || shape.imports.back().module == wasi_module;
  }
  wasm_importtype_vec_delete(&imports);
  wasm_exporttype_vec_t exports;
  wasmtime_module_exports(code, &exports);
  for (std::size_t i = 0; i < exports.size; ++i) {
    const auto* type = wasm_exporttype_type(exports.data[i]);
    shape.exports.push_back({"", std::string(view(wasm_exporttype_name(exports.data[i]))), describe(type)});
    const std::string& name = shape.exports.back().name;
    if (name == "_initialize") shape.has_initialize = true;
    if (name == "memory" && wasm_externtype_kind(type) == WASM_EXTERN_MEMORY)
      shape.memory_min_bytes = wasmtime_memorytype_minimum(wasm_externtype_as_memorytype_const(type)) * 65536;
  }
  wasm_exporttype_vec_delete(&exports);
  return shape;
}

void import_reasons(const module_shape& shape, std::vector<std::string>& reasons) {
  for (const auto& i : shape.imports) {
    const std::string where = fmt::format("import `{}.{}` ({})", i.module, i.name, i.type);
    std::string expected;
    if (i.module == host_module) {
      expected = host_import_type(i.name);
    } else if (i.module == wasi_module) {
      expected = wasi_import_type(i.name);
    }
    if (expected.empty())
      reasons.push_back(where +
                        ": nothing here offers it (guests may import from `waggle` and `wasi_snapshot_preview1`)");
    else if (expected != i.type)
      reasons.push_back(fmt::format("{}: its type here is `{}`", where, expected));
  }
}

error refusal(const std::vector<std::string>& reasons) {
  error e;
  e.code = error_code::invalid_argument;
  e.whose = fault::guest;
  e.message = "the module cannot be a service";
  e.violation_count = reasons.size();
  for (std::size_t i = 0; i < std::min(reasons.size(), max_reasons); ++i) {
    e.message += (i == 0 ? ": " : "; ") + reasons[i];
    e.violations.push_back({.path = {}, .offset = 0, .message = reasons[i], .suggestion = {}});
  }
  return e;
}

std::unexpected<error> engine_refused(wasmtime_error_t* raw_error) {
  const error_ptr owned(raw_error);
  return std::unexpected(refusal({message_of(*owned)}));
}

result<module_ptr> compile(engines& on, std::span<const std::byte> bytes) {
  wasmtime_module_t* code = nullptr;
  if (auto* e = wasmtime_module_new(on.on_demand().engine.get(), raw(bytes), bytes.size(), &code))
    return engine_refused(e);
  return module_ptr(code);
}

/// The module's compiled code as bytes: from the cache, where `look` says so, or from the compiler.
result<std::vector<std::byte>> code_for(engines& on, std::span<const std::byte> bytes, load_report& report,
                                        bool look = true) {
  cache_key key{};
  report.from_cache = false;
  if (on.cache()) {
    key = make_cache_key(bytes, on.fingerprint(), WAGGLE_VERSION);
    auto found = look ? on.cache()->load(key) : module_cache::loaded{};
    if (!found.rejected.empty()) report.warnings.push_back(std::move(found.rejected));
    if (found.content) {
      report.from_cache = true;
      return *std::move(found.content);
    }
  }
  if (report.on_compile) report.on_compile();
  const auto began = std::chrono::steady_clock::now();
  auto code = compile(on, bytes);
  report.compiled_in = std::chrono::steady_clock::now() - began;
  if (!code) return std::unexpected(code.error());
  wasm_byte_vec_t serialized;
  if (auto* e = wasmtime_module_serialize(code->get(), &serialized)) return engine_refused(e);
  const auto* first = reinterpret_cast<const std::byte*>(serialized.data);
  std::vector<std::byte> out(first, first + serialized.size);
  wasm_byte_vec_delete(&serialized);
  if (on.cache())
    if (auto stored = on.cache()->store(key, out); !stored) report.warnings.push_back(stored.error().message);
  return out;
}

result<module_ptr> deserialize(const guest_engine& on, std::span<const std::byte> code) {
  wasmtime_module_t* m = nullptr;
  if (auto* e = wasmtime_module_deserialize(on.engine.get(), raw(code), code.size(), &m)) return engine_refused(e);
  return module_ptr(m);
}

}  // namespace

std::vector<std::string> reasons_against(const module_shape& shape, std::uint64_t memory_limit) {
  std::vector<std::string> reasons;
  native_abi_reasons(shape, reasons);
  if (shape.memory_min_bytes > max_memory)
    reasons.push_back(
        fmt::format("its memory begins with {} bytes; the guest ABI allows 2 GiB", shape.memory_min_bytes));
  else if (shape.memory_min_bytes > memory_limit)
    reasons.push_back(
        fmt::format("its memory begins with {} MiB, the limit of this service is {} MiB (memoryMb in "
                    "@service, wasm.memory_mb)",
                    shape.memory_min_bytes >> 20, memory_limit >> 20));
  import_reasons(shape, reasons);
  return reasons;
}

result<module_shape> shape_of(engines& on, std::span<const std::byte> bytes) {
  if (auto core = read_wasm_sections(bytes); !core) return std::unexpected(core.error());
  load_report ignored;
  auto code = code_for(on, bytes, ignored);
  if (!code) return std::unexpected(code.error());
  auto m = deserialize(on.on_demand(), *code);
  if (!m) return std::unexpected(m.error());
  return describe(m->get());
}

result<std::shared_ptr<const module>> module::load(engines& on, std::span<const std::byte> bytes,
                                                   std::uint64_t memory_limit, load_report& report) {
  if (auto core = read_wasm_sections(bytes); !core) return std::unexpected(core.error());
  auto code = code_for(on, bytes, report);
  if (!code) return std::unexpected(code.error());
  std::shared_ptr<module> made(new module);
  const auto prepare = [&] {
    made->engine_ = &on.pooled();
    report.why_not_pooled.clear();
    auto ready = deserialize(on.pooled(), *code);
    if (ready) return ready;
    report.why_not_pooled = ready.error().message;
    made->engine_ = &on.on_demand();
    return deserialize(on.on_demand(), *code);
  };
  auto ready = prepare();
  if (!ready && report.from_cache) {
    // The checksum was right and the engine still refuses: something else wrote it under our key.
    report.warnings.push_back("a cached module was refused by the engine and is compiled again: " +
                              ready.error().message);
    code = code_for(on, bytes, report, false);
    if (!code) return std::unexpected(code.error());
    ready = prepare();
  }
  if (!ready) return std::unexpected(ready.error());
  made->code_ = *std::move(ready);
  report.pooled = made->engine_ == &on.pooled();
  made->shape_ = describe(made->code_.get());
  if (const auto reasons = reasons_against(made->shape_, memory_limit); !reasons.empty())
    return std::unexpected(refusal(reasons));
  wasmtime_instance_pre_t* pre = nullptr;
  if (auto* e = wasmtime_linker_instantiate_pre(made->engine_->linker.get(), made->code_.get(), &pre))
    return engine_refused(e);
  made->pre_.reset(pre);
  return made;
}

}  // namespace waggle
