#include "schema/values/scalars.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "schema/values/uri.h"

namespace waggle::graphql {
namespace {

/// What is published at scalars.graphql.org and has one of our forms, and our own addresses there. The first row of a
/// scalar is what `specification_of` gives.
struct published {
  std::string_view url;
  known_scalar scalar;
};
constexpr std::string_view page = ".html";
constexpr published addresses[] = {
    {"https://scalars.graphql.org/apollographql/long-v0.1.html", known_scalar::long_integer},
    {"https://scalars.graphql.org/chillicream/long.html", known_scalar::long_integer},
    {"https://scalars.graphql.org/chillicream/base64-string.html", known_scalar::bytes},
    {"https://scalars.graphql.org/chillicream/date.html", known_scalar::date},
    {"https://scalars.graphql.org/chillicream/local-date.html", known_scalar::date},
    {"https://scalars.graphql.org/apollographql/localdate-v0.1.html", known_scalar::date},
    {"https://scalars.graphql.org/andimarek/local-date.html", known_scalar::date},
    {"https://scalars.graphql.org/chillicream/date-time.html", known_scalar::date_time},
    {"https://scalars.graphql.org/apollographql/instant-v0.1.html", known_scalar::date_time},
    {"https://scalars.graphql.org/andimarek/date-time.html", known_scalar::date_time},
    {"https://scalars.graphql.org/chillicream/uuid.html", known_scalar::uuid},
    {"https://scalars.graphql.org/chillicream/url.html", known_scalar::url},
    {"https://scalars.graphql.org/waggle/big-int.html", known_scalar::big_int},
    {"https://scalars.graphql.org/waggle/decimal.html", known_scalar::decimal},
    {"https://scalars.graphql.org/waggle/time.html", known_scalar::time},
    {"https://scalars.graphql.org/waggle/duration.html", known_scalar::duration},
};

struct description {
  known_scalar scalar;
  std::string_view name;
  std::string_view form;
};
/// In the order of `known_scalar`.
constexpr std::array<description, 12> descriptions = {{
    {known_scalar::none, "", "any JSON"},
    {known_scalar::long_integer, "Long", "an integer of 64 bits"},
    {known_scalar::big_int, "BigInt", "an integer, or its digits in a string"},
    {known_scalar::decimal, "Decimal", "a decimal number in a string such as \"12.50\""},
    {known_scalar::bytes, "Bytes", "padded base64 such as \"aGk=\""},
    {known_scalar::date, "Date", "an RFC 3339 date such as 2026-01-31"},
    {known_scalar::time, "Time", "an RFC 3339 time with its offset such as 14:30:00Z"},
    {known_scalar::date_time, "DateTime", "an RFC 3339 time with date and offset such as 2026-01-31T14:30:00Z"},
    {known_scalar::duration, "Duration", "an ISO 8601 duration such as P1DT2H30M"},
    {known_scalar::uuid, "UUID", "a UUID such as 0190163d-8694-739b-aea5-966c26f8ad91"},
    {known_scalar::url, "URL", "an absolute URL such as https://example.com/"},
    {known_scalar::json, "JSON", "any JSON"},
}};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// Takes a text apart from its front. Every taker says whether it could.
class cursor {
 public:
  explicit constexpr cursor(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  [[nodiscard]] constexpr bool done() const { return at_ == end_; }
  constexpr bool take(char c) {
    if (done() || *at_ != c) return false;
    ++at_;
    return true;
  }
  constexpr bool take_either(char a, char b) { return take(a) || take(b); }
  /// One or more digits.
  constexpr bool take_digits() {
    const char* start = at_;
    while (at_ != end_ && is_digit(*at_)) ++at_;
    return at_ != start;
  }
  /// Exactly so many digits, with a value in the range.
  constexpr bool take_number(int& value, int digits, int least, int most) {
    if (end_ - at_ < digits) return false;
    value = 0;
    for (; digits > 0; --digits, ++at_) {
      if (!is_digit(*at_)) return false;
      value = value * 10 + (*at_ - '0');
    }
    return value >= least && value <= most;
  }
  /// The next character, where there is one.
  constexpr char next() { return done() ? '\0' : *at_++; }

 private:
  const char* at_;
  const char* end_;
};

bool is_big_int(std::string_view text) {
  cursor c(text);
  c.take('-');
  return c.take_digits() && c.done();
}

bool is_decimal(std::string_view text) {
  cursor c(text);
  c.take('-');
  if (!c.take_digits()) return false;
  return c.done() || (c.take('.') && c.take_digits() && c.done());
}

constexpr std::uint8_t no_base64 = 0xFF;
constexpr std::array<std::uint8_t, 256> base64_values = [] {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::array<std::uint8_t, 256> out{};
  out.fill(no_base64);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    out[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  return out;
}();

bool is_base64(std::string_view text) {
  if (text.size() % 4 != 0) return false;
  if (text.empty()) return true;
  std::uint8_t unused_bits = 0;
  if (text.ends_with("==")) {
    text.remove_suffix(2);
    unused_bits = 0x0F;
  } else if (text.ends_with('=')) {
    text.remove_suffix(1);
    unused_bits = 0x03;
  }
  std::uint8_t all = 0;
  for (const char c : text) all |= base64_values[static_cast<unsigned char>(c)];
  // Values have six bits: a character outside the alphabet shows in the upper two.
  if ((all & 0xC0) != 0) return false;
  return (base64_values[static_cast<unsigned char>(text.back())] & unused_bits) == 0;
}

constexpr bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

bool take_date(cursor& c) {
  constexpr std::array<int, 12> lengths = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int year = 0;
  int month = 0;
  int day = 0;
  if (!c.take_number(year, 4, 0, 9999) || !c.take('-') || !c.take_number(month, 2, 1, 12) || !c.take('-')) return false;
  const int length = month == 2 && is_leap(year) ? 29 : lengths[static_cast<std::size_t>(month - 1)];
  return c.take_number(day, 2, 1, length);
}

bool take_time(cursor& c) {
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!c.take_number(hour, 2, 0, 23) || !c.take(':') || !c.take_number(minute, 2, 0, 59) || !c.take(':')) return false;
  if (!c.take_number(second, 2, 0, 60)) return false;
  if (c.take('.') && !c.take_digits()) return false;
  int offset = 0;  // in minutes
  if (!c.take_either('Z', 'z')) {
    const bool west = c.take('-');
    int hours = 0;
    int minutes = 0;
    if (!west && !c.take('+')) return false;
    if (!c.take_number(hours, 2, 0, 23) || !c.take(':') || !c.take_number(minutes, 2, 0, 59)) return false;
    offset = (hours * 60 + minutes) * (west ? -1 : 1);
  }
  if (second < 60) return true;
  constexpr int day = 24 * 60;
  const int utc = (hour * 60 + minute - offset + day) % day;
  return utc == day - 1;  // 23:59
}

bool is_date(std::string_view text) {
  cursor c(text);
  return take_date(c) && c.done();
}
bool is_time(std::string_view text) {
  cursor c(text);
  return take_time(c) && c.done();
}
bool is_date_time(std::string_view text) {
  cursor c(text);
  return take_date(c) && c.take_either('T', 't') && take_time(c) && c.done();
}

bool is_duration(std::string_view text) {
  cursor c(text);
  if (!c.take('P')) return false;
  std::string_view units = "YMD";  // those that may still come
  bool timed = false;
  bool whole = true;
  int components = 0;
  for (; !c.done(); ++components) {
    if (!timed && c.take('T')) {
      timed = true;
      units = "HMS";
    }
    if (!whole || !c.take_digits()) return false;  // only the last component has a fraction
    if (c.take_either('.', ',')) {
      if (!c.take_digits()) return false;
      whole = false;
    }
    const char unit = c.next();
    if (unit == 'W') return components == 0 && !timed && c.done();
    const std::size_t found = unit == '\0' ? std::string_view::npos : units.find(unit);
    if (found == std::string_view::npos) return false;
    units.remove_prefix(found + 1);
  }
  return components > 0;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  bool good = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    good &= hyphen ? text[i] == '-' : is_hex(text[i]);
  }
  return good;
}

}  // namespace

known_scalar scalar_specified_by(std::string_view url) {
  constexpr std::string_view secure = "https://";
  constexpr std::string_view plain = "http://";
  url = url.substr(0, url.find('#'));
  if (url.starts_with(secure)) {
    url.remove_prefix(secure.size());
  } else if (url.starts_with(plain)) {
    url.remove_prefix(plain.size());
  } else {
    return known_scalar::none;
  }
  if (url.ends_with(page)) url.remove_suffix(page.size());
  for (const published& row : addresses) {
    std::string_view known = row.url;
    known.remove_prefix(secure.size());
    known.remove_suffix(page.size());
    if (known == url) return row.scalar;
  }
  return known_scalar::none;
}

known_scalar scalar_named(std::string_view name) {
  if (name.empty()) return known_scalar::none;
  const auto* it = std::ranges::find(descriptions, name, &description::name);
  return it == descriptions.end() ? known_scalar::none : it->scalar;
}

std::string_view specification_of(known_scalar scalar) {
  const auto* it = std::ranges::find(addresses, scalar, &published::scalar);
  return it == std::end(addresses) ? std::string_view{} : it->url;
}

bool has_form(known_scalar scalar, std::string_view text) {
  switch (scalar) {
    case known_scalar::big_int: return is_big_int(text);
    case known_scalar::decimal: return is_decimal(text);
    case known_scalar::bytes: return is_base64(text);
    case known_scalar::date: return is_date(text);
    case known_scalar::time: return is_time(text);
    case known_scalar::date_time: return is_date_time(text);
    case known_scalar::duration: return is_duration(text);
    case known_scalar::uuid: return is_uuid(text);
    case known_scalar::url: return is_uri(text);
    case known_scalar::long_integer: return false;
    case known_scalar::none:
    case known_scalar::json: return true;
  }
  return false;
}

std::string_view expected_form(known_scalar scalar) { return descriptions[static_cast<std::size_t>(scalar)].form; }

}  // namespace waggle::graphql
