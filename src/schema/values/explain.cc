#include "schema/values/explain.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "schema/language/text.h"
#include "schema/values/check_value.h"
#include "schema/values/decimal.h"
#include "schema/values/json_cursor.h"
#include "schema/values/typename_index.h"
#include "schema/values/unique_items.h"

namespace waggle::graphql {
namespace {

/// Walks the text once and notes what does not fit. The text is known to be JSON, so steps cannot fail.
class report {
 public:
  report(const type_tables& tables, const std::string& json, bool input)
      : tables_(tables), begin_(json.c_str()), size_(json.size()), at_(skip_space(begin_)), input_(input) {}

  misfits run(std::uint32_t type, bool sensitive) {
    sensitive_ = sensitive;
    value(type);
    return std::move(found_);
  }

 private:
  // --- what is noted

  /// Behind the last that is noted, texts are not worth making.
  [[nodiscard]] bool full() const { return found_.count >= most_violations; }
  void note(const char* at, std::string message, std::string suggestion = {}) {
    if (++found_.count > most_violations) return;
    found_.first.push_back({path_, static_cast<std::size_t>(at - begin_), std::move(message), std::move(suggestion)});
  }
  void wrong(std::uint32_t type, std::string_view expected = {}) {
    const char* from = at_;
    skip();
    if (full()) return note(from, {});
    const std::string& name = tables_.texts[type];
    const std::string what = expected.empty() ? name : fmt::format("{} ({})", name, expected);
    note(from, fmt::format("expected {}, got {}", what, got(from, sensitive_ || has_fields(type))));
  }
  /// Objects of the type, or lists of them: what stands in their place may be a sensitive field's value.
  [[nodiscard]] bool has_fields(std::uint32_t type) const {
    while (tables_.types[type].what == shape::list) type = tables_.types[type].of;
    return tables_.types[type].what == shape::record || tables_.types[type].what == shape::abstract;
  }
  [[nodiscard]] std::string got(const char* from, bool hidden) const {
    const std::string_view text(from, static_cast<std::size_t>(at_ - from));
    switch (*from) {
      case '{': return "an object";
      case '[': return "a list";
      case 'n': return "null";
      case '"': return hidden ? "a string" : fmt::format("the string {}", shown(text));
      default: return hidden ? (is_digit(*from) || *from == '-' ? "a number" : "a boolean") : shown(text);
    }
  }

  // --- steps

  [[nodiscard]] std::string_view string_here() {
    const char* from = at_ + 1;
    at_ = end_of_string(at_);
    return {from, static_cast<std::size_t>(at_ - 1 - from)};
  }
  [[nodiscard]] std::string meaning_here() {
    std::string out;
    append_unescaped(out, string_here());
    return out;
  }
  /// Any value: what is inside cannot be wrong.
  void skip() { at_ = end_of_value(at_); }

  // --- values

  void value(std::uint32_t type) {
    const value_type& t = tables_.types[type];
    if (*at_ == 'n') {
      if (!t.nullable) return wrong(type);
      at_ += 4;
      return;
    }
    switch (t.what) {
      case shape::any: return any(t);
      case shape::string: return string(type);
      case shape::boolean: return *at_ == 't' || *at_ == 'f' ? skip() : wrong(type);
      case shape::integer:
      case shape::floating: return number(type);
      case shape::id: return *at_ == '"' ? string(type) : number(type);
      case shape::known: return known(type);
      case shape::enumeration: return enum_value(type);
      case shape::list: return list(type);
      case shape::record:
        if (*at_ != '{') return wrong(type);
        return object(tables_.records[t.of]);
      case shape::abstract:
        if (*at_ != '{') return wrong(type);
        return one_of_many(tables_.abstracts[t.of]);
    }
  }

  template <class Check>
  void constraints(const value_type& t, const char* at, Check check) {
    if (t.check == value_type::unchecked) return;
    for (const constraint& c : tables_.checks[t.check])
      if (std::optional<std::string> broken = check(c)) return note(at, std::move(*broken));
  }

  void any(const value_type& t) {
    const char* from = at_;
    if (*at_ == '"') {
      const std::string text = meaning_here();
      return constraints(t, from, [&](const constraint& c) { return check_text(c, text); });
    }
    skip();
    if (*from == '-' || is_digit(*from))
      constraints(t, from, [&](const constraint& c) { return check_number(c, {from, at_}); });
  }

  void string(std::uint32_t type) {
    if (*at_ != '"') return wrong(type);
    const char* from = at_;
    const std::string text = meaning_here();
    constraints(tables_.types[type], from, [&](const constraint& c) { return check_text(c, text); });
  }

