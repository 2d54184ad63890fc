#include "gateway/connect.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "call/call_chain.h"
#include "core/ascii.h"
#include "core/base64.h"
#include "gateway/cors.h"
#include "gateway/encoding.h"
#include "gateway/gzip.h"
#include "gateway/mcp_messages.h"
#include "gateway/origin.h"
#include "gateway/resource_metadata.h"
#include "schema/describe/describe.h"
#include "schema/language/text.h"

namespace waggle {
namespace {

using refused = std::unexpected<http_refusal>;

constexpr std::array<unsigned, 17> statuses = {200, 499, 500, 400, 504, 404, 409, 403, 429,
                                               400, 409, 400, 501, 500, 503, 500, 401};
/// simdjson reads past the payload's end.
constexpr std::size_t padding = 64;

refused refuse(error_code code, std::string message, unsigned status = 0, std::string headers = {}) {
  error e;
  e.code = code;
  e.whose = fault::caller;
  e.message = std::move(message);
  return refused({std::move(e), status, std::move(headers)});
}

refused wrong_verb(std::string message, std::string_view allow) {
  return refuse(error_code::unimplemented, std::move(message), 405, fmt::format("Allow: {}\r\n", allow));
}

refused wrong_type(std::string message) {
  return refuse(error_code::invalid_argument, std::move(message), 415, "Accept-Post: application/json\r\n");
}

bool is_read(http_verb verb) { return verb == http_verb::get || verb == http_verb::head; }

/// What a caller sent, short enough and printable, for an error's text.
std::string shown(std::string_view text) {
  return text.size() <= 100 ? json_quote(text) : json_quote(text.substr(0, 100)) + "…";
}

bool is_type(std::string_view content_type, std::string_view wanted) {
  if (!equal_ignoring_case(trim(take_until(content_type, ';')), wanted)) return false;
  const std::string_view parameter = trim(content_type);
  return parameter.empty() || equal_ignoring_case(parameter, "charset=utf-8") ||
         equal_ignoring_case(parameter, "charset=\"utf-8\"");
}

/// The name's last part begins with a capital: a service, not an operator's page.
bool looks_like_service(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  const std::string_view last = dot == std::string_view::npos ? name : name.substr(dot + 1);
  return !last.empty() && last[0] >= 'A' && last[0] <= 'Z';
}

std::expected<service*, http_refusal> find_service(std::string_view name, const service_directory& directory,
                                                   const http_settings& settings) {
  service* s = name.starts_with("waggle.") && !settings.for_operator ? nullptr : directory.find(name);
  if (s != nullptr) return s;
  std::vector<std::string> names = directory.names();
  if (!settings.for_operator) std::erase_if(names, [](const std::string& n) { return n.starts_with("waggle."); });
  const std::string hint = graphql::did_you_mean(name, names);
  return refuse(error_code::not_found,
                fmt::format("there is no service {} on this node{}", shown(name),
                            hint.empty() ? "; check the name in the path, /{service}/{method}" : hint));
}

std::expected<void, http_refusal> check_origin(const http_head& head, const http_settings& settings) {
  if (!host_allowed(head.host, settings.allowed_hosts))
    return refuse(
        error_code::permission_denied,
        fmt::format("the field Host says {}, which is not a name of this machine's loopback; the operator can "
                    "allow it (http.allowed_hosts)",
                    shown(head.host)));
  if (head.has_origin && !origin_allowed(head.origin, settings.allowed_origins))
    return refuse(error_code::permission_denied,
                  fmt::format("pages of the origin {} may not call this node; the operator can allow them "
                              "(http.allowed_origins)",
                              shown(head.origin)));
  return {};
}

/// What a page of another site asks without saying its origin, by an image, a form or a link. It cannot read the answer, but
/// the node would have worked on it. Links may lead to pages.
std::expected<void, http_refusal> check_site(const http_head& head, bool page, const http_settings& settings) {
  if (head.fetch_site != "cross-site" || head.has_origin || (page && head.fetch_mode == "navigate") ||
      origin_listed("*", settings.allowed_origins))
    return {};
  return refuse(error_code::permission_denied,
                "pages of other sites may not call this node unless they say their origin (fetch, mode cors) and the "
                "operator allows it (http.allowed_origins)");
}

/// A page of another origin, which is not allowed.
bool is_foreign(const http_head& head, const http_settings& settings) {
  return head.has_origin && !is_same_origin(head) && !origin_listed(head.origin, settings.allowed_origins);
}

std::expected<http_route, http_refusal> route_call(const http_head& head, bool has_body, std::string_view service_name,
                                                   std::string_view method_name, const service_directory& directory,
                                                   const http_settings& settings) {
  const auto target = find_service(service_name, directory, settings);
  if (!target) return refused(target.error());
  const method* of = (*target)->description().find(method_name);
  if (of == nullptr) return refused({unknown_method((*target)->description(), method_name), 0, {}});
  if (of->internal)
    return refuse(error_code::permission_denied,
                  fmt::format("{}/{} is @internal: only services on this node may call it", service_name, method_name));
  if (is_read(head.verb)) {
    if (of->kind != operation::query)
      return wrong_verb(fmt::format("{}/{} is not a query, so it takes POST only", service_name, method_name), "POST");
  } else if (head.verb != http_verb::post) {
    return wrong_verb("methods take POST, queries GET and HEAD too",
                      of->kind == operation::query ? "GET, HEAD, POST" : "POST");
  } else if (of->kind == operation::subscription && is_type(head.content_type, "application/connect+json")) {
    return http_route{.what = http_route::kind::stream, .target = *target, .of = of, .path = {}};
  } else if (head.content_type.empty() && of->kind != operation::query && is_foreign(head, settings)) {
    // A page may send this without asking first (Fetch standard, "CORS-safelisted").
    return wrong_type("pages of other origins send content-type: application/json");
  } else if (!settings.for_operator && !is_json_type(head.content_type) && (has_body || !head.content_type.empty())) {
    return wrong_type(
        fmt::format("the content type {} is not supported; send application/json", shown(head.content_type)));
  }
  return http_route{.what = http_route::kind::call, .target = *target, .of = of, .path = {}};
}

std::expected<http_route, http_refusal> route_contract(std::string_view service_name, std::string_view query,
                                                       const service_directory& directory,
                                                       const http_settings& settings) {
  const auto target = find_service(service_name, directory, settings);
  if (!target) return refused(target.error());
  const std::string_view wanted = find_parameter(query, "format").value_or("graphql");
  const format_row* row = find_description_format(wanted);
  if (row == nullptr) return refuse(error_code::invalid_argument, unknown_description_format(wanted));
  const contract& about = (*target)->description();
  const std::string* text = description_of(about, row->format);
  if (text == nullptr)
    return refuse(error_code::not_found, fmt::format("{} is described in graphql only", shown(service_name)));
  return http_route{.what = http_route::kind::contract,
                    .target = *target,
                    .path = {},
                    .text = text,
                    .gzipped = row->format != description_format::graphql && about.described->gzipped,
                    .content_type = row->content_type};
}

bool is_mcp(std::string_view path) { return path == "/mcp" || path.starts_with("/mcp/"); }

/// Is the service of `/mcp/{service}` there, if there is one?
std::expected<void, http_refusal> check_tools_of(std::string_view path, const service_directory& directory,
                                                 const http_settings& settings) {
  const std::string_view name = path.substr(std::min(path.size(), std::string_view("/mcp/").size()));
  if (name.empty()) return {};
  if (const auto target = find_service(name, directory, settings); !target) return refused(target.error());
  return {};
}

/// MCP's "Streamable HTTP" (revision 2025-11-25), without a stream of the server's and without sessions.
std::expected<http_route, http_refusal> route_mcp(const http_head& head, std::string_view path,
                                                  const service_directory& directory, const http_settings& settings,
                                                  bool loopback) {
  if (!settings.mcp)
    return refuse(error_code::not_found, "MCP is off on this node; the operator can turn it on (mcp.enabled)");
  // Every listener must look at Origin; on loopback it was looked at before.
  if (!loopback && head.has_origin && !origin_listed(head.origin, settings.allowed_origins))
    return refuse(error_code::permission_denied,
                  fmt::format("pages of the origin {} may not call this node; the operator can allow them "
                              "(http.allowed_origins)",
                              shown(head.origin)));
  if (head.verb != http_verb::post)
    return wrong_verb("MCP takes POST: this node has no stream of its own and no sessions", "POST");
  if (const auto fine = check_tools_of(path, directory, settings); !fine) return refused(fine.error());
  if (!is_json_type(head.content_type))
    return wrong_type(
        fmt::format("the content type {} is not supported; send application/json", shown(head.content_type)));
  if (!accepts_json(head.accept))
    return refuse(error_code::invalid_argument, "the field Accept must allow application/json", 406);
  if (!head.mcp_version.empty() && !is_mcp_version(head.mcp_version))
    return refuse(error_code::invalid_argument, fmt::format("MCP-Protocol-Version {} is not spoken here; these are: {}",
                                                            shown(head.mcp_version), fmt::join(mcp_versions, ", ")));
  return http_route{.what = http_route::kind::mcp, .path = path};
}

/// Where a client learns whose tokens open the tools.
std::expected<http_route, http_refusal> route_metadata(const http_head& head, std::string_view about,
                                                       const service_directory& directory,
                                                       const http_settings& settings) {
  if (!is_read(head.verb)) return wrong_verb("this path takes GET and HEAD", "GET, HEAD");
  if (const auto fine = check_tools_of(about, directory, settings); !fine) return refused(fine.error());
  return http_route{.what = http_route::kind::mcp_login, .path = about};
}

std::expected<void, http_refusal> read_query(std::string_view query, std::size_t limit, service_request& request) {
  if (const auto version = find_parameter(query, "connect"); version && *version != "v1")
    return refuse(error_code::invalid_argument,
                  fmt::format("the parameter connect must be v1, not {}", shown(*version)));
  const auto encoding = find_parameter(query, "encoding");
  if (!encoding) return refuse(error_code::invalid_argument, "the parameter encoding is missing; write encoding=json");
  if (*encoding != "json")
    return wrong_type(fmt::format("the encoding {} is not supported; use json", shown(*encoding)));
  const auto raw = find_parameter(query, "message");
  if (!raw)
    return refuse(error_code::invalid_argument, "the parameter message is missing; write message={} for no arguments");
  auto message = percent_decode(*raw);
  if (!message) return refuse(error_code::invalid_argument, "the parameter message is not percent-encoded properly");
  if (const auto base64 = find_parameter(query, "base64"); base64 == "1") {
    message = base64url_decode(*message);
    if (!message) return refuse(error_code::invalid_argument, "the parameter message is not base64url (RFC 4648 §5)");
  } else if (base64 && *base64 != "0") {
    return refuse(error_code::invalid_argument, "the parameter base64 must be 1 or absent");
  }
  request.input = std::move(*message);
  return decompress(find_parameter(query, "compression").value_or(""), "compression", limit, request.input);
}

void add_detail(std::string& out, std::string_view type, std::string_view json) {
  fmt::format_to(std::back_inserter(out), R"({}{{"type":"{}","value":"{}","debug":{}}})", out.empty() ? "" : ",", type,
                 base64_encode(json), json);
}

}  // namespace

std::expected<void, http_refusal> decompress(std::string_view coding, std::string_view where, std::size_t limit,
                                             std::string& input) {
  if (coding.empty() || equal_ignoring_case(coding, "identity")) return {};
  if (!equal_ignoring_case(coding, "gzip"))
    return refuse(error_code::unimplemented,
                  fmt::format("the {} {} is not supported; use gzip or identity", where, shown(coding)), 0,
                  "Accept-Encoding: gzip, identity\r\n");
  if (input.empty()) return {};  // an empty message is not compressed
  gunzipped plain = gunzip(input, limit);
  if (plain.failure == gunzip_failure::too_large)
    return refuse(error_code::resource_exhausted,
                  fmt::format("the uncompressed message is longer than the limit of {} bytes", limit));
  if (plain.failure)
    return refuse(error_code::invalid_argument, fmt::format("the {} is gzip, but the message is not", where));
  input = std::move(plain.bytes);
  return {};
}

bool is_json_type(std::string_view content_type) { return is_type(content_type, "application/json"); }

unsigned http_status(error_code code) { return statuses[static_cast<std::size_t>(code)]; }

std::string connect_error_json(const error& e, bool show_debug) {
  std::string details;
  if (!e.violations.empty()) add_detail(details, "waggle.v1.Violations", violations_json(e));
  if (!e.details.empty()) add_detail(details, "waggle.v1.Detail", e.details);
  if (show_debug && !e.debug.empty())
    add_detail(details, "waggle.v1.Debug", fmt::format(R"({{"text":{}}})", json_quote(e.debug)));
  std::string out = fmt::format(R"({{"code":"{}","message":{})", to_string(e.code), json_quote(e.message));
  if (!details.empty()) out += ",\"details\":[" + details + "]";
  return out + "}";
}

std::string error_fields(const error& e) {
  std::string out = fmt::format("waggle-fault: {}\r\n", to_string(e.whose));
  if (e.retry_after)
    out += fmt::format("Retry-After: {}\r\n", std::max<std::int64_t>(0, (e.retry_after->count() + 999) / 1000));
  return out;
}

std::expected<http_route, http_refusal> find_route(const http_head& head, bool has_body,
                                                   const service_directory& directory, const http_settings& settings,
                                                   bool loopback) {
  if (loopback)
    if (auto fine = check_origin(head, settings); !fine) return refused(std::move(fine.error()));
  if (is_preflight(head)) return http_route{.what = http_route::kind::preflight};
  std::string_view query = head.target;
  const std::string_view path = take_until(query, '?');
  const std::string_view inner = path.starts_with('/') ? path.substr(1) : path;
  if (loopback) {
    const bool page = inner != "graphql" && inner != "mcp" && inner.find('/') == std::string_view::npos;
    if (auto fine = check_site(head, page, settings); !fine) return refused(std::move(fine.error()));
  }
  if (settings.mcp && path.starts_with(metadata_prefix) && is_mcp(path.substr(metadata_prefix.size())))
    return route_metadata(head, path.substr(metadata_prefix.size()), directory, settings);
  if (is_mcp(path)) return route_mcp(head, path, directory, settings, loopback);
  if (settings.graphql && inner == "graphql") return http_route{.what = http_route::kind::graphql};
  if (settings.graphql && inner.starts_with("graphql/"))
    return http_route{.what = http_route::kind::graphql, .path = inner.substr(sizeof("graphql/") - 1)};
  if (const std::size_t slash = inner.find('/'); slash != std::string_view::npos)
    return route_call(head, has_body, inner.substr(0, slash), inner.substr(slash + 1), directory, settings);
  if (!is_read(head.verb))
    return wrong_verb("this path takes GET and HEAD; methods are POST /{service}/{method}", "GET, HEAD");
  if (!looks_like_service(inner) && directory.find(inner) == nullptr)
    return http_route{.what = http_route::kind::page, .path = path};
  return route_contract(inner, query, directory, settings);
}

std::expected<request_context, http_refusal> read_context(http_head& head, time_point now) {
  request_context c;
  if (!head.connect_timeout.empty()) {
    const auto ms = parse_digits(head.connect_timeout, 10);
    if (!ms)
      return refuse(error_code::invalid_argument,
                    fmt::format("Connect-Timeout-Ms must be 1 to 10 digits, not {}", shown(head.connect_timeout)));
    c.deadline = now + std::chrono::milliseconds(*ms);
  }
  c.trace = trace_context::parse(head.traceparent).value_or(trace_context{});
  c.headers = std::move(head.extra);
  return c;
}

error_form error_form_of(const http_head& head, const http_settings& settings) {
  const std::string_view target = head.target;
  const std::string_view path = target.substr(0, target.find('?'));
  if (settings.graphql && (path == "/graphql" || path.starts_with("/graphql/"))) return error_form::graphql;
  return is_type(head.content_type, "application/connect+json") ? error_form::stream : error_form::connect;
}

std::expected<void, http_refusal> check_connect_version(const http_head& head) {
  if (head.connect_version.empty() || head.connect_version == "1") return {};
  return refuse(error_code::invalid_argument,
                fmt::format("Connect-Protocol-Version must be 1, not {}", shown(head.connect_version)));
}

std::expected<void, http_refusal> fill_request(http_head& head, const method& of, time_point now,
                                               std::size_t body_limit, service_request& request) {
  if (auto fine = check_connect_version(head); !fine) return fine;
  auto context = read_context(head, now);
  if (!context) return refused(std::move(context.error()));
  request.context = *std::move(context);
  if (is_read(head.verb)) {
    std::string_view query = head.target;
    take_until(query, '?');
    if (auto read = read_query(query, body_limit, request); !read) return read;
  } else if (auto plain = decompress(head.content_encoding, "Content-Encoding", body_limit, request.input); !plain) {
    return plain;
  }
  if (request.input.empty()) request.input = "{}";
  request.input.reserve(request.input.size() + padding);
  request.method = of.name;
  request.stream_cursor.reset();
  request.guest_timeout = duration{0};
  return {};
}

}  // namespace waggle
