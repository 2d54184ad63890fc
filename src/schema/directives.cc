#include "schema/directives.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>

#include <fmt/format.h>

#include "schema/print.h"
#include "schema/text.h"

namespace waggle::graphql {
namespace {

/// What the prelude has and this build does not enforce. A row goes when its feature comes.
struct unavailable {
  std::string_view directive;
  std::string_view argument;  ///< empty: the directive as a whole
  std::string_view harmless;  ///< the argument's value that asks for nothing
};
constexpr unavailable not_yet[] = {
    {"uses", "", ""}, {"schedule", "", ""}, {"auth", "", ""}, {"idempotent", "", ""}, {"service", "singleton", "false"},
};

using names_seen = std::set<std::string_view>;

class checker {
 public:
  checker(const schema& s, findings& found) : schema_(s), found_(found) {}

  void check(const definition& d) {
    if (d.kind == definition_kind::schema) {
      apply(d.directives, "SCHEMA", on_schema_);  // its extensions are looked at together with it
    } else if (d.kind != definition_kind::directive) {
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
      if (std::ranges::find(defined.names, location, &name::text) == defined.names.end())
        found_.error(d.id.offset,
                     fmt::format("@{} cannot stand on {}, only on {}", shown(d.id.text), location, places(defined)));
      if (!seen.insert(d.id.text).second && !defined.repeatable)
        found_.error(d.id.offset, fmt::format("@{} stands here twice", shown(d.id.text)));
      check_arguments(d, it->second.arguments);
      if (it->second.from == origin::prelude) check_available(d);
    }
  }

  void unknown(const directive& d) {
    near_name near(d.id.text);
    for (const auto& [candidate, entry] : schema_.directives) near.offer(candidate);
    found_.error(d.id.offset, fmt::format("directive @{} is not defined{}", shown(d.id.text), near.hint("@")));
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
        found_.error(a.id.offset, fmt::format("argument {} of @{} is given twice", shown(a.id.text), shown(d.id.text)));
        continue;
      }
      const auto it = known.by_name.find(a.id.text);
      if (it == known.by_name.end()) {
        found_.error(a.id.offset, fmt::format("@{} has no argument {}{}", shown(d.id.text), shown(a.id.text),
                                              known.near(a.id.text)));
        continue;
      }
      check_constant(schema_, a.given, it->second->type, fmt::format("{} of @{}", shown(a.id.text), shown(d.id.text)),
                     found_);
    }
    for (const input_value* v : known.required)
      if (!seen.contains(v->id.text))
        found_.error(d.id.offset, fmt::format("@{} needs {}: {}", shown(d.id.text), shown(v->id.text), print(v->type)));
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
};

/// Checks a constant, from the outside of its type inwards.
class constant_checker {
 public:
  constant_checker(const schema& s, const type_ref& type, findings& found) : schema_(s), type_(type), found_(found) {}

  void check(const value& v, std::string_view modifiers, const std::string& what) {
    if (found_.full()) return;
    if (modifiers.ends_with('!')) {
      if (v.kind == value_kind::null) return mismatch(v, what);
      modifiers.remove_suffix(1);
    } else if (v.kind == value_kind::null) {
      return;
    }
    if (!modifiers.ends_with('[')) return check_named(v, what);
    modifiers.remove_suffix(1);
    if (v.kind != value_kind::list) return check(v, modifiers, what);  // a single value is a list of one (§3.11)
    for (std::size_t i = 0; i < v.items.size(); ++i) check(v.items[i], modifiers, fmt::format("{}[{}]", what, i));
  }

 private:
  void mismatch(const value& v, const std::string& what) {
    found_.error(v.offset, fmt::format("{}: expected {}, found {}", what, print(type_), shown(print(v))));
  }

  void check_named(const value& v, const std::string& what) {
    const definition* d = schema_.find_type(type_.named.text);
    if (d == nullptr) return;  // reported where it is referred to
    if (d->kind == definition_kind::enumeration) return check_enum(v, *d, what);
    if (d->kind == definition_kind::input) return check_object(v, *d, what);
    if (d->kind == definition_kind::scalar && !fits_scalar(v)) mismatch(v, what);
  }

  [[nodiscard]] bool fits_scalar(const value& v) const {
    const std::string_view scalar = type_.named.text;
    const bool integer = v.kind == value_kind::integer;
    if (scalar == "Int") return integer && integer_of(v).has_value();
    if (scalar == "Float") return (integer || v.kind == value_kind::floating) && finite(v);
    if (scalar == "String") return v.kind == value_kind::string;
    if (scalar == "Boolean") return v.kind == value_kind::boolean;
    if (scalar == "ID") return v.kind == value_kind::string || integer;
    return true;
  }
  static bool finite(const value& v) { return std::isfinite(std::strtod(std::string(v.text).c_str(), nullptr)); }

  void check_enum(const value& v, const definition& d, const std::string& what) {
    if (v.kind != value_kind::enumeration) return mismatch(v, what);
    const std::set<std::string_view>& values = schema_.types.find(d.id.text)->second.values;
    if (!values.contains(v.text))
      found_.error(v.offset, fmt::format("{}: {} has no value {}{}", what, shown(d.id.text), shown(v.text),
                                         did_you_mean(v.text, values)));
  }

  void check_object(const value& v, const definition& d, const std::string& what) {
    if (v.kind != value_kind::object) return mismatch(v, what);
    const input_index& known = schema_.types.find(d.id.text)->second.inputs;
    names_seen seen;
    for (const value& item : v.items) {
      if (found_.full()) return;
      if (!seen.insert(item.key.text).second) {
        found_.error(item.key.offset, fmt::format("{}: {} is given twice", what, shown(item.key.text)));
      } else if (const auto it = known.by_name.find(item.key.text); it != known.by_name.end()) {
        check_constant(schema_, item, it->second->type, fmt::format("{}.{}", what, shown(item.key.text)), found_);
      } else {
        found_.error(item.key.offset, fmt::format("{}: {} has no field {}{}", what, shown(d.id.text),
                                                  shown(item.key.text), known.near(item.key.text)));
      }
    }
    for (const input_value* f : known.required)
      if (!seen.contains(f->id.text)) found_.error(v.offset, fmt::format("{}: {} is missing", what, shown(f->id.text)));
  }

  const schema& schema_;
  const type_ref& type_;
  findings& found_;
};

}  // namespace

void check_directives(const schema& s, const document& doc, findings& found) {
  checker c(s, found);
  for (const definition& d : doc.definitions) c.check(d);
}

void check_constant(const schema& s, const value& v, const type_ref& type, const std::string& what, findings& found) {
  constant_checker(s, type, found).check(v, type.modifiers, what);
}

}  // namespace waggle::graphql
