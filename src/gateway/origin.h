#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace waggle {

/// Is `host` (a Host field: name or address, with or without a port) this machine's loopback: localhost, 127.0.0.0/8,
/// [::1]? A page of a foreign name that resolves to 127.0.0.1 (DNS rebinding) says that name in Host.
[[nodiscard]] bool is_loopback_host(std::string_view host);

/// Loopback, or one of `allowed`: `name` with any port, or `name:port`.
[[nodiscard]] bool host_allowed(std::string_view host, const std::vector<std::string>& allowed);

/// One of `allowed`, whole; `*` is any.
[[nodiscard]] bool origin_listed(std::string_view origin, const std::vector<std::string>& allowed);
/// A loopback origin (`http://localhost:3000`), or a listed one.
[[nodiscard]] bool origin_allowed(std::string_view origin, const std::vector<std::string>& allowed);

}  // namespace waggle
