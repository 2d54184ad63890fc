#pragma once
#include <string>

#include "schema/ast.h"

/// Canonical SDL of single parts: one line, no descriptions, one space where the language wants one.
namespace waggle::graphql {

/// `[String!]!`
[[nodiscard]] std::string print(const type_ref& type);
/// `{min: 1, tags: ["a"]}`
[[nodiscard]] std::string print(const value& v);
/// `greet(name: String! = "x"): Greeting!`, without directives
[[nodiscard]] std::string print(const field& f);
/// `directive @timeout(ms: Int!) on FIELD_DEFINITION`, the locations sorted
[[nodiscard]] std::string print_directive_definition(const definition& d);

}  // namespace waggle::graphql