  void number(std::uint32_t type) {
    const value_type& t = tables_.types[type];
    const char* from = at_;
    const char* end = skip_number(at_);
    if (end == nullptr) return wrong(type);
    const std::string_view text(from, end);
    if (t.what == shape::floating && !decimal::is_finite_double(text))
      return wrong(type, "at most 1.7976931348623157e308");
    if (t.what == shape::integer && !within<std::int32_t>(text))
      return wrong(type, "an integer from -2147483648 to 2147483647");
    const auto digits = t.what == shape::id ? digits_of(text) : std::nullopt;
    if (t.what == shape::id && !digits) return wrong(type, "a string or an integer");
    at_ = end;
    constraints(t, from, [&](const constraint& c) { return digits ? check_text(c, *digits) : check_number(c, text); });
  }
  template <class Integer>
  static bool within(std::string_view text) {
    const auto n = decimal::to_int64(text);
    return n && *n >= std::numeric_limits<Integer>::min() && *n <= std::numeric_limits<Integer>::max();
  }
  /// What an ID or a BigInt that is a number is as a string.
  [[nodiscard]] std::optional<std::string> digits_of(std::string_view text) const {
    const bool written_out = text.find_first_of(".eE") == std::string_view::npos;
    return decimal::integer_digits(text, written_out ? text.size() : most_exponent_digits);
  }

  void known(std::uint32_t type) {
    const value_type& t = tables_.types[type];
    if (t.scalar == known_scalar::json) return any(t);
    const char* from = at_;
    const bool numeric = t.scalar == known_scalar::big_int || t.scalar == known_scalar::decimal;
    if (*at_ == '"') {
      const std::string text = meaning_here();
      at_ = from;
      if (!has_form(t.scalar, text)) return wrong(type, expected_form(t.scalar));
      skip();
      return constraints(t, from,
                         [&](const constraint& c) { return numeric ? check_number(c, text) : check_text(c, text); });
    }
    const char* end = skip_number(at_);
    const std::string_view text = end == nullptr ? std::string_view() : std::string_view(from, end);
    const bool fits = end != nullptr && ((t.scalar == known_scalar::long_integer && within<std::int64_t>(text)) ||
                                         (t.scalar == known_scalar::big_int && digits_of(text)));
    if (!fits) return wrong(type, expected_form(t.scalar));
    at_ = end;
    constraints(t, from, [&](const constraint& c) { return check_number(c, text); });
  }

  void enum_value(std::uint32_t type) {
    const enumeration& e = tables_.enumerations[tables_.types[type].of];
    if (*at_ != '"') return wrong(type);
    const char* from = at_;
    const std::string text = meaning_here();
    if (e.values.find(text) != name_table::npos) return;
    if (full()) return note(from, {});
    if (e.values.size() == 1) return note(from, fmt::format("expected \"{}\"", e.values.name(0)));
    if (sensitive_) return note(from, fmt::format("this is no value of {}", e.name));
    note(from, fmt::format("{} has no value {}", e.name, shown(text)), nearest(text, e.values));
  }
  static std::string nearest(std::string_view word, const name_table& names) {
    near_name near(word);
    for (std::size_t i = 0; i < names.size(); ++i) near.offer(names.name(i));
    return std::string(near.best());
  }

  void list(std::uint32_t type) {
    const value_type& t = tables_.types[type];
    const char* from = at_;
    const std::size_t before = found_.count;
    std::size_t count = 0;
    if (*at_ != '[') {
      if (!input_) return wrong(type);
      value(t.of);
      count = 1;
    } else {
      at_ = skip_space(at_ + 1);
      while (*at_ != ']') {
        const std::size_t length = path_.size();
        enter(count++);
        value(t.of);
        path_.resize(length);
        next();
      }
      ++at_;
    }
    constraints(t, from, [&](const constraint& c) { return check_items(c, count); });
    if (t.check == value_type::unchecked || count < 2 || found_.count != before) return;
    if (std::ranges::any_of(tables_.checks[t.check], &constraint::unique_items) && !differ(type, {from, at_}))
      note(from, "its items must be different from each other");
  }
  /// The items of a list in which nothing else is wrong, as what they are coerced to.
  bool differ(std::uint32_t type, std::string_view array) {
    compared_ += array.size();
    if (compared_ > most_compared(size_)) return true;  // the first pass has found another reason before
    std::string coerced(array);
    constexpr auto any_length = std::numeric_limits<std::size_t>::max();
    if (input_ && check_input(tables_, type, coerced, deepest_value, any_length, compare_items::no) != fit::yes)
      return true;
    return items_differ(coerced);
  }
  void next() {
    at_ = skip_space(at_);
    if (*at_ == ',') at_ = skip_space(at_ + 1);
  }
  // --- objects

