#include <filesystem>
#include <fstream>
#include <map>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "app/commands.h"
#include "app/node.h"
#include "app/read_file.h"
#include "wasm/wasm_binary.h"

namespace waggle {
namespace {

std::string_view name_of(diagnostic::severity s) {
  switch (s) {
    case diagnostic::severity::error: return "error";
    case diagnostic::severity::warning: return "warning";
    default: return "note";
  }
}

std::string json_of(const std::vector<diagnostic>& findings) {
  std::string out = "[";
  for (const diagnostic& d : findings)
    out +=
        fmt::format(R"({}{{"file":{},"line":{},"column":{},"severity":"{}","message":{}}})", out.size() > 1 ? "," : "",
                    json_quote(d.file), d.line, d.column, name_of(d.level), json_quote(d.message));
  return out + "]";
}

std::string json_of(const std::vector<module_shape::item>& items) {
  std::string out = "[";
  for (const auto& i : items) {
    out += out.size() > 1 ? ",{" : "{";
    if (!i.module.empty()) out += fmt::format(R"("module":{},)", json_quote(i.module));
    out += fmt::format(R"("name":{},"type":{}}})", json_quote(i.name), json_quote(i.type));
  }
  return out + "]";
}

std::string_view name_of(operation kind) {
  switch (kind) {
    case operation::query: return "query";
    case operation::mutation: return "mutation";
    default: return "subscription";
  }
}

std::string json_of(const contract& c) {
  std::string methods = "[";
  for (const auto& [name, m] : c.methods)
    methods += fmt::format(R"({}{{"name":{},"kind":"{}","signature":{},"internal":{},"bare":{}}})",
                           methods.size() > 1 ? "," : "", json_quote(name), name_of(m.kind), json_quote(m.signature),
                           m.internal, m.bare);
  std::string uses = "[";
  for (const std::string& u : c.uses) uses += (uses.size() > 1 ? "," : "") + json_quote(u);
  return fmt::format(
      R"({{"name":{},"version":{},"methods":{}],"uses":{}],"pool":{{"min":{},"max":{},"queue":{},"isolation":"{}"}}}})",
      json_quote(c.name), json_quote(c.version), methods, uses, c.pool.min, c.pool.max, c.pool.queue,
      c.pool.fresh ? "FRESH" : "REUSE");
}

void print_shape(const module_shape& shape) {
  fmt::print("abi:     native{}\n", shape.uses_wasi ? " with WASI preview 1" : "");
  fmt::print("memory:  {} KiB at the start\n", shape.memory_min_bytes / 1024);
  fmt::print("exports:\n");
  constexpr std::size_t shown = 40;
  for (std::size_t i = 0; i < std::min(shown, shape.exports.size()); ++i)
    fmt::print("  {}: {}\n", shape.exports[i].name, shape.exports[i].type);
  if (shape.exports.size() > shown) fmt::print("  … and {} more\n", shape.exports.size() - shown);
  fmt::print("imports:{}\n", shape.imports.empty() ? " none" : "");
  for (const auto& i : shape.imports) fmt::print("  {}.{}: {}\n", i.module, i.name, i.type);
}

}  // namespace

bool print(const std::vector<diagnostic>& findings) {
  bool failed = false;
  for (const diagnostic& d : findings) {
    fmt::print(stderr, "{}\n", to_string(d));
    failed = failed || d.level == diagnostic::severity::error;
  }
  return failed;
}

int check(const configuration& c, const std::string& path, bool json) {
  std::vector<diagnostic> findings;
  if (path.ends_with(".graphql") || path.ends_with(".gql")) {
    if (auto schema = read_schema_file(path))
      findings = compile_contract(*schema, path).findings;
    else
      findings.push_back(schema.error());
  } else {
    found_targets found = read_targets(std::span(&path, 1));
    findings = std::move(found.errors);
    auto engines = open_engines(c);
    if (!engines) {
      fmt::print(stderr, "{}\n", to_json(engines.error()));
      return exit_failed;
    }
    std::map<std::string, std::string> names;  // service → module
    for (target& t : found.targets) {
      std::ranges::move(t.warnings, std::back_inserter(findings));
      const auto loaded = load_service(**engines, t, c, findings);
      if (!loaded) continue;  // what it finds is the answer
      if (const auto [other, first] = names.emplace(loaded->about->name, t.module); !first)
        findings.push_back(
            {.file = t.module,
             .message = fmt::format("{} is the name of the service in {} too", other->first, other->second)});
    }
  }
  const bool failed =
      std::ranges::any_of(findings, [](const diagnostic& d) { return d.level == diagnostic::severity::error; });
  if (json)
    fmt::print("{}\n", json_of(findings));
  else
    print(findings);
  return failed ? exit_failed : exit_fine;
}

int inspect(const configuration& c, const std::string& path, bool json) {
  found_targets found = read_targets(std::span(&path, 1));
  bool failed = print(found.errors);
  auto engines = open_engines(c);
  if (!engines) {
    fmt::print(stderr, "{}\n", to_json(engines.error()));
    return exit_failed;
  }
  std::string all = "[";
  for (const target& t : found.targets) {
    failed = print(t.warnings) || failed;
    const auto compiled = compile_contract(t.schema, t.schema_file);
    failed = print(compiled.findings) || failed;
    const auto shape = shape_of(**engines, std::as_bytes(std::span(t.bytes)));
    if (!shape) {
      fmt::print(stderr, "{}: error: {}\n", t.module, shape.error().message);
      failed = true;
    }
    if (json) {
      all += fmt::format(
          R"({}{{"module":{},"service":{},"abi":"native","wasi":{},"memoryMinBytes":{},"imports":{},"exports":{}}})",
          all.size() > 1 ? "," : "", json_quote(t.module), compiled.value ? json_of(*compiled.value) : "null",
          shape && shape->uses_wasi, shape ? shape->memory_min_bytes : 0, shape ? json_of(shape->imports) : "[]",
          shape ? json_of(shape->exports) : "[]");
      continue;
    }
    fmt::print("module:  {}\n", t.module);
    if (compiled.value) {
      const contract& about = *compiled.value;
      fmt::print("service: {} {}\n", about.name.empty() ? "(no @service)" : about.name, about.version);
      fmt::print("pool:    min {}, max {}, queue {}{}\n", about.pool.min, about.pool.max, about.pool.queue,
                 about.pool.fresh ? ", a fresh instance for each request" : "");
      fmt::print("methods:\n");
      for (const auto& [name, m] : about.methods)
        fmt::print("  {} {}{}\n", name_of(m.kind), m.signature, m.internal ? "  (internal)" : "");
      fmt::print("uses:   {}\n", about.uses.empty() ? " none" : "");
      for (const std::string& u : about.uses) fmt::print("  {}\n", u);
    }
    if (shape) print_shape(*shape);
  }
  if (json) fmt::print("{}]\n", all);
  return failed ? exit_failed : exit_fine;
}

int pack(const std::string& module, const std::string& schema, const std::string& out) {
  const auto failed = [](const std::string& file, const std::string& why) {
    fmt::print(stderr, "{}: error: {}\n", file, why);
    return exit_failed;
  };
  auto text = read_schema_file(schema);
  if (!text) {
    fmt::print(stderr, "{}\n", to_string(text.error()));
    return exit_failed;
  }
  if (print(compile_contract(*text, schema).findings)) return exit_failed;
  auto bytes = read_file(module, max_module_bytes);
  if (!bytes) return failed(module, bytes.error());
  const auto packed = pack_schema(std::as_bytes(std::span(*bytes)), *text);
  if (!packed) return failed(module, packed.error().message);
  // Whole or not at all: `out` may be the module itself.
  const std::string part = out + ".part";
  std::ofstream file(part, std::ios::binary);
  file.write(reinterpret_cast<const char*>(packed->data()), static_cast<std::streamsize>(packed->size()));
  file.close();
  std::error_code bad;
  if (!file) return failed(part, "cannot be written");
  std::filesystem::rename(part, out, bad);
  if (bad) return failed(out, bad.message());
  return exit_fine;
}

}  // namespace waggle
