#include "schema/schema.h"

#include <algorithm>

#include <fmt/format.h>

#include "schema/prelude.h"
#include "schema/print.h"
#include "schema/text.h"

namespace waggle::graphql {
namespace {

constexpr std::string_view own_prefix = "Waggle";

void add_implied(schema& s, const document& doc, origin from) {
  for (const definition& d : doc.definitions) {
    if (d.kind == definition_kind::directive) {
      s.directives[d.id.text] = {&d, from, {}};
    } else {
      s.types[d.id.text] = {&d, {}, from, {}, {}};
    }
  }
}

/// The five scalars of the specification cannot be replaced; okra's scalars and @link's types can.
bool replaceable(const type_entry& entry) {
  constexpr std::string_view fixed[] = {"Int", "Float", "String", "Boolean", "ID"};
  return entry.from == origin::built_in && std::ranges::find(fixed, entry.defined->id.text) == std::end(fixed);
}

void add_directive(schema& s, const definition& d, findings& found) {
  auto [it, added] = s.directives.try_emplace(d.id.text, directive_entry{&d, origin::file, {}});
  if (added) return;
  directive_entry& known = it->second;
  if (known.from == origin::built_in) {
    known = {&d, origin::file, {}};
  } else if (known.from == origin::file) {
    found.error(d.id.offset, fmt::format("directive @{} is defined twice", shown(d.id.text)));
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
    found.error(d.id.offset, fmt::format("{} is built in and cannot be defined", d.id.text));
  } else {
    found.error(d.id.offset, fmt::format("type {} is defined twice", shown(d.id.text)));
  }
}

void set_root(schema& s, const root_type& r, findings& found) {
  name& root = s.roots[static_cast<std::size_t>(r.kind)];
  if (!root.text.empty()) {
    found.error(r.offset, fmt::format("the {} root is {} already", to_string(r.kind), shown(root.text)));
    return;
  }
  for (const name& other : s.roots)
    if (other.text == r.type.text)
      found.error(r.type.offset, fmt::format("{} is the root of another operation already", shown(r.type.text)));
  root = r.type;
}

/// Root types (§3.3.1): those that are named; without a schema definition also types that have the operation's name.
void find_roots(schema& s, findings& found) {
  bool defined = false;
  for (const definition* part : s.parts) {
    if (!part->extension && defined) {
      found.error(part->offset, "the schema is defined twice");
      continue;
    }
    for (const root_type& r : part->roots) set_root(s, r, found);
    defined |= !part->extension;
  }
  if (defined) return;
  constexpr std::string_view defaults[] = {"Query", "Mutation", "Subscription"};
  for (std::size_t i = 0; i < s.roots.size(); ++i) {
    const definition* d = s.find_type(defaults[i]);
    const bool taken = std::ranges::any_of(s.roots, [&](const name& root) { return root.text == defaults[i]; });
    if (s.roots[i].text.empty() && !taken && d != nullptr && d->kind == definition_kind::object) s.roots[i] = d->id;
  }
}

void check_roots(const schema& s, findings& found) {
  for (const name& root : s.roots) {
    if (root.text.empty()) continue;
    const definition* d = s.find_type(root.text);
    if (d == nullptr) {
      found.error(root.offset, fmt::format("type {} is not defined{}", shown(root.text), s.near_type(root.text)));
    } else if (d->kind != definition_kind::object) {
      found.error(root.offset, fmt::format("{} is of the kind {}; a root must be an object type", shown(root.text),
                                           describe(d->kind)));
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

const definition* schema::find_type(std::string_view type_name) const {
  const auto it = types.find(type_name);
  return it == types.end() ? nullptr : it->second.defined;
}

std::string schema::near_type(std::string_view type_name) const {
  near_name near(type_name);
  for (const auto& [candidate, entry] : types)
    if (entry.from != origin::prelude && entry.defined != nullptr) near.offer(candidate);
  return near.hint();
}

schema index_schema(const document& doc, bool okra, findings& found) {
  schema s;
  add_implied(s, built_ins(), origin::built_in);
  add_implied(s, prelude(), origin::prelude);
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
  for (const auto& [type_name, entry] : s.types)
    if (entry.defined == nullptr)
      for (const definition* e : entry.extensions)
        found.error(e->id.offset,
                    fmt::format("type {} is extended but not defined{}", shown(type_name), s.near_type(type_name)));
  for (auto& [type_name, entry] : s.types) {
    for (const definition* part : entry.parts()) {
      entry.inputs.add(part->inputs);
      for (const enum_value& v : part->values) entry.values.insert(v.id.text);
    }
  }
  for (auto& [directive_name, entry] : s.directives) entry.arguments.add(entry.defined->inputs);
  find_roots(s, found);
  check_roots(s, found);
  return s;
}

void check_references(const schema& s, const document& doc, findings& found) {
  auto refer = [&](const name& n) {
    if (!s.types.contains(n.text))
      found.error(n.offset, fmt::format("type {} is not defined{}", shown(n.text), s.near_type(n.text)));
  };
  auto refer_inputs = [&](const std::vector<input_value>& inputs) {
    for (const input_value& v : inputs) refer(v.type.named);
  };
  for (const definition& d : doc.definitions) {
    if (found.full()) return;
    if (d.kind != definition_kind::directive)
      for (const name& n : d.names) refer(n);
    for (const field& f : d.fields) {
      refer_inputs(f.arguments);
      refer(f.type.named);
    }
    refer_inputs(d.inputs);
  }
}

}  // namespace waggle::graphql
