#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waggle {

/// Where a request is in a trace: W3C Trace Context, version 00.
struct trace_context {
  std::uint64_t trace_high = 0;  ///< the trace's number; both zero: none
  std::uint64_t trace_low = 0;
  std::uint64_t span = 0;  ///< the part of it that led here
  std::uint8_t flags = 0;

  explicit operator bool() const { return (trace_high | trace_low) != 0; }
  [[nodiscard]] bool sampled() const { return (flags & 1) != 0; }
  /// 32 hexadecimal digits.
  [[nodiscard]] std::string trace_id() const;
  /// The field `traceparent`; empty without a trace.
  [[nodiscard]] std::string traceparent() const;

  /// Reads a `traceparent` (Trace Context §3.2), of version 00 or of a later one, of which what is known is taken; nothing
  /// where it is malformed.
  [[nodiscard]] static std::optional<trace_context> parse(std::string_view traceparent);
  friend bool operator==(const trace_context&, const trace_context&) = default;
};

/// 16 hexadecimal digits.
[[nodiscard]] std::string span_id(std::uint64_t span);

}  // namespace waggle
