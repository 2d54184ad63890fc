// Any bytes as the text of a scalar, as two decimal numbers, as a pattern and as bounds. What must hold: no crash, no read
// outside; comparing is an order that agrees with long double where the numbers are far apart; what is integral has digits
// that are the same number; the boolean checks of @constraint and those with messages agree.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "schema/values/constraint.h"
#include "schema/values/decimal.h"
#include "schema/values/scalars.h"

namespace {

using namespace waggle;
using graphql::known_scalar;

void require(bool what) {
  if (!what) std::abort();
}

void look_at_forms(std::string_view text) {
  constexpr auto last = static_cast<unsigned>(known_scalar::json);
  for (unsigned i = 0; i <= last; ++i) {
    const auto scalar = static_cast<known_scalar>(i);
    const bool fits = graphql::has_form(scalar, text);
    require(fits == graphql::has_form(scalar, text));
  }
  (void)graphql::scalar_specified_by(text);
  (void)graphql::scalar_named(text);
  if (graphql::has_form(known_scalar::big_int, text)) {
    require(graphql::has_form(known_scalar::decimal, text));
    require(decimal::is_integral(text));
  }
  if (graphql::has_form(known_scalar::date_time, text)) {
    require(graphql::has_form(known_scalar::date, text.substr(0, 10)));
    require(graphql::has_form(known_scalar::time, text.substr(11)));
  }
}

bool is_number(std::string_view text) {
  const auto e = text.find_first_of("eE");
  if (!graphql::has_form(known_scalar::decimal, text.substr(0, e))) return false;
  if (e == std::string_view::npos) return true;
  text.remove_prefix(e + 1);
  if (text.starts_with('+')) text.remove_prefix(1);
  return graphql::has_form(known_scalar::big_int, text);
}

void look_at_number(std::string_view text) {
  const bool integral = decimal::is_integral(text);
  const auto value = decimal::to_int64(text);
  const auto digits = decimal::integer_digits(text, 5000);
  const bool finite = decimal::is_finite_double(text);
  if (!is_number(text)) return;
  require(!value || integral);
  require(!digits || integral);
  if (value) require(digits == std::to_string(*value));
  if (digits) require(decimal::compare(*digits, text) == 0);
  require(decimal::is_multiple(text, "1") == integral);
  if (text.size() < 400) require(finite == std::isfinite(std::strtod(std::string(text).c_str(), nullptr)));
}

void look_at_pair(std::string_view a, std::string_view b) {
  const auto order = decimal::compare(a, b);
  const auto back = decimal::compare(b, a);
  const bool multiple = decimal::is_multiple(a, b);
  if (!is_number(a) || !is_number(b)) return;
  require((order < 0) == (back > 0) && (order == 0) == (back == 0));
  require(decimal::compare(a, a) == 0);
  if (order == 0) require(decimal::is_integral(a) == decimal::is_integral(b));
  if (multiple && decimal::compare(b, "0") > 0 && decimal::compare(a, "0") > 0) require(order >= 0);
  const long double x = std::strtold(std::string(a).c_str(), nullptr);
  const long double y = std::strtold(std::string(b).c_str(), nullptr);
  if (!std::isfinite(x) || !std::isfinite(y)) return;
  if (std::abs(x - y) > (std::abs(x) + std::abs(y)) * 1e-15L) require((x < y) == (order < 0) && order != 0);
}

void look_at_constraint(std::string_view pattern, std::string_view text) {
  graphql::pattern_set patterns;
  std::string problem;
  graphql::constraint c;
  c.pattern = patterns.compile(pattern, problem);
  require((c.pattern == nullptr) == !problem.empty());
  c.min_length = 3;
  c.max_length = 9;
  require(graphql::text_fits(c, text) == !graphql::check_text(c, text));
  if (!is_number(pattern) || !is_number(text)) return;
  c.min = c.exclusive_max = c.multiple_of = pattern;
  require(graphql::number_fits(c, text) == !graphql::check_number(c, text));
  require(!graphql::number_fits(c, text));  // at least and below the same
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Of exactly this size, so that a read outside is seen.
  const auto bytes = std::make_unique<char[]>(size);
  std::copy(data, data + size, bytes.get());
  const std::string_view whole(bytes.get(), size);
  const std::size_t cut = whole.find(' ');
  const std::string_view a = whole.substr(0, cut);
  const std::string_view b = cut == std::string_view::npos ? a : whole.substr(cut + 1);
  look_at_forms(whole);
  look_at_forms(a);
  look_at_number(a);
  look_at_number(b);
  look_at_pair(a, b);
  look_at_constraint(a, b);
  return 0;
}
