#pragma once
#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "schema/contract.h"

namespace waggle {

/// A longer module is refused.
inline constexpr std::size_t max_module_bytes = std::size_t{256} << 20;

/// A module with its schema, both read.
struct target {
  std::string module;              ///< the module's path
  std::string bytes;               ///< the module
  std::string schema;              ///< its schema: the one inside where there is one, else the one beside
  std::string schema_file;         ///< where that is, for findings: `module` for the one inside
  std::vector<std::string> files;  ///< everything that was looked at and is there: what to watch
  std::vector<diagnostic> warnings;
};

/// Reads `module` (a `.wasm`) and its schema: in the custom section `waggle.schema`, else in `NAME.graphql`, else in
/// `NAME.okra.gql` beside it. What is inside counts; a difference to the one beside it is a warning.
/// The module is not compiled, the schema not parsed. Blocks on the disk.
[[nodiscard]] std::expected<target, diagnostic> read_target(const std::string& module);

/// A schema on its own: `FILE.graphql`. UTF-8 of at most `max_schema_bytes`, without a byte order mark.
[[nodiscard]] std::expected<std::string, diagnostic> read_schema_file(const std::string& file);

/// The modules that a TARGET of the command line means: itself where it ends in `.wasm`; of a folder those in it, not below it,
/// in the order of their names.
[[nodiscard]] std::expected<std::vector<std::string>, diagnostic> find_modules(const std::string& path);

/// All that can be read, and an error for each that cannot.
struct found_targets {
  std::vector<target> targets;
  std::vector<diagnostic> errors;
};
/// Both of the above for each path of the command line. A module that is named twice is read once.
[[nodiscard]] found_targets read_targets(std::span<const std::string> paths);

}  // namespace waggle
