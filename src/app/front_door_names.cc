#include "app/front_door_names.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "core/ascii.h"
#include "core/error.h"

namespace waggle {
namespace {

constexpr std::string_view a_host = "a host is a name or an address ([…] around IPv6), and perhaps :PORT";
constexpr std::string_view an_origin =
    "an origin is what a browser says in Origin: SCHEME://HOST or SCHEME://HOST:PORT, as https://app.example.com";

std::string why(std::string_view text, std::string_view problem, std::string_view expected) {
  return fmt::format("{} {}; {}", json_quote(text.substr(0, 60)), problem, expected);
}

bool is_letter(char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// RFC 3986 §3.1
bool is_scheme(std::string_view text) {
  return !text.empty() && is_letter(text[0]) && std::ranges::all_of(text, [](char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

/// What is wrong with `HOST` or `HOST:PORT`; null where nothing is. Names are not held to DNS' rules: a proxy may have its own.
const char* wrong_authority(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c >= '\x7f') return "has a character beyond those of names: letters like ü are written xn--…";
    if (c == '*') return "has a *: every host is named on its own";
    if (std::string_view("/?#@\\,\"<>").contains(c)) return "has more than a host and a port";
  }
  std::size_t end = std::min(text.find(':'), text.size());
  if (text.starts_with('[')) {
    const std::size_t closing = text.find(']');
    if (closing == std::string_view::npos) return "has a [ without its ]";
    end = closing + 1;
  }
  if (end == 0 || text.starts_with("[]")) return "has no host";
  const std::string_view port = text.substr(end);
  if (port.empty()) return nullptr;
  std::uint16_t number = 0;
  const auto [last, bad] = std::from_chars(port.data() + 1, port.data() + port.size(), number);
  const bool fine =
      port[0] == ':' && bad == std::errc{} && last == port.data() + port.size() && number > 0 && port[1] != '0';
  return fine ? nullptr : "has no port from 1 to 65535 behind its host";
}

}  // namespace

std::optional<std::string> unusable_host(std::string_view text) {
  if (text.contains(' ')) return why(text, "has a space", a_host);
  if (text.contains("://")) return why(text, "has a scheme", a_host);
  if (const char* const problem = wrong_authority(text)) return why(text, problem, a_host);
  return std::nullopt;
}

std::optional<std::string> unusable_origin(std::string_view text) {
  // Of a page in a sandbox, or from a file.
  if (text == "*" || equal_ignoring_case(text, "null") || equal_ignoring_case(text, "file://")) return std::nullopt;
  if (text.contains(' ')) return why(text, "has a space", an_origin);
  const std::size_t at = text.find("://");
  if (at == std::string_view::npos || !is_scheme(text.substr(0, at))) return why(text, "has no scheme", an_origin);
  const std::string_view rest = text.substr(at + 3);
  if (const std::size_t slash = rest.find('/'); slash != std::string_view::npos)
    return why(text, slash + 1 == rest.size() ? "ends with a slash" : "has a path", an_origin);
  if (const char* const problem = wrong_authority(rest)) return why(text, problem, an_origin);
  const std::string scheme = to_lower(text.substr(0, at));
  if ((scheme == "https" && rest.ends_with(":443")) || (scheme == "http" && rest.ends_with(":80")))
    return why(text, "has its scheme's own port, which browsers leave out", an_origin);
  return std::nullopt;
}

}  // namespace waggle
