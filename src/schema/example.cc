#include "schema/example.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <ranges>

#include <fmt/format.h>
#include <re2/re2.h>

#include "schema/values/constraint.h"
#include "schema/values/decimal.h"
#include "schema/values/scalars.h"

namespace waggle::graphql {
namespace {

constexpr unsigned max_depth = 8;
constexpr unsigned max_values = 100;  // a schema can ask for more values than there is memory
constexpr std::uint32_t max_items = 10;
constexpr std::size_t max_text = 100;

/// Looking for a value that keeps to a @constraint takes time, and each of a contract's many methods may ask for the
/// same one: they share so much of it. A pattern, which is compiled anew, costs more, and a large one is not tried.
constexpr std::size_t whole_effort = 10'000;
constexpr std::size_t pattern_effort = 40;
constexpr int largest_pattern = 1000;  // in RE2's instructions
constexpr std::size_t most_extensions = 100;

struct sample {
  std::string_view scalar;
  std::string_view json;
};
/// Scalars, by name: those of the specification and those that contracts share (scalars.graphql.org, okra).
constexpr sample samples[] = {
    {"Int", "1"},
    {"Float", "1.5"},
    {"Boolean", "true"},
    {"ID", R"("1")"},
    {"Date", R"("2026-01-31")"},
    {"Time", R"("12:00:00Z")"},
    {"DateTime", R"("2026-01-31T12:00:00Z")"},
    {"Duration", R"("PT1H")"},
    {"UUID", R"("123e4567-e89b-42d3-a456-426614174000")"},
    {"URL", R"("https://example.com/")"},
    {"Long", "1"},
    {"BigInt", "1"},
    {"Decimal", R"("1.5")"},
    {"Bytes", R"("dGV4dA==")"},
    {"Currency", R"("EUR")"},
    {"JSON", "{}"},
    {"Void", "null"},
};

/// What patterns may ask for, besides the strings among the samples.
constexpr std::string_view plausible =
    "a@example.com abc a-1 a_1 ABC 1 12345678 https://example.com +15550100 A1 AB ABC-123 #aabbcc en-US 1.0.0 "
    "example.com 192.0.2.1 12:00 /a/b Aa1!Aa1! 1234567890123456";

/// The first part of a type for which `call` gives true. A type can have many, and each of many methods may ask for it: so
/// only the first are looked at.
template <class Call>
void find_part(const type_entry& type, Call call) {
  if (call(*type.defined)) return;
  for (const definition* e : type.extensions | std::views::take(most_extensions))
    if (call(*e)) return;
}

/// A scalar's place, and what its value must keep to.
struct leaf {
  std::string_view type;
  std::string_view usual;  ///< JSON, for where nothing is asked
  known_scalar form = known_scalar::none;
  std::vector<constraint> checks;  ///< the place's own and the scalar's
};

bool is_quoted(std::string_view json) { return json.starts_with('"'); }
std::string_view unquoted(std::string_view json) { return is_quoted(json) ? json.substr(1, json.size() - 2) : json; }

/// A scalar that the host does not know may have numbers or texts; bounds tell.
bool is_number(const leaf& l) {
  if (l.form == known_scalar::none)
    return l.usual.starts_with('1') || std::ranges::any_of(l.checks, [](const constraint& c) {
             return c.min || c.max || c.exclusive_min || c.exclusive_max || c.multiple_of;
           });
  return l.form == known_scalar::long_integer || l.form == known_scalar::big_int || l.form == known_scalar::decimal;
}

/// The number as JSON of this type, or nothing where it does not fit.
std::string fitting_number(const leaf& l, std::string_view text) {
  if (!std::ranges::all_of(l.checks, [text](const constraint& c) { return number_fits(c, text); })) return {};
  if (l.type == "Int" || l.form == known_scalar::long_integer) {
    const auto n = decimal::to_int64(text);
    const bool fits = n && (l.type != "Int" || *n == static_cast<std::int32_t>(*n));
    return fits ? fmt::to_string(*n) : std::string{};
  }
  if (l.form != known_scalar::none && !has_form(l.form, text)) return {};
  return l.form == known_scalar::decimal ? fmt::format(R"("{}")", text) : std::string(text);
}

std::string fitting_text(const leaf& l, std::string_view text) {
  const bool fits = has_form(l.form, text) &&
                    std::ranges::all_of(l.checks, [text](const constraint& c) { return text_fits(c, text); });
  return fits ? fmt::format(R"("{}")", text) : std::string{};
}

struct bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  std::vector<double> steps;
};

/// Rounded: what is made of it is only tried.
double rounded(const std::string& number) {
  double d = 0;
  std::from_chars(number.data(), number.data() + number.size(), d);
  return d;
}
bounds bounds_of(const leaf& l) {
  bounds b;
  for (const constraint& c : l.checks) {
    for (const auto* low : {&c.min, &c.exclusive_min})
      if (*low) b.low = std::max(b.low, rounded(**low));
    for (const auto* high : {&c.max, &c.exclusive_max})
      if (*high) b.high = std::min(b.high, rounded(**high));
    if (c.multiple_of) b.steps.push_back(rounded(*c.multiple_of));
  }
  b.steps.push_back(1);
  return b;
}

/// What a number may be, the likeliest first: the usual, the bounds as they are written, multiples near them, and what
/// is between them.
std::vector<std::string> numbers(const leaf& l) {
  const std::string_view usual = unquoted(l.usual);
  std::vector<std::string> out{has_form(known_scalar::decimal, usual) ? std::string(usual) : "1"};
  for (const constraint& c : l.checks)
    for (const auto* written : {&c.min, &c.max})
      if (*written) out.push_back(**written);
  const auto add = [&out](double d) {
    if (std::isfinite(d)) out.push_back(fmt::format("{:.15g}", d + 0.0));  // no -0
  };
  const bounds b = bounds_of(l);
  const bool down = std::isinf(b.low) && std::isfinite(b.high);
  for (const double step : b.steps) {
    const double first = down ? std::floor(b.high / step) : std::isfinite(b.low) ? std::ceil(b.low / step) : 1;
    for (unsigned i = 0; i < 2 * max_items; ++i) add((down ? first - i : first + i) * step);
  }
  for (unsigned i = 1; i <= max_items; ++i) add(b.low + std::ldexp(b.high - b.low, -static_cast<int>(i)));
  return out;
}

/// The same of a text: the usual, also repeated and cut to the lengths that are asked for, then others.
std::vector<std::string> texts(const leaf& l) {
  std::size_t least = 0;
  std::size_t most = max_text;
  for (const constraint& c : l.checks) {
    least = std::max<std::size_t>(least, c.min_length.value_or(0));
    most = std::min<std::size_t>(most, c.max_length.value_or(max_text));
  }
  std::vector<std::string> out;
  const auto add = [&](std::string_view text) {
    std::string& fitted = out.emplace_back(text);
    while (fitted.size() < std::min(least, max_text)) fitted += text;
    if (fitted.size() > most) fitted.resize(most);
  };
  add(unquoted(l.usual));
  for (const auto text : std::views::split(plausible, ' ')) add({text.begin(), text.end()});
  for (const sample& s : samples)
    if (is_quoted(s.json)) add(unquoted(s.json));
  return out;
}

/// The first `count` values that fit, as JSON; fewer where no more are found.
std::vector<std::string> fitting(const leaf& l, std::size_t count) {
  std::vector<std::string> out;
  const bool number = is_number(l);
  for (const std::string& text : number ? numbers(l) : texts(l)) {
    std::string json = number ? fitting_number(l, text) : fitting_text(l, text);
    if (!json.empty() && std::ranges::find(out, json) == out.end()) out.push_back(std::move(json));
    if (out.size() == count) break;
  }
  return out;
}

/// How much of the effort is for each method; nothing where they would be long to count.
std::size_t effort_of_method(const schema& s) {
  std::size_t methods = 0;
  for (const name& root : s.roots) {
    const auto entry = s.types.find(root.text);
    if (entry == s.types.end() || entry->second.defined == nullptr) continue;
    if (entry->second.extensions.size() > most_extensions) return 0;
    find_part(entry->second, [&methods](const definition& part) {
      methods += part.fields.empty() ? 1 : part.fields.size();
      return methods > whole_effort;
    });
  }
  return whole_effort / std::max<std::size_t>(1, methods);
}

class writer {
 public:
  explicit writer(const schema& s) : schema_(s), effort_(effort_of_method(s)) {}

