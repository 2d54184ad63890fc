#include "schema/values/check_value.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <span>

#include <simdjson.h>

#include "schema/values/decimal.h"
#include "schema/values/edits.h"
#include "schema/values/json_cursor.h"
#include "schema/values/typename_index.h"
#include "schema/values/unique_items.h"

namespace waggle::graphql {
namespace {

/// One walk over one text. Every step takes the place where it begins and returns the place behind it, or null: it does
/// not fit. `In`: input coercion, otherwise an answer.
template <bool In>
class walk {
 public:
  walk(const type_tables& tables, const std::string& json, std::size_t depth, std::size_t most_bytes,
       compare_items compare, edits& changes)
      : tables_(tables),
        begin_(json.data()),
        end_(json.data() + json.size()),
        depth_(depth),
        most_bytes_(most_bytes),
        changes_(changes),
        compare_(compare) {}

  fit whole(std::uint32_t type) {
    const char* p = value(tables_.types[type], skip_space(begin_));
    if (p != nullptr && skip_space(p) == end_) return !In || size() <= most_bytes_ ? fit::yes : fit::too_long;
    return too_long_ ? fit::too_long : too_costly_ ? fit::too_costly : fit::no;
  }

 private:
  static const char* null(const value_type& t, const char* p) { return t.nullable ? skip_null(p) : nullptr; }

  const char* value(const value_type& t, const char* p) {
    switch (t.what) {
      case shape::string: return *p == '"' ? text(t, p) : null(t, p);
      case shape::integer: return integer(t, p);
      case shape::floating: return floating(t, p);
      case shape::boolean: {
        const char* after = skip_boolean(p);
        return after != nullptr ? after : null(t, p);
      }
      case shape::id: return *p == '"' ? text(t, p) : id_number(t, p);
      case shape::record: return *p == '{' ? object(tables_.records[t.of], p) : null(t, p);
      case shape::list: return list(t, p);
      case shape::enumeration: return *p == '"' ? enum_value(tables_.enumerations[t.of], p) : null(t, p);
      case shape::known: return known(t, p);
      case shape::abstract: return *p == '{' ? one_of_many(tables_.abstracts[t.of], p) : null(t, p);
      case shape::any: return *p == 'n' ? null(t, p) : checked_any(t, p);
    }
    return nullptr;
  }

  static std::string_view between(const char* from, const char* to) {
    return {from, static_cast<std::size_t>(to - from)};
  }

  // --- strings

  /// From behind the opening quote to the closing one.
  const char* string_end(const char* p, bool& escaped) {
    p = find_special(p, utf8_known_);
    return *p == '"' ? p : special_string_end(p, escaped);
  }
  [[gnu::noinline]] const char* special_string_end(const char* p, bool& escaped) {
    for (;; p = find_special(p, utf8_known_)) {
      if (*p == '"') return p;
      if (*p == '\\') {
        escaped = true;
        p = skip_escape(p);
        if (p == nullptr) return nullptr;
      } else if (static_cast<unsigned char>(*p) < 0x20 || !all_utf8()) {
        return nullptr;
      }
    }
  }
  /// The first character beyond ASCII: the whole text is looked at, once.
  bool all_utf8() {
    if (utf8_known_) return false;
    utf8_known_ = simdjson::validate_utf8(begin_, static_cast<std::size_t>(end_ - begin_));
    return utf8_known_;
  }

  /// What a string stands for; it may be decoded into `decoded_`.
  std::string_view meaning(const char* from, const char* to, bool escaped) {
    const std::string_view inside(from, static_cast<std::size_t>(to - from));
    if (!escaped) return inside;
    decoded_.clear();
    decoded_.reserve(inside.size() + text_padding);
    append_unescaped(decoded_, inside);
    return decoded_;
  }

  const char* text(const value_type& t, const char* p) {
    bool escaped = false;
    const char* end = string_end(p + 1, escaped);
    if (end == nullptr) return nullptr;
    return t.check == value_type::unchecked || texts_fit(t, meaning(p + 1, end, escaped)) ? end + 1 : nullptr;
  }
  [[gnu::noinline]] bool texts_fit(const value_type& t, std::string_view text) const {
    return std::ranges::all_of(tables_.checks[t.check], [&](const constraint& c) { return text_fits(c, text); });
  }

  const char* enum_value(const enumeration& e, const char* p) {
    bool escaped = false;
    const char* end = string_end(p + 1, escaped);
    if (end == nullptr) return nullptr;
    const std::string_view text = meaning(p + 1, end, escaped);
    return e.values.find(text.data(), text.size()) != name_table::npos ? end + 1 : nullptr;
  }

