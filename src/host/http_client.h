#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "host/http_rules.h"
#include "loop/core_loop.h"

namespace waggle {

struct http_client_settings {
  std::size_t per_service = 64;  ///< requests of one service at a time
  std::size_t in_all = 1024;
  std::size_t kept_connections = 64;               ///< of each service; more are closed after use. Those in use count
  std::chrono::milliseconds idle_timeout{60'000};  ///< a service without a request for so long keeps none
  std::string ca_file;                             ///< PEM; empty: the certificates that the system trusts
  /// Names that are not looked up: `name:port:address`. For tests.
  std::vector<std::string> resolve;
  /// Addresses that count as public although they are not. For tests.
  std::vector<std::string> count_as_public;
};

/// Of one exchange besides its request.
struct http_limits {
  std::string service;                            ///< whose it is: connections are shared within a service only
  bool private_addresses = false;                 ///< else an address that is not public is not connected to
  std::size_t body_bytes = std::size_t{1} << 20;  ///< of the response, after its transfer coding was undone
};

/// HTTP for all cores: libcurl on one thread of its own. One exchange at a time is asked for: redirects are the caller's,
/// and so is the time. TLS is verified; there are no cookies, no proxies, no .netrc, no authentication by itself, no decompression.
///
/// Each address is checked where the socket for it is made, so no name can lead elsewhere between check and use; the address of
/// a connection that is used again is checked once more, and those of a service with `private_addresses` are kept apart.
/// From any thread. It lives longer than the services that use it and ends before the cores do.
class http_client {
 public:
  /// On the core that asked. Errors: `permission_denied` (the address), `resource_exhausted` (the response is too large: the
  /// guest's fault, who knows the limit), `unavailable` (no connection, TLS, no HTTP: nobody's here, so the host's) with curl's
  /// words.
  using done = std::move_only_function<void(result<outbound_response>)>;
  /// A place among those that run at a time. It is given back when the last holder is gone.
  using permit = std::shared_ptr<const void>;

  explicit http_client(http_client_settings settings);
  ~http_client();
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  /// `resource_exhausted` where the service (the guest's fault) or the node (overload) has enough of them.
  [[nodiscard]] result<permit> admit(const std::string& service);

  /// Begins an exchange; `when` is posted to `home`, and dropped with what it holds after `cancel`. The number is for that.
  std::uint64_t start(core_loop& home, const outbound_request& request, const http_limits& limits, permit place,
                      done when);
  /// Ends it, if it has not ended, and frees its connection. `when` may have been posted already.
  void cancel(std::uint64_t number);

  /// Connections that were made. From any thread.
  [[nodiscard]] std::uint64_t connections() const;

  struct shared;

 private:
  std::shared_ptr<shared> shared_;
  std::thread thread_;
};

}  // namespace waggle
