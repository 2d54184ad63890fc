#include "schema/schema.h"

#include <algorithm>

#include <fmt/format.h>

#include "schema/language/print.h"
#include "schema/language/text.h"
#include "schema/prelude.h"
#include "schema/values/scalars.h"

namespace waggle::graphql {
namespace {

constexpr std::string_view own_prefix = "Waggle";

/// What other languages call GraphQL's scalars, where the names are too different to be near.
struct other_name {
  std::string_view elsewhere;
  std::string_view here;
};
constexpr other_name other_names[] = {
    {"Bool", "Boolean"}, {"bool", "Boolean"}, {"Integer", "Int"},  {"integer", "Int"},
    {"Number", "Float"}, {"number", "Float"}, {"Double", "Float"}, {"double", "Float"},
};

void add_implied(schema& s, const document& doc, origin from) {
  for (const definition& d : doc.definitions) {
    if (d.kind == definition_kind::directive) {
      s.directives[d.id.text] = {&d, from, {}};
    } else {
      s.types[d.id.text] = {&d, {}, from, false, {}, {}};
    }
  }
}

bool is_input(definition_kind kind) {
  return kind == definition_kind::scalar || kind == definition_kind::enumeration || kind == definition_kind::input;
}

/// The five scalars of the specification cannot be replaced; okra's scalars and @link's types can.
bool replaceable(const type_entry& entry) {
  constexpr std::string_view fixed[] = {"Int", "Float", "String", "Boolean", "ID"};
  return entry.from == origin::built_in && std::ranges::find(fixed, entry.defined->id.text) == std::end(fixed);
}

/// Does the file's definition of the specification's own directive agree with it, or with what earlier editions had: the same
/// arguments, nullability aside, and no other places?
bool agrees(const definition& own, const definition& files) {
  if (own.repeatable != files.repeatable || own.inputs.size() != files.inputs.size()) return false;
  const auto bare = [](const type_ref& t) {
    return t.non_null() ? std::string_view(t.modifiers).substr(0, t.modifiers.size() - 1)
                        : std::string_view(t.modifiers);
  };
  const bool same_inputs = std::ranges::all_of(own.inputs, [&](const input_value& v) {
    return std::ranges::any_of(files.inputs, [&](const input_value& f) {
      return f.id.text == v.id.text && f.type.named.text == v.type.named.text && bare(f.type) == bare(v.type);
    });
  });
  return same_inputs && std::ranges::all_of(files.names, [&](const name& location) {
           return std::ranges::find(own.names, location.text, &name::text) != own.names.end();
         });
}

/// The directives of the specification (§3.13.1–§3.13.5); @link, which is implied too, has several definitions.
bool is_specified(std::string_view directive_name) {
  constexpr std::string_view all[] = {"skip", "include", "deprecated", "specifiedBy", "oneOf"};
  return std::ranges::find(all, directive_name) != std::end(all);
}

void add_directive(schema& s, const definition& d, findings& found) {
  auto [it, added] = s.directives.try_emplace(d.id.text, directive_entry{&d, origin::file, {}});
  if (added) return;
  directive_entry& known = it->second;
  if (known.from == origin::built_in) {
    if (is_specified(d.id.text) && !agrees(*known.defined, d))
      found.error(d.id.offset, fmt::format("@{} is built in; leave this definition out or write {} (§3.13)",
                                           shown(d.id.text), print_directive_definition(*known.defined)));
    known = {&d, origin::file, {}};
  } else if (known.from == origin::file) {
    found.error(d.id.offset, fmt::format("directive @{} is defined twice (§3.3)", shown(d.id.text)));
  } else if (const std::string own = print_directive_definition(*known.defined); own != print_directive_definition(d)) {
    found.error(d.id.offset,
                fmt::format("@{} is waggle's own and implied; leave this definition out or write {}", d.id.text, own));
  }
}

void add_type(schema& s, const definition& d, findings& found) {
  if (d.id.text.starts_with(own_prefix)) {
    found.error(d.id.offset,
                fmt::format("{}: names that begin with {} are waggle's own", shown(d.id.text), own_prefix));
    return;
  }
  type_entry& entry = s.types[d.id.text];
  if (d.extension) {
    entry.extensions.push_back(&d);
  } else if (entry.defined == nullptr || replaceable(entry)) {
    entry.defined = &d;
    entry.from = origin::file;
  } else if (entry.from == origin::built_in) {
    found.error(d.id.offset, fmt::format("{} is built in and cannot be defined (§3.5)", d.id.text));
  } else {
    found.error(d.id.offset, fmt::format("type {} is defined twice (§3.3)", shown(d.id.text)));
  }
}

void set_root(schema& s, const root_type& r, findings& found) {
  name& root = s.roots[static_cast<std::size_t>(r.kind)];
  if (!root.text.empty()) {
    found.error(r.offset, fmt::format("the {} root is {} already (§3.3.1)", to_string(r.kind), shown(root.text)));
    return;
  }
  for (const name& other : s.roots)
    if (other.text == r.type.text)
      found.error(r.type.offset,
                  fmt::format("{} is the root of another operation already (§3.3.1)", shown(r.type.text)));
  root = r.type;
}

/// Root types (§3.3.1): those that are named; without a schema definition also types that have the operation's name.
void find_roots(schema& s, findings& found) {
  bool defined = false;
  for (const definition* part : s.parts) {
    if (!part->extension && defined) {
      found.error(part->offset, "the schema is defined twice (§3.3)");
      continue;
    }
    for (const root_type& r : part->roots) set_root(s, r, found);
    defined |= !part->extension;
  }
  if (defined) return;
  constexpr std::string_view defaults[] = {"Query", "Mutation", "Subscription"};
  for (std::size_t i = 0; i < s.roots.size(); ++i) {
    const definition* d = s.find_type(defaults[i]);
    if (!s.roots[i].text.empty() || d == nullptr) continue;
    // The schema that is implied has this root, whatever an extension made of the type.
    for (const name& other : s.roots)
      if (other.text == defaults[i])
        found.error(other.offset, fmt::format("{} is the root of another operation already (§3.3.1)", defaults[i]));
    s.roots[i] = d->id;
  }
}

/// Leaves those out that extend nothing, a type of another kind, or a scalar of the specification.
void check_extensions(const schema& s, std::string_view type_name, type_entry& entry, findings& found) {
  if (entry.extensions.empty()) return;
  const bool fixed = entry.defined != nullptr && entry.from == origin::built_in && !replaceable(entry);
  std::erase_if(entry.extensions, [&](const definition* e) {
    if (found.full()) return true;  // looking for near names takes time
    if (entry.defined == nullptr) {
      found.error(e->id.offset, fmt::format("type {} is extended but not defined{} (§3.4.3)", shown(type_name),
                                            s.near_type(type_name)));
    } else if (fixed) {
      found.error(e->id.offset, fmt::format("{} is built in and cannot be extended (§3.5)", type_name));
    } else if (e->kind != entry.defined->kind) {
      found.error(e->id.offset, fmt::format("{} is of the kind {} and cannot be extended as {} (§3.4.3)",
                                            shown(type_name), describe(entry.defined->kind), describe(e->kind)));
    } else {
      return false;
    }
    return true;
  });
}

void check_roots(const schema& s, findings& found) {
  for (const name& root : s.roots) {
    if (root.text.empty()) continue;
    const definition* d = s.find_type(root.text);
    if (d == nullptr) {
      found.error(root.offset,
                  fmt::format("type {} is not defined{} (§3.3.1)", shown(root.text), s.near_type(root.text)));
    } else if (d->kind != definition_kind::object) {
      found.error(root.offset, fmt::format("{} is of the kind {}; a root must be an object type (§3.3.1)",
                                           shown(root.text), describe(d->kind)));
    }
  }
}

}  // namespace

void input_index::add(const std::vector<input_value>& inputs) {
  for (const input_value& v : inputs) {
    if (!by_name.emplace(v.id.text, &v).second) continue;
    if (v.type.non_null() && v.default_value.empty()) required.push_back(&v);
  }
}

std::string input_index::near(std::string_view word) const {
  near_name near(word);
  for (const auto& [candidate, v] : by_name) near.offer(candidate);
  return near.hint();
}

std::vector<const definition*> type_entry::parts() const {
  std::vector<const definition*> all;
  if (defined != nullptr) all.push_back(defined);
  all.insert(all.end(), extensions.begin(), extensions.end());
  return all;
}

const type_entry* schema::find_entry(std::string_view type_name) const {
  const auto it = entries.find(type_name);
  return it == entries.end() ? nullptr : it->second;
}

const definition* schema::find_type(std::string_view type_name) const {
  const type_entry* entry = find_entry(type_name);
  return entry == nullptr ? nullptr : entry->defined;
}

std::string schema::near_type(std::string_view type_name) const {
  if (const known_scalar known = scalar_named(type_name); known != known_scalar::none) {
    const std::string_view url = specification_of(known);
    return fmt::format("; define it: scalar {}{}", type_name,
                       url.empty() ? "" : fmt::format(" @specifiedBy(url: \"{}\")", url));
  }
  near_name near(type_name);
  for (const auto& [candidate, entry] : types)
    if (entry.from != origin::prelude && entry.defined != nullptr) near.offer(candidate);
  const auto* other = std::ranges::find(other_names, type_name, &other_name::elsewhere);
  if (near.best().empty() && other != std::end(other_names)) return fmt::format("; did you mean {}?", other->here);
  return near.hint();
}

known_scalar form_of_scalar(const schema& s, const type_entry& scalar) {
  if (scalar.specified) return *scalar.specified;
  return s.scalars_by_name ? scalar_named(scalar.defined->id.text) : known_scalar::none;
}

schema index_schema(const document& doc, bool okra, findings& found) {
  schema s;
  add_implied(s, built_ins(), origin::built_in);
  add_implied(s, prelude(), origin::prelude);
  s.scalars_by_name = okra;
  if (okra) add_implied(s, okra_prelude(), origin::built_in);
  for (const definition& d : doc.definitions) {
    if (d.kind == definition_kind::schema) {
      s.parts.push_back(&d);
    } else if (d.kind == definition_kind::directive) {
      add_directive(s, d, found);
    } else {
      add_type(s, d, found);
    }
  }
  s.entries.reserve(s.types.size());
  for (const auto& [type_name, entry] : s.types) s.entries.emplace(type_name, &entry);
  for (auto& [type_name, entry] : s.types) check_extensions(s, type_name, entry, found);
  for (auto& [type_name, entry] : s.types) {
    for (const definition* part : entry.parts()) {
      for (const directive& d : part->directives)
        if (const argument* url = d.find("url"); url != nullptr && d.id.text == "specifiedBy")
          entry.specified = scalar_specified_by(url->given.text);
      entry.inputs.add(part->inputs);
      for (const enum_value& v : part->values) entry.values.insert(v.id.text);
    }
    if (entry.defined != nullptr && entry.defined->kind == definition_kind::input)
      entry.one_of =
          std::ranges::any_of(entry.defined->directives, [](const directive& d) { return d.id.text == "oneOf"; });
  }
  for (auto& [directive_name, entry] : s.directives) {
    entry.arguments.add(entry.defined->inputs);
    for (const name& location : entry.defined->names) entry.locations.insert(location.text);
  }
  find_roots(s, found);
  check_roots(s, found);
  return s;
}

void check_references(const schema& s, const document& doc, findings& found) {
  auto refer = [&](const name& n) {
    if (const type_entry* entry = s.find_entry(n.text); entry != nullptr || found.full())
      return entry == nullptr ? nullptr : entry->defined;
    found.error(n.offset, fmt::format("type {} is not defined{} (§3.3)", shown(n.text), s.near_type(n.text)));
    return static_cast<const definition*>(nullptr);
  };
  auto refer_inputs = [&](const std::vector<input_value>& inputs, std::string_view where) {
    for (const input_value& v : inputs) {
      if (found.full()) return;
      if (const definition* d = refer(v.type.named); d != nullptr && !is_input(d->kind))
        found.error(v.type.named.offset,
                    fmt::format("{} is of the kind {}; {} is a scalar, an enum or an input type (§3.4.2)",
                                shown(d->id.text), describe(d->kind), where));
    }
  };
  for (const definition& d : doc.definitions) {
    if (found.full()) return;
    if (d.kind != definition_kind::directive)
      for (const name& n : d.names) refer(n);
    for (const field& f : d.fields) {
      refer_inputs(f.arguments, "an argument");
      if (const definition* type = refer(f.type.named); type != nullptr && type->kind == definition_kind::input)
        found.error(f.type.named.offset, fmt::format("{} is of the kind {}; a field cannot answer with it (§3.4.2)",
                                                     shown(type->id.text), describe(type->kind)));
    }
    refer_inputs(d.inputs, d.kind == definition_kind::directive ? "an argument" : "an input field");
  }
}

}  // namespace waggle::graphql
