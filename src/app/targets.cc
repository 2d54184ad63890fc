#include "app/targets.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "app/read_file.h"
#include "schema/language/text.h"
#include "wasm/wasm_binary.h"

namespace waggle {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view module_ending = ".wasm";
constexpr std::array<std::string_view, 2> schema_endings = {".graphql", ".okra.gql"};

std::unexpected<diagnostic> wrong(const std::string& file, std::string message) {
  return std::unexpected(diagnostic{file, 0, 0, diagnostic::severity::error, std::move(message)});
}

/// The schemas beside a module that are there, the one that counts first.
std::vector<std::string> schemas_beside(std::string_view module) {
  const std::string stem(module.substr(0, module.size() - module_ending.size()));
  std::vector<std::string> files;
  for (const std::string_view ending : schema_endings) {
    std::string file = stem + std::string(ending);
    std::error_code unknown;
    if (fs::exists(file, unknown)) files.push_back(std::move(file));
  }
  return files;
}

/// As text: line ends and the last one do not make a difference.
std::string plain(std::string_view text) {
  std::string out(text);
  std::erase(out, '\r');
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

}  // namespace

std::expected<std::string, diagnostic> read_schema_file(const std::string& file) {
  auto text = read_file(file, max_schema_bytes);
  if (!text) return wrong(file, std::move(text.error()));
  if (const std::size_t bad = graphql::first_invalid_utf8(*text); bad != std::string::npos)
    return wrong(file, fmt::format("is not UTF-8 text (at byte {})", bad));
  if (text->starts_with("\xEF\xBB\xBF")) text->erase(0, 3);
  return *std::move(text);
}

std::expected<target, diagnostic> read_target(const std::string& module) {
  if (!module.ends_with(module_ending)) return wrong(module, "a module's name ends in .wasm");
  target out;
  out.module = module;
  out.files.push_back(module);
  auto bytes = read_file(module, max_module_bytes);
  if (!bytes) return wrong(module, std::move(bytes.error()));
  out.bytes = *std::move(bytes);

  const auto inside = read_schema(std::as_bytes(std::span(out.bytes)));
  if (!inside) return wrong(module, inside.error().message);
  const std::vector<std::string> beside = schemas_beside(module);
  out.files.insert(out.files.end(), beside.begin(), beside.end());
  auto warn = [&](const std::string& file, std::string message) {
    out.warnings.push_back({file, 0, 0, diagnostic::severity::warning, std::move(message)});
  };

  if (beside.size() > 1) warn(beside[1], fmt::format("is not read, because {} is there too", beside[0]));
  if (*inside) {
    out.schema = **inside;
    out.schema_file = module;
    if (!beside.empty()) {
      const auto other = read_schema_file(beside[0]);
      if (!other || plain(*other) != plain(out.schema))
        warn(beside[0],
             fmt::format("differs from the schema inside {}, which counts; waggle pack puts this one in", module));
    }
    return out;
  }
  if (beside.empty())
    return wrong(
        module,
        fmt::format("has no schema: neither inside (waggle pack puts one in) nor in {0}.graphql or {0}.okra.gql",
                    module.substr(0, module.size() - module_ending.size())));
  auto text = read_schema_file(beside[0]);
  if (!text) return std::unexpected(std::move(text.error()));
  out.schema = *std::move(text);
  out.schema_file = beside[0];
  return out;
}

std::expected<std::vector<std::string>, diagnostic> find_modules(const std::string& path) {
  std::error_code failed;
  const fs::file_status what = fs::status(path, failed);
  if (!fs::exists(what))
    return wrong(path, failed && failed != std::errc::no_such_file_or_directory ? failed.message() : "is not there");
  if (!fs::is_directory(what)) {
    if (!path.ends_with(module_ending)) return wrong(path, "is no target: that is a .wasm file or a folder of them");
    return std::vector{path};
  }
  std::vector<std::string> modules;
  fs::directory_iterator entry(path, failed);
  while (!failed && entry != fs::directory_iterator()) {
    std::error_code gone;
    if (entry->path().native().ends_with(module_ending) && !entry->path().filename().native().starts_with('.') &&
        entry->is_regular_file(gone))
      modules.push_back(entry->path().native());
    entry.increment(failed);
  }
  if (failed) return wrong(path, "cannot be read: " + failed.message());
  if (modules.empty()) return wrong(path, "there is no .wasm file in this folder");
  std::ranges::sort(modules);
  return modules;
}

found_targets read_targets(std::span<const std::string> paths) {
  found_targets out;
  std::set<std::string> seen;
  for (const std::string& path : paths) {
    auto modules = find_modules(path);
    if (!modules) {
      out.errors.push_back(std::move(modules.error()));
      continue;
    }
    for (const std::string& module : *modules) {
      std::error_code unknown;
      const fs::path real = fs::canonical(module, unknown);
      if (!seen.insert(unknown ? module : real.native()).second) continue;
      auto read = read_target(module);
      if (read)
        out.targets.push_back(*std::move(read));
      else
        out.errors.push_back(std::move(read.error()));
    }
  }
  return out;
}

}  // namespace waggle
