#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "schema/execute/checked_document.h"

namespace waggle::graphql {

/// What has arguments, for messages: `user`, `@skip` or `$id`.
struct owner {
  std::string_view before;  ///< "", "@" or "$"
  std::string_view name;
};
[[nodiscard]] std::string shown(const owner& o);

/// Checks arguments against their definitions (§5.4) and their values against the types (§5.6). `offset` is where a missing one is
/// reported. The variables in them are added to `into`.
void check_arguments(checked_document& d, const std::vector<argument>& given, const std::vector<input_value>& defined,
                     const owner& of, std::size_t offset, uses& into);

/// Of a field or directive that is not defined: the rules that need no types. The variables are added to `into`.
void check_untyped_arguments(checked_document& d, const std::vector<argument>& given, const owner& of, uses& into);

/// Checks a variable's default value (§5.6).
void check_default(checked_document& d, const variable_definition& v);

}  // namespace waggle::graphql
