#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"

namespace waggle {

/// A URL of http or https as curl, which will connect, reads it.
struct http_url {
  std::string scheme;  ///< `http` or `https`
  std::string host;    ///< in lower case; an IPv6 address in brackets, in its shortest form
  std::uint16_t port = 0;
  std::string text;  ///< the whole, without a fragment; a URI as of RFC 3986

  [[nodiscard]] bool default_port() const { return port == (scheme == "https" ? 443 : 80); }
  /// `https://example.com`, `http://[::1]:8080`
  [[nodiscard]] std::string origin() const;
  friend bool operator==(const http_url&, const http_url&) = default;
};

/// Reads a guest's URL. `invalid_argument`, the guest's fault, for another scheme, a user or password, characters that have to
/// be escaped, and wherever the host and port as written are not just the host and port that curl reads: `http://2130706433`,
/// `http://0x7f.1`, `http://%31.2.3.4`, `http://h:080`. So whatever others make of such a text, it means one thing here.
[[nodiscard]] result<http_url> read_url(std::string_view text);

/// Where a redirect from `from` leads. Its spelling is the other server's, so it is taken as curl reads it. `unavailable` where
/// that is no URL of http or https, or has a user or password.
[[nodiscard]] result<http_url> follow_url(const http_url& from, std::string_view location);

}  // namespace waggle
