#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace waggle {

/// Why a text is not one JSON value (RFC 8259), and where.
struct json_problem {
  enum class sort { syntax, utf8, depth };
  sort what = sort::syntax;
  std::size_t offset = 0;  ///< in bytes
  std::string message;
};

/// The first problem, or nothing where the text is one well-formed value nested at most `depth` deep
/// (empty containers, which hold nothing, not counted: simdjson does the same).
/// Slow and exact: it runs after the fast parser refused, to say why, and to accept what that one cannot hold
/// (integers beyond 64 bits, numbers beyond a double). A lone surrogate (`\ud800`) is a problem here too.
[[nodiscard]] std::optional<json_problem> find_json_problem(std::string_view json, std::size_t depth);

}  // namespace waggle
