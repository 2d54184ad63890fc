#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/targets.h"
#include "schema/describe/cpp_stubs.h"
#include "schema/describe/describe.h"
#include "schema/describe/go_stubs.h"
#include "schema/describe/json_schema.h"
#include "schema/describe/openapi.h"

namespace waggle {
namespace {

/// Code for callers, which a node does not serve.
struct stub_row {
  std::string_view name;
  std::string (*make)(const contract& c);
};
constexpr std::array<stub_row, 2> stub_formats = {{{"cpp", graphql::cpp_stubs}, {"go", graphql::go_stubs}}};

/// A schema's text and its name for findings, or the exit status.
std::expected<std::pair<std::string, std::string>, int> read_one_schema(const std::string& path) {
  if (path.ends_with(".graphql") || path.ends_with(".gql")) {
    auto text = read_schema_file(path);
    if (text) return std::pair(*std::move(text), path);
    print({text.error()});
    return std::unexpected(exit_failed);
  }
  found_targets found = read_targets(std::span(&path, 1));
  if (print(found.errors)) return std::unexpected(exit_failed);
  if (found.targets.size() != 1) {
    fmt::print(stderr, "{}: error: it holds {} services; name one module\n", path, found.targets.size());
    return std::unexpected(exit_usage);
  }
  target& one = found.targets.front();
  print(one.warnings);
  return std::pair(std::move(one.schema), std::move(one.schema_file));
}

}  // namespace

int describe(const std::string& path, const std::string& format) {
  const format_row* row = find_description_format(format);
  const auto* stubs = std::ranges::find(stub_formats, format, &stub_row::name);
  if (row == nullptr && stubs == stub_formats.end()) {
    fmt::print(stderr, "waggle: {}; and cpp and go for callers' code\n", unknown_description_format(format));
    return exit_usage;
  }
  const auto read = read_one_schema(path);
  if (!read) return read.error();
  const auto& [text, file] = *read;
  const compiled_contract compiled = compile_contract(text, file);
  const bool failed = std::ranges::any_of(compiled.findings,
                                          [](const diagnostic& d) { return d.level == diagnostic::severity::error; });
  if (failed || !compiled.value) {
    print(compiled.findings);
    return exit_failed;
  }
  const contract& c = *compiled.value;
  const auto fail = [&file](std::string_view why) {
    fmt::print(stderr, "{}: error: {}\n", file, why);
    return exit_failed;
  };
  if ((row == nullptr || row->format == description_format::openapi) && c.name.empty())
    return fail("the schema has no @service(name: …), so there is no address to describe");
  if (row == nullptr) {
    fmt::print("{}", stubs->make(c));
    return exit_fine;
  }
  std::optional<std::string> told = c.sdl;
  if (row->format == description_format::json_schema) told = graphql::json_schema(c);
  if (row->format == description_format::openapi) told = graphql::openapi(c);
  if (!told) return fail(fmt::format("the contract is too large to be described as {}", row->name));
  fmt::print("{}", *told);
  return exit_fine;
}

}  // namespace waggle