  void object(const std::vector<const input_value*>& fields) {
    out_ += '{';
    for (const input_value* f : fields) {
      if (too_much()) return;
      if (out_.back() != '{') out_ += ',';
      fmt::format_to(std::back_inserter(out_), R"("{}":)", f->id.text);
      value(*f);
    }
    out_ += '}';
  }

  void value(const input_value& v) {
    ++values_;
    const auto lists = static_cast<std::size_t>(std::ranges::count(v.type.modifiers, '['));
    if (lists > max_depth) values_ = max_values + 1;
    if (too_much()) return;
    if (lists > 0 && depth_ == max_depth) {
      out_ += "[]";
      return;
    }
    if (lists > 0) return list(v, lists);
    const auto leaves = leaves_of(v, constraints_of(v.directives), 1);
    item(v, leaves.empty() ? std::string_view{} : leaves.front());
  }

  [[nodiscard]] bool too_much() const { return values_ > max_values; }
  std::string take() { return std::move(out_); }

 private:
  /// @constraint's items are those of the outermost list.
  void list(const input_value& v, std::size_t lists) {
    const std::vector<constraint> own = constraints_of(v.directives);
    const std::size_t count = own.empty() ? 1 : items_of(own.front());
    const auto leaves = leaves_of(v, own, !own.empty() && own.front().unique_items ? count : 1);
    out_ += '[';
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) ++values_;
      if (too_much()) return;
      if (i > 0) out_ += ',';
      out_.append(lists - 1, '[');
      item(v, leaves.empty() ? std::string_view{} : leaves[i % leaves.size()]);
      out_.append(lists - 1, ']');
    }
    out_ += ']';
  }
  static std::size_t items_of(const constraint& c) {
    if (c.max_items == 0U) return 0;
    const std::uint32_t least = c.min_items.value_or(1);
    return least > max_items ? 1 : std::max(1U, least);
  }

