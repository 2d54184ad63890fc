#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace waggle {

struct answer_memory;
class tls_source;

/// What the operator may set about HTTP (docs/configuration.md). Sizes in bytes.
struct http_settings {
  std::size_t header_limit = std::size_t{16} << 10;  ///< request line and fields; more is 431
  std::size_t body_limit = std::size_t{1} << 20;     ///< also of what comes out of gzip; more is `resource_exhausted`
  std::size_t max_connections = 20'000;              ///< of one core; more wait in the kernel's queue
  std::chrono::milliseconds header_timeout{
      10'000};  ///< from the first byte (or the connection's start) to the last field
  std::chrono::milliseconds body_timeout{30'000};   ///< from the last field to the last byte
  std::chrono::milliseconds idle_timeout{75'000};   ///< between two requests
  std::chrono::milliseconds write_timeout{30'000};  ///< a client that takes nothing of its answer
  std::chrono::milliseconds linger{2'000};          ///< wait for the client's end after our last answer
  /// Beside the loopback's names: `host` (any port) or `host:port`, as in the field Host. Looked at on loopback only.
  std::vector<std::string> allowed_hosts;
  /// Beside the loopback's names: whole origins, `https://app.example.com`. Elsewhere only these may read answers (CORS).
  std::vector<std::string> allowed_origins;
  /// The operator's socket: services named `waggle.*` can be reached, and any content type is taken for JSON (curl's own,
  /// too; that a browser's form is refused elsewhere means nothing where no browser gets).
  bool for_operator = false;
  bool graphql = false;  ///< `/graphql` is there
  bool mcp = false;      ///< methods are tools at `/mcp` (docs/mcp.md)
  std::string
      mcp_origin;  ///< where clients of MCP reach this node, `https://api.example.com`; empty: as their field Host says
  std::shared_ptr<tls_source> tls;         ///< the certificate to speak TLS with; null: plain HTTP
  std::shared_ptr<answer_memory> answers;  ///< for answers that wait to be taken, of all cores; null: no bound
  bool show_debug = false;                 ///< `--dev`: traps and backtraces in the answers
};

/// What one core's server has done. Written by its core, readable from any thread.
struct http_stats {
  using counter = std::atomic<std::uint64_t>;
  counter connections_open{0};
  counter connections_total{0};
  counter requests{0};               ///< whole requests that were looked at
  std::array<counter, 6> answers{};  ///< by the status's first digit, 1 to 5
  counter bad_requests{0};           ///< malformed, too large, too slow: the connection ended with them
  counter bad_credentials{0};        ///< requests and WebSockets whose credentials show nobody
  counter tls_failures{0};           ///< connections whose TLS handshake came to nothing
  counter http2_connections{0};
  counter http2_resets{0};  ///< streams that ended before their answer did
  counter bytes_in{0};
  counter bytes_out{0};

  /// Only one thread writes, so no locked instruction is needed.
  static void add(counter& c, std::uint64_t n = 1) {
    c.store(c.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
};

/// A page for operators.
struct page {
  unsigned status = 200;
  std::string_view content_type;  ///< a literal
  std::string body;
  std::string headers = {};  ///< more fields, whole lines
  bool gzipped = false;      ///< the body is; a client that does not take gzip gets it unpacked
};

/// `/healthz`, `/readyz`, `/metrics`, `/`: the app's. Nothing where there is no such page. Runs on the asking core, must
/// not block.
using operator_pages = std::function<std::optional<page>(std::string_view path)>;

}  // namespace waggle
