#include "schema/values/decimal.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace waggle::decimal {
namespace {

__extension__ using wide = unsigned __int128;

constexpr std::int64_t most_exponent = 1'000'000'000'000'000'000;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr unsigned digit(char c) { return static_cast<unsigned>(c - '0'); }

/// The value is 0.DDD… × 10^top: `digits` runs from the first to the last digit that is not 0 and may hold the point.
/// Zero has no digits.
struct number {
  bool negative = false;
  std::string_view digits;
  std::size_t count = 0;  ///< of digits, the point left out
  std::int64_t top = 0;

  [[nodiscard]] bool zero() const { return count == 0; }
  /// The power of ten that the last digit stands for.
  [[nodiscard]] std::int64_t scale() const { return top - static_cast<std::int64_t>(count); }
  [[nodiscard]] bool integral() const { return zero() || scale() >= 0; }
};

std::int64_t exponent_of(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) break;
    if (value >= most_exponent / 10) {
      value = most_exponent;
      break;
    }
    value = value * 10 + static_cast<std::int64_t>(digit(c));
  }
  return negative ? -value : value;
}

number read(std::string_view text) {
  number n;
  n.negative = text.starts_with('-');
  if (n.negative) text.remove_prefix(1);
  constexpr std::size_t none = std::string_view::npos;
  std::size_t point = none;
  std::size_t first = none;
  std::size_t last = 0;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && point == none) {
      point = i;
    } else if (!is_digit(c)) {
      break;
    } else if (c != '0') {
      if (first == none) first = i;
      last = i;
    }
  }
  if (first == none) {
    n.negative = false;
    return n;
  }
  const std::size_t integer_end = point == none ? i : point;
  const bool holds_point = first < integer_end && integer_end < last;
  n.digits = text.substr(first, last - first + 1);
  n.count = n.digits.size() - (holds_point ? 1 : 0);
  // Behind the point, the zeros between it and the first digit are counted off; the point itself is no place.
  n.top = first < integer_end ? static_cast<std::int64_t>(integer_end - first)
                              : -static_cast<std::int64_t>(first - integer_end - 1);
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) n.top += exponent_of(text.substr(i + 1));
  return n;
}

/// The digits one by one, the point left out; zeros behind the last.
class digit_reader {
 public:
  explicit digit_reader(const number& n) : at_(n.digits.data()), end_(at_ + n.digits.size()) {}
  unsigned next() {
    if (at_ != end_ && *at_ == '.') ++at_;
    return at_ == end_ ? 0 : digit(*at_++);
  }

 private:
  const char* at_;
  const char* end_;
};

std::strong_ordering compare_magnitudes(const number& a, const number& b) {
  if (a.top != b.top) return a.top <=> b.top;
  digit_reader of_a(a);
  digit_reader of_b(b);
  for (std::size_t left = std::max(a.count, b.count); left > 0; --left) {
    const unsigned x = of_a.next();
    const unsigned y = of_b.next();
    if (x != y) return x <=> y;
  }
  return std::strong_ordering::equal;
}

/// Most integers are as short as this and fit; `1.0`, `1e3` and longer ones go the long way.
constexpr std::size_t longest_short = 18;

std::optional<std::int64_t> short_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > longest_short) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + static_cast<std::int64_t>(digit(c));
  }
  return negative ? -value : value;
}

std::uint64_t times(std::uint64_t a, std::uint64_t b, std::uint64_t modulus) {
  return static_cast<std::uint64_t>(wide{a} * b % modulus);
}

std::uint64_t power_of_ten(std::uint64_t exponent, std::uint64_t modulus) {
  std::uint64_t result = 1 % modulus;
  for (std::uint64_t base = 10 % modulus; exponent > 0; exponent >>= 1U, base = times(base, base, modulus))
    if ((exponent & 1U) != 0) result = times(result, base, modulus);
  return result;
}

