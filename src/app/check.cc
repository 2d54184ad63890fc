#include <filesystem>
#include <fstream>
#include <map>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "app/commands.h"
#include "app/loaded_service.h"
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
