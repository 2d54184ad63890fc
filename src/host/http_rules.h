#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/grants.h"
#include "host/http_url.h"

namespace waggle {

/// Names and values in their order.
using http_headers = std::vector<std::pair<std::string, std::string>>;

/// What a guest wants to send.
struct outbound_request {
  std::string method = "GET";
  http_url url;
  http_headers headers;
  std::shared_ptr<const std::string> body;  ///< null: none
};

/// What came back.
struct outbound_response {
  int status = 0;
  http_headers headers;  ///< names in lower case
  /// The body as the members of the answer, `"text":"…","bytes":null`: a text where it is UTF-8, else base64. Made on the
  /// client's thread, because a large one would hold up a core.
  std::string content;
};

/// `outbound_response::content` of a body.
[[nodiscard]] std::string content_members(std::string_view body);

/// Whether one entry of `hosts` in a [[grant]] covers the host and port of `url`:
/// - `api.example.com`: this host, at the default port of the URL's scheme; `api.example.com:8443`: at this port only;
///   `api.example.com:*`: at any port;
/// - `*.example.com`: every name that ends with `.example.com`, at any depth, not `example.com` itself; never an address;
/// - `*`: any host;
/// - `192.0.2.1`, `[2001:db8::1]`: the URL has this address in place of a name.
/// Case does not count. An entry of another form covers nothing; `check_host_pattern` finds it.
[[nodiscard]] bool covers(std::string_view pattern, const http_url& url);

/// `invalid_argument` where it is no pattern: for who reads the configuration.
[[nodiscard]] result<void> check_host_pattern(std::string_view pattern);

/// May `service` send this? Else `permission_denied`, the guest's fault, with what the operator has to write.
[[nodiscard]] result<void> check_granted(std::string_view service, const service_grants& granted,
                                         std::string_view method, const http_url& url);

/// Are these headers that a guest may send? Names are tokens, values have no control characters (RFC 9110 §5), together at
/// most 64 KiB, and none says how the message is framed or the connection used: that is curl's. `invalid_argument`, the
/// guest's fault; values are not quoted.
[[nodiscard]] result<void> check_headers(const http_headers& headers);

/// The request that follows where `sent` was answered with `response`, or nothing where that is no redirect (RFC 9110 §15.4):
/// 303, and 301 and 302 after a POST, are followed with GET (HEAD stays HEAD) and without the body; 301, 302, 307, 308 else as
/// they are. To another origin the headers `authorization` and `cookie` are not sent on.
/// `unavailable` where it leads nowhere (`follow_url`).
[[nodiscard]] result<std::optional<outbound_request>> redirected(const outbound_request& sent,
                                                                 const outbound_response& response);

}  // namespace waggle
