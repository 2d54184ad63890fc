#include "schema/values/decimal.h"

#include <limits>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace waggle::decimal {
namespace {

__extension__ using wide = __int128;

TEST(decimal, is_integral_by_value_not_by_form) {
  for (const std::string_view text : {"0", "-0", "0.0", "-0.000e-5", "0e-99999999999999999999", "1", "-1", "1.0", "1e3",
                                      "1E+3", "100e-2", "1.50e1", "12.5e1", "1e999999999", "1e99999999999999999999",
                                      "123456789012345678901234567890", "120.00", "0.001e3", "00120.0"})
    EXPECT_TRUE(is_integral(text)) << text;
  for (const std::string_view text :
       {"0.1", "-1.5", "1e-1", "100e-3", "1.55e1", "1e-999999999", "1e-99999999999999999999", "0.0001e3", "10.01",
        "123456789012345678901234567890.5"})
    EXPECT_FALSE(is_integral(text)) << text;
}

TEST(decimal, compares_exactly) {
  // From the smallest to the greatest; what shares a row is equal.
  const std::vector<std::vector<std::string>> rows = {
      {"-1e1000000000000000000", "-1e9999999999999999999", "-1e99999999999999999999999"},
      {"-1e999999999999999999"},
      {"-1e999999999"},
      {"-9007199254740993", "-9007199254740993.0"},
      {"-9007199254740992"},
      {"-10", "-1e1", "-1.0E+1", "-0010"},
      {"-1.01"},
      {"-1", "-1.0", "-10e-1"},
      {"-0.1"},
      {"-1e-999999999"},
      {"0", "-0", "0.000", "0e999999999", "-0e-7", "00"},
      {"1e-999999999"},
      {"0." + std::string(5000, '0') + "1", "1e-5001"},
      {"0.1", "1e-1", "0.10"},
      {"0.1000000000000000055511151231257827021181583404541015625"},
      {"0.3"},
      {"1", "1." + std::string(5000, '0')},
      {"1." + std::string(5000, '0') + "1"},
      {"9.99"},
      {"10", "1e1", "0.1e2", "1000e-2", "10.0"},
      {"10.01", "1001e-2"},
      {"99"},
      {"100", "1e2"},
      {"9223372036854775807"},
      {"9223372036854775808"},
      {std::string(5000, '9')},
      {"1" + std::string(5000, '0'), "1e5000", "0.01e5002"},
      {"1" + std::string(4999, '0') + "1"},
      {"9.9e999999998"},
      {"1e999999999", "0.001e1000000002"},
  };
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t k = 0; k < rows.size(); ++k)
      for (const std::string& a : rows[i])
        for (const std::string& b : rows[k])
          EXPECT_EQ(compare(a, b), i <=> k) << a.substr(0, 60) << " against " << b.substr(0, 60);
}

TEST(decimal, multiples_are_exact) {
  constexpr struct {
    std::string_view text;
    std::string_view divisor;
    bool multiple;
  } cases[] = {
      {"0.3", "0.1", true},
      {"19.99", "0.01", true},
      {"0.07", "0.01", true},
      {"1.1", "0.01", true},
      {"1.005", "0.01", false},
      {"4.35", "0.01", true},
      {"0", "3", true},
      {"-0.0", "0.7", true},
      {"9", "3", true},
      {"-9", "3", true},
      {"10", "3", false},
      {"1e2", "3", false},
      {"1e2", "4", true},
      {"1", "8", false},
      {"1e3", "8", true},
      {"1e2", "8", false},
      {"1", "0.125", true},
      {"0.5", "0.125", true},
      {"0.3", "0.125", false},
      {"1e999999999", "8", true},
      {"1e999999999", "7", false},
      {"7e999999999", "7", true},
      {"1e-999999999", "1", false},
      {"1e99999999999999999999", "1", true},
      {"1e308", "0.5", true},
      {"3", "1e-999999999", true},
      {"1e999999999", "1e-999999999", true},
      {"1", "1e999999999", false},
      {"2e999999999", "1e999999999", true},
      {"12345678901234567890", "10", true},
      {"123456789012345678901", "10", false},
      {"7.5", "2.5", true},
      {"7.5", "1.5", true},
      {"7.6", "1.5", false},
      {"9999999999999999999", "9999999999999999999", true},
      {"99999999999999999990000", "9999999999999999999", true},
      {"9999999999999999998", "9999999999999999999", false},
      // Divisors that are none.
      {"1", "0", false},
      {"0", "0", true},
      {"2", "-1", false},
      {"12345678901234567891", "12345678901234567891", false},
  };
  for (const auto& c : cases) EXPECT_EQ(is_multiple(c.text, c.divisor), c.multiple) << c.text << " of " << c.divisor;
}

