#include <algorithm>

#include <fmt/format.h>

#include "schema/compare/compare_parts.h"
#include "schema/compare/positions.h"
#include "schema/language/print.h"
#include "schema/language/text.h"

namespace waggle::graphql {
namespace {

using enum change_kind;

/// A type put together from its definition and its extensions.
struct whole_type {
  definition_kind kind = definition_kind::scalar;
  annotations notes;
  std::map<std::string_view, std::size_t> names;  ///< interfaces or members of a union
  std::map<std::string_view, const field*> fields;
  std::map<std::string_view, const enum_value*> values;
  bool written = false;  ///< in this text: there are places in it

  [[nodiscard]] std::size_t at(std::size_t offset) const { return written ? offset : nowhere; }
};

whole_type whole(const type_entry& entry) {
  whole_type t;
  t.kind = entry.defined->kind;
  t.written = entry.from == origin::file;
  t.notes = {entry.defined->description, {}, t.at(entry.defined->id.offset)};
  for (const definition* part : entry.parts()) {
    for (const directive& d : part->directives) t.notes.directives.push_back(&d);
    for (const name& n : part->names) t.names.emplace(n.text, t.at(n.offset));
    for (const field& f : part->fields) t.fields.emplace(f.id.text, &f);
    for (const enum_value& v : part->values) t.values.emplace(v.id.text, &v);
  }
  return t;
}

/// What says which form a scalar's values have.
struct specification {
  std::string_view url;
  known_scalar form;  ///< what waggle checks
};

specification specification_of(const schema& s, const type_entry& entry, const whole_type& t) {
  const directive* d = find(t.notes.directives, "specifiedBy");
  const argument* url = d == nullptr ? nullptr : d->find("url");
  return {url == nullptr ? std::string_view() : url->given.text,
          t.kind == definition_kind::scalar ? form_of_scalar(s, entry) : known_scalar::none};
}

/// An okra file and what `waggle convert` makes of it have the scalar's name on one side, its address on the other.
bool same_form(const specification& a, const specification& b) {
  return a.form == b.form && (a.form != known_scalar::none || a.url == b.url);
}

std::string quoted(const specification& s) { return s.url.empty() ? "nothing" : '"' + shown(s.url) + '"'; }

class type_comparison {
 public:
  type_comparison(const schema& before, const schema& after, change_list& into)
      : before_(before), after_(after), into_(into), positions_(positions_of(after)) {}

  void run() {
    match(
        before_.types, after_.types, [&](const auto& old_one) { removed(old_one.first, old_one.second); },
        [&](const auto& new_one) { added(new_one.first, new_one.second); },
        [&](const auto& old_one, const auto& new_one) { kept(old_one.first, old_one.second, new_one.second); });
  }

 private:
  using entry_name = std::string_view;

  static bool is_root(const schema& s, entry_name type_name) {
    return std::ranges::find(s.roots, type_name, &name::text) != s.roots.end();
  }
  [[nodiscard]] bool in(entry_name type_name, position where) const {
    const auto it = positions_.find(type_name);
    return it != positions_.end() && (it->second & where) != 0;
  }

  void removed(entry_name type_name, const type_entry& entry) {
    if (entry.from != origin::file || is_root(before_, type_name)) return;
    into_.add(type_removed, shown(type_name), fmt::format("{} was removed", describe(entry.defined->kind)),
              {entry.defined->id.offset, nowhere});
  }

  void added(entry_name type_name, const type_entry& entry) {
    if (entry.from != origin::file || is_root(after_, type_name)) return;
    into_.add(type_added, shown(type_name), fmt::format("{} was added", describe(entry.defined->kind)),
              {nowhere, entry.defined->id.offset});
    if (entry.defined->kind != definition_kind::object) return;
    for (const auto& [interface, offset] : whole(entry).names)
      if (before_.find_type(interface) != nullptr && in(interface, in_answer))
        into_.add(implementation_added, shown(type_name), fmt::format("it implements {}", shown(interface)),
                  {nowhere, offset});
  }

