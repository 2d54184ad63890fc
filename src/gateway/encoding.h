#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waggle {

/// Cuts `rest` at the first `separator` and returns what was before it.
std::string_view take_until(std::string_view& rest, char separator);

/// `%41` → `A`, `+` → space, as in a form. Nothing where a percent sign is not followed by two hex digits.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);
/// The raw value of the first parameter of that name.
[[nodiscard]] std::optional<std::string_view> find_parameter(std::string_view query, std::string_view name);

/// Decimal digits only, at most `max_digits` of them.
[[nodiscard]] std::optional<std::uint64_t> parse_digits(std::string_view text, std::size_t max_digits);

/// Whether a client with this Accept-Encoding takes gzip (RFC 9110 §12.5.3).
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

}  // namespace waggle
