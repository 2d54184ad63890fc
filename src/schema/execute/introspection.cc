#include "schema/execute/introspection.h"

#include <algorithm>
#include <array>
#include <set>

#include "schema/language/print.h"
#include "schema/prelude.h"

namespace waggle::graphql {
namespace {

constexpr std::array<std::string_view, 5> specified_directives = {"deprecated", "include", "oneOf", "skip",
                                                                  "specifiedBy"};

/// No type that a contract can have has a longer one, with all its letters escaped.
constexpr std::size_t longest_name = std::size_t{64} << 10;

const directive* find(const std::vector<directive>& directives, std::string_view id) {
  const auto at = std::ranges::find(directives, id, [](const directive& d) { return d.id.text; });
  return at == directives.end() ? nullptr : &*at;
}

bool is_deprecated(const std::vector<directive>& directives) { return find(directives, "deprecated") != nullptr; }

std::string_view kind_of(const definition& d) {
  switch (d.kind) {
    case definition_kind::scalar: return "SCALAR";
    case definition_kind::object: return "OBJECT";
    case definition_kind::interface: return "INTERFACE";
    case definition_kind::union_type: return "UNION";
    case definition_kind::enumeration: return "ENUM";
    case definition_kind::input: return "INPUT_OBJECT";
    default: return {};
  }
}

template <class T>
std::vector<const T*> addresses(const std::vector<T>& of) {
  std::vector<const T*> all;
  for (const T& t : of) all.push_back(&t);
  return all;
}

/// Those that are not deprecated, or all.
template <class T>
void keep(std::vector<const T*>& all, bool deprecated_too) {
  if (!deprecated_too) std::erase_if(all, [](const T* t) { return is_deprecated(t->directives); });
}

}  // namespace

void introspection::text(std::string_view s) { text_.out += json_quote(s); }

void introspection::optional_text(std::string_view s) {
  if (s.empty())
    null();
  else
    text(s);
}

/// `{…}` with what `write` writes for each field.
template <class Write>
void introspection::object(const planned_field& of, Write write) {
  if (of.sub == nullptr) return null();
  if (++depth_ > most_depth_) text_.stopped = true;
  const object_plan& plan = plans_.of(*of.sub, *of.sub->type);
  text_.out += '{';
  for (const planned_field& f : plan.fields) {
    if (!text_.go_on()) break;
    if (&f != plan.fields.data()) text_.out += ',';
    text_.out += f.key;
    if (f.definition == &query_schema::typename_field())
      text(plan.type->name());
    else
      write(f);
  }
  text_.out += '}';
  --depth_;
}

template <class Range, class Write>
void introspection::list(const Range& items, Write write) {
  text_.out += '[';
  bool first = true;
  for (const auto& item : items) {
    if (!text_.go_on()) break;
    if (!first) text_.out += ',';
    first = false;
    write(item);
  }
  text_.out += ']';
}

void introspection::root(const planned_field& f) {
  if (f.definition == &query_schema::schema_field()) return schema_of(f);
  const auto name_argument = std::ranges::find(f.first->arguments, "name", [](const argument& a) { return a.id.text; });
  bounded_text asked{.out = {}, .most_bytes = longest_name};
  if (name_argument != f.first->arguments.end()) (void)append_argument(asked, name_argument->given, variables_);
  json_tape name;
  std::string decoded;
  if (asked.too_long || !name.read(std::move(asked.out), 1) || name[0].kind != json_kind::string) return null();
  const type_entry* const entry = visible(name.string(0, decoded));
  if (entry == nullptr) return null();
  type(f, {entry, {}});
}

void introspection::schema_of(const planned_field& schema_field) {
  const auto root_type = [&](const planned_field& f, operation kind) {
    const query_schema::composite* const root = endpoint_.schema().root(kind);
    if (root == nullptr) return null();
    type(f, {endpoint_.schema().find_entry(root->name()), {}});
  };
  object(schema_field, [&](const planned_field& f) {
    const std::string_view id = f.name();
    if (id == "description") return optional_text(endpoint_.description());
    if (id == "types") return list(types(), [&](const type_entry* t) { type(f, {t, {}}); });
    if (id == "queryType") return root_type(f, operation::query);
    if (id == "mutationType") return root_type(f, operation::mutation);
    if (id == "subscriptionType") return root_type(f, operation::subscription);
    list(specified_directives, [&](std::string_view directive_name) {
      const auto& all = endpoint_.schema().definitions().directives;
      const definition& d = *all.find(directive_name)->second.defined;
      object(f, [&](const planned_field& part) { directive_part(part, d); });
    });
  });
}

/// All that clients see, by name; introspection's last.
const std::vector<const type_entry*>& introspection::types() {
  if (!types_.empty()) return types_;
  const schema& s = endpoint_.schema().definitions();
  std::set<std::string_view> used = {"String", "Boolean"};
  const auto use = [&](const std::vector<input_value>& values) {
    for (const input_value& v : values) used.insert(v.type.named.text);
  };
  for (const auto& [type_name, entry] : s.types) {
    if (entry.from != origin::file || entry.defined == nullptr) continue;
    for (const definition* part : entry.parts()) {
      use(part->inputs);
      for (const field& f : part->fields) {
        used.insert(f.type.named.text);
        use(f.arguments);
      }
    }
  }
  for (const auto& [type_name, entry] : s.types)
    if (entry.defined != nullptr &&
        (entry.from == origin::file || (entry.from == origin::built_in && used.contains(type_name))))
      types_.push_back(&entry);
  for (const auto& [type_name, entry] : introspection_types().types)
    if (entry.defined != nullptr && entry.from == origin::file && type_name.starts_with("__")) types_.push_back(&entry);
  return types_;
}

const type_entry* introspection::visible(std::string_view type_name) {
  const auto& all = types();
  const auto at = std::ranges::find(all, type_name, [](const type_entry* t) { return t->defined->id.text; });
  return at == all.end() ? nullptr : *at;
}

bool introspection::include_deprecated(const planned_field& f) const {
  for (const argument& a : f.first->arguments) {
    if (a.id.text != "includeDeprecated") continue;
    return a.given.kind == value_kind::variable ? variables_.is_true(a.given.text) : a.given.text == "true";
  }
  return false;
}

void introspection::named(const planned_field& f, const type_ref& t) {
  type(f, {endpoint_.schema().find_entry(t.named.text), t.modifiers});
}

void introspection::type(const planned_field& f, const type_view& t) {
  if (t.entry == nullptr || t.entry->defined == nullptr) return null();
  object(f, [&](const planned_field& part) {
    if (t.modifiers.empty())
      type_part(part, t);
    else
      wrapped(part, t);
  });
}

/// A list or a non-null type.
void introspection::wrapped(const planned_field& f, const type_view& t) {
  if (f.name() == "kind") return text(t.modifiers.ends_with('!') ? "NON_NULL" : "LIST");
  if (f.name() != "ofType") return null();
  type(f, {t.entry, t.modifiers.substr(0, t.modifiers.size() - 1)});
}

void introspection::type_part(const planned_field& f, const type_view& t) {
  const definition& d = *t.entry->defined;
  const std::string_view id = f.name();
  if (id == "kind") return text(kind_of(d));
  if (id == "name") return text(d.id.text);
  if (id == "description") return optional_text(d.description);
  if (id == "specifiedByURL") {
    const directive* const said = find(d.directives, "specifiedBy");
    const argument* const url = said == nullptr ? nullptr : said->find("url");
    return optional_text(url == nullptr ? std::string_view() : url->given.text);
  }
  if (id == "fields") return fields(f, *t.entry);
  if (id == "interfaces") return implemented(f, *t.entry);
  if (id == "possibleTypes") return possible(f, *t.entry);
  if (id == "enumValues") return enum_values(f, *t.entry);
  if (id == "isOneOf") return d.kind == definition_kind::input ? boolean(t.entry->one_of) : null();
  if (id != "inputFields" || d.kind != definition_kind::input) return null();
  std::vector<const input_value*> all;
  for (const definition* part : t.entry->parts())
    for (const input_value& v : part->inputs) all.push_back(&v);
  inputs(f, all);
}

void introspection::fields(const planned_field& f, const type_entry& t) {
  const definition_kind kind = t.defined->kind;
  if (kind != definition_kind::object && kind != definition_kind::interface) return null();
  std::vector<const field*> all;
  for (const definition* part : t.parts())
    for (const field& of : part->fields) all.push_back(&of);
  keep(all, include_deprecated(f));
  list(all, [&](const field* of) { object(f, [&](const planned_field& part) { field_part(part, *of); }); });
}

void introspection::implemented(const planned_field& f, const type_entry& t) {
  const definition_kind kind = t.defined->kind;
  if (kind != definition_kind::object && kind != definition_kind::interface) return null();
  std::vector<std::string_view> all;
  for (const definition* part : t.parts())
    for (const name& n : part->names) all.push_back(n.text);
  list(all, [&](std::string_view n) { type(f, {endpoint_.schema().find_entry(n), {}}); });
}

void introspection::possible(const planned_field& f, const type_entry& t) {
  const definition_kind kind = t.defined->kind;
  if (kind != definition_kind::interface && kind != definition_kind::union_type) return null();
  list(endpoint_.schema().find(t.defined->id.text)->possible, [&](const query_schema::composite* c) {
    type(f, {endpoint_.schema().find_entry(c->name()), {}});
  });
}

void introspection::enum_values(const planned_field& f, const type_entry& t) {
  if (t.defined->kind != definition_kind::enumeration) return null();
  std::vector<const enum_value*> all;
  for (const definition* part : t.parts())
    for (const enum_value& v : part->values) all.push_back(&v);
  keep(all, include_deprecated(f));
  list(all, [&](const enum_value* v) {
    object(f, [&](const planned_field& part) {
      if (part.name() == "name") return text(v->id.text);
      if (part.name() == "description") return optional_text(v->description);
      deprecation(part, v->directives);
    });
  });
}

void introspection::field_part(const planned_field& f, const field& of) {
  if (f.name() == "name") return text(of.id.text);
  if (f.name() == "description") return optional_text(of.description);
  if (f.name() == "args") return inputs(f, addresses(of.arguments));
  if (f.name() == "type") return named(f, of.type);
  deprecation(f, of.directives);
}

void introspection::inputs(const planned_field& f, const std::vector<const input_value*>& all) {
  std::vector<const input_value*> shown = all;
  keep(shown, include_deprecated(f));
  list(shown, [&](const input_value* v) { object(f, [&](const planned_field& part) { input_part(part, *v); }); });
}

void introspection::input_part(const planned_field& f, const input_value& v) {
  if (f.name() == "name") return text(v.id.text);
  if (f.name() == "description") return optional_text(v.description);
  if (f.name() == "type") return named(f, v.type);
  if (f.name() == "defaultValue") return v.default_value.empty() ? null() : text(print(v.default_value.front()));
  deprecation(f, v.directives);
}

void introspection::deprecation(const planned_field& f, const std::vector<directive>& directives) {
  const directive* const said = find(directives, "deprecated");
  if (f.name() == "isDeprecated") return boolean(said != nullptr);
  if (said == nullptr) return null();
  const argument* const reason = said->find("reason");
  text(reason == nullptr || reason->given.kind != value_kind::string ? "No longer supported" : reason->given.text);
}

void introspection::directive_part(const planned_field& f, const definition& d) {
  if (f.name() == "name") return text(d.id.text);
  if (f.name() == "description") return optional_text(d.description);
  if (f.name() == "isRepeatable") return boolean(d.repeatable);
  if (f.name() == "args") return inputs(f, addresses(d.inputs));
  list(d.names, [&](const name& location) { text(location.text); });
}

}  // namespace waggle::graphql
