#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/language/findings.h"

namespace waggle::graphql {

/// How much of an untrusted text is read; over a limit is an error of the text.
struct source_limits {
  std::size_t bytes = std::size_t{4} << 20;
  std::size_t tokens = 1'000'000;
  std::size_t name = 255;   ///< bytes of a name: it is repeated in paths and messages
  std::size_t depth = 100;  ///< nested lists and objects in values and types, and selection sets
};

enum class token_kind : std::uint8_t { end, name, integer, floating, string, block_string, punctuator };

/// One token; `text` is a part of the source, quotes included, so its place is `text.data() - source.data()`.
struct token {
  token_kind kind = token_kind::end;
  std::uint32_t line = 0;    ///< from 1
  std::uint32_t indent = 0;  ///< bytes before it on its line
  std::string_view text;
};

/// The tokens of a text by §2.1 of the GraphQL specification (September 2025), always with an `end` last.
/// Type-system and executable documents have the same tokens. What is no token is reported and left out.
[[nodiscard]] std::vector<token> lex(std::string_view source, const source_limits& limits, findings& found);

/// The value that a string token stands for: escapes read, a block string's indentation taken off (§2.9.4, BlockStringValue).
/// For tokens that `lex` reported no error in; otherwise some text.
[[nodiscard]] std::string string_value(const token& t);

/// The same as a part of the source, where the value stands there as it is: a string without escapes, a block string that has
/// one line with text.
[[nodiscard]] std::optional<std::string_view> value_as_written(const token& t);

}  // namespace waggle::graphql
