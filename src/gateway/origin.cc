#include "gateway/origin.h"

#include <algorithm>

#include "core/ascii.h"
#include "gateway/encoding.h"

namespace waggle {
namespace {

struct authority {
  std::string_view name;
  bool fine = false;  // the port is absent or digits
};

authority split(std::string_view host) {
  std::size_t end = std::min(host.find(':'), host.size());
  if (host.starts_with('[')) {
    end = host.find(']');
    if (end == std::string_view::npos) return {};
    ++end;
  }
  const std::string_view port = host.substr(end);
  const bool fine = port.empty() || (port[0] == ':' && (port.size() == 1 || parse_digits(port.substr(1), 5)));
  return {host.substr(0, end), fine};
}

bool is_127(std::string_view address) {
  int parts = 0;
  bool first = true;
  for (bool more = true; more; ++parts) {
    more = address.find('.') != std::string_view::npos;
    const auto value = parse_digits(take_until(address, '.'), 3);
    if (!value || *value > 255 || (first && *value != 127)) return false;
    first = false;
  }
  return parts == 4;
}

}  // namespace

bool is_loopback_host(std::string_view host) {
  const authority a = split(host);
  return a.fine && (equal_ignoring_case(a.name, "localhost") || a.name == "[::1]" || is_127(a.name));
}

bool host_allowed(std::string_view host, const std::vector<std::string>& allowed) {
  if (is_loopback_host(host)) return true;
  const authority a = split(host);
  return a.fine && std::ranges::any_of(allowed, [&](const std::string& one) {
           return equal_ignoring_case(host, one) || equal_ignoring_case(a.name, one);
         });
}

bool origin_listed(std::string_view origin, const std::vector<std::string>& allowed) {
  return std::ranges::any_of(allowed,
                             [&](const std::string& one) { return one == "*" || equal_ignoring_case(origin, one); });
}

bool origin_allowed(std::string_view origin, const std::vector<std::string>& allowed) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (origin.starts_with(scheme) && is_loopback_host(origin.substr(scheme.size()))) return true;
  return origin_listed(origin, allowed);
}

}  // namespace waggle
