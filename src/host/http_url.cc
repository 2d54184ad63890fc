#include "host/http_url.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

#include "core/ascii.h"

namespace waggle {
namespace {

constexpr std::size_t longest_url = 8000;

struct url_deleter {
  void operator()(CURLU* u) const { curl_url_cleanup(u); }
};
using curl_url_handle = std::unique_ptr<CURLU, url_deleter>;

/// The part, or an empty text where there is none.
std::string part(CURLU* of, CURLUPart which, unsigned flags = 0) {
  char* found = nullptr;
  std::string out;
  if (curl_url_get(of, which, &found, flags) == CURLUE_OK && found != nullptr) out = found;
  curl_free(found);
  return out;
}

std::unexpected<error> bad(std::string_view why) {
  return fail(error_code::invalid_argument, fault::guest, fmt::format("url: {}", why));
}
std::unexpected<error> bad_redirect(const http_url& from, std::string_view why) {
  return fail(error_code::unavailable, fault::host,
              fmt::format("{} redirects to what cannot be followed: {}", from.origin(), why));
}

/// With what may not stand in a URI (RFC 3986 Appendix A) written as `%XX`, behind its host.
std::string escaped(std::string_view text) {
  const std::size_t path = std::min(text.find('/', text.find("://") + 3), text.size());
  std::string out(text.substr(0, path));
  const auto is_hex = [&](std::size_t at) {
    return at < text.size() && std::isxdigit(static_cast<unsigned char>(text[at]));
  };
  for (std::size_t i = path; i < text.size(); ++i) {
    const char c = text[i];
    const bool mark = c <= ' ' || c > '~' || std::string_view("\"<>[]\\^`{|}").contains(c);
    if (mark || (c == '%' && !(is_hex(i + 1) && is_hex(i + 2))))
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out;
}

/// The parts of what curl has read; an empty `host` where it cannot be used, and why.
http_url taken_apart(CURLU* of, std::string_view& why) {
  http_url out;
  out.scheme = part(of, CURLUPART_SCHEME);
  if (out.scheme != "http" && out.scheme != "https") {
    why = "only http and https are known";
    return out;
  }
  if (!part(of, CURLUPART_ZONEID).empty()) {
    why = "an address with a zone is none of another machine's";
    return out;
  }
  const std::string port = part(of, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (std::from_chars(port.data(), port.data() + port.size(), out.port).ec != std::errc() || out.port == 0) {
    why = "its port is none";
    return out;
  }
  std::string host = to_lower(part(of, CURLUPART_HOST));
  const bool fine = std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '[' ||
           c == ']' || c == ':';
  });
  if (host.empty() || !fine) {
    why = "its host is no name in ASCII and no address (write the name of an international domain as xn--…)";
    return out;
  }
  if (host.ends_with('.') || host.starts_with('.') || host.contains("..")) {
    why = "its host has an empty part between dots";
    return out;
  }
  curl_url_set(of, CURLUPART_FRAGMENT, nullptr, 0);
  out.text = escaped(part(of, CURLUPART_URL));
  if (out.text.size() > longest_url) {
    why = "it is longer than 8000 bytes";
    return out;
  }
  out.host = std::move(host);
  return out;
}

/// Between `//` and the path, as written. Empty where the text does not begin with a scheme of ours.
std::string_view authority_of(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return {};
  text.remove_prefix(colon + 3);
  return text.substr(0, text.find_first_of("/?#"));
}

}  // namespace

std::string http_url::origin() const {
  return default_port() ? fmt::format("{}://{}", scheme, host) : fmt::format("{}://{}:{}", scheme, host, port);
}

result<http_url> read_url(std::string_view text) {
  if (text.size() > longest_url) return bad("it is longer than 8000 bytes");
  if (!std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~' && c != '\\'; }))
    return bad("it has characters that must be written as %XX: spaces, controls, backslashes, or such outside ASCII");
  if (text.find("://") == std::string_view::npos)
    return bad("it must be absolute: http:// or https://, a host, a path");
  const std::string_view authority = authority_of(text);
  if (authority.contains('@')) return bad("it has a user or password; send the header authorization instead");
  const curl_url_handle u(curl_url());
  const std::string terminated(text);
  if (!u) return fail(error_code::internal, fault::host, "no memory for a URL");
  if (const CURLUcode no = curl_url_set(u.get(), CURLUPART_URL, terminated.c_str(), CURLU_DISALLOW_USER);
      no != CURLUE_OK)
    return bad(curl_url_strerror(no));
  std::string_view why;
  http_url out = taken_apart(u.get(), why);
  if (out.host.empty()) return bad(why);
  const std::string with_port = fmt::format("{}:{}", out.host, out.port);
  if (!equal_ignoring_case(authority, with_port) && !(out.default_port() && equal_ignoring_case(authority, out.host)))
    return bad(fmt::format("write its host and port as {}", out.default_port() ? out.host : with_port));
  return out;
}

result<http_url> follow_url(const http_url& from, std::string_view location) {
  if (location.size() > longest_url) return bad_redirect(from, "it is longer than 8000 bytes");
  const curl_url_handle u(curl_url());
  if (!u) return fail(error_code::internal, fault::host, "no memory for a URL");
  const std::string terminated(location);
  if (curl_url_set(u.get(), CURLUPART_URL, from.text.c_str(), 0) != CURLUE_OK)
    return bad_redirect(from, "its own URL is none");
  // Servers do send spaces and bytes outside ASCII here.
  constexpr unsigned lenient = CURLU_URLENCODE | CURLU_DISALLOW_USER;
  if (const CURLUcode no = curl_url_set(u.get(), CURLUPART_URL, terminated.c_str(), lenient); no != CURLUE_OK)
    return bad_redirect(from, curl_url_strerror(no));
  std::string_view why;
  http_url out = taken_apart(u.get(), why);
  if (out.host.empty()) return bad_redirect(from, why);
  return out;
}

}  // namespace waggle
