#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/commands.h"
#include "app/loaded_service.h"

namespace waggle {
namespace {

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

std::string json_of(const contract& c, const service_grants& granted) {
  const auto list = [](const auto& names) {
    std::string out = "[";
    for (const std::string& n : names) out += (out.size() > 1 ? "," : "") + json_quote(n);
    return out + "]";
  };
  std::string methods = "[";
  for (const auto& [name, m] : c.methods)
    methods += fmt::format(R"({}{{"name":{},"kind":"{}","signature":{},"internal":{},"bare":{},"auth":{}}})",
                           methods.size() > 1 ? "," : "", json_quote(name), name_of(m.kind), json_quote(m.signature),
                           m.internal, m.bare, m.auth ? list(*m.auth) : "null");
  return fmt::format(
      R"({{"name":{},"version":{},"methods":{}],"uses":{},"granted":{},"pool":{{"min":{},"max":{},"queue":{},"isolation":"{}"}}}})",
      json_quote(c.name), json_quote(c.version), methods, list(c.uses), list(granted.uses), c.pool.min, c.pool.max,
      c.pool.queue, c.pool.fresh ? "FRESH" : "REUSE");
}

std::string who_may_call(const method& m) {
  if (!m.auth) return {};
  return m.auth->empty() ? "  (verified callers)" : fmt::format("  (scopes: {})", fmt::join(*m.auth, ", "));
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
          all.size() > 1 ? "," : "", json_quote(t.module),
          compiled.value ? json_of(*compiled.value, grants_for(*compiled.value, c)) : "null", shape && shape->uses_wasi,
          shape ? shape->memory_min_bytes : 0, shape ? json_of(shape->imports) : "[]",
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
        fmt::print("  {} {}{}{}\n", name_of(m.kind), m.signature, m.internal ? "  (internal)" : "", who_may_call(m));
      fmt::print("uses:   {}\n", about.uses.empty() ? " none" : "");
      const service_grants granted = grants_for(about, c);
      for (const std::string& u : about.uses)
        fmt::print("  {}  ({})\n", u, granted.uses.contains(u) ? "granted" : "not granted");
    }
    if (shape) print_shape(*shape);
  }
  if (json) fmt::print("{}]\n", all);
  return failed ? exit_failed : exit_fine;
}

}  // namespace waggle
