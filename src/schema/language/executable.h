#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "schema/language/ast.h"
#include "schema/language/findings.h"
#include "schema/language/lexer.h"

/// The executable language (§2 of the September 2025 edition): what a client asks for.
/// Every `string_view` is a part of the text that was parsed or of `executable_document::owned`.
namespace waggle::graphql {

enum class selection_kind : std::uint8_t { field, spread, inline_fragment };

/// A field (§2.5), a fragment's spread or an inline fragment (§2.8). Nested at most as deep as `source_limits::depth`.
struct selection {
  selection_kind kind = selection_kind::field;
  std::size_t offset = 0;  ///< of its first token
  name alias;              ///< a field's; without a text where there is none
  name id;  ///< the field, the fragment, or the type of an inline fragment: without a text where it has none
  std::vector<argument> arguments;  ///< a field's
  std::vector<directive> directives;
  std::vector<selection> selections;

  /// A field's name in the answer.
  [[nodiscard]] const name& response_name() const { return alias.text.empty() ? id : alias; }
};

/// `$id: ID! = 1 @d` (§2.10)
struct variable_definition {
  std::string_view description;
  name id;  ///< without the $, placed at it
  type_ref type;
  std::vector<value> default_value;  ///< one or none
  std::vector<directive> directives;
};

/// A query, mutation or subscription (§2.3).
struct operation_definition {
  operation kind = operation::query;
  std::size_t offset = 0;  ///< of its keyword, or of `{` in the short form
  std::string_view description;
  name id;  ///< without a text where it has none
  std::vector<variable_definition> variables;
  std::vector<directive> directives;
  std::vector<selection> selections;
};

/// `fragment id on on { … }` (§2.8)
struct fragment_definition {
  std::size_t offset = 0;  ///< of its keyword
  std::string_view description;
  name id;
  name on;
  std::vector<directive> directives;
  std::vector<selection> selections;
};

struct executable_document {
  std::vector<operation_definition> operations;
  std::vector<fragment_definition> fragments;
  std::deque<std::string> owned;  ///< decoded strings
};

/// Parses a request's document; its rules (§5) are not checked. Safe for any bytes. It ends at the first error of the grammar:
/// then what was read so far is of no use. `text` must outlive the document.
[[nodiscard]] executable_document parse_executable(std::string_view text, const source_limits& limits, findings& found);

}  // namespace waggle::graphql
