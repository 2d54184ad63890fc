#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace waggle {

/// What a service may do: what its contract asks for (`@uses`) as far as the operator grants it (`[[grant]]`).
/// Immutable while requests run; shared between cores.
struct service_grants {
  std::set<std::string, std::less<>> uses;  ///< services that it may call
  std::uint32_t calls = 0;                  ///< per request; 0: the node's limit
  struct {
    std::vector<std::string> hosts;  ///< `api.example.com`, `*.example.com`, `[::1]:8080`; none: no host
    std::vector<std::string> methods{"GET", "HEAD"};
    bool private_addresses = false;  ///< loopback, link-local, private networks
    std::uint32_t bytes = 1U << 20;  ///< of a request's and of a response's body
  } http;
  struct {
    std::vector<std::string> prefixes;  ///< keys must begin with one of them; none: any key
    std::uint32_t bytes = 8U << 20;     ///< that one transaction may write
  } state;
  struct {
    std::vector<std::string> keys;  ///< configuration values and secrets that it may read; none: those of its own name
  } config;
};

}  // namespace waggle
