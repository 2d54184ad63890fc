#include "schema/values/constraint.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <re2/re2.h>

#include "schema/language/text.h"
#include "schema/values/decimal.h"

namespace waggle::graphql {
namespace {

constexpr std::size_t most_patterns = 1000;
/// Of RE2's programs of one contract together, each instruction about 16 bytes.
constexpr std::size_t most_instructions = 500'000;
/// Bytes for one pattern's program and its tables while it searches.
constexpr std::int64_t pattern_memory = std::int64_t{1} << 20;
/// A bound is read anew for each number of a payload, so its length counts.
constexpr std::size_t longest_bound = 100;

using bound = std::optional<std::string>;
using size_bound = std::optional<std::uint32_t>;

struct number_keyword {
  std::string_view name;
  bound constraint::*member;
};
constexpr std::array<number_keyword, 5> number_keywords = {{{"min", &constraint::min},
                                                            {"max", &constraint::max},
                                                            {"exclusiveMin", &constraint::exclusive_min},
                                                            {"exclusiveMax", &constraint::exclusive_max},
                                                            {"multipleOf", &constraint::multiple_of}}};
struct size_keyword {
  std::string_view name;
  size_bound constraint::*member;
  applies_to target;
};
constexpr std::array<size_keyword, 4> size_keywords = {{{"minLength", &constraint::min_length, applies_to::texts},
                                                        {"maxLength", &constraint::max_length, applies_to::texts},
                                                        {"minItems", &constraint::min_items, applies_to::items},
                                                        {"maxItems", &constraint::max_items, applies_to::items}}};

/// Reads one `@constraint`; `read` is its only use.
class reader {
 public:
  reader(const directive& d, applies_to what, pattern_set& patterns, findings& found)
      : directive_(d), what_(what), patterns_(patterns), found_(found) {}

  std::optional<constraint> read() {
    for (const argument& a : directive_.arguments)
      if (a.given.kind != value_kind::null) read(a);
    if (good_) check_ranges();
    return good_ ? std::optional(std::move(c_)) : std::nullopt;
  }

 private:
  void refuse(std::size_t offset, std::string message) {
    found_.error(offset, std::move(message));
    good_ = false;
  }

  /// False and reported where the keyword has nothing to apply to.
  bool applicable(const argument& a, applies_to target) {
    if (has(what_, target)) return true;
    const std::string_view whose = target == applies_to::numbers ? "numbers"
                                   : target == applies_to::texts ? "strings"
                                                                 : "lists";
    refuse(a.id.offset, fmt::format("{} of @constraint is for {}; here it would never apply", shown(a.id.text), whose));
    return false;
  }

  void read(const argument& a) {
    for (const number_keyword& k : number_keywords)
      if (k.name == a.id.text) return read_number(a, k);
    for (const size_keyword& k : size_keywords)
      if (k.name == a.id.text) return read_size(a, k);
    if (a.id.text == "pattern") return read_pattern(a);
    if (a.id.text == "uniqueItems") return read_unique(a);
    good_ = false;  // an unknown argument, which is reported elsewhere
  }

  void read_number(const argument& a, const number_keyword& k) {
    if (!applicable(a, applies_to::numbers)) return;
    const std::string_view text = a.given.text;
    if ((a.given.kind != value_kind::integer && a.given.kind != value_kind::floating) ||
        !decimal::is_finite_double(text)) {
      good_ = false;
      return;
    }
    if (text.size() > longest_bound)
      return refuse(a.given.offset,
                    fmt::format("{} of @constraint has {} characters; at most {}", k.name, text.size(), longest_bound));
    if (k.member == &constraint::multiple_of) {
      if (decimal::compare(text, "0") <= 0)
        return refuse(a.given.offset, fmt::format("multipleOf of @constraint is {}; it must be above 0", shown(text)));
      if (decimal::significant_digits(text) > decimal::most_divisor_digits)
        return refuse(a.given.offset, fmt::format("multipleOf of @constraint has {} digits; at most {}",
                                                  decimal::significant_digits(text), decimal::most_divisor_digits));
    }
    c_.*k.member = std::string(text);
  }

  void read_size(const argument& a, const size_keyword& k) {
    if (!applicable(a, k.target)) return;
    const auto size = integer_of(a.given);
    if (!size) {
      good_ = false;
    } else if (*size < 0) {
      refuse(a.given.offset, fmt::format("{} of @constraint is {}; it must be 0 or more", k.name, *size));
    } else {
      c_.*k.member = static_cast<std::uint32_t>(*size);
    }
  }

  void read_pattern(const argument& a) {
    if (!applicable(a, applies_to::texts)) return;
    if (a.given.kind != value_kind::string) {
      good_ = false;
      return;
    }
    std::string problem;
    c_.pattern = patterns_.compile(a.given.text, problem);
    if (c_.pattern == nullptr) refuse(a.given.offset, fmt::format("pattern of @constraint: {}", problem));
  }

  void read_unique(const argument& a) {
    if (a.given.kind != value_kind::boolean) {
      good_ = false;
      return;
    }
    c_.unique_items = a.given.text == "true";
    if (c_.unique_items) applicable(a, applies_to::items);
  }

