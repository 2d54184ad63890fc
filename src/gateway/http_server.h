#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "core/service.h"
#include "gateway/http_settings.h"
#include "loop/core_loop.h"

namespace waggle {

class authenticator;
struct graphql_front;

/// HTTP on one core, 1.1 and 2, with TLS where the settings have a certificate: listens with SO_REUSEPORT beside the servers of
/// other cores, so that the kernel spreads the connections. Used on the loop's thread only, `stats` aside.
class http_server {
 public:
  /// `loop`, `directory`, what `pages` uses, `identity` and `graphql` outlive the server.
  http_server(core_loop& loop, const service_directory& directory, http_settings settings, operator_pages pages = {},
              authenticator* identity = nullptr, graphql_front* graphql = nullptr);
  /// Like `close`.
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  /// `address` is an IPv4 or IPv6 address, port 0 any free one. At most once. `unavailable` where the system says no,
  /// `invalid_argument` where it is no address.
  [[nodiscard]] result<void> listen(const std::string& address, std::uint16_t port);
  /// Instead of it: a Unix socket at `path` that only its owner can connect to, removed when accepting ends. A socket there
  /// that nobody listens on is replaced. `already_exists` where somebody does, or where something else lies there;
  /// `unavailable` where the system says no.
  [[nodiscard]] result<void> listen_local(const std::string& path);
  /// The real port; 0 before `listen`.
  [[nodiscard]] std::uint16_t port() const;

  /// From now on every answer ends its connection. After `grace`: accepts no more, closes what is idle, finishes what
  /// runs. `done` runs when the last connection is gone.
  void drain(duration grace, core_loop::job done = {});
  /// At once: no more connections; pending calls are canceled.
  void close();

  [[nodiscard]] const http_stats& stats() const;

 private:
  class state;
  class connection;
  std::shared_ptr<state> state_;
};

}  // namespace waggle
