#include "schema/execute/argument_values.h"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

#include "schema/execute/name_set.h"
#include "schema/language/print.h"
#include "schema/language/text.h"
#include "schema/rules/directives.h"

namespace waggle::graphql {
namespace {

/// The place inside an argument's value, told from the outside inwards; made into text only for a message.
struct place {
  const place* outer = nullptr;
  std::string_view key;   ///< empty: an item of a list
  std::size_t index = 0;  ///< of the item
};

/// For messages that must not quote it.
std::string_view kind_of(const value& v) {
  switch (v.kind) {
    case value_kind::null: return "null";
    case value_kind::integer:
    case value_kind::floating: return "a number";
    case value_kind::boolean: return "a boolean";
    case value_kind::string: return "a string";
    case value_kind::enumeration: return "an enum's value";
    case value_kind::list: return "a list";
    case value_kind::object: return "an object";
    default: return "another value";
  }
}

/// Checks one argument's value or a default. Values are parsed no deeper than `source_limits::depth`.
class value_checker {
 public:
  value_checker(checked_document& d, const owner& of, std::string_view argument, uses& into)
      : d_(d), of_(of), argument_(argument), into_(into) {}

  void check(const value& v, const type_view& type, const place* at, bool has_default = false, bool one_of = false) {
    if (v.kind == value_kind::variable) return use(v, type, has_default, one_of);
    if (v.kind == value_kind::null) {
      if (type.non_null()) mismatch(v, type, at);
      return;
    }
    const type_view nullable = type.non_null() ? type.inner() : type;
    if (!nullable.list()) return check_named(v, nullable, at);
    const type_view item_type = nullable.inner();
    if (v.kind != value_kind::list) return check(v, item_type, at);  // a single value is a list of one (§3.11)
    for (std::size_t i = 0; i < v.items.size(); ++i) {
      const place item{at, {}, i};
      check(v.items[i], item_type, &item);
    }
  }

  /// Of what takes anything, or was reported: variables are used, and no key stands twice.
  void check_untyped(const value& v, const place* at) {
    if (v.kind == value_kind::variable) return use(v, {}, false, false);
    name_set seen;
    for (std::size_t i = 0; i < v.items.size(); ++i) {
      const value& item = v.items[i];
      if (v.kind == value_kind::object && !seen.insert(item.key.text)) twice(item, at);
      const place inner{at, hidden() ? std::string_view() : item.key.text, i};
      check_untyped(item, &inner);
    }
  }

 private:
  void use(const value& v, const type_view& type, bool has_default, bool one_of) {
    into_.variables.push_back({v.text, v.offset, type, has_default, one_of});
  }

  /// Values, and names that the schema does not know, are not quoted.
  [[nodiscard]] bool hidden() const { return d_.schema.sensitive(); }

  void error(std::size_t offset, const place* at, std::string_view message, std::string_view section) {
    if (d_.found.full()) return;
    std::vector<const place*> path;
    for (; at != nullptr; at = at->outer) path.push_back(at);
    std::string where = argument_.empty() ? fmt::format("default of {}", shown(of_))
                                          : fmt::format("{} of {}", shown(argument_), shown(of_));
    for (const place* p : path | std::views::reverse)
      where += p->key.empty() ? fmt::format("[{}]", p->index) : "." + shown(p->key);
    d_.found.error(offset, fmt::format("{}: {} ({})", where, message, section));
  }

  void mismatch(const value& v, const type_view& type, const place* at, std::string_view hint = {}) {
    if (!d_.found.full())
      error(v.offset, at,
            fmt::format("expected {}, found {}{}", print(type), hidden() ? std::string(kind_of(v)) : shown(print(v)),
                        hint),
            "§5.6.1");
    check_untyped(v, at);
  }

  void twice(const value& item, const place* at) {
    error(item.key.offset, at,
          hidden() ? "a field is given twice" : fmt::format("{} is given twice", shown(item.key.text)), "§5.6.3");
  }

  void check_named(const value& v, const type_view& type, const place* at) {
    const type_entry* const entry = d_.schema.find_entry(type.named);
    const definition* const defined = entry == nullptr ? nullptr : entry->defined;
    if (defined == nullptr) return check_untyped(v, at);
    if (defined->kind == definition_kind::enumeration) return check_enum(v, type, *entry, at);
    if (defined->kind == definition_kind::input) return check_object(v, type, *entry, at);
    if (defined->kind == definition_kind::scalar && !fits_scalar(v, type.named)) {
      const bool long_integer = v.kind == value_kind::integer && type.named == "Int";
      return mismatch(v, type, at, long_integer ? "; an Int has 32 bits" : "");
    }
    check_untyped(v, at);
  }

