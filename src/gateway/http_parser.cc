#include "gateway/http_parser.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include "core/ascii.h"

namespace waggle {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

/// simdjson reads past the payload's end; room for that saves the call chain a reallocation.
constexpr std::size_t padding = 64;
constexpr std::size_t first_reserve = std::size_t{64} * 1024;
/// Beast 1.81 asserts that a last chunk which it has once seen the beginning of has the five bytes of `0 CRLF CRLF` when
/// it looks again (`parse_chunk_header`), so it gets none that is shorter.
bool short_last_chunk(std::string_view rest) { return rest.size() < 5 && rest.starts_with('0'); }

std::string_view view(beast::string_view s) { return {s.data(), s.size()}; }

constexpr std::size_t max_extra = 64;

void join(std::string& field, std::string_view value) {
  if (!field.empty()) field += ", ";
  field += value;
}

/// Goes to the service's metadata: neither Connect's, nor MCP's, nor a browser's own.
bool passes(std::string_view lower_name) {
  return !lower_name.starts_with("connect-") && !lower_name.starts_with("mcp-") && !lower_name.starts_with("sec-") &&
         lower_name != "tracestate" && lower_name != "priority";
}

void own_field(http_head& head, std::string_view name, std::string_view value) {
  std::string lower = to_lower(name);
  if (lower == "connect-protocol-version") return join(head.connect_version, value);
  if (lower == "connect-timeout-ms") return join(head.connect_timeout, value);
  if (lower == "traceparent") return join(head.traceparent, value);
  if (lower == "mcp-protocol-version") return join(head.mcp_version, value);
  if (lower == "x-api-key") return join(head.api_key, value);
  if (lower == "last-event-id") return join(head.last_event_id, value);
  if (lower == "sec-fetch-site") return join(head.fetch_site, value);
  if (lower == "sec-fetch-mode") return join(head.fetch_mode, value);
  if (!passes(lower)) return;
  if (const auto known = std::ranges::find(head.extra, lower, &metadata::value_type::first); known != head.extra.end())
    return join(known->second, value);
  // The one that means something to the node is not lost to a crowd of others.
  if (head.extra.size() < max_extra || lower == "idempotency-key") head.extra.emplace_back(std::move(lower), value);
}

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

}  // namespace

void set_field(http_head& head, std::string_view name, std::string_view value) {
  set_field(head, http::string_to_field({name.data(), name.size()}), name, value);
}

struct http_parser::impl {
  /// Beast's machine; what it finds goes straight into `http_head`, without a container of fields.
  class machine final : public http::basic_parser<true> {
   public:
    machine(impl& to) : to_(to) {
      header_limit(static_cast<std::uint32_t>(to.header_limit));
      body_limit(to.body_limit);
    }

