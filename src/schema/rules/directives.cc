#include "schema/rules/directives.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <ranges>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "schema/language/print.h"
#include "schema/language/text.h"

namespace waggle::graphql {
namespace {

/// What the prelude has and this build does not enforce. A row goes when its feature comes.
struct unavailable {
  std::string_view directive;
  std::string_view argument;  ///< empty: the directive as a whole
  std::string_view harmless;  ///< the argument's value that asks for nothing
};
constexpr std::array<unavailable, 0> not_yet = {};

using names_seen = std::set<std::string_view>;

class checker {
 public:
  checker(const schema& s, findings& found) : schema_(s), found_(found) {}

  void check(const definition& d) {
    // Extensions are looked at together with what they extend.
    if (d.kind == definition_kind::schema) {
      apply(d.directives, "SCHEMA", on_schema_);
    } else if (d.kind != definition_kind::directive && !d.directives.empty()) {
      const type_entry* entry = schema_.find_entry(d.id.text);
      const bool extended = entry != nullptr && !entry->extensions.empty();
      if (extended)
        apply(d.directives, location_of(d.kind), on_types_[d.id.text]);
      else
        apply(d.directives, location_of(d.kind));
    }
    for (const field& f : d.fields) {
      apply(f.directives, "FIELD_DEFINITION");
      check_inputs(f.arguments, "ARGUMENT_DEFINITION");
    }
    for (const enum_value& v : d.values) apply(v.directives, "ENUM_VALUE");
    check_inputs(d.inputs, d.kind == definition_kind::input ? "INPUT_FIELD_DEFINITION" : "ARGUMENT_DEFINITION");
  }

 private:
  static std::string_view location_of(definition_kind kind) {
    switch (kind) {
      case definition_kind::scalar: return "SCALAR";
      case definition_kind::interface: return "INTERFACE";
      case definition_kind::union_type: return "UNION";
      case definition_kind::enumeration: return "ENUM";
      case definition_kind::input: return "INPUT_OBJECT";
      default: return "OBJECT";
    }
  }

  void check_inputs(const std::vector<input_value>& inputs, std::string_view location) {
    for (const input_value& v : inputs) apply(v.directives, location);
  }

  void apply(const std::vector<directive>& directives, std::string_view location) {
    if (directives.empty()) return;
    names_seen seen;
    apply(directives, location, seen);
  }
  void apply(const std::vector<directive>& directives, std::string_view location, names_seen& seen) {
    for (const directive& d : directives) {
      if (found_.full()) return;
      const auto it = schema_.directives.find(d.id.text);
      if (it == schema_.directives.end()) {
        unknown(d);
        continue;
      }
      const definition& defined = *it->second.defined;
      if (!it->second.locations.contains(location))
        found_.error(d.id.offset, fmt::format("@{} cannot stand on {}, only on {} (§3.13)", shown(d.id.text), location,
                                              places(defined)));
      if (!seen.insert(d.id.text).second && !defined.repeatable)
        found_.error(d.id.offset, fmt::format("@{} stands here twice (§3.13)", shown(d.id.text)));
      check_arguments(d, it->second.arguments);
      if (it->second.from == origin::prelude) check_available(d);
    }
  }

  void unknown(const directive& d) {
    near_name near(d.id.text);
    for (const auto& [candidate, entry] : schema_.directives) near.offer(candidate);
    found_.error(d.id.offset, fmt::format("directive @{} is not defined{} (§3.13)", shown(d.id.text), near.hint("@")));
  }

  static std::string places(const definition& defined) {
    std::string out;
    for (const name& n : defined.names) out += fmt::format("{}{}", out.empty() ? "" : " | ", n.text);
    return out;
  }

