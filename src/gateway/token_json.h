#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

namespace waggle {

/// Parses `text` as a JSON object, nested at most `depth` deep, no name twice in any object; null where it is anything else.
/// The object lives in `parser`. For small texts from outside.
[[nodiscard]] bool parse_strict_object(simdjson::dom::parser& parser, const std::string& text, std::size_t depth,
                                       simdjson::dom::object& into);

/// Base64 as RFC 7515 §2 has it: no padding, and only the one text that these bytes have. Nothing where it is anything else.
[[nodiscard]] std::optional<std::string> exact_base64url(std::string_view text);

}  // namespace waggle
