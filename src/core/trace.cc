#include "core/trace.h"

#include <charconv>

#include <fmt/format.h>

namespace waggle {
namespace {

/// Hexadecimal digits in lower case and nothing else.
template <class Number>
bool read_hex(std::string_view text, Number& into) {
  if (text.find_first_not_of("0123456789abcdef") != text.npos) return false;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), into, 16);
  return wrong == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::optional<trace_context> trace_context::parse(std::string_view text) {
  constexpr std::size_t version_00 = 55;
  constexpr std::size_t longest = 256;  // a later version may have more behind a dash
  if (text.size() < version_00 || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  std::uint8_t version = 0;
  trace_context t;
  if (!read_hex(text.substr(0, 2), version) || !read_hex(text.substr(3, 16), t.trace_high) ||
      !read_hex(text.substr(19, 16), t.trace_low) || !read_hex(text.substr(36, 16), t.span) ||
      !read_hex(text.substr(53, 2), t.flags))
    return std::nullopt;
  t.flags &= 1;  // of the others nobody knows what they ask for (W3C Trace Context §3.2.2.5)
  if (version == 0xff || !t || t.span == 0) return std::nullopt;
  if (text.size() > version_00 && (version == 0 || text[version_00] != '-' || text.size() > longest))
    return std::nullopt;
  return t;
}

std::string trace_context::trace_id() const { return fmt::format("{:016x}{:016x}", trace_high, trace_low); }

std::string trace_context::traceparent() const {
  return *this ? fmt::format("00-{:016x}{:016x}-{:016x}-{:02x}", trace_high, trace_low, span, flags) : std::string();
}

std::string span_id(std::uint64_t span) { return fmt::format("{:016x}", span); }

}  // namespace waggle