  // --- numbers

  bool numbers_fit(const value_type& t, std::string_view text) const {
    return t.check == value_type::unchecked ||
           std::ranges::all_of(tables_.checks[t.check], [&](const constraint& c) { return number_fits(c, text); });
  }

  const char* floating(const value_type& t, const char* p) {
    constexpr std::ptrdiff_t surely = 18;  // so short a number is finite, unless it has an exponent
    bool exponent = false;
    const char* end = skip_number(p, exponent);
    if (end == nullptr) return null(t, p);
    if ((exponent || end - p > surely) && !decimal::is_finite_double(between(p, end))) return nullptr;
    return numbers_fit(t, between(p, end)) ? end : nullptr;
  }

  /// Int: 32 bits (§3.5.1).
  const char* integer(const value_type& t, const char* p) {
    constexpr std::ptrdiff_t most_digits = 10;
    constexpr std::uint64_t most = std::numeric_limits<std::int32_t>::max();
    const bool negative = *p == '-';
    const char* first = p + (negative ? 1 : 0);
    const char* q = first;
    std::uint64_t n = 0;
    while (is_digit(*q) && q - first < most_digits) n = n * 10 + static_cast<std::uint64_t>(*q++ - '0');
    const bool plain = q != first && (*first != '0' || (q - first == 1 && !negative)) && !is_digit(*q) && *q != '.' &&
                       (*q | 0x20) != 'e';
    if (!plain) return whole_number<std::int32_t>(t, p);
    return n <= most + (negative ? 1 : 0) && numbers_fit(t, between(p, q)) ? q : nullptr;
  }
  /// Int or Long, perhaps not written as an integer.
  template <class Integer>
  [[gnu::noinline]] const char* whole_number(const value_type& t, const char* p) {
    bool exponent = false;
    const char* end = skip_number(p, exponent);
    if (end == nullptr) return null(t, p);
    const std::string_view text = between(p, end);
    const std::optional<std::int64_t> n = decimal::to_int64(text);
    if (!n || *n < std::numeric_limits<Integer>::min() || *n > std::numeric_limits<Integer>::max()) return nullptr;
    if (!numbers_fit(t, text)) return nullptr;
    if constexpr (In)
      if (const std::string canonical = std::to_string(*n); canonical != text)
        return replace(p, text.size(), canonical) ? end : nullptr;
    return end;
  }
  /// ID, BigInt: an integer of any size, which becomes a string.
  bool digits(const char* p, std::string_view text) {
    if (text.find_first_of(".eE") == std::string_view::npos && text != "-0")
      return !In || (replace(p, 0, "\"") && replace(p + text.size(), 0, "\""));
    const auto canonical = decimal::integer_digits(text, most_exponent_digits);
    return canonical && (!In || replace(p, text.size(), "\"" + *canonical + "\""));
  }
  /// An ID that is written as a number is a string all the same (§3.5.5).
  const char* id_number(const value_type& t, const char* p) {
    bool exponent = false;
    const char* end = skip_number(p, exponent);
    if (end == nullptr) return null(t, p);
    const std::string_view text = between(p, end);
    if (!digits(p, text)) return nullptr;
    if (t.check != value_type::unchecked) {
      const auto string = decimal::integer_digits(text, text.size() + most_exponent_digits);
      for (const constraint& c : tables_.checks[t.check])
        if (!string || !text_fits(c, *string)) return nullptr;
    }
    return end;
  }

  const char* known(const value_type& t, const char* p) {
    if (t.scalar == known_scalar::json) return *p == 'n' ? null(t, p) : checked_any(t, p);
    if (t.scalar == known_scalar::long_integer) return whole_number<std::int64_t>(t, p);
    if (*p == '"') {
      bool escaped = false;
      const char* end = string_end(p + 1, escaped);
      if (end == nullptr) return nullptr;
      const std::string_view text = meaning(p + 1, end, escaped);
      if (!has_form(t.scalar, text)) return nullptr;
      const bool numeric = t.scalar == known_scalar::big_int || t.scalar == known_scalar::decimal;
      if (t.check != value_type::unchecked)
        for (const constraint& c : tables_.checks[t.check])
          if (numeric ? !number_fits(c, text) : !text_fits(c, text)) return nullptr;
      return end + 1;
    }
    if (t.scalar != known_scalar::big_int) return null(t, p);
    bool exponent = false;
    const char* end = skip_number(p, exponent);
    if (end == nullptr) return null(t, p);
    const std::string_view text = between(p, end);
    return digits(p, text) && numbers_fit(t, text) ? end : nullptr;
  }

