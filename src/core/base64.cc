#include "core/base64.h"

#include <array>
#include <cstdint>

namespace waggle {
namespace {

constexpr std::string_view standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

using values = std::array<std::int8_t, 256>;

constexpr values values_of(char before_last, char last) {
  values v{};
  v.fill(-1);
  for (std::size_t i = 0; i < 62; ++i) v[static_cast<unsigned char>(standard[i])] = static_cast<std::int8_t>(i);
  v[static_cast<unsigned char>(before_last)] = 62;
  v[static_cast<unsigned char>(last)] = 63;
  return v;
}

constexpr values standard_values = values_of('+', '/');
constexpr values url_values = values_of('-', '_');

/// Without padding.
std::optional<std::string> decode(std::string_view text, const values& alphabet) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 4 * 3 + 3);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const std::int8_t v = alphabet[static_cast<unsigned char>(c)];
    if (v < 0) return std::nullopt;
    bits = (bits << 6 | static_cast<std::uint32_t>(v)) & 0xFFFFFF;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xFF);
    }
  }
  return out;
}

}  // namespace

std::string base64_encode(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() / 3 * 4 + 4);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : bytes) {
    bits = (bits << 8 | static_cast<unsigned char>(c)) & 0xFFFFFF;
    for (count += 8; count >= 6; count -= 6) out += standard[bits >> (count - 6) & 63];
  }
  if (count > 0) out += standard[bits << (6 - count) & 63];
  return out;
}

std::string base64_encode_padded(std::string_view bytes) {
  std::string out = base64_encode(bytes);
  out.append((4 - out.size() % 4) % 4, '=');
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return decode(text, standard_values);
}

std::optional<std::string> base64url_decode(std::string_view text) {
  if (text.size() % 4 == 0)
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return decode(text, url_values);
}

}  // namespace waggle