std::uint64_t remainder(const number& n, std::uint64_t modulus) {
  // As many digits at once as 64 bits hold.
  constexpr std::uint64_t full = 1'000'000'000'000'000'000;
  digit_reader digits(n);
  std::uint64_t rest = 0;
  std::uint64_t chunk = 0;
  std::uint64_t scale = 1;
  for (std::size_t left = n.count; left > 0; --left) {
    chunk = chunk * 10 + digits.next();
    scale *= 10;
    if (scale < full && left > 1) continue;
    rest = static_cast<std::uint64_t>((wide{rest} * scale + chunk) % modulus);
    chunk = 0;
    scale = 1;
  }
  return rest;
}

std::uint64_t significand(const number& n) {
  digit_reader digits(n);
  std::uint64_t value = 0;
  for (std::size_t left = n.count; left > 0; --left) value = value * 10 + digits.next();
  return value;
}

}  // namespace

bool is_integral(std::string_view text) { return short_integer(text) || read(text).integral(); }

std::strong_ordering compare(std::string_view a, std::string_view b) {
  if (const auto x = short_integer(a))
    if (const auto y = short_integer(b)) return *x <=> *y;
  const number x = read(a);
  const number y = read(b);
  const auto sign = [](const number& n) { return n.zero() ? 0 : n.negative ? -1 : 1; };
  if (sign(x) != sign(y)) return sign(x) <=> sign(y);
  if (x.zero()) return std::strong_ordering::equal;
  return x.negative ? compare_magnitudes(y, x) : compare_magnitudes(x, y);
}

bool is_multiple(std::string_view text, std::string_view divisor) {
  if (const auto a = short_integer(text))
    if (const auto b = short_integer(divisor); b && *b > 0) return *a % *b == 0;
  const number a = read(text);
  const number b = read(divisor);
  if (a.zero()) return true;
  if (b.zero() || b.negative || b.count > most_divisor_digits) return false;
  // a's last digit is not 0, so 10 does not divide it, and nothing that 10 divides does.
  if (a.scale() < b.scale()) return false;
  const std::uint64_t modulus = significand(b);
  const auto shift = static_cast<std::uint64_t>(a.scale() - b.scale());
  return times(remainder(a, modulus), power_of_ten(shift, modulus), modulus) == 0;
}

std::size_t significant_digits(std::string_view text) { return read(text).count; }

std::optional<std::int64_t> to_int64(std::string_view text) {
  if (const auto quick = short_integer(text)) return quick;
  const number n = read(text);
  if (n.zero()) return 0;
  if (n.scale() < 0 || n.top > std::numeric_limits<std::int64_t>::digits10 + 1) return std::nullopt;
  digit_reader digits(n);
  std::uint64_t value = 0;  // at most 19 digits
  for (std::int64_t left = n.top; left > 0; --left) value = value * 10 + digits.next();
  constexpr std::uint64_t beyond = std::uint64_t{1} << 63U;
  if (n.negative) return value <= beyond ? std::optional(static_cast<std::int64_t>(0 - value)) : std::nullopt;
  return value < beyond ? std::optional(static_cast<std::int64_t>(value)) : std::nullopt;
}

std::optional<std::string> integer_digits(std::string_view text, std::size_t most) {
  const number n = read(text);
  if (most == 0) return std::nullopt;
  if (n.zero()) return "0";
  if (n.scale() < 0 || static_cast<std::uint64_t>(n.top) > most) return std::nullopt;
  std::string out;
  out.reserve(static_cast<std::size_t>(n.top) + 1);
  if (n.negative) out += '-';
  for (const char c : n.digits)
    if (c != '.') out += c;
  out.append(static_cast<std::size_t>(n.scale()), '0');
  return out;
}

bool is_finite_double(std::string_view text) {
  // The largest double has 309 digits before the point.
  constexpr std::int64_t most_places = std::numeric_limits<double>::max_exponent10 + 1;
  if (text.size() < static_cast<std::size_t>(most_places) && text.find_first_of("eE") == std::string_view::npos)
    return true;
  const number n = read(text);
  if (n.zero() || n.top < most_places) return true;
  if (n.top > most_places) return false;
  double value = 0;
  return std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc::result_out_of_range;
}

}  // namespace waggle::decimal
