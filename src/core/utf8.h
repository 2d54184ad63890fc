#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace waggle {

/// One character of UTF-8. `length` is in bytes; 0 where the text begins with no well-formed sequence.
struct utf8_character {
  std::size_t length = 0;
  char32_t value = 0;
};

/// The first character of `text` (RFC 3629 §4: neither overlong forms nor surrogates).
[[nodiscard]] constexpr utf8_character first_utf8_character(std::string_view text) {
  auto byte = [&](std::size_t i) -> std::uint32_t { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0; };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {text.empty() ? 0U : 1U, lead};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  char32_t value = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3F);
  }
  constexpr char32_t least[] = {0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (lead < 0xC2 || lead > 0xF4 || value < least[length - 2] || surrogate || value > 0x10FFFF) return {};
  return {length, value};
}

[[nodiscard]] constexpr bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = first_utf8_character(text).length;
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

/// Moves a terminal's cursor, ends a line, or changes the order in which others are shown (Unicode's C0, C1, line and
/// paragraph separators, Bidi_Control, and the byte order mark). A tab does not.
[[nodiscard]] constexpr bool disturbs_a_line(char32_t c) {
  return (c < 0x20 && c != '\t') || (c >= 0x7F && c < 0xA0) || c == 0x61C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

}  // namespace waggle
