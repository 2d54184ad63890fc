#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/call.h"

namespace waggle {

enum class http_verb : std::uint8_t { get, head, post, options, other };

/// The start line and the fields of a request that matter here. A field that comes twice is joined with ", ".
struct http_head {
  http_verb verb = http_verb::other;
  std::string target;  ///< origin form: `/path?query`; of an absolute form its authority became `host`
  unsigned version = 11;
  bool keep_alive = true;
  bool has_host = false;
  bool has_origin = false;
  bool expects_continue = false;
  std::string host;
  std::string origin;
  std::string content_type;
  std::string content_encoding;
  std::string accept_encoding;
  std::string accept;
  std::string authorization;
  std::string api_key;       ///< X-Api-Key
  std::string cors_method;   ///< Access-Control-Request-Method
  std::string cors_headers;  ///< Access-Control-Request-Headers
  std::string upgrade;       ///< where Connection says so too
  std::string websocket_key;
  std::string websocket_version;
  std::string websocket_protocols;
  std::string last_event_id;
  std::string fetch_site;  ///< Sec-Fetch-Site
  std::string fetch_mode;  ///< Sec-Fetch-Mode
  std::string connect_version;
  std::string connect_timeout;
  std::string traceparent;
  std::string mcp_version;  ///< MCP-Protocol-Version
  /// The caller's own fields for the service: names that are not registered for HTTP, without Connect's, none twice. The first 64,
  /// and Idempotency-Key.
  metadata extra;

  void clear();
};

/// Puts a field of a request into its place in the head, whatever the framing; what nobody needs is dropped. Not for those
/// that are about the framing itself: Host, Transfer-Encoding, Expect. The name is in any case.
void set_field(http_head& head, std::string_view name, std::string_view value);

/// Reads one HTTP/1.x request (RFC 9112) after the other out of a stream of bytes. Strict where requests get smuggled:
/// one framing only, `chunked` is the only transfer coding, one Host.
class http_parser {
 public:
  enum class state : std::uint8_t {
    need_more,
    head,  ///< the fields are complete; told once for each request
    done,  ///< the request is complete; `reset` before the next one
    malformed,
    header_too_large,
    body_too_large,
    unsupported_coding,
    unknown_expectation,
  };
  struct step {
    state now;
    std::size_t used;  ///< how many bytes of `input` are not needed any more
  };

  http_parser(std::size_t header_limit, std::size_t body_limit);
  ~http_parser();
  http_parser(const http_parser&) = delete;
  http_parser& operator=(const http_parser&) = delete;

  /// Takes bytes from the front of `input`, appends what belongs to the body to `body`. Bytes that were not used must be
  /// given again, with more behind them.
  step feed(std::string_view input, std::string& body);
  void reset();

  [[nodiscard]] http_head& head();
  /// Whether a byte of the present request has been used.
  [[nodiscard]] bool started() const;
  [[nodiscard]] bool head_done() const;
  /// When the fields are complete: how many bytes of the body are to come, by its Content-Length; nothing where it says
  /// not (chunked).
  [[nodiscard]] std::optional<std::uint64_t> body_left() const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace waggle
