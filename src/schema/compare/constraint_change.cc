#include "schema/compare/constraint_change.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

namespace waggle::graphql {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
/// From here on two numbers may be one as a double.
constexpr double inexact_from = 9007199254740992.0;

const value* given(const directive* d, std::string_view keyword) {
  const argument* a = d == nullptr ? nullptr : d->find(keyword);
  return a == nullptr || a->given.kind == value_kind::null ? nullptr : &a->given;
}

double number(const value& v) { return std::strtod(std::string(v.text).c_str(), nullptr); }

/// The end of a range; a lower one is looked at with its sign turned, so that less is always narrower.
struct bound {
  double most = infinite;
  bool exclusive = false;
  std::string_view text;
};

bound bound_of(const directive* d, std::string_view inclusive, std::string_view exclusive, double sign) {
  bound b;
  if (const value* v = given(d, inclusive)) b = {sign * number(*v), false, v->text};
  if (const value* v = given(d, exclusive))
    if (const double most = sign * number(*v); most <= b.most) b = {most, true, v->text};
  return b;
}

void compare_bounds(const bound& before, const bound& after, constraint_change& into) {
  if (before.most == after.most && before.text != after.text && std::abs(after.most) >= inexact_from) {
    into = {true, true};
  } else if (before.most == after.most) {
    into.narrowed |= after.exclusive && !before.exclusive;
    into.widened |= before.exclusive && !after.exclusive;
  } else {
    (after.most < before.most ? into.narrowed : into.widened) = true;
  }
}

/// Is every multiple of `a` one of `b`?
bool divides(double b, double a) {
  const double times = a / b;
  return std::abs(times - std::round(times)) <= 1e-12 * std::abs(times);
}

void compare_multiples(const value* before, const value* after, constraint_change& into) {
  if (before == nullptr || after == nullptr) {
    into.narrowed |= after != nullptr;
    into.widened |= before != nullptr;
  } else if (before->text != after->text) {
    const double old_step = number(*before);
    const double new_step = number(*after);
    into.narrowed |= !divides(new_step, old_step);
    into.widened |= !divides(old_step, new_step);
  }
}

}  // namespace

constraint_change compare_constraints(const directive* before, const directive* after) {
  constraint_change out;
  struct range {
    std::string_view least, above, most, below;
  };
  constexpr range ranges[] = {
      {"min", "exclusiveMin", "max", "exclusiveMax"},
      {"minLength", "", "maxLength", ""},
      {"minItems", "", "maxItems", ""},
  };
  for (const range& r : ranges) {
    compare_bounds(bound_of(before, r.least, r.above, -1), bound_of(after, r.least, r.above, -1), out);
    compare_bounds(bound_of(before, r.most, r.below, 1), bound_of(after, r.most, r.below, 1), out);
  }
  compare_multiples(given(before, "multipleOf"), given(after, "multipleOf"), out);
  const value* old_pattern = given(before, "pattern");
  const value* new_pattern = given(after, "pattern");
  if (old_pattern == nullptr || new_pattern == nullptr || old_pattern->text != new_pattern->text) {
    out.narrowed |= new_pattern != nullptr;
    out.widened |= old_pattern != nullptr;
  }
  const auto unique = [](const value* v) { return v != nullptr && v->text == "true"; };
  const bool was_unique = unique(given(before, "uniqueItems"));
  const bool is_unique = unique(given(after, "uniqueItems"));
  out.narrowed |= is_unique && !was_unique;
  out.widened |= was_unique && !is_unique;
  return out;
}

}  // namespace waggle::graphql