   private:
    void on_request_impl(http::verb verb, beast::string_view, beast::string_view target, int version,
                         beast::error_code&) override {
      http_head& h = to_.head;
      if (verb == http::verb::post)
        h.verb = http_verb::post;
      else if (verb == http::verb::get)
        h.verb = http_verb::get;
      else if (verb == http::verb::head)
        h.verb = http_verb::head;
      else if (verb == http::verb::options)
        h.verb = http_verb::options;
      h.target.assign(target.data(), target.size());
      h.version = static_cast<unsigned>(version);
    }
    void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}
    void on_field_impl(http::field f, beast::string_view name, beast::string_view value,
                       beast::error_code& ec) override {
      if (!to_.head_done) to_.field(f, view(name), view(value), ec);  // a trailer changes nothing any more
    }
    void on_header_impl(beast::error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, beast::error_code&) override {
      if (length) to_.body->reserve(std::min<std::size_t>(*length, first_reserve) + padding);
    }
    std::size_t on_body_impl(beast::string_view bytes, beast::error_code&) override {
      to_.body->append(bytes.data(), bytes.size());
      return bytes.size();
    }
    void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes, beast::error_code&) override {
      to_.body->append(bytes.data(), bytes.size());
      return bytes.size();
    }
    void on_finish_impl(beast::error_code&) override {}

    impl& to_;
  };

  impl(std::size_t headers, std::size_t bodies) : header_limit(headers), body_limit(bodies) { parser.emplace(*this); }

  void field(http::field f, std::string_view name, std::string_view value, beast::error_code& ec) {
    switch (f) {
      case http::field::host:
        if (head.has_host) return fail(state::malformed, ec);
        head.has_host = true;
        head.host = value;
        return;
      case http::field::transfer_encoding:
        if (head.version == 10) return fail(state::malformed, ec);
        if (!equal_ignoring_case(value, "chunked")) return fail(state::unsupported_coding, ec);
        return;
      case http::field::expect:
        if (!equal_ignoring_case(value, "100-continue")) return fail(state::unknown_expectation, ec);
        head.expects_continue = head.version == 11;
        return;
      default: return set_field(head, f, name, value);
    }
  }

  void fail(state why, beast::error_code& ec) {
    refused = why;
    ec = http::error::bad_value;
  }

  [[nodiscard]] state state_of(const beast::error_code& ec) const {
    if (refused != state::need_more) return refused;
    if (ec == http::error::header_limit || ec == http::error::buffer_overflow) return state::header_too_large;
    if (ec == http::error::body_limit) return state::body_too_large;
    return state::malformed;
  }

  /// RFC 9112 §3.2: one Host in HTTP/1.1; §3.2.2: the authority of an absolute target counts instead.
  bool finish_head() {
    head_done = true;
    head.keep_alive = parser->keep_alive();
    if (!parser->upgrade()) head.upgrade.clear();
    if (!head.has_host && head.version == 11) return false;
    for (const std::string_view scheme : {"http://", "https://"}) {
      if (!std::string_view(head.target).starts_with(scheme)) continue;
      const std::size_t end = std::min(head.target.find_first_of("/?", scheme.size()), head.target.size());
      head.host = head.target.substr(scheme.size(), end - scheme.size());
      head.has_host = true;
      head.target.erase(0, end);
      if (!head.target.starts_with('/')) head.target.insert(0, "/");
    }
    return true;
  }

  std::size_t header_limit;
  std::size_t body_limit;
  std::optional<machine> parser;
  http_head head;
  std::string* body = nullptr;
  std::size_t head_bytes = 0;
  state refused = state::need_more;
  bool started = false;
  bool head_done = false;
};

void http_head::clear() {
  verb = http_verb::other;
  version = 11;
  keep_alive = true;
  has_host = has_origin = expects_continue = false;
  for (std::string* s : {&target,
                         &host,
                         &origin,
                         &content_type,
                         &content_encoding,
                         &accept_encoding,
                         &connect_version,
                         &connect_timeout,
                         &traceparent,
                         &mcp_version,
                         &accept,
                         &authorization,
                         &api_key,
                         &cors_method,
                         &cors_headers,
                         &upgrade,
                         &websocket_key,
                         &websocket_version,
                         &websocket_protocols,
                         &last_event_id,
                         &fetch_site,
                         &fetch_mode})
    s->clear();
  extra.clear();
}

http_parser::http_parser(std::size_t header_limit, std::size_t body_limit)
    : impl_(std::make_unique<impl>(header_limit, body_limit)) {}

http_parser::~http_parser() = default;

http_head& http_parser::head() { return impl_->head; }
bool http_parser::started() const { return impl_->started; }
bool http_parser::head_done() const { return impl_->head_done; }

std::optional<std::uint64_t> http_parser::body_left() const {
  if (impl_->parser->chunked()) return std::nullopt;
  return impl_->parser->content_length_remaining().value_or(0);
}

void http_parser::reset() {
  impl_->parser.emplace(*impl_);
  impl_->head.clear();
  impl_->head_bytes = 0;
  impl_->refused = state::need_more;
  impl_->started = impl_->head_done = false;
}

http_parser::step http_parser::feed(std::string_view input, std::string& body) {
  impl& m = *impl_;
  m.body = &body;
  std::size_t used = 0;
  if (!m.started)  // RFC 9112 §2.2: empty lines before a request are skipped
    while (used < input.size() && (input[used] == '\r' || input[used] == '\n')) ++used;
  while (!m.parser->is_done()) {
    if (used == input.size()) return {state::need_more, used};
    if (m.head_done && m.parser->chunked() && short_last_chunk(input.substr(used))) return {state::need_more, used};
    m.started = true;
    beast::error_code ec;
    const std::size_t n = m.parser->put(boost::asio::const_buffer(input.data() + used, input.size() - used), ec);
    used += n;
    if (!m.head_done) {
      // Beast's own limit counts anew after each field that it has taken.
      m.head_bytes += n;
      if (m.head_bytes > m.header_limit) return {state::header_too_large, used};
    }
    if (ec == http::error::need_more) return {state::need_more, used};
    if (ec) return {m.state_of(ec), used};
    if (!m.head_done && m.parser->is_header_done()) return {m.finish_head() ? state::head : state::malformed, used};
  }
  return {state::done, used};
}

}  // namespace waggle
