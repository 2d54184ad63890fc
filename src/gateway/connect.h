#pragma once
#include <expected>
#include <string>
#include <string_view>

#include "core/service.h"
#include "gateway/http_parser.h"
#include "gateway/http_settings.h"
#include "schema/contract.h"

namespace waggle {

/// Connect's HTTP status of a code (connectrpc.com, "Connect Protocol Reference", error codes).
[[nodiscard]] unsigned http_status(error_code code);

/// An error in Connect's form: `{"code":…,"message":…,"details":[{"type":…,"value":…,"debug":…}]}`. Violations have the
/// type `waggle.v1.Violations`, a guest's own details `waggle.v1.Detail`; with `show_debug` a trap's text comes as
/// `waggle.v1.Debug`. `value` is the debug JSON in unpadded base64, because clients decode it and choke on less.
[[nodiscard]] std::string connect_error_json(const error& e, bool show_debug);

/// Whose fault it is, and when to try again: whole lines.
[[nodiscard]] std::string error_fields(const error& e);

/// An error that the gateway itself answers with, before any service saw the request.
struct http_refusal {
  error why;
  unsigned status = 0;  ///< zero: the code's own
  std::string headers;  ///< whole lines, `Allow: POST\r\n`
};

/// What a request is for.
struct http_route {
  enum class kind : std::uint8_t { call, stream, contract, page, graphql, mcp, mcp_login, preflight };
  kind what = kind::page;      ///< `stream`: a subscription's, by Connect's server streaming
  service* target = nullptr;   ///< of `call`, `stream` and `contract`; valid until the directory changes
  const method* of = nullptr;  ///< of `call` and `stream`
  /// Of `page` and `mcp`; of `mcp_login` the path that it is about; of `graphql` the service's name, or nothing. Points into the head.
  std::string_view path;
  const std::string* text = nullptr;   ///< of `contract`: its description in the format asked for
  bool gzipped = false;                ///< of `contract`: its text is kept in gzip's format
  std::string_view content_type = {};  ///< of `contract`
};

/// In what form whoever sent this head expects to be told of an error: by Connect's unary protocol, as a GraphQL response, or as
/// the end of Connect's stream.
enum class error_form : std::uint8_t { connect, graphql, stream };
[[nodiscard]] error_form error_form_of(const http_head& head, const http_settings& settings);

/// Is its version of Connect's protocol, where it names one, spoken here?
[[nodiscard]] std::expected<void, http_refusal> check_connect_version(const http_head& head);

/// application/json, in UTF-8.
[[nodiscard]] bool is_json_type(std::string_view content_type);

/// Unpacks what came with a Content-Encoding; `where` names the field in messages. Errors: an unknown coding, more than `limit`.
[[nodiscard]] std::expected<void, http_refusal> decompress(std::string_view coding, std::string_view where,
                                                           std::size_t limit, std::string& input);

/// Deadline, trace, and the caller's own fields, which are moved out of the head.
[[nodiscard]] std::expected<request_context, http_refusal> read_context(http_head& head, time_point now);

/// Where a request goes, or why it may not: origin, name, verb, content type. Looks at the head only.
/// `loopback`: the listener is on loopback, so Host and Origin are looked at.
[[nodiscard]] std::expected<http_route, http_refusal> find_route(const http_head& head, bool has_body,
                                                                 const service_directory& directory,
                                                                 const http_settings& settings, bool loopback);

/// Makes the request of a `call` route: Connect's fields and GET's parameters into `request`, whose `input` is the body as
/// it came. The extra fields are moved out of the head.
[[nodiscard]] std::expected<void, http_refusal> fill_request(http_head& head, const method& of, time_point now,
                                                             std::size_t body_limit, service_request& request);

}  // namespace waggle
