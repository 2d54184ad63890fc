#pragma once
#include <optional>
#include <string_view>

namespace waggle {

/// What kind of address `127.0.0.1` or `::1` (without brackets; a zone behind `%` is left aside) is, if it is not one of the
/// public internet: "loopback", "private", "link-local", "multicast", "unspecified", "broadcast", "reserved" (the registries of
/// IANA for special addresses, RFC 6890). Nothing for a public one. IPv6 addresses with an IPv4 address inside (mapped,
/// compatible, translated, NAT64, 6to4, Teredo, ISATAP) are what that is. Everything else is "no IP address".
[[nodiscard]] std::optional<std::string_view> special_class(std::string_view address);

}  // namespace waggle
