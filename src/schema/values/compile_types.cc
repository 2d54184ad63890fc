#include "schema/values/compile_types.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.h"
#include "schema/language/print.h"
#include "schema/language/text.h"
#include "schema/values/check_value.h"
#include "schema/values/explain.h"

namespace waggle::graphql {
namespace {

/// A default with all that it fills in: what a payload may grow by for a few bytes of it.
constexpr std::size_t longest_default = std::size_t{64} * 1024;
/// Defaults of input types that are filled into defaults, and so on.
constexpr std::size_t deepest_defaults = 100;
/// All that is made while the defaults of one contract are filled in: a few bytes each may ask for the longest one.
constexpr std::size_t most_filled_in = std::size_t{64} * 1024 * 1024;

const directive* find(const std::vector<directive>& directives, std::string_view id) {
  const auto it = std::ranges::find(directives, id, [](const directive& d) { return d.id.text; });
  return it == directives.end() ? nullptr : &*it;
}

void set(std::vector<std::uint64_t>& bits, std::size_t field) {
  bits.resize(std::max(bits.size(), field / 64 + 1));
  bits[field / 64] |= std::uint64_t{1} << field % 64;
}
/// The last step of making a record.
void close(record& r, const std::vector<std::string_view>& names) {
  const std::size_t words = std::max<std::size_t>(1, (r.fields.size() + 63) / 64);
  r.required.resize(words);
  r.defaulted.resize(words);
  r.names = name_table(names);
}

/// A constant as JSON, before coercion.
void append_json(std::string& out, const value& v) {
  switch (v.kind) {
    case value_kind::variable:  // not in a constant
    case value_kind::null: out += "null"; return;
    case value_kind::boolean:
    case value_kind::integer:
    case value_kind::floating: out += v.text; return;
    case value_kind::string:
    case value_kind::enumeration: out += json_quote(v.text); return;
    case value_kind::list:
    case value_kind::object: break;
  }
  const bool object = v.kind == value_kind::object;
  out += object ? '{' : '[';
  for (const value& item : v.items) {
    if (&item != &v.items.front()) out += ',';
    if (object) out += json_quote(item.key.text) + ':';
    append_json(out, item);
  }
  out += object ? '}' : ']';
}

shape shape_of_scalar(std::string_view name) {
  if (name == "Int") return shape::integer;
  if (name == "Float") return shape::floating;
  if (name == "String") return shape::string;
  if (name == "Boolean") return shape::boolean;
  if (name == "ID") return shape::id;
  return shape::any;
}

}  // namespace

bool is_sensitive(const std::vector<directive>& directives) { return find(directives, "sensitive") != nullptr; }

type_compiler::type_compiler(const schema& s, const document& doc, findings& found) : schema_(s), found_(found) {
  add({}, "any value");
  for (const definition& d : doc.definitions) {
    if (found_.full()) return;  // patterns that are refused take time too
    for (const field& f : d.fields) read_constraints(f.arguments);
    read_constraints(d.inputs);
    if (d.kind != definition_kind::scalar) continue;
    note_unchecked(d);
    if (const directive* c = find(d.directives, "constraint")) {
      const type_ref type{d.id, ""};
      if (auto read = read_constraint(*c, applicable(type), patterns_, found_))
        scalar_checks_[d.id.text] = std::make_shared<constraint>(std::move(*read));
    }
  }
}

/// A scalar that has a known one's name alone is not checked, which its author may not expect.
void type_compiler::note_unchecked(const definition& d) {
  const std::string_view address = specification_of(scalar_named(d.id.text));
  if (schema_.scalars_by_name || address.empty() || find(d.directives, "specifiedBy") != nullptr) return;
  found_.note(d.id.offset, fmt::format("{} takes any value; with @specifiedBy(url: \"{}\") its form is checked",
                                       shown(d.id.text), address));
}

void type_compiler::read_constraints(const std::vector<input_value>& places) {
  for (const input_value& v : places) {
    if (found_.full()) return;
    const directive* c = find(v.directives, "constraint");
    if (c == nullptr) continue;
    if (auto read = read_constraint(*c, applicable(v.type), patterns_, found_))
      own_checks_[&v] = std::make_shared<constraint>(std::move(*read));
  }
}

applies_to type_compiler::applicable(const type_ref& type) const {
  const applies_to items = type.modifiers.contains('[') ? applies_to::items : applies_to::nothing;
  const auto it = schema_.types.find(type.named.text);
  if (it == schema_.types.end() || it->second.defined == nullptr) return items;
  if (it->second.defined->kind != definition_kind::scalar) return items;
  switch (shape_of_scalar(type.named.text)) {
    case shape::integer:
    case shape::floating: return items | applies_to::numbers;
    case shape::string:
    case shape::id: return items | applies_to::texts;
    case shape::boolean: return items;
    default: break;
  }
  switch (form_of_scalar(schema_, it->second)) {
    case known_scalar::none:
    case known_scalar::json: return items | applies_to::numbers | applies_to::texts;
    case known_scalar::long_integer:
    case known_scalar::big_int:
    case known_scalar::decimal: return items | applies_to::numbers;
    default: return items | applies_to::texts;
  }
}

std::uint32_t type_compiler::arguments_of(const field& method) {
  const auto at = static_cast<std::uint32_t>(tables_.records.size());
  tables_.records.emplace_back();
  std::vector<const input_value*> places;
  for (const input_value& v : method.arguments) places.push_back(&v);
  tables_.records[at] = make_inputs(at, method.id.text, places);
  bound(tables_.records[at], nullptr);
  return add({.what = shape::record, .nullable = false, .of = at},
             fmt::format("an object with the arguments of {}", method.id.text));
}

std::uint32_t type_compiler::input(const input_value& v) {
  const auto own = own_checks_.find(&v);
  return place(v.type, own == own_checks_.end() ? nullptr : own->second);
}

std::uint32_t type_compiler::output(const type_ref& type) { return place(type, nullptr); }

std::uint32_t type_compiler::stream_of(const type_ref& type, bool sensitive) {
  type_ref items = type;
  items.modifiers += "[!";
  record r;
  r.name = fmt::format("stream of {}", print(type));
  const auto add_field = [&](std::string_view id, std::uint32_t of, bool hidden) {
    r.fields.push_back({expected_key(id), of, hidden, {}});
  };
  set(r.required, 0);
  add_field("items", output(items), sensitive);
  add_field("cursor", add({.what = shape::string}, "String"), false);
  add_field("afterMs", add({.what = shape::integer}, "Int"), false);
  add_field("done", add({.what = shape::boolean}, "Boolean"), false);
  close(r, {"items", "cursor", "afterMs", "done"});
  std::string text = r.name;
  tables_.records.push_back(std::move(r));
  return add({.what = shape::record, .nullable = false, .of = static_cast<std::uint32_t>(tables_.records.size() - 1)},
             std::move(text));
}

std::uint32_t type_compiler::add(const value_type& t, std::string text) {
  tables_.types.push_back(t);
  tables_.texts.push_back(std::move(text));
  return static_cast<std::uint32_t>(tables_.types.size() - 1);
}

/// From the inside out: the named type, then each list around it.
std::uint32_t type_compiler::place(const type_ref& type, const own_check& own) {
  type_ref inner{type.named, ""};
  std::uint32_t at = 0;
  for (std::size_t i = 0; i <= type.modifiers.size();) {
    if (i > 0) inner.modifiers += type.modifiers[i - 1];  // a bracket
    const bool non_null = i < type.modifiers.size() && type.modifiers[i] == '!';
    if (non_null) inner.modifiers += '!';
    const bool outermost = i + (non_null ? 1 : 0) >= type.modifiers.size();
    std::string text = print(inner);
    const auto known = own == nullptr ? places_.find(text) : places_.end();
    if (known != places_.end()) {
      at = known->second;
    } else {
      value_type t;
      if (i == 0) {
        t = named(type.named.text, own);
      } else {
        t.what = shape::list;
        t.of = at;
        if (own != nullptr && outermost) t.check = checks(own, {});
      }
      t.nullable = !non_null;
      at = add(t, text);
      if (own == nullptr) places_.emplace(std::move(text), at);
    }
    i += non_null ? 2 : 1;
  }
  return at;
}

value_type type_compiler::named(std::string_view name, const own_check& own) {
  value_type t;
  const type_entry& entry = schema_.types.find(name)->second;
  switch (entry.defined->kind) {
    case definition_kind::scalar:
      t.what = shape_of_scalar(name);
      t.scalar = t.what == shape::any ? form_of_scalar(schema_, entry) : known_scalar::none;
      if (t.scalar != known_scalar::none) t.what = shape::known;
      t.check = checks(own, name);
      break;
    case definition_kind::enumeration:
      t.what = shape::enumeration;
      t.of = enumeration_of(entry);
      break;
    case definition_kind::interface:
    case definition_kind::union_type:
      t.what = shape::abstract;
      t.of = abstract_of(name);
      break;
    default: t.what = shape::record; t.of = record_of(name);
  }
  return t;
}

std::uint32_t type_compiler::checks(const own_check& own, std::string_view scalar_name) {
  std::vector<constraint> all;
  if (own != nullptr) all.push_back(*own);
  if (const auto it = scalar_checks_.find(scalar_name); it != scalar_checks_.end()) all.push_back(*it->second);
  if (all.empty()) return value_type::unchecked;
  tables_.checks.push_back(std::move(all));
  return static_cast<std::uint32_t>(tables_.checks.size() - 1);
}

std::uint32_t type_compiler::enumeration_of(const type_entry& entry) {
  const std::string_view id = entry.defined->id.text;
  const auto [it, added] = enumerations_.try_emplace(id, static_cast<std::uint32_t>(tables_.enumerations.size()));
  if (!added) return it->second;
  std::vector<std::string_view> values;
  for (const definition* part : entry.parts())
    for (const enum_value& v : part->values) values.push_back(v.id.text);
  tables_.enumerations.push_back({std::string(id), name_table(values)});
  return it->second;
}

std::uint32_t type_compiler::record_of(std::string_view id) {
  const auto [it, added] = records_.try_emplace(id, static_cast<std::uint32_t>(tables_.records.size()));
  if (added) {
    tables_.records.emplace_back();
    open_.emplace_back(it->second, id);
  }
  return it->second;
}

std::uint32_t type_compiler::abstract_of(std::string_view id) {
  const auto [it, added] = abstracts_.try_emplace(id, static_cast<std::uint32_t>(tables_.abstracts.size()));
  if (!added) return it->second;
  const type_entry& entry = schema_.types.find(id)->second;
  std::vector<std::string_view> members;
  if (entry.defined->kind == definition_kind::union_type) {
    for (const definition* part : entry.parts())
      for (const name& member : part->names) members.push_back(member.text);
  } else {
    if (implementations_.empty()) index_implementations();
    members = implementations_[id];
  }
  abstract a{std::string(id), name_table(members), {}};
  for (const std::string_view member : members) a.records.push_back(record_of(member));
  tables_.abstracts.push_back(std::move(a));
  return it->second;
}

void type_compiler::index_implementations() {
  for (const auto& [id, entry] : schema_.types) {
    if (entry.defined == nullptr || entry.defined->kind != definition_kind::object) continue;
    for (const definition* part : entry.parts())
      for (const name& interface : part->names) implementations_[interface.text].push_back(id);
  }
}

/// Each object of a payload or an answer takes time for all fields that its type has.
void type_compiler::bound(const record& r, const definition* d) {
  constexpr std::size_t most_fields = 10'000;
  if (r.fields.size() > most_fields)
    found_.error(
        d == nullptr ? findings::whole_file : d->id.offset,
        fmt::format("{} has {} fields; at most {} can be served", shown(r.name), r.fields.size(), most_fields));
}

record type_compiler::make_inputs(std::uint32_t at, std::string_view id,
                                  const std::vector<const input_value*>& places) {
  record r;
  r.name = id;
  std::vector<std::string_view> names;
  for (const input_value* v : places) {
    const std::size_t number = r.fields.size();
    names.push_back(v->id.text);
    r.fields.push_back({expected_key(v->id.text), input(*v), is_sensitive(v->directives), {}});
    if (v->type.non_null() && v->default_value.empty()) set(r.required, number);
    if (v->default_value.empty()) continue;
    set(r.defaulted, number);
    default_place d{at, number, v, {}};
    append_json(d.written, v->default_value.front());
    defaults_.push_back(std::move(d));
  }
  close(r, names);
  return r;
}

record type_compiler::make_record(std::uint32_t at, std::string_view id) {
  const std::vector<const definition*> parts = schema_.types.find(id)->second.parts();
  if (parts.front()->kind == definition_kind::input) {
    std::vector<const input_value*> places;
    bool one_of = false;
    for (const definition* part : parts) {
      for (const input_value& v : part->inputs) places.push_back(&v);
      one_of |= find(part->directives, "oneOf") != nullptr;
    }
    record r = make_inputs(at, id, places);
    r.one_of = one_of;
    return r;
  }
  record r;
  r.name = id;
  std::vector<std::string_view> names;
  for (const definition* part : parts) {
    for (const field& f : part->fields) {
      names.push_back(f.id.text);
      if (f.type.non_null()) set(r.required, r.fields.size());
      r.fields.push_back({expected_key(f.id.text), output(f.type), is_sensitive(f.directives), {}});
    }
  }
  names.emplace_back("__typename");
  const auto own_name = static_cast<std::uint32_t>(tables_.enumerations.size());
  tables_.enumerations.push_back({"__typename", name_table({id})});
  const value_type type_name{.what = shape::enumeration, .nullable = false, .of = own_name};
  r.fields.push_back({expected_key("__typename"), add(type_name, fmt::format("\"{}\"", id)), false, {}});
  close(r, names);
  return r;
}

type_tables type_compiler::finish() {
  while (!open_.empty()) {
    const auto [at, id] = open_.back();
    open_.pop_back();
    record r = make_record(at, id);
    bound(r, schema_.find_type(id));
    tables_.records[at] = std::move(r);
  }
  for (const record& r : tables_.records) tables_.sensitive |= std::ranges::any_of(r.fields, &record_field::sensitive);
  fill_defaults();
  return std::move(tables_);
}

/// A default may fill in others, so they are coerced until nothing changes any more.
void type_compiler::fill_defaults() {
  for (const default_place& d : defaults_) tables_.records[d.record].fields[d.field].default_value = d.written;
  bool changed = !defaults_.empty();
  std::size_t filled_in = 0;
  for (std::size_t round = 0; changed && !found_.has_errors(); ++round) {
    changed = false;
    for (const default_place& d : defaults_) {
      record_field& f = tables_.records[d.record].fields[d.field];
      if (found_.full()) return;
      if (round > 0 && d.written.front() != '{' && d.written.front() != '[') continue;  // has no fields to fill in
      std::string coerced = d.written;
      const fit fits = check_input(tables_, f.type, coerced, deepest_value, longest_default);
      const std::size_t place = d.from->default_value.front().offset;
      if (fits == fit::too_long || round > deepest_defaults)
        found_.error(place, fmt::format("the default of {} fills in too much; at most {} bytes", shown(d.from->id.text),
                                        longest_default));
      else if (fits != fit::yes)
        misfit(d, f.type, coerced);
      filled_in += coerced.size();
      if (filled_in > most_filled_in)
        return found_.error(
            place, fmt::format("the defaults of this contract fill in too much; at most {} bytes", most_filled_in));
      if (coerced == f.default_value) continue;
      f.default_value = std::move(coerced);
      changed = true;
    }
  }
}

void type_compiler::misfit(const default_place& d, std::uint32_t type, const std::string& json) {
  const misfits found = explain(tables_, type, json, true, false);
  const violation* v = found.first.empty() ? nullptr : &found.first.front();
  found_.error(d.from->default_value.front().offset,
               fmt::format("the default of {} does not fit: {}{}", shown(d.from->id.text),
                           v == nullptr || v->path.empty() ? "" : v->path + " ", v == nullptr ? "" : v->message));
}

}  // namespace waggle::graphql