  void check_enum(const value& v, const type_view& type, const type_entry& entry, const place* at) {
    if (v.kind == value_kind::string) return mismatch(v, type, at, "; values of enums stand without quotes");
    if (v.kind != value_kind::enumeration) return mismatch(v, type, at);
    if (!entry.values.contains(v.text) && !d_.found.full())
      error(v.offset, at,
            hidden() ? fmt::format("this is no value of {}", shown(type.named))
                     : fmt::format("{} has no value {}{}", shown(type.named), shown(v.text),
                                   did_you_mean(v.text, entry.values)),
            "§5.6.1");
  }

  void check_object(const value& v, const type_view& type, const type_entry& entry, const place* at) {
    if (v.kind != value_kind::object) return mismatch(v, type, at);
    name_set seen;
    for (const value& item : v.items) {
      const auto it = entry.inputs.by_name.find(item.key.text);
      const bool known = it != entry.inputs.by_name.end();
      const place inner{at, known || !hidden() ? item.key.text : std::string_view(), 0};
      if (!seen.insert(item.key.text)) twice(item, at);
      if (known) {
        check(item, it->second->type, &inner, !it->second->default_value.empty(), entry.one_of);
        continue;
      }
      if (!d_.found.full())
        error(item.key.offset, at,
              hidden() ? fmt::format("{} has no such field", shown(type.named))
                       : fmt::format("{} has no field {}{}", shown(type.named), shown(item.key.text),
                                     entry.inputs.near(item.key.text)),
              "§5.6.2");
      check_untyped(item, &inner);
    }
    for (const input_value* f : entry.inputs.required)
      if (!seen.contains(f->id.text))
        error(v.offset, at, fmt::format("{}: {} is missing", shown(f->id.text), print(f->type)), "§5.6.4");
    if (entry.one_of && (v.items.size() != 1 || v.items.front().kind == value_kind::null))
      error(v.offset, at, fmt::format("{} is @oneOf: give exactly one field, and not null", shown(type.named)),
            "§5.6.1");
  }

  checked_document& d_;
  const owner& of_;
  std::string_view argument_;
  uses& into_;
};

void given_twice(checked_document& d, const argument& a, const owner& of) {
  d.found.error(a.id.offset, fmt::format("argument {} of {} is given twice (§5.4.2)", shown(a.id.text), shown(of)));
}

void unknown_argument(checked_document& d, const argument& a, const std::vector<input_value>& defined,
                      const owner& of) {
  if (d.found.full()) return;
  near_name near(a.id.text);
  for (const input_value& v : defined) near.offer(v.id.text);
  d.found.error(a.id.offset, fmt::format("{} has no argument {}{} (§5.4.1)", shown(of), shown(a.id.text), near.hint()));
}

}  // namespace

std::string shown(const owner& o) { return std::string(o.before) + shown(o.name); }

void check_arguments(checked_document& d, const std::vector<argument>& given, const std::vector<input_value>& defined,
                     const owner& of, std::size_t offset, uses& into) {
  name_set seen;
  for (const argument& a : given) {
    if (!seen.insert(a.id.text)) given_twice(d, a, of);
    value_checker checker(d, of, a.id.text, into);
    const auto it = std::ranges::find(defined, a.id.text, [](const input_value& v) { return v.id.text; });
    if (it != defined.end()) {
      checker.check(a.given, it->type, nullptr, !it->default_value.empty());
    } else {
      unknown_argument(d, a, defined, of);
      checker.check_untyped(a.given, nullptr);
    }
  }
  for (const input_value& v : defined)
    if (v.type.non_null() && v.default_value.empty() && !seen.contains(v.id.text) && !d.found.full())
      d.found.error(offset, fmt::format("{} needs {}: {} (§5.4.3)", shown(of), shown(v.id.text), print(v.type)));
}

void check_untyped_arguments(checked_document& d, const std::vector<argument>& given, const owner& of, uses& into) {
  name_set seen;
  for (const argument& a : given) {
    if (!seen.insert(a.id.text)) given_twice(d, a, of);
    value_checker(d, of, a.id.text, into).check_untyped(a.given, nullptr);
  }
}

void check_default(checked_document& d, const variable_definition& v) {
  if (v.default_value.empty()) return;
  uses none;  // a constant has no variables
  const owner of{"", v.id.text};
  value_checker(d, of, {}, none).check(v.default_value.front(), v.type, nullptr);
}

}  // namespace waggle::graphql
