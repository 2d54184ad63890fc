#pragma once
#include <string>

#include "schema/language/ast.h"

/// Canonical SDL of single parts: one line, no descriptions, one space where the language wants one.
/// Whole documents: print_document.h.
namespace waggle::graphql {

/// `[String!]!`
[[nodiscard]] std::string print(const type_ref& type);
/// `{min: 1, tags: ["a"]}`; strings as quoted strings, also those that were block strings.
[[nodiscard]] std::string print(const value& v);
/// `@timeout(ms: 100)`
[[nodiscard]] std::string print(const directive& d);
/// `name: String! = "x"`, without directives
[[nodiscard]] std::string print(const input_value& v);
/// `greet(name: String! = "x"): Greeting!`, without directives
[[nodiscard]] std::string print(const field& f);
/// `directive @timeout(ms: Int!) on FIELD_DEFINITION`, the locations sorted
[[nodiscard]] std::string print_directive_definition(const definition& d);

}  // namespace waggle::graphql
