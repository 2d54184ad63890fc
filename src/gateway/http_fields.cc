#include "gateway/http_fields.h"

#include <utility>

#include <boost/beast/http/field.hpp>

#include "core/ascii.h"

namespace waggle {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t max_extra = 64;

void join(std::string& field, std::string_view value) {
  if (!field.empty()) field += ", ";
  field += value;
}

/// Goes to the service's metadata: neither Connect's nor a browser's own.
bool passes(std::string_view lower_name) {
  return !lower_name.starts_with("connect-") && !lower_name.starts_with("sec-") && lower_name != "tracestate" &&
         lower_name != "priority";
}

void own_field(http_head& head, std::string_view name, std::string_view value) {
  std::string lower = to_lower(name);
  if (lower == "connect-protocol-version") return join(head.connect_version, value);
  if (lower == "connect-timeout-ms") return join(head.connect_timeout, value);
  if (lower == "traceparent") return join(head.traceparent, value);
  if (lower == "last-event-id") return join(head.last_event_id, value);
  if (passes(lower) && head.extra.size() < max_extra) head.extra.emplace_back(std::move(lower), value);
}

}  // namespace

void set_field(http_head& head, http::field known, std::string_view name, std::string_view value) {
  switch (known) {
    case http::field::origin: head.has_origin = true; return join(head.origin, value);
    case http::field::content_type: return join(head.content_type, value);
    case http::field::content_encoding: return join(head.content_encoding, value);
    case http::field::accept_encoding: return join(head.accept_encoding, value);
    case http::field::accept: return join(head.accept, value);
    case http::field::authorization: return join(head.authorization, value);
    case http::field::access_control_request_method: return join(head.cors_method, value);
    case http::field::access_control_request_headers: return join(head.cors_headers, value);
    case http::field::upgrade: return join(head.upgrade, value);
    case http::field::sec_websocket_key: return join(head.websocket_key, value);
    case http::field::sec_websocket_version: return join(head.websocket_version, value);
    case http::field::sec_websocket_protocol: return join(head.websocket_protocols, value);
    case http::field::unknown: return own_field(head, name, value);
    default: return;
  }
}

void set_field(http_head& head, std::string_view name, std::string_view value) {
  set_field(head, http::string_to_field({name.data(), name.size()}), name, value);
}

http_verb verb_from(std::string_view name) {
  if (name == "POST") return http_verb::post;
  if (name == "GET") return http_verb::get;
  if (name == "HEAD") return http_verb::head;
  return name == "OPTIONS" ? http_verb::options : http_verb::other;
}

}  // namespace waggle
