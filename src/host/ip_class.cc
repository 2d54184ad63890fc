#include "host/ip_class.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace waggle {
namespace {

using kind = std::optional<std::string_view>;

struct ipv4_block {
  std::uint32_t first;
  int bits;
  std::string_view name;
};

constexpr std::uint32_t ip(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// The narrower one first.
constexpr ipv4_block ipv4_blocks[] = {
    {ip(0, 0, 0, 0), 32, "unspecified"},    {ip(255, 255, 255, 255), 32, "broadcast"},
    {ip(0, 0, 0, 0), 8, "reserved"},         // this network, RFC 791
    {ip(10, 0, 0, 0), 8, "private"},         // RFC 1918
    {ip(100, 64, 0, 0), 10, "private"},      // between carriers and subscribers, RFC 6598
    {ip(127, 0, 0, 0), 8, "loopback"},       // RFC 1122
    {ip(169, 254, 0, 0), 16, "link-local"},  // RFC 3927; clouds keep their metadata here
    {ip(172, 16, 0, 0), 12, "private"},      // RFC 1918
    {ip(192, 0, 0, 0), 24, "reserved"},      // IETF protocols, RFC 6890
    {ip(192, 0, 2, 0), 24, "reserved"},      // documentation, RFC 5737
    {ip(192, 88, 99, 0), 24, "reserved"},    // 6to4 relays, RFC 7526
    {ip(192, 168, 0, 0), 16, "private"},     // RFC 1918
    {ip(198, 18, 0, 0), 15, "reserved"},     // benchmarks, RFC 2544
    {ip(198, 51, 100, 0), 24, "reserved"},   // documentation
    {ip(203, 0, 113, 0), 24, "reserved"},    // documentation
    {ip(224, 0, 0, 0), 4, "multicast"},     {ip(240, 0, 0, 0), 4, "reserved"},  // RFC 1112
};

kind of_ipv4(std::uint32_t address) {
  for (const ipv4_block& b : ipv4_blocks)
    if ((address ^ b.first) >> (32 - b.bits) == 0) return b.name;
  return std::nullopt;
}

using bytes = std::array<std::uint8_t, 16>;

std::uint32_t ipv4_at(const bytes& a, std::size_t at) { return ip(a[at], a[at + 1], a[at + 2], a[at + 3]); }

/// Whether the address begins with these bits.
bool begins(const bytes& a, std::initializer_list<std::uint8_t> with, std::size_t bits) {
  std::size_t i = 0;
  for (const std::uint8_t b : with) {
    if (bits == 0) break;
    const std::size_t now = std::min<std::size_t>(bits, 8);
    if ((a[i] ^ b) >> (8 - now) != 0) return false;
    bits -= now;
    ++i;
  }
  return true;
}

bool zero(const bytes& a, std::size_t from, std::size_t to) {
  return std::all_of(a.begin() + from, a.begin() + to, [](std::uint8_t b) { return b == 0; });
}

kind of_ipv6(const bytes& a) {
  if (zero(a, 0, 12)) {  // the first two look like IPv4-compatible ones (RFC 4291 §2.5.5.1)
    if (zero(a, 12, 16)) return "unspecified";
    if (zero(a, 12, 15) && a[15] == 1) return "loopback";
    return of_ipv4(ipv4_at(a, 12)).value_or("reserved");
  }
  if (zero(a, 0, 10) && a[10] == 0xFF && a[11] == 0xFF) return of_ipv4(ipv4_at(a, 12));  // mapped, RFC 4291
  if (zero(a, 0, 8) && a[8] == 0xFF && a[9] == 0xFF && zero(a, 10, 12))                  // translated, RFC 7915
    return of_ipv4(ipv4_at(a, 12)).value_or("reserved");
  if (begins(a, {0x00, 0x64, 0xFF, 0x9B}, 32) && zero(a, 4, 12)) return of_ipv4(ipv4_at(a, 12));  // NAT64, RFC 6052
  if (begins(a, {0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01}, 48)) return "private";  // its local form, RFC 8215
  if (begins(a, {0xFF}, 8)) return "multicast";
  if (begins(a, {0xFE, 0x80}, 10)) return "link-local";
  if (begins(a, {0xFE, 0xC0}, 10)) return "private";               // site-local, RFC 3879
  if (begins(a, {0xFC}, 7)) return "private";                      // unique local, RFC 4193
  if (!begins(a, {0x20}, 3)) return "reserved";                    // only 2000::/3 is given out
  if (begins(a, {0x20, 0x02}, 16)) return of_ipv4(ipv4_at(a, 2));  // 6to4, RFC 3056
  if (begins(a, {0x20, 0x01, 0x00, 0x00}, 32)) {                   // Teredo, RFC 4380: server, and client inverted
    if (const kind server = of_ipv4(ipv4_at(a, 4))) return server;
    return of_ipv4(~ipv4_at(a, 12));
  }
  if (begins(a, {0x20, 0x01, 0x00}, 23)) return "reserved";        // IETF protocols, RFC 2928
  if (begins(a, {0x20, 0x01, 0x0D, 0xB8}, 32)) return "reserved";  // documentation, RFC 3849
  if (begins(a, {0x3F, 0xFF, 0x00}, 20)) return "reserved";        // documentation, RFC 9637
  if ((a[8] & 0xFD) == 0 && a[9] == 0 && a[10] == 0x5E && a[11] == 0xFE)
    return of_ipv4(ipv4_at(a, 12));  // ISATAP, RFC 5214
  return std::nullopt;
}

}  // namespace

kind special_class(std::string_view address) {
  const std::string text(address.substr(0, address.find('%')));
  in_addr four{};
  if (inet_pton(AF_INET, text.c_str(), &four) == 1) return of_ipv4(ntohl(four.s_addr));
  in6_addr six{};
  if (inet_pton(AF_INET6, text.c_str(), &six) != 1) return "no IP address";
  bytes all{};
  std::memcpy(all.data(), &six, all.size());
  return of_ipv6(all);
}

}  // namespace waggle