TEST(decimal, to_int64_takes_every_form_of_an_integer_that_fits) {
  constexpr struct {
    std::string_view text;
    std::int64_t value;
  } fit[] = {
      {"0", 0},
      {"-0", 0},
      {"1.0", 1},
      {"1e3", 1000},
      {"-0.0e9", 0},
      {"100e-2", 1},
      {"-12.50e1", -125},
      {"999999999999999999", 999999999999999999},
      {"1000000000000000000", 1000000000000000000},
      {"9223372036854775807", std::numeric_limits<std::int64_t>::max()},
      {"-9223372036854775808", std::numeric_limits<std::int64_t>::min()},
      {"-9223372036854775808.000", std::numeric_limits<std::int64_t>::min()},
      {"92233720368547758.07e2", std::numeric_limits<std::int64_t>::max()},
      {"0.000000000000000000000000000001e30", 1},
      {"0e999999999", 0},
      {"00000000000000000000000000000042", 42},
  };
  for (const auto& c : fit) EXPECT_EQ(to_int64(c.text), c.value) << c.text;
  for (const std::string_view text :
       {"0.5", "1e-1", "9223372036854775808", "-9223372036854775809", "1e19", "1e999999999", "1e99999999999999999999",
        "10000000000000000000", "-10000000000000000000", "18446744073709551616", "18446744073709551617"})
    EXPECT_EQ(to_int64(text), std::nullopt) << text;
}

TEST(decimal, integer_digits_are_canonical) {
  constexpr struct {
    std::string_view text;
    std::size_t most;
    std::optional<std::string_view> digits;
  } cases[] = {
      {"4.0", 100, "4"},
      {"1e3", 100, "1000"},
      {"-0.0", 100, "0"},
      {"-1.50e2", 100, "-150"},
      {"12.34e2", 100, "1234"},
      {"007", 100, "7"},
      {"123456789012345678901234567890", 100, "123456789012345678901234567890"},
      {"1e3", 4, "1000"},
      {"-1e3", 4, "-1000"},
      {"1e3", 3, std::nullopt},
      {"1e999999999", 1000, std::nullopt},
      {"1e99999999999999999999", 1000, std::nullopt},
      {"0e99999999999999999999", 1, "0"},
      {"4.5", 100, std::nullopt},
      {"1e-1", 100, std::nullopt},
      {"0", 0, std::nullopt},
  };
  for (const auto& c : cases) EXPECT_EQ(integer_digits(c.text, c.most), c.digits) << c.text;
}

TEST(decimal, finiteness_is_that_of_the_nearest_double) {
  // Halfway between the largest double and 2^1024: the first decimal that becomes infinite.
  const std::string limit =
      "1797693134862315807937289714053034150799341327100378269361737789804449682927647509466490179775872070963"
      "3028641669288791094655554785194040263065748867150582068190890200070838367627385484581771153176447573027"
      "0069855571366959622842914819860834936475292719074168444365510704342711559699508093042880177904174497792";
  ASSERT_EQ(limit.size(), 309U);
  std::string below = limit;
  below.back() = '1';
  EXPECT_FALSE(is_finite_double(limit));
  EXPECT_FALSE(is_finite_double("-" + limit));
  EXPECT_FALSE(is_finite_double(limit + ".0e0"));
  EXPECT_TRUE(is_finite_double(below));
  EXPECT_TRUE(is_finite_double(below + "." + std::string(5000, '9')));
  for (const std::string_view text : {"0", "-0e999999999", "1e308", "1.7976931348623157e308", "1e-400", "1e-999999999",
                                      "5", "0.0001e312", "-1.7976931348623158e308"})
    EXPECT_TRUE(is_finite_double(text)) << text;
  for (const std::string_view text :
       {"1e309", "-1e999", "1.8e308", "1e99999999999999999999", "0.0001e313", "1.7976931348623159e308"})
    EXPECT_FALSE(is_finite_double(text)) << text;
  EXPECT_FALSE(is_finite_double(std::string(310, '1')));
}

TEST(decimal, significant_digits_leave_out_zeros_at_the_ends) {
  EXPECT_EQ(significant_digits("0.0250"), 2U);
  EXPECT_EQ(significant_digits("-2500e-7"), 2U);
  EXPECT_EQ(significant_digits("10.01"), 4U);
  EXPECT_EQ(significant_digits("0.000"), 0U);
}

TEST(decimal, no_bytes_are_unsafe) {
  for (const std::string_view text : {"", "-", ".", "e", "1e", "1e+", "--1", "1..2", ".5.", "+1", "abc", "1e-", "-.e",
                                      "Infinity", "\xFF\xFE", "1 ", "0x10"}) {
    (void)is_integral(text);
    (void)compare(text, "1");
    (void)compare("1", text);
    (void)is_multiple(text, "3");
    (void)is_multiple("3", text);
    (void)to_int64(text);
    (void)integer_digits(text, 100);
    (void)is_finite_double(text);
  }
}

/// mantissa × 10^exponent, small enough for 128 bits when aligned with others of its kind.
struct sample {
  std::int64_t mantissa;
  int exponent;
  std::string text;

  /// In units of 10^-least.
  static constexpr int least = 9;
  [[nodiscard]] wide units() const {
    wide value = mantissa;
    for (int i = exponent + least; i > 0; --i) value *= 10;
    return value;
  }
};