  /// What has no leaf is an input object.
  void item(const input_value& v, std::string_view json) {
    if (json.empty())
      input(schema_.types.find(v.type.named.text)->second);
    else
      out_ += json;
  }

  /// Up to `count` values, at least one, all different; none of an input type.
  std::vector<std::string> leaves_of(const input_value& v, const std::vector<constraint>& own, std::size_t count) {
    const std::string_view type = v.type.named.text;
    const auto entry = schema_.types.find(type);
    const definition* d = entry == schema_.types.end() ? nullptr : entry->second.defined;
    if (d != nullptr && d->kind == definition_kind::input) return {};
    if (d != nullptr && d->kind == definition_kind::enumeration) return enumeration(entry->second, count);
    if (type == "Boolean") return {"true", "false"};
    const auto* known = std::ranges::find(samples, type, &sample::scalar);
    leaf l{.type = type, .usual = known != std::end(samples) ? known->json : usual_text(v.id.text)};
    if (d == nullptr || l.usual == "{}" || l.usual == "null") return {std::string(l.usual)};
    return scalar(std::move(l), entry->second, own, count);
  }
  static std::string_view usual_text(std::string_view name) { return name == "name" ? R"("World")" : R"("text")"; }

  std::vector<std::string> scalar(leaf l, const type_entry& type, const std::vector<constraint>& own,
                                  std::size_t count) {
    l.form = form_of_scalar(schema_, type);
    l.checks = own;
    find_part(type, [&](const definition& part) {
      const auto read = constraints_of(part.directives);
      l.checks.insert(l.checks.end(), read.begin(), read.end());
      return !read.empty();
    });
    std::vector<std::string> out;
    const bool asked = !l.checks.empty() || l.form != known_scalar::none || count > 1;
    if (asked && spend(1)) out = fitting(l, count);
    if (out.empty()) out.emplace_back(l.usual);
    return out;
  }

  /// The @constraint among the directives; none where there is no effort left for it.
  std::vector<constraint> constraints_of(const std::vector<directive>& directives) {
    const auto d = std::ranges::find(directives, "constraint", [](const directive& at) { return at.id.text; });
    if (d == directives.end() || !spend(d->find("pattern") == nullptr ? 1 : pattern_effort)) return {};
    findings unread({}, {});  // who compiles the contract reports them
    auto read = read_constraint(*d, applies_to::numbers | applies_to::texts | applies_to::items, patterns_, unread);
    if (!read) return {};
    if (read->pattern != nullptr && read->pattern->ProgramSize() > largest_pattern) read->pattern = nullptr;
    return {std::move(*read)};
  }
  bool spend(std::size_t effort) {
    if (effort > effort_) return false;
    effort_ -= effort;
    return true;
  }

  std::vector<std::string> enumeration(const type_entry& type, std::size_t count) {
    std::vector<std::string> out;
    find_part(type, [&](const definition& part) {
      for (const enum_value& value : part.values)
        if (out.size() < count) out.push_back(fmt::format(R"("{}")", value.id.text));
      return out.size() >= count;
    });
    if (out.empty()) out.emplace_back("null");
    return out;
  }

  void input(const type_entry& type) {
    if (++depth_ > max_depth) {
      out_ += "{}";  // fields that need themselves: nothing fits, and this is as far as one gets
    } else if (type.one_of) {
      std::vector<const input_value*> first;
      find_part(type, [&](const definition& part) {
        if (!part.inputs.empty()) first.push_back(&part.inputs.front());
        return !first.empty();
      });
      object(first);
    } else {
      object(type.inputs.required);
    }
    --depth_;
  }

  const schema& schema_;
  pattern_set patterns_;
  std::size_t effort_;
  std::string out_;
  unsigned depth_ = 0;
  unsigned values_ = 0;
};

}  // namespace

std::vector<const input_value*> example_arguments(const field& f, bool bare) {
  if (bare && !f.arguments.empty()) return {&f.arguments.front()};
  input_index known;
  known.add(f.arguments);
  if (known.required.empty()) {
    const auto text = std::ranges::find_if(
        f.arguments, [](const input_value& v) { return v.type.named.text == "String" && !v.type.list(); });
    if (text != f.arguments.end()) known.required.push_back(&*text);
  }
  return std::move(known.required);
}

std::string example_payload(const schema& s, const field& f, bool bare) {
  writer to(s);
  const auto arguments = example_arguments(f, bare);
  if (bare && !f.arguments.empty())
    to.value(*arguments.front());
  else
    to.object(arguments);
  return to.too_much() ? "{}" : to.take();
}

}  // namespace waggle::graphql