  // --- anything

  const char* checked_any(const value_type& t, const char* p) {
    const char* end = any(p);
    if (end == nullptr || t.check == value_type::unchecked) return end;
    for (const constraint& c : tables_.checks[t.check]) {
      if (*p == '"') {
        const std::string_view inside(p + 1, static_cast<std::size_t>(end - p - 2));
        if (!text_fits(c, meaning(p + 1, end - 1, inside.find('\\') != std::string_view::npos))) return nullptr;
      } else if (*p == '-' || is_digit(*p)) {
        if (!number_fits(c, {p, static_cast<std::size_t>(end - p)})) return nullptr;
      }
    }
    return end;
  }

  const char* any(const char* p) {
    bool escaped = false;
    switch (*p) {
      case '"': p = string_end(p + 1, escaped); return p == nullptr ? nullptr : p + 1;
      case '{': return any_members(p, '}');
      case '[': return any_members(p, ']');
      case 'n': return skip_null(p);
      case 't':
      case 'f': return skip_boolean(p);
      default: return skip_number(p, escaped);
    }
  }
  const char* any_members(const char* p, char close) {
    p = skip_space(p + 1);
    if (*p == close) return p + 1;
    if (depth_ == 0) return nullptr;
    --depth_;
    for (;;) {
      if (close == '}') {
        bool escaped = false;
        if (*p != '"' || (p = string_end(p + 1, escaped)) == nullptr) return nullptr;
        p = skip_space(p + 1);
        if (*p != ':') return nullptr;
        p = skip_space(p + 1);
      }
      p = any(p);
      if (p == nullptr) return nullptr;
      p = skip_space(p);
      if (*p == close) break;
      if (*p != ',') return nullptr;
      p = skip_space(p + 1);
    }
    ++depth_;
    return p + 1;
  }

  // --- lists

  const char* list(const value_type& t, const char* p) {
    if (*p != '[') {
      if (!In || *p == 'n') return null(t, p);
      // §3.11: a single value stands for a list of it
      if (!replace(p, 0, "[")) return nullptr;
      p = value(tables_.types[t.of], p);
      if (p == nullptr || !replace(p, 0, "]")) return nullptr;
      return count_fits(t, 1) ? p : nullptr;
    }
    const value_type& item = tables_.types[t.of];
    const char* start = p;
    std::size_t count = 0;
    p = skip_space(p + 1);
    if (*p != ']') {
      if (depth_ == 0) return nullptr;
      --depth_;
      for (;;) {
        p = value(item, p);
        if (p == nullptr) return nullptr;
        ++count;
        p = skip_space(p);
        if (*p == ']') break;
        if (*p != ',') return nullptr;
        p = skip_space(p + 1);
      }
      ++depth_;
    }
    ++p;
    if (t.check == value_type::unchecked) return p;
    return count_fits(t, count) && (count < 2 || differ(t, between(start, p))) ? p : nullptr;
  }
  bool count_fits(const value_type& t, std::size_t count) const {
    return t.check == value_type::unchecked ||
           std::ranges::all_of(tables_.checks[t.check], [&](const constraint& c) { return items_fit(c, count); });
  }
  bool differ(const value_type& t, std::string_view text) {
    if (compare_ == compare_items::no || std::ranges::none_of(tables_.checks[t.check], &constraint::unique_items))
      return true;
    compared_ += text.size();
    too_costly_ = compared_ > most_compared(static_cast<std::size_t>(end_ - begin_));
    return !too_costly_ && items_differ(changes_.apply(text, static_cast<std::size_t>(text.data() - begin_)));
  }

  // --- objects

  const char* object(const record& r, const char* p) {
    if (r.words() == 1) {
      std::uint64_t seen = 0;
      return members(r, p, std::span(&seen, 1));
    }
    std::vector<std::uint64_t> seen(r.words());
    return members(r, p, seen);
  }

  /// A key's number, the place behind its colon; null where the record has none of that name.
  const char* key(const record& r, const char* p, std::size_t expected, std::size_t& number) {
    if (*p++ != '"') return nullptr;
    if (expected < r.fields.size() && r.fields[expected].key.at(p)) [[likely]] {
      number = expected;
      return p + r.fields[expected].key.size();
    }
    bool escaped = false;
    const char* end = string_end(p, escaped);
    if (end == nullptr) return nullptr;
    const std::string_view name = meaning(p, end, escaped);
    number = r.names.find(name.data(), name.size());
    if (number == name_table::npos) return nullptr;
    p = skip_space(end + 1);
    return *p == ':' ? p + 1 : nullptr;
  }

