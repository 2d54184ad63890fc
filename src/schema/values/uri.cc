#include "schema/values/uri.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <arpa/inet.h>

namespace waggle {
namespace {

/// Classes of characters, by the parts they may stand in (§2, Appendix A). `%` stands in all, with two digits behind.
constexpr std::uint8_t in_scheme = 1;
constexpr std::uint8_t in_name = 2;      ///< reg-name
constexpr std::uint8_t in_userinfo = 4;  ///< and IPvFuture
constexpr std::uint8_t in_path = 8;
constexpr std::uint8_t in_query = 16;  ///< and the fragment
constexpr std::uint8_t is_digit = 32;
constexpr std::uint8_t is_hex = 64;
constexpr std::uint8_t is_letter = 128;

constexpr std::array<std::uint8_t, 256> classes = [] {
  std::array<std::uint8_t, 256> out{};
  const auto add = [&out](std::string_view characters, int parts) {
    for (const char c : characters) out[static_cast<unsigned char>(c)] |= static_cast<std::uint8_t>(parts);
  };
  constexpr int everywhere = in_name | in_userinfo | in_path | in_query;
  add("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", in_scheme | everywhere | is_letter);
  add("0123456789", in_scheme | everywhere | is_digit | is_hex);
  add("abcdefABCDEF", is_hex);
  add("+-.", in_scheme);
  add("-._~!$&'()*+,;=", everywhere);
  add(":", in_userinfo | in_path | in_query);
  add("@/", in_path | in_query);
  add("?", in_query);
  return out;
}();

constexpr bool is(char c, std::uint8_t part) { return (classes[static_cast<unsigned char>(c)] & part) != 0; }

bool all(std::string_view text, std::uint8_t part) {
  return std::ranges::all_of(text, [part](char c) { return is(c, part); });
}

/// `all`, and escapes.
bool all_or_escaped(std::string_view text, std::uint8_t part) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is(text[i], part)) continue;
    if (text[i] != '%' || text.size() - i < 3 || !is(text[i + 1], is_hex) || !is(text[i + 2], is_hex)) return false;
    i += 2;
  }
  return true;
}

bool is_ipv6(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || text.contains('\0')) return false;
  std::ranges::copy(text, terminated.begin());
  in6_addr address{};
  return inet_pton(AF_INET6, terminated.data(), &address) == 1;
}

bool is_ip_literal(std::string_view text) {
  if (!text.starts_with('v') && !text.starts_with('V')) return is_ipv6(text);
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos || point < 2 || point + 1 == text.size()) return false;
  return all(text.substr(1, point - 1), is_hex) && all(text.substr(point + 1), in_userinfo);
}

bool is_authority(std::string_view text) {
  if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
    if (!all_or_escaped(text.substr(0, at), in_userinfo)) return false;
    text.remove_prefix(at + 1);
  }
  std::size_t host = 0;  // its end
  if (text.starts_with('[')) {
    host = text.find(']');
    if (host == std::string_view::npos || !is_ip_literal(text.substr(1, host - 1))) return false;
    ++host;
  } else {
    host = std::min(text.find(':'), text.size());
    if (!all_or_escaped(text.substr(0, host), in_name)) return false;
  }
  const std::string_view port = text.substr(host);
  return port.empty() || (port.front() == ':' && all(port.substr(1), is_digit));
}

}  // namespace

bool is_uri(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  if (!is(text.front(), is_letter) || !all(text.substr(0, colon), in_scheme)) return false;
  text.remove_prefix(colon + 1);
  if (const std::size_t hash = text.find('#'); hash != std::string_view::npos) {
    if (!all_or_escaped(text.substr(hash + 1), in_query)) return false;
    text = text.substr(0, hash);
  }
  if (const std::size_t mark = text.find('?'); mark != std::string_view::npos) {
    if (!all_or_escaped(text.substr(mark + 1), in_query)) return false;
    text = text.substr(0, mark);
  }
  if (!text.starts_with("//")) return !text.empty() && all_or_escaped(text, in_path);
  text.remove_prefix(2);
  const std::size_t authority = std::min(text.find('/'), text.size());
  return !text.empty() && is_authority(text.substr(0, authority)) && all_or_escaped(text.substr(authority), in_path);
}

}  // namespace waggle
