#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace waggle {

/// RFC 4648 §4, without padding.
[[nodiscard]] std::string base64_encode(std::string_view bytes);
/// The same with padding: the form of the scalar Bytes.
[[nodiscard]] std::string base64_encode_padded(std::string_view bytes);
/// RFC 4648 §4, with its padding. Nothing where it is malformed.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);
/// RFC 4648 §5 (URL alphabet), with or without padding. Nothing where it is malformed.
[[nodiscard]] std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace waggle