  template <class Words>
  const char* members(const record& r, const char* p, Words&& seen) {
    std::size_t count = 0;
    bool null_given = false;
    p = skip_space(p + 1);
    if (*p != '}') {
      if (depth_ == 0) return nullptr;
      --depth_;
      for (std::size_t next = 0;;) {
        std::size_t number = 0;
        p = key(r, p, next, number);
        if (p == nullptr) return nullptr;
        std::uint64_t& word = seen[number / 64];
        const std::uint64_t bit = std::uint64_t{1} << number % 64;
        if ((word & bit) != 0) return nullptr;  // given twice
        word |= bit;
        next = number + 1;
        ++count;
        p = skip_space(p);
        null_given |= *p == 'n';
        p = value(tables_.types[r.fields[number].type], p);
        if (p == nullptr) return nullptr;
        p = skip_space(p);
        if (*p == '}') break;
        if (*p != ',') return nullptr;
        p = skip_space(p + 1);
      }
      ++depth_;
    }
    if (r.one_of && (count != 1 || null_given)) return nullptr;
    for (std::size_t w = 0; w < r.words(); ++w) {
      const std::uint64_t missing = ~seen[w];
      if ((missing & r.required[w]) != 0) return nullptr;
      if constexpr (In)
        if (std::uint64_t fill = missing & r.defaulted[w]; fill != 0)
          for (; fill != 0; fill &= fill - 1)
            if (!fill_in(r.fields[w * 64 + static_cast<std::size_t>(std::countr_zero(fill))], p, count)) return nullptr;
    }
    return p + 1;
  }
  bool fill_in(const record_field& f, const char* p, std::size_t& count) {
    return replace(p, 0, count++ == 0 ? "\"" : ",\"") && replace(p, 0, f.key.text()) && replace(p, 0, f.default_value);
  }

  /// An interface or a union: `__typename` says which type it is, wherever it stands.
  const char* one_of_many(const abstract& a, const char* p) {
    constexpr std::string_view first = "\"__typename\":\"";
    const char* q = skip_space(p + 1);
    if (std::string_view(q, static_cast<std::size_t>(end_ - q)).starts_with(first)) {
      q += first.size();
    } else {
      if (!typenames_) typenames_.emplace(begin_, end_);
      q = typenames_->value_of(p);
      if (q == nullptr || *q++ != '"') return nullptr;
    }
    bool escaped = false;
    const char* end = string_end(q, escaped);
    if (end == nullptr) return nullptr;
    const std::string_view name = meaning(q, end, escaped);
    const std::size_t number = a.types.find(name.data(), name.size());
    return number == name_table::npos ? nullptr : object(tables_.records[a.records[number]], p);
  }

  bool replace(const char* at, std::size_t removed, std::string_view text) {
    changes_.replace(static_cast<std::size_t>(at - begin_), removed, text);
    too_long_ = size() > 2 * most_bytes_;  // it may become shorter again
    return !too_long_;
  }
  /// With what is to be changed.
  [[nodiscard]] std::size_t size() const { return changes_.resulting(static_cast<std::size_t>(end_ - begin_)); }

  const type_tables& tables_;
  const char* begin_;
  const char* end_;
  std::size_t depth_;
  std::size_t most_bytes_;
  edits& changes_;
  bool utf8_known_ = false;
  bool too_long_ = false;
  bool too_costly_ = false;
  compare_items compare_;
  std::size_t compared_ = 0;
  std::string decoded_;
  std::optional<typename_index> typenames_;
};

}  // namespace

fit check_input(const type_tables& tables, std::uint32_t type, std::string& json, std::size_t depth,
                std::size_t most_bytes, compare_items compare) {
  edits changes;
  json.reserve(json.size() + text_padding);
  walk<true> w(tables, json, std::min(depth, deepest_value), most_bytes, compare, changes);
  const fit found = w.whole(type);
  if (found == fit::yes && !changes.empty())
    json = changes.apply(json, 0, changes.resulting(json.size()) + text_padding);
  return found;
}

fit check_output(const type_tables& tables, std::uint32_t type, std::string& json, std::size_t depth) {
  edits none;
  json.reserve(json.size() + text_padding);
  return walk<false>(tables, json, std::min(depth, deepest_value), 0, compare_items::yes, none).whole(type);
}

}  // namespace waggle::graphql