/// The same number in one of its many forms.
std::string write(std::int64_t mantissa, int exponent, std::mt19937_64& random) {
  std::string digits = std::to_string(mantissa < 0 ? -mantissa : mantissa);
  digits.insert(0, random() % 3, '0');
  const std::size_t zeros = random() % 4;
  digits.append(zeros, '0');
  exponent -= static_cast<int>(zeros);
  if (random() % 2 == 0) {
    const std::size_t behind = random() % (digits.size() + 1);
    exponent += static_cast<int>(behind);
    digits.insert(digits.size() - behind, behind > 0 ? "." : "");
    if (digits.starts_with('.')) digits.insert(0, "0");
  }
  constexpr std::string_view marks[] = {"e", "E"};
  std::string out = mantissa < 0 ? "-" + digits : digits;
  if (exponent != 0 || random() % 4 == 0)
    out += fmt::format("{}{}{}", marks[random() % 2], exponent >= 0 && random() % 2 == 0 ? "+" : "", exponent);
  return out;
}

sample make_sample(std::mt19937_64& random) {
  const auto bits = 1 + random() % 50;
  auto mantissa = static_cast<std::int64_t>(random() >> (64 - bits));
  if (random() % 8 == 0) mantissa *= 1000;
  if (random() % 3 == 0) mantissa = -mantissa;
  const int exponent = static_cast<int>(random() % 14) - sample::least;
  return {mantissa, exponent, write(mantissa, exponent, random)};
}

TEST(decimal, agrees_with_integers_of_128_bits) {
  std::mt19937_64 random(20260131);
  wide one = 1;
  for (int i = 0; i < sample::least; ++i) one *= 10;
  for (int round = 0; round < 200'000; ++round) {
    const sample a = make_sample(random);
    sample b = make_sample(random);
    if (round % 5 == 0) b.text = write((b = a).mantissa, a.exponent, random);
    const wide x = a.units();
    const wide y = b.units();
    const auto order = x < y   ? std::strong_ordering::less
                       : x > y ? std::strong_ordering::greater
                               : std::strong_ordering::equal;
    ASSERT_EQ(compare(a.text, b.text), order) << a.text << " against " << b.text;
    ASSERT_EQ(is_integral(a.text), x % one == 0) << a.text;
    if (y > 0) {
      ASSERT_EQ(is_multiple(a.text, b.text), x % y == 0) << a.text << " of " << b.text;
    }
    const wide whole = x / one;
    const bool fits = x % one == 0 && whole >= std::numeric_limits<std::int64_t>::min() &&
                      whole <= std::numeric_limits<std::int64_t>::max();
    const auto value = to_int64(a.text);
    ASSERT_EQ(value.has_value(), fits) << a.text;
    if (fits) {
      ASSERT_EQ(*value, static_cast<std::int64_t>(whole)) << a.text;
      ASSERT_EQ(integer_digits(a.text, 30), std::to_string(*value)) << a.text;
    }
    ASSERT_EQ(integer_digits(a.text, 30).has_value(), x % one == 0) << a.text;
    ASSERT_TRUE(is_finite_double(a.text)) << a.text;
  }
}

TEST(decimal, long_multiples_are_built_from_their_divisor) {
  // n × d written out by school multiplication, for divisors of 19 digits.
  std::mt19937_64 random(7);
  for (int round = 0; round < 2'000; ++round) {
    const std::uint64_t d = 1'000'000'000'000'000'000 + random() % 8'000'000'000'000'000'000;
    std::string product;
    wide carry = 0;
    const std::size_t length = 1 + random() % 200;
    for (std::size_t i = 0; i < length; ++i) {
      carry += static_cast<wide>(d) * static_cast<wide>(random() % 10);
      product.insert(product.begin(), static_cast<char>('0' + static_cast<int>(carry % 10)));
      carry /= 10;
    }
    for (; carry > 0; carry /= 10)
      product.insert(product.begin(), static_cast<char>('0' + static_cast<int>(carry % 10)));
    ASSERT_TRUE(is_multiple(product, std::to_string(d))) << product << " of " << d;
    char& last = product.back();
    last = last == '9' ? '8' : static_cast<char>(last + 1);
    ASSERT_FALSE(is_multiple(product, std::to_string(d))) << product << " of " << d;
  }
}

TEST(decimal, long_texts_take_linear_time) {
  const std::string digits(std::size_t{4} << 20, '7');
  EXPECT_TRUE(is_integral(digits));
  EXPECT_EQ(compare(digits, digits + ".0"), std::strong_ordering::equal);
  EXPECT_TRUE(is_multiple(digits, "7"));
  EXPECT_FALSE(is_multiple(digits, "1234567890123456789"));
  EXPECT_EQ(to_int64(digits), std::nullopt);
  EXPECT_EQ(integer_digits(digits, 1000), std::nullopt);
  EXPECT_FALSE(is_finite_double(digits));
  EXPECT_TRUE(is_finite_double("0." + digits));
  EXPECT_TRUE(is_finite_double("1e-" + digits));
  EXPECT_FALSE(is_finite_double("1e" + digits));
}

}  // namespace
}  // namespace waggle::decimal