  void check_arguments(const directive& d, const input_index& known) {
    names_seen seen;
    for (const argument& a : d.arguments) {
      if (!seen.insert(a.id.text).second) {
        found_.error(a.id.offset,
                     fmt::format("argument {} of @{} is given twice (§3.13)", shown(a.id.text), shown(d.id.text)));
        continue;
      }
      const auto it = known.by_name.find(a.id.text);
      if (it == known.by_name.end()) {
        found_.error(a.id.offset, fmt::format("@{} has no argument {}{} (§3.13)", shown(d.id.text), shown(a.id.text),
                                              known.near(a.id.text)));
        continue;
      }
      check_constant(
          schema_, a.given, it->second->type,
          [&] { return fmt::format("{} of @{}", shown(a.id.text), shown(d.id.text)); }, "§3.13", found_);
    }
    for (const input_value* v : known.required)
      if (!seen.contains(v->id.text))
        found_.error(d.id.offset,
                     fmt::format("@{} needs {}: {} (§3.13)", shown(d.id.text), shown(v->id.text), print(v->type)));
  }

  void check_available(const directive& d) {
    for (const unavailable& row : not_yet) {
      if (row.directive != d.id.text) continue;
      if (row.argument.empty()) {
        found_.error(d.id.offset, fmt::format("@{} is not available in this build yet; remove it", row.directive));
      } else if (const argument* a = d.find(row.argument); a != nullptr && a->given.text != row.harmless) {
        found_.error(a->id.offset, fmt::format("{} of @{} is not available in this build yet; remove it", row.argument,
                                               row.directive));
      }
    }
  }

  const schema& schema_;
  findings& found_;
  names_seen on_schema_;
  std::unordered_map<std::string_view, names_seen> on_types_;
};

/// The place inside a constant, told from the outside inwards; made into text only for a message.
struct place {
  const place* outer = nullptr;
  std::string_view key;   ///< empty: an item of a list
  std::size_t index = 0;  ///< of the item
};

/// Checks a constant, from the outside of its type inwards. Values are parsed no deeper than `source_limits::depth`.
class constant_checker {
 public:
  constant_checker(const schema& s, const std::function<std::string()>& what, std::string_view section, findings& found)
      : schema_(s), what_(what), section_(section), found_(found) {}

  void check(const value& v, const type_ref& type, const place* at) { check(v, type, type.modifiers, at); }

 private:
  void check(const value& v, const type_ref& type, std::string_view modifiers, const place* at) {
    if (found_.full()) return;
    if (modifiers.ends_with('!')) {
      if (v.kind == value_kind::null) return mismatch(v, type, at);
      modifiers.remove_suffix(1);
    } else if (v.kind == value_kind::null) {
      return;
    }
    if (!modifiers.ends_with('[')) return check_named(v, type, at);
    modifiers.remove_suffix(1);
    if (v.kind != value_kind::list) return check(v, type, modifiers, at);  // a single value is a list of one (§3.11)
    for (std::size_t i = 0; i < v.items.size(); ++i) {
      const place item{at, {}, i};
      check(v.items[i], type, modifiers, &item);
    }
  }

  void error(std::size_t offset, const place* at, const std::string& message) {
    std::vector<const place*> path;
    for (; at != nullptr; at = at->outer) path.push_back(at);
    std::string where = what_();
    for (const place* p : path | std::views::reverse)
      where += p->key.empty() ? fmt::format("[{}]", p->index) : "." + shown(p->key);
    found_.error(offset, fmt::format("{}: {} ({})", where, message, section_));
  }

  void mismatch(const value& v, const type_ref& type, const place* at, std::string_view hint = {}) {
    error(v.offset, at, fmt::format("expected {}, found {}{}", print(type), shown(print(v)), hint));
  }

