#include "host/http_rules.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "core/ascii.h"
#include "core/base64.h"
#include "core/utf8.h"

namespace waggle {
namespace {

constexpr std::size_t most_header_bytes = std::size_t{64} << 10;

bool is_ipv4(std::string_view host) {
  in_addr parsed{};
  return inet_pton(AF_INET, std::string(host).c_str(), &parsed) == 1;
}
bool is_address(std::string_view host) { return host.starts_with('[') || is_ipv4(host); }

/// `[2001:DB8:0::1]` → `[2001:db8::1]`; empty where it is none.
std::string shortest_ipv6(std::string_view in_brackets) {
  if (in_brackets.size() < 4 || !in_brackets.ends_with(']')) return {};
  in6_addr parsed{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  const std::string inner(in_brackets.substr(1, in_brackets.size() - 2));
  if (inet_pton(AF_INET6, inner.c_str(), &parsed) != 1) return {};
  if (inet_ntop(AF_INET6, &parsed, text.data(), text.size()) == nullptr) return {};
  return fmt::format("[{}]", text.data());
}

/// An entry of `hosts`, taken apart.
struct pattern_parts {
  std::string host;        ///< lower case; without `*.`
  bool below = false;      ///< the names below `host`; below nothing: any
  bool any_port = false;   ///< `:*`
  std::uint16_t port = 0;  ///< zero: the scheme's
};

bool is_name(std::string_view host) {
  if (host.empty() || host.size() > 253 || host.front() == '.' || host.back() == '.' || host.contains(".."))
    return false;
  return std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

std::optional<pattern_parts> parse_pattern(std::string_view text) {
  pattern_parts out;
  const std::size_t colon = text.find(':', text.starts_with('[') ? text.find(']') : 0);
  if (colon != std::string_view::npos) {
    const std::string_view port = text.substr(colon + 1);
    const auto [end, wrong] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    out.any_port = port == "*";
    if (!out.any_port && (wrong != std::errc() || end != port.data() + port.size() || out.port == 0))
      return std::nullopt;
    text = text.substr(0, colon);
  }
  out.host = to_lower(text);
  if (out.host == "*") {
    out.below = true;
    out.host.clear();
    return out;
  }
  if (out.host.starts_with('[')) {
    out.host = shortest_ipv6(out.host);
    if (out.host.empty()) return std::nullopt;
    return out;
  }
  if (out.host.starts_with("*.")) {
    out.below = true;
    out.host.erase(0, 2);
  }
  if (!is_name(out.host)) return std::nullopt;
  return out;
}

constexpr std::array<std::string_view, 10> framing = {"connection", "content-length",   "expect", "host",
                                                      "keep-alive", "http2-settings",   "te",     "trailer",
                                                      "upgrade",    "transfer-encoding"};

bool is_token(std::string_view text) {
  static constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || marks.contains(c);
  });
}

std::unexpected<error> bad_header(std::string message) {
  return fail(error_code::invalid_argument, fault::guest, std::move(message));
}

}  // namespace

std::string content_members(std::string_view body) {
  if (is_utf8(body)) return fmt::format(R"("text":{},"bytes":null)", json_quote(body));
  return fmt::format(R"("text":null,"bytes":"{}")", base64_encode_padded(body));
}

bool covers(std::string_view pattern, const http_url& url) {
  const auto p = parse_pattern(pattern);
  if (!p) return false;
  if (!p->any_port && (p->port != 0 ? p->port != url.port : !url.default_port())) return false;
  if (!p->below) return url.host == p->host;
  if (p->host.empty()) return true;
  return !is_address(url.host) && url.host.size() > p->host.size() + 1 && url.host.ends_with(p->host) &&
         url.host[url.host.size() - p->host.size() - 1] == '.';
}

result<void> check_host_pattern(std::string_view pattern) {
  if (parse_pattern(pattern)) return {};
  return fail(
      error_code::invalid_argument, fault::host,
      fmt::format("{} is no host: expected a name, *.NAME, an address ([…] around IPv6) or *, and perhaps :PORT or :*",
                  json_quote(pattern)));
}

result<void> check_granted(std::string_view service, const service_grants& granted, std::string_view method,
                           const http_url& url) {
  const auto& http = granted.http;
  const bool host = std::ranges::any_of(http.hosts, [&](const std::string& one) { return covers(one, url); });
  if (host && std::ranges::find(http.methods, method) != http.methods.end()) return {};
  return fail(
      error_code::permission_denied, fault::guest,
      fmt::format(
          "{} is not granted {} at {}: the operator has to write http = {{ hosts = [{}], methods = [{}] }} into "
          "its [[grant]]",
          service, method, url.origin(),
          json_quote(url.default_port() ? url.host : fmt::format("{}:{}", url.host, url.port)), json_quote(method)));
}

result<void> check_headers(const http_headers& headers) {
  std::size_t size = 0;
  for (const auto& [name, value] : headers) {
    if (!is_token(name)) return bad_header(fmt::format("headers: {} is no name of a header", json_quote(name)));
    const std::string lower = to_lower(name);
    if (std::ranges::find(framing, lower) != framing.end() || lower.starts_with("proxy-"))
      return bad_header(fmt::format("headers: {} is set by the node, not by a service", lower));
    const bool fine = std::ranges::all_of(
        value, [](char c) { return (static_cast<unsigned char>(c) >= ' ' && c != 0x7F) || c == '\t'; });
    if (!fine) return bad_header(fmt::format("headers: the value of {} has control characters", lower));
    size += name.size() + value.size() + 4;
  }
  if (size > most_header_bytes)
    return bad_header(fmt::format("headers: together they have {} bytes, the limit is {}", size, most_header_bytes));
  return {};
}

result<std::optional<outbound_request>> redirected(const outbound_request& sent, const outbound_response& response) {
  const int status = response.status;
  if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308) return std::nullopt;
  const auto location = std::ranges::find(response.headers, "location", &std::pair<std::string, std::string>::first);
  if (location == response.headers.end()) return std::nullopt;
  auto to = follow_url(sent.url, location->second);
  if (!to) return std::unexpected(std::move(to.error()));
  outbound_request next = sent;
  next.url = *std::move(to);
  if ((status == 303 && sent.method != "HEAD") || (status <= 302 && sent.method == "POST")) {
    next.method = "GET";
    next.body = nullptr;
    std::erase_if(next.headers, [](const auto& h) { return to_lower(h.first).starts_with("content-"); });
  }
  if (next.url.origin() != sent.url.origin())
    std::erase_if(next.headers, [](const auto& h) {
      return equal_ignoring_case(h.first, "authorization") || equal_ignoring_case(h.first, "cookie");
    });
  return next;
}

}  // namespace waggle