  /// Bounds that leave no value are a mistake: the method could never be called.
  void check_ranges() {
    check_range("min", c_.min, "max", c_.max, true);
    check_range("exclusiveMin", c_.exclusive_min, "max", c_.max, false);
    check_range("min", c_.min, "exclusiveMax", c_.exclusive_max, false);
    check_range("exclusiveMin", c_.exclusive_min, "exclusiveMax", c_.exclusive_max, false);
    check_range("minLength", c_.min_length, "maxLength", c_.max_length);
    check_range("minItems", c_.min_items, "maxItems", c_.max_items);
  }
  void check_range(std::string_view low_name, const bound& low, std::string_view high_name, const bound& high,
                   bool may_meet) {
    if (!low || !high) return;
    const auto order = decimal::compare(*low, *high);
    if (order > 0 || (order == 0 && !may_meet)) no_value(low_name, shown(*low), high_name, shown(*high));
  }
  void check_range(std::string_view low_name, size_bound low, std::string_view high_name, size_bound high) {
    if (low && high && *low > *high) no_value(low_name, fmt::to_string(*low), high_name, fmt::to_string(*high));
  }
  void no_value(std::string_view low_name, const std::string& low, std::string_view high_name,
                const std::string& high) {
    refuse(directive_.id.offset,
           fmt::format("@constraint: nothing fits both {}: {} and {}: {}", low_name, low, high_name, high));
  }

  const directive& directive_;
  applies_to what_;
  pattern_set& patterns_;
  findings& found_;
  constraint c_;
  bool good_ = true;
};

/// Code points of well-formed UTF-8: the bytes that begin one.
std::size_t length_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool long_enough(const constraint& c, std::string_view text) {
  if (!c.min_length || text.size() / 4 >= *c.min_length) return true;  // a code point has at most four bytes
  return text.size() >= *c.min_length && length_of(text) >= *c.min_length;
}
bool short_enough(const constraint& c, std::string_view text) {
  if (!c.max_length || text.size() <= *c.max_length) return true;
  return text.size() / 4 <= *c.max_length && length_of(text) <= *c.max_length;
}
/// RE2 takes time in proportion to the text, but for some patterns also to their own length: both together are bounded.
std::size_t most_matched(const constraint& c) {
  constexpr std::size_t most_steps = 32'000'000;
  return most_steps / static_cast<std::size_t>(std::max(1, c.pattern->ProgramSize()));
}
bool matchable(const constraint& c, std::string_view text) {
  return c.pattern == nullptr || text.size() <= most_matched(c);
}
bool has_pattern(const constraint& c, std::string_view text) {
  return c.pattern == nullptr ||
         c.pattern->Match({text.data(), text.size()}, 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
}

/// "1 item", "2 items"
std::string counted(std::uint32_t n, std::string_view what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

}  // namespace

std::shared_ptr<const re2::RE2> pattern_set::compile(std::string_view text, std::string& problem) {
  if (const auto it = known_.find(text); it != known_.end()) return it->second;
  if (known_.size() >= most_patterns) {
    problem = fmt::format("more than {} patterns in one contract", most_patterns);
    return nullptr;
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(pattern_memory);
  auto compiled = std::make_shared<const re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
  if (!compiled->ok()) {
    problem = fmt::format("RE2: {}", shown(compiled->error()));
    return nullptr;
  }
  instructions_ += static_cast<std::size_t>(compiled->ProgramSize());
  if (instructions_ > most_instructions) {
    problem = "the patterns of this contract together are too large";
    return nullptr;
  }
  return known_.emplace(text, std::move(compiled)).first->second;
}

std::optional<constraint> read_constraint(const directive& d, applies_to what, pattern_set& patterns, findings& found) {
  return reader(d, what, patterns, found).read();
}

bool number_fits(const constraint& c, std::string_view number) {
  using decimal::compare;
  if (c.min && compare(number, *c.min) < 0) return false;
  if (c.max && compare(number, *c.max) > 0) return false;
  if (c.exclusive_min && compare(number, *c.exclusive_min) <= 0) return false;
  if (c.exclusive_max && compare(number, *c.exclusive_max) >= 0) return false;
  return !c.multiple_of || decimal::is_multiple(number, *c.multiple_of);
}

bool text_fits(const constraint& c, std::string_view decoded) {
  return long_enough(c, decoded) && short_enough(c, decoded) && matchable(c, decoded) && has_pattern(c, decoded);
}

bool items_fit(const constraint& c, std::size_t count) {
  return (!c.min_items || count >= *c.min_items) && (!c.max_items || count <= *c.max_items);
}

std::optional<std::string> check_number(const constraint& c, std::string_view number) {
  using decimal::compare;
  if (c.min && compare(number, *c.min) < 0) return fmt::format("must be at least {}", *c.min);
  if (c.max && compare(number, *c.max) > 0) return fmt::format("must be at most {}", *c.max);
  if (c.exclusive_min && compare(number, *c.exclusive_min) <= 0)
    return fmt::format("must be above {}", *c.exclusive_min);
  if (c.exclusive_max && compare(number, *c.exclusive_max) >= 0)
    return fmt::format("must be below {}", *c.exclusive_max);
  if (c.multiple_of && !decimal::is_multiple(number, *c.multiple_of))
    return fmt::format("must be a multiple of {}", *c.multiple_of);
  return std::nullopt;
}

std::optional<std::string> check_text(const constraint& c, std::string_view decoded) {
  if (!long_enough(c, decoded)) return fmt::format("must have at least {}", counted(*c.min_length, "character"));
  if (!short_enough(c, decoded)) return fmt::format("must have at most {}", counted(*c.max_length, "character"));
  if (!matchable(c, decoded)) return fmt::format("is too long to be matched; at most {} bytes", most_matched(c));
  if (!has_pattern(c, decoded)) return fmt::format("must match {}", shown(c.pattern->pattern()));
  return std::nullopt;
}

std::optional<std::string> check_items(const constraint& c, std::size_t count) {
  if (c.min_items && count < *c.min_items)
    return fmt::format("must have at least {}, has {}", counted(*c.min_items, "item"), count);
  if (c.max_items && count > *c.max_items)
    return fmt::format("must have at most {}, has {}", counted(*c.max_items, "item"), count);
  return std::nullopt;
}

}  // namespace waggle::graphql