  void check_named(const value& v, const type_ref& type, const place* at) {
    const type_entry* entry = schema_.find_entry(type.named.text);
    const definition* d = entry == nullptr ? nullptr : entry->defined;
    if (d == nullptr) return;  // reported where it is referred to
    if (d->kind == definition_kind::enumeration) {
      check_enum(v, type, *entry, at);
    } else if (d->kind == definition_kind::input) {
      check_object(v, type, *entry, at);
    } else if (d->kind == definition_kind::scalar && !fits_scalar(v, type.named.text)) {
      const bool long_integer = v.kind == value_kind::integer && type.named.text == "Int";
      mismatch(v, type, at, long_integer ? "; an Int has 32 bits" : "");
    } else {
      check_keys(v, at);
    }
  }

  /// Of a scalar that takes anything: no key stands twice (§5.6.3).
  void check_keys(const value& v, const place* at) {
    if (found_.full()) return;
    names_seen seen;
    for (std::size_t i = 0; i < v.items.size(); ++i) {
      const value& item = v.items[i];
      if (v.kind == value_kind::object && !seen.insert(item.key.text).second) twice(item, at);
      const place inner{at, item.key.text, i};
      if (!item.items.empty()) check_keys(item, &inner);
    }
  }
  void twice(const value& item, const place* at) {
    error(item.key.offset, at, fmt::format("{} is given twice", shown(item.key.text)));
  }

  void check_enum(const value& v, const type_ref& type, const type_entry& entry, const place* at) {
    if (v.kind == value_kind::string) return mismatch(v, type, at, "; values of enums stand without quotes");
    if (v.kind != value_kind::enumeration) return mismatch(v, type, at);
    if (!entry.values.contains(v.text))
      error(v.offset, at,
            fmt::format("{} has no value {}{}", shown(type.named.text), shown(v.text),
                        did_you_mean(v.text, entry.values)));
  }

  void check_object(const value& v, const type_ref& type, const type_entry& entry, const place* at) {
    if (v.kind != value_kind::object) return mismatch(v, type, at);
    const std::string_view input = type.named.text;
    names_seen seen;
    for (const value& item : v.items) {
      if (found_.full()) return;
      const place inner{at, item.key.text, 0};
      if (!seen.insert(item.key.text).second) {
        twice(item, at);
      } else if (const auto it = entry.inputs.by_name.find(item.key.text); it != entry.inputs.by_name.end()) {
        check(item, it->second->type, &inner);
      } else {
        error(
            item.key.offset, at,
            fmt::format("{} has no field {}{}", shown(input), shown(item.key.text), entry.inputs.near(item.key.text)));
      }
    }
    for (const input_value* f : entry.inputs.required)
      if (!seen.contains(f->id.text)) error(v.offset, at, fmt::format("{} is missing", shown(f->id.text)));
    if (entry.one_of && (v.items.size() != 1 || v.items.front().kind == value_kind::null))
      error(v.offset, at, fmt::format("{} is @oneOf: give exactly one field, and not null", shown(input)));
  }

  const schema& schema_;
  const std::function<std::string()>& what_;
  std::string_view section_;
  findings& found_;
};

bool finite(const value& v) { return std::isfinite(std::strtod(std::string(v.text).c_str(), nullptr)); }

}  // namespace

bool fits_scalar(const value& v, std::string_view scalar) {
  const bool integer = v.kind == value_kind::integer;
  if (scalar == "Int") return integer && integer_of(v).has_value();
  if (scalar == "Float") return (integer || v.kind == value_kind::floating) && finite(v);
  if (scalar == "String") return v.kind == value_kind::string;
  if (scalar == "Boolean") return v.kind == value_kind::boolean;
  if (scalar == "ID") return v.kind == value_kind::string || integer;
  return true;
}

void check_directives(const schema& s, const document& doc, findings& found) {
  checker c(s, found);
  for (const definition& d : doc.definitions) c.check(d);
}

void check_constant(const schema& s, const value& v, const type_ref& type, const std::function<std::string()>& what,
                    std::string_view section, findings& found) {
  constant_checker(s, what, section, found).check(v, type, nullptr);
}

}  // namespace waggle::graphql