  void object(const record& r) {
    const char* from = at_;
    const bool outer_sensitive = sensitive_;
    std::vector<std::uint64_t> seen(r.words());
    std::size_t count = 0;
    bool null_given = false;
    at_ = skip_space(at_ + 1);
    while (*at_ != '}') {
      const char* key = at_;
      const std::string name = meaning_here();
      at_ = skip_space(skip_space(at_) + 1);
      const std::size_t number = r.names.find(name);
      const std::size_t length = path_.size();
      ++count;
      null_given |= *at_ == 'n';
      if (number == name_table::npos) {
        unknown(r, key, name);
        skip();
      } else {
        enter(name);
        const std::uint64_t bit = std::uint64_t{1} << number % 64;
        if ((seen[number / 64] & bit) != 0) note(key, "is given twice");
        seen[number / 64] |= bit;
        sensitive_ = outer_sensitive || r.fields[number].sensitive;
        value(r.fields[number].type);
        sensitive_ = outer_sensitive;
      }
      path_.resize(length);
      next();
    }
    ++at_;
    if (r.one_of && (count != 1 || null_given))
      note(from, fmt::format("{} takes exactly one field, and not null", r.name));
    for (std::size_t w = 0; w < r.words(); ++w) missing(r, w, r.required[w] & ~seen[w], from);
  }
  /// Notes the fields that are set in `bits`, the word number `w` of the record's.
  void missing(const record& r, std::size_t w, std::uint64_t bits, const char* object) {
    for (; bits != 0 && !full(); bits &= bits - 1) {
      const std::size_t number = w * 64 + static_cast<std::size_t>(std::countr_zero(bits));
      const std::size_t length = path_.size();
      enter(r.names.name(number));
      note(object, fmt::format("is missing: {} must be given", tables_.texts[r.fields[number].type]));
      path_.resize(length);
    }
    found_.count += static_cast<std::size_t>(std::popcount(bits));
  }
  void enter(std::string_view name) {
    if (!path_.empty()) path_ += '.';
    path_ += name;
  }
  /// An item: there may be half a million of them, of which none is wrong but the last.
  void enter(std::size_t item) {
    std::array<char, 22> text;
    char* const end = std::to_chars(text.data() + 1, text.data() + text.size() - 1, item).ptr;
    text[0] = '[';
    *end = ']';
    path_.append(text.data(), end + 1);
  }
  void unknown(const record& r, const char* key, const std::string& name) {
    if (full()) return note(key, {});
    if (sensitive_) return note(key, fmt::format("{} has no such field", r.name));
    const std::size_t length = path_.size();
    enter(shown(name));
    note(key, fmt::format("{} has no field {}", r.name, shown(name)), nearest(name, r.names));
    path_.resize(length);
  }

  void one_of_many(const abstract& a) {
    const char* from = at_;
    if (!typenames_) typenames_.emplace(begin_, begin_ + size_);
    const char* given = typenames_->value_of(from);
    const std::size_t length = path_.size();
    if (given != nullptr && *given == '"') {
      at_ = given;
      const std::string name = meaning_here();
      at_ = from;
      const std::size_t number = a.types.find(name);
      if (number != name_table::npos) return object(tables_.records[a.records[number]]);
      enter("__typename");
      if (sensitive_)
        note(given, fmt::format("this is no type of {}", a.name));
      else
        note(given, fmt::format("{} is no type of {}", shown(name), a.name), nearest(name, a.types));
    } else {
      enter("__typename");
      note(from, fmt::format("must say which type of {} this is", a.name));
    }
    path_.resize(length);
    skip();
  }

  const type_tables& tables_;
  const char* begin_;
  std::size_t size_;
  const char* at_;
  bool input_;
  bool sensitive_ = false;
  std::string path_;
  std::optional<typename_index> typenames_;
  std::size_t compared_ = 0;
  misfits found_;
};

}  // namespace

misfits explain(const type_tables& tables, std::uint32_t type, const std::string& json, bool input, bool sensitive) {
  std::string padded;
  padded.reserve(json.size() + text_padding);
  padded = json;
  return report(tables, padded, input).run(type, sensitive);
}

}  // namespace waggle::graphql