  void kept(entry_name type_name, const type_entry& old_entry, const type_entry& new_entry) {
    const auto implied = [](const type_entry& e) { return e.from != origin::file && e.extensions.empty(); };
    if (implied(old_entry) && implied(new_entry)) return;
    const std::string path = shown(type_name);
    const whole_type old_type = whole(old_entry);
    const whole_type new_type = whole(new_entry);
    if (old_type.kind != new_type.kind) {
      into_.add(type_kind_changed, path, fmt::format("{} became {}", describe(old_type.kind), describe(new_type.kind)),
                {old_type.notes.offset, new_type.notes.offset});
      return;
    }
    compare_annotations(path, old_type.notes, new_type.notes, {"constraint", "specifiedBy"}, into_);
    if (old_type.kind == definition_kind::scalar) {
      compare_specification(path, specification_of(before_, old_entry, old_type),
                            specification_of(after_, new_entry, new_type),
                            {old_type.notes.offset, new_type.notes.offset});
      const bool only_given = in(type_name, in_payload) && !in(type_name, in_answer);
      compare_constraint(path, old_type.notes, new_type.notes, !only_given, into_);
      return;
    }
    compare_names(path, old_type, new_type);
    compare_values(type_name, old_type, new_type);
    compare_inputs(input_field_kinds, path, old_entry.inputs.by_name, new_entry.inputs.by_name,
                   {old_type.notes.offset, new_type.notes.offset}, into_);
    if (!is_root(before_, type_name) || !is_root(after_, type_name)) compare_fields(path, old_type, new_type);
  }

  void compare_specification(const std::string& path, const specification& old_one, const specification& new_one,
                             place_pair at) {
    if (same_form(old_one, new_one)) return;
    into_.add(old_one.form != new_one.form ? scalar_format_changed : scalar_specification_changed, path,
              fmt::format("@specifiedBy changed from {} to {}", quoted(old_one), quoted(new_one)), at);
  }

  /// Interfaces of an object or an interface, members of a union.
  void compare_names(const std::string& path, const whole_type& old_type, const whole_type& new_type) {
    const bool members = old_type.kind == definition_kind::union_type;
    match(
        old_type.names, new_type.names,
        [&](const auto& old_one) {
          into_.add(members ? union_member_removed : interface_removed, path,
                    fmt::format("{} was removed from its {}", shown(old_one.first), members ? "members" : "interfaces"),
                    {old_one.second, new_type.notes.offset});
        },
        [&](const auto& new_one) {
          into_.add(members ? union_member_added : interface_added, path,
                    fmt::format("{} was added to its {}", shown(new_one.first), members ? "members" : "interfaces"),
                    {old_type.notes.offset, new_one.second});
        },
        [](const auto&, const auto&) {});
  }

  void compare_values(entry_name type_name, const whole_type& old_type, const whole_type& new_type) {
    const auto path = [&](entry_name value_name) { return fmt::format("{}.{}", shown(type_name), shown(value_name)); };
    const bool only_given = in(type_name, in_payload) && !in(type_name, in_answer);
    match(
        old_type.values, new_type.values,
        [&](const auto& old_one) {
          into_.add(enum_value_removed, path(old_one.first), "value was removed",
                    {old_type.at(old_one.second->id.offset), new_type.notes.offset});
        },
        [&](const auto& new_one) {
          into_.add(only_given ? input_enum_value_added : enum_value_added, path(new_one.first), "value was added",
                    {old_type.notes.offset, new_type.at(new_one.second->id.offset)});
        },
        [&](const auto& old_one, const auto& new_one) {
          annotations old_notes = annotations_of(*old_one.second);
          annotations new_notes = annotations_of(*new_one.second);
          old_notes.offset = old_type.at(old_notes.offset);
          new_notes.offset = new_type.at(new_notes.offset);
          compare_annotations(path(new_one.first), old_notes, new_notes, {}, into_);
        });
  }

