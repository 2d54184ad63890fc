#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "schema/contract.h"

namespace waggle {

/// A schema in the standard form, and what was found in it: the text is empty where there is an error.
struct converted_schema {
  std::string text;
  std::vector<diagnostic> findings;
};

/// The canonical standard form of a schema without errors, with the same methods. Of okra's dialect: `@service` in place of
/// `@okra`, the schema and its root types first, and every scalar of okra's that is used declared, with the `@specifiedBy`
/// by which waggle knows it also outside of okra's files. A standard schema keeps its order. Comments are not kept.
/// `reads` is a list of patterns, separated by commas: mutations whose names match one become queries. `*` stands for any
/// characters, `?` for one. A pattern that no query or mutation matches is an error.
[[nodiscard]] converted_schema convert_schema(std::string_view sdl, std::string_view file, std::string_view reads = {});

namespace graphql {
/// Does the pattern, with `*` and `?`, match the whole name?
[[nodiscard]] bool matches(std::string_view pattern, std::string_view name);
}  // namespace graphql

}  // namespace waggle
