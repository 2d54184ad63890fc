// waggle.http.v1.Http 1.0.0 for its callers. Made by `waggle describe --format cpp`; do not edit.
// clang-format off
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "waggle/typed.h"

/// HTTP requests to hosts that the operator has granted: `[[grant]] http = { hosts, methods, private_addresses, bytes }`.
/// - A host is `api.example.com` (at the scheme's own port), `api.example.com:8443`, `api.example.com:*`, `*.example.com` (every name below
/// it), an address, or `*`.
/// - Each address is checked where it is connected to: loopback, link-local, multicast, reserved and private ones are refused unless
/// granted. Redirects are followed here, each checked like the first address; to another origin `authorization` and `cookie` are not sent.
/// - The time is the least of `timeoutMs`, the call's deadline and 30 s, over all redirects. 64 requests of a service run at a time.
/// - Certificates are verified. There are no cookies, no proxies, no decompression: a body is what was sent.
/// - A request that a lost connection may have carried out is not sent again, unless its method is idempotent.
///
/// An answer of any status is an answer. Errors: `unavailable` (there was none), `deadline_exceeded`, `permission_denied` (not granted),
/// `resource_exhausted` (too many, too large), `invalid_argument` (URL, header, body).
namespace waggle {
namespace http {
inline namespace v1 {

inline constexpr const char* service_name = "waggle.http.v1.Http";

struct Header;
struct HeaderInput;
struct Response;

struct Header {
  std::string name{};
  std::string value{};
};

struct HeaderInput {
  std::string name{};
  std::string value{};
};

struct Response {
  std::int32_t status{};
  /// names in lower case, in the order in which they came
  std::vector<Header> headers{};
  /// the body where it is UTF-8 text, else null
  std::optional<std::string> text{};
  /// the body where it is not
  std::optional<std::string> bytes{};
  /// the address that answered, after redirects
  std::string url{};
};

inline void from_json(const waggle::json& in, Header& out);
inline void to_json(waggle::json& out, const HeaderInput& v);
inline void from_json(const waggle::json& in, Response& out);

inline void from_json(const waggle::json& in, Header& out) {
  from_json(in["name"], out.name);
  from_json(in["value"], out.value);
}

inline void to_json(waggle::json& out, const HeaderInput& v) {
  waggle::object members;
  waggle::add(members, "name", v.name);
  waggle::add(members, "value", v.value);
  out = std::move(members);
}

inline void from_json(const waggle::json& in, Response& out) {
  from_json(in["status"], out.status);
  from_json(in["headers"], out.headers);
  from_json(in["text"], out.text);
  from_json(in["bytes"], out.bytes);
  from_json(in["url"], out.url);
}

/// What `get` may be given beside what it must.
struct get_options {
  /// Default: []
  std::vector<HeaderInput> headers{};
  std::optional<std::int32_t> timeoutMs{};
  /// Default: 5
  std::optional<std::int32_t> redirects{};
};

/// so many `redirects` are followed; the next one is the answer
inline waggle::answer<Response> get(const std::string& url, const get_options& options = {}) {
  waggle::object in;
  waggle::add(in, "url", url);
  if (!options.headers.empty()) waggle::add(in, "headers", options.headers);
  waggle::add(in, "timeoutMs", options.timeoutMs);
  waggle::add(in, "redirects", options.redirects);
  return waggle::answer<Response>(waggle::call(service_name, "get", std::move(in)));
}

/// What `send` may be given beside what it must.
struct send_options {
  /// Default: []
  std::vector<HeaderInput> headers{};
  std::optional<std::string> body{};
  std::optional<std::string> bytes{};
  std::optional<std::int32_t> timeoutMs{};
  /// Default: 0
  std::optional<std::int32_t> redirects{};
};

/// `body` is text, `bytes` anything; at most one of them, and none with GET and HEAD
inline waggle::answer<Response> send(const std::string& method, const std::string& url, const send_options& options = {}) {
  waggle::object in;
  waggle::add(in, "method", method);
  waggle::add(in, "url", url);
  if (!options.headers.empty()) waggle::add(in, "headers", options.headers);
  waggle::add(in, "body", options.body);
  waggle::add(in, "bytes", options.bytes);
  waggle::add(in, "timeoutMs", options.timeoutMs);
  waggle::add(in, "redirects", options.redirects);
  return waggle::answer<Response>(waggle::call(service_name, "send", std::move(in)));
}

}  // namespace v1
}  // namespace http
}  // namespace waggle