  void compare_fields(const std::string& owner, const whole_type& old_type, const whole_type& new_type) {
    const auto path = [&](entry_name field_name) { return fmt::format("{}.{}", owner, shown(field_name)); };
    match(
        old_type.fields, new_type.fields,
        [&](const auto& old_one) {
          into_.add(field_removed, path(old_one.first), "field was removed",
                    {old_one.second->id.offset, new_type.notes.offset});
        },
        [&](const auto& new_one) {
          into_.add(field_added, path(new_one.first),
                    fmt::format("field of type {} was added", shown(print(new_one.second->type))),
                    {old_type.notes.offset, new_one.second->id.offset});
        },
        [&](const auto& old_one, const auto& new_one) {
          compare_field(path(new_one.first), *old_one.second, *new_one.second);
        });
  }

  void compare_field(const std::string& path, const field& old_field, const field& new_field) {
    const place_pair at{old_field.id.offset, new_field.id.offset};
    if (const type_change changed = compare_types(old_field.type, new_field.type); changed != type_change::none)
      into_.add(changed == type_change::narrowed ? field_type_narrowed : field_type_changed, path,
                fmt::format("type changed from {} to {}", shown(print(old_field.type)), shown(print(new_field.type))),
                at);
    compare_inputs(argument_kinds, path, by_name(old_field.arguments), by_name(new_field.arguments), at, into_);
    compare_annotations(path, annotations_of(old_field), annotations_of(new_field), {}, into_);
  }

  const schema& before_;
  const schema& after_;
  change_list& into_;
  std::map<std::string_view, std::uint8_t> positions_;  ///< in the new contract
};

void compare_directive(const std::string& path, const definition& before, const definition& after, place_pair at,
                       change_list& into) {
  const auto locations = [](const definition& d) {
    std::map<std::string_view, std::size_t> out;
    for (const name& n : d.names) out.emplace(n.text, n.offset);
    return out;
  };
  match(
      locations(before), locations(after),
      [&](const auto& old_one) {
        into.add(directive_location_removed, path, fmt::format("{} was removed", shown(old_one.first)), at);
      },
      [&](const auto& new_one) {
        into.add(directive_location_added, path, fmt::format("{} was added", shown(new_one.first)), at);
      },
      [](const auto&, const auto&) {});
  if (before.repeatable != after.repeatable)
    into.add(after.repeatable ? directive_repeatable_added : directive_repeatable_removed, path,
             after.repeatable ? "it became repeatable" : "it is no longer repeatable", at);
  compare_inputs(directive_argument_kinds, path, by_name(before.inputs), by_name(after.inputs), at, into);
  compare_annotations(path, {before.description, {}, at.before}, {after.description, {}, at.after}, {}, into);
}

}  // namespace

void compare_types(const schema& before, const schema& after, change_list& into) {
  type_comparison(before, after, into).run();
}

void compare_directive_definitions(const schema& before, const schema& after, change_list& into) {
  const auto path = [](std::string_view directive_name) { return "@" + shown(directive_name); };
  match(
      before.directives, after.directives,
      [&](const auto& old_one) {
        if (old_one.second.from == origin::file)
          into.add(directive_removed, path(old_one.first), "directive was removed",
                   {old_one.second.defined->id.offset, nowhere});
      },
      [&](const auto& new_one) {
        if (new_one.second.from == origin::file)
          into.add(directive_added, path(new_one.first), "directive was added",
                   {nowhere, new_one.second.defined->id.offset});
      },
      [&](const auto& old_one, const auto& new_one) {
        // The specification's own, which a file may repeat, are not followed.
        if (old_one.second.from == origin::file && new_one.second.from == origin::file)
          compare_directive(path(new_one.first), *old_one.second.defined, *new_one.second.defined,
                            {old_one.second.defined->id.offset, new_one.second.defined->id.offset}, into);
      });
}

}  // namespace waggle::graphql
