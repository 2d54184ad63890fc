#include "schema/execute/query_schema.h"

#include <algorithm>

#include "schema/language/parser.h"

namespace waggle::graphql {
namespace {

/// §4.2, and `isOneOf` of §4.2.2. `Fields` holds the three fields that no type defines (§4.1).
constexpr std::string_view introspection_text = R"sdl(
type __Schema {
  description: String
  types: [__Type!]!
  queryType: __Type!
  mutationType: __Type
  subscriptionType: __Type
  directives: [__Directive!]!
}
type __Type {
  kind: __TypeKind!
  name: String
  description: String
  specifiedByURL: String
  fields(includeDeprecated: Boolean! = false): [__Field!]
  interfaces: [__Type!]
  possibleTypes: [__Type!]
  enumValues(includeDeprecated: Boolean! = false): [__EnumValue!]
  inputFields(includeDeprecated: Boolean! = false): [__InputValue!]
  ofType: __Type
  isOneOf: Boolean
}
enum __TypeKind { SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL }
type __Field {
  name: String!
  description: String
  args(includeDeprecated: Boolean! = false): [__InputValue!]!
  type: __Type!
  isDeprecated: Boolean!
  deprecationReason: String
}
type __InputValue {
  name: String!
  description: String
  type: __Type!
  defaultValue: String
  isDeprecated: Boolean!
  deprecationReason: String
}
type __EnumValue {
  name: String!
  description: String
  isDeprecated: Boolean!
  deprecationReason: String
}
type __Directive {
  name: String!
  description: String
  isRepeatable: Boolean!
  locations: [__DirectiveLocation!]!
  args(includeDeprecated: Boolean! = false): [__InputValue!]!
}
enum __DirectiveLocation {
  QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION FRAGMENT_SPREAD INLINE_FRAGMENT VARIABLE_DEFINITION
  SCHEMA SCALAR OBJECT FIELD_DEFINITION ARGUMENT_DEFINITION INTERFACE UNION ENUM ENUM_VALUE INPUT_OBJECT
  INPUT_FIELD_DEFINITION
}
type Fields {
  __typename: String!
  __schema: __Schema!
  __type(name: String!): __Type
}
)sdl";

constexpr std::string_view of_fields = "Fields";

struct introspection {
  document doc;
  schema index;
};

const introspection& parsed() {
  static const introspection made = [] {
    introspection i;
    findings none(introspection_text, "");
    i.doc = parse(introspection_text, source_limits{}, none);
    i.index = index_schema(i.doc, false, none);
    return i;
  }();
  return made;
}

const field& meta_field(std::size_t number) { return parsed().index.find_type(of_fields)->fields[number]; }

bool is_composite(const definition& d) {
  return d.kind == definition_kind::object || d.kind == definition_kind::interface ||
         d.kind == definition_kind::union_type;
}

}  // namespace

const schema& introspection_types() { return parsed().index; }

const field& query_schema::typename_field() { return meta_field(0); }
const field& query_schema::schema_field() { return meta_field(1); }
const field& query_schema::type_field() { return meta_field(2); }

const field* query_schema::composite::find(std::string_view field_name) const {
  const auto it = fields.find(field_name);
  return it == fields.end() ? nullptr : it->second;
}

query_schema::query_schema(std::shared_ptr<const parsed_schema> of, bool sensitive)
    : of_(std::move(of)), sensitive_(sensitive) {
  add(introspection_types());
  add(of_->index);
  for (const auto& c : composites_) {
    c->fields[typename_field().id.text] = &typename_field();
    if (c->is_object()) c->possible.push_back(c.get());
  }
  for (const auto& object : composites_) {
    if (!object->is_object()) continue;
    const type_entry* const entry = find_entry(object->name());
    for (const definition* part : entry->parts())
      for (const struct name& interface : part->names)
        if (const auto at = by_name_.find(interface.text); at != by_name_.end())
          at->second->possible.push_back(object.get());
  }
  for (const auto& c : composites_) {
    if (c->defined->kind == definition_kind::union_type)
      for (const definition* part : find_entry(c->name())->parts())
        for (const struct name& member : part->names)
          if (const auto at = by_name_.find(member.text); at != by_name_.end()) c->possible.push_back(at->second);
    std::ranges::sort(c->possible, {}, &composite::number);
  }
  for (std::size_t i = 0; i < roots_.size(); ++i) roots_[i] = find(of_->index.roots[i].text);
  if (const auto at = by_name_.find(of_->index.roots[0].text); at != by_name_.end()) {
    at->second->fields[schema_field().id.text] = &schema_field();
    at->second->fields[type_field().id.text] = &type_field();
  }
}

void query_schema::add(const schema& s) {
  for (const auto& [type_name, entry] : s.types) {
    if (entry.defined == nullptr || !is_composite(*entry.defined)) continue;
    if (type_name == of_fields && &s == &introspection_types()) continue;
    auto made = std::make_unique<composite>();
    made->defined = entry.defined;
    made->number = composites_.size();
    for (const definition* part : entry.parts())
      for (const field& f : part->fields) made->fields.emplace(f.id.text, &f);
    by_name_[type_name] = made.get();
    composites_.push_back(std::move(made));
  }
}

const query_schema::composite* query_schema::find(std::string_view type_name) const {
  const auto at = by_name_.find(type_name);
  return at == by_name_.end() ? nullptr : at->second;
}

const type_entry* query_schema::find_entry(std::string_view type_name) const {
  if (const type_entry* own = of_->index.find_entry(type_name)) return own;
  return type_name.starts_with("__") ? introspection_types().find_entry(type_name) : nullptr;
}

bool query_schema::is_possible(const composite& of, const composite& object) {
  return std::ranges::binary_search(of.possible, object.number, {}, &composite::number);
}

bool query_schema::overlap(const composite& a, const composite& b) {
  if (&a == &b) return true;
  const composite& fewer = a.possible.size() <= b.possible.size() ? a : b;
  const composite& more = &fewer == &a ? b : a;
  return std::ranges::any_of(fewer.possible, [&](const composite* c) { return is_possible(more, *c); });
}

}  // namespace waggle::graphql
