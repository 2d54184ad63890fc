#pragma once
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Exact decimal numbers, by their text. A text is a JSON number (RFC 8259 §6) or the form of the scalar Decimal, which
/// may begin with zeros. Any other bytes get some answer, safely. An exponent beyond ±10^18 counts as ±10^18.
/// Work is linear in the texts, whatever their exponents; nothing allocates but `integer_digits`.
namespace waggle::decimal {

/// `1`, `1.0`, `1e3`, `100e-2`, `-0`.
[[nodiscard]] bool is_integral(std::string_view text);

/// By value: `1.0` equals `1`, `-0` equals `0`.
[[nodiscard]] std::strong_ordering compare(std::string_view a, std::string_view b);

/// Most digits of a divisor, from the first to the last that is not 0.
inline constexpr std::size_t most_divisor_digits = 19;

/// Is the text's value an integral multiple of the divisor's? 0 is, of every divisor.
/// The divisor is above 0 and has at most `most_divisor_digits`; of any other nothing but 0 is a multiple.
[[nodiscard]] bool is_multiple(std::string_view text, std::string_view divisor);

/// How many digits there are from the first to the last that is not 0: `0.0250` and `2500` have two.
[[nodiscard]] std::size_t significant_digits(std::string_view text);

/// The value where it is integral and fits.
[[nodiscard]] std::optional<std::int64_t> to_int64(std::string_view text);

/// The digits of an integral number: `4.0` gives `4`, `1e3` `1000`, `-0.0` `0`. Nothing where it is not integral or has
/// more than `most` digits, the sign not counted.
[[nodiscard]] std::optional<std::string> integer_digits(std::string_view text, std::size_t most);

/// Is the nearest IEEE 754 double finite? What is too small for one becomes 0, which is.
[[nodiscard]] bool is_finite_double(std::string_view text);

}  // namespace waggle::decimal
