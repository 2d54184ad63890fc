#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "schema/values/value_types.h"

/// Steps over the tokens of a JSON text (RFC 8259). The text ends with a NUL, which no token contains, so that no step
/// looks for the end; `text_padding` bytes behind it are readable. A step returns the place behind what it read, or null.
namespace waggle::graphql {

[[nodiscard]] inline bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

[[nodiscard]] inline const char* skip_space(const char* p) {
  if (static_cast<unsigned char>(*p) > ' ') [[likely]]
    return p;
  constexpr std::uint64_t spaces = 0x2020202020202020ULL;
  while (is_space(*p)) {
    ++p;
    while (load8(p) == spaces) p += 8;  // indentation
  }
  return p;
}

/// `true`, `null`: `word` has four characters.
[[nodiscard]] inline bool starts_with_4(const char* p, const char* word) {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::memcpy(&a, p, 4);
  std::memcpy(&b, word, 4);
  return a == b;
}
[[nodiscard]] inline const char* skip_null(const char* p) { return starts_with_4(p, "null") ? p + 4 : nullptr; }
[[nodiscard]] inline const char* skip_boolean(const char* p) {
  if (starts_with_4(p, "true")) return p + 4;
  return *p == 'f' && starts_with_4(p + 1, "alse") ? p + 5 : nullptr;
}

[[nodiscard]] inline bool is_digit(char c) { return static_cast<unsigned char>(c - '0') <= 9; }

/// A number by the grammar. Sets `exponent` where it has one.
[[nodiscard]] inline const char* skip_number(const char* p, bool& exponent) {
  if (*p == '-') ++p;
  if (!is_digit(*p)) return nullptr;
  if (*p++ != '0')
    while (is_digit(*p)) ++p;
  if (*p == '.') {
    if (!is_digit(*++p)) return nullptr;
    while (is_digit(*p)) ++p;
  }
  if (*p == 'e' || *p == 'E') {
    exponent = true;
    ++p;
    if (*p == '+' || *p == '-') ++p;
    if (!is_digit(*p)) return nullptr;
    while (is_digit(*p)) ++p;
  }
  return p;
}

[[nodiscard]] inline const char* skip_number(const char* p) {
  bool exponent = false;
  return skip_number(p, exponent);
}

/// The first byte from `p` on that is a quote, a backslash, a control character or, unless `utf8_known`, not ASCII.
[[nodiscard]] inline const char* find_special(const char* p, bool utf8_known) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i last_control = _mm_set1_epi8(0x1f);
  for (;; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i special = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
                                         _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes));
    auto found = static_cast<unsigned>(_mm_movemask_epi8(special));
    if (!utf8_known) found |= static_cast<unsigned>(_mm_movemask_epi8(bytes));
    if (found != 0) return p + std::countr_zero(found);
  }
#else
  for (;; ++p) {
    const auto c = static_cast<unsigned char>(*p);
    if (c == '"' || c == '\\' || c < 0x20 || (c >= 0x80 && !utf8_known)) return p;
  }
#endif
}

/// An escape sequence, a pair of surrogates being one; a lone surrogate is none.
[[nodiscard]] const char* skip_escape(const char* p);

/// Behind the string whose opening quote is at `p`, in a text that is known to be JSON.
[[nodiscard]] const char* end_of_string(const char* p);
/// Behind the value of any sort that begins at `p`, likewise. Without recursion.
[[nodiscard]] const char* end_of_value(const char* p);

/// Appends what the inside of a well-formed JSON string stands for.
void append_unescaped(std::string& out, std::string_view inside);

}  // namespace waggle::graphql
