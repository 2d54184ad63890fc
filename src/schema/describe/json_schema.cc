#include "schema/describe/json_schema.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "schema/describe/ecma_pattern.h"
#include "schema/values/decimal.h"

namespace waggle::graphql {
namespace {

struct keyword {
  std::string_view argument;  ///< of `@constraint`
  std::string_view json_schema;
};
constexpr std::array<keyword, 8> value_keywords = {{{"min", "minimum"},
                                                    {"max", "maximum"},
                                                    {"exclusiveMin", "exclusiveMinimum"},
                                                    {"exclusiveMax", "exclusiveMaximum"},
                                                    {"multipleOf", "multipleOf"},
                                                    {"minLength", "minLength"},
                                                    {"maxLength", "maxLength"},
                                                    {"pattern", "pattern"}}};
constexpr std::array<keyword, 3> list_keywords = {
    {{"minItems", "minItems"}, {"maxItems", "maxItems"}, {"uniqueItems", "uniqueItems"}}};

constexpr std::string_view date_pattern = "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])";
constexpr std::string_view time_pattern =
    "(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\\.[0-9]+)?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])";
constexpr std::string_view base64_pattern =
    "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$";
constexpr std::string_view uuid_pattern = "^[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$";

/// ISO 8601 without a sign; only the last number has a fraction. JSON Schema's format `duration` has no fractions at all.
std::string duration_pattern() {
  constexpr std::string_view whole = "[0-9]+";
  constexpr std::string_view last = "[0-9]+(?:[.,][0-9]+)?";
  return fmt::format(
      "^P(?:(?:{0}Y)?(?:{0}M)?(?:{0}D)?T(?:(?:{0}H)?(?:{0}M)?{1}S|(?:{0}H)?{1}M|{1}H)"
      "|(?:{0}Y)?(?:{0}M)?{1}D|(?:{0}Y)?{1}M|{1}Y|{1}W)$",
      whole, last);
}

json_tree type(std::string_view name) {
  json_tree out;
  out.add("type", name);
  return out;
}

json_tree text(std::string_view format, std::string_view pattern) {
  json_tree out = type("string");
  if (!format.empty()) out.add("format", format);
  out.add("pattern", pattern);
  return out;
}

json_tree integer(std::string_view format, std::string_view least, std::string_view most) {
  json_tree out = type("integer");
  out.add("format", format).add("minimum", json_tree::raw(least)).add("maximum", json_tree::raw(most));
  return out;
}

json_tree any_but_null() {
  json_tree out;
  out.add("type", json_tree::array({"array", "boolean", "number", "object", "string"}));
  return out;
}

json_tree known(known_scalar form) {
  switch (form) {
    case known_scalar::long_integer: return integer("int64", "-9223372036854775808", "9223372036854775807");
    case known_scalar::big_int: {
      json_tree out;
      out.add("type", json_tree::array({"integer", "string"})).add("pattern", "^-?[0-9]+$");
      return out;
    }
    case known_scalar::decimal: return text("", "^-?[0-9]+(?:\\.[0-9]+)?$");
    case known_scalar::bytes: return text("", base64_pattern).add("contentEncoding", "base64");
    case known_scalar::date: return text("date", fmt::format("^{}$", date_pattern));
    case known_scalar::time: return text("time", fmt::format("^{}$", time_pattern));
    case known_scalar::date_time: return text("date-time", fmt::format("^{}[Tt]{}$", date_pattern, time_pattern));
    case known_scalar::duration: return text("", duration_pattern());
    case known_scalar::uuid: return text("uuid", uuid_pattern);
    case known_scalar::url: return type("string").add("format", "uri");
    case known_scalar::none:
    case known_scalar::json: break;
  }
  return any_but_null();
}

const directive* find_directive(const std::vector<directive>& directives, std::string_view id) {
  const auto it = std::ranges::find(directives, id, [](const directive& d) { return d.id.text; });
  return it == directives.end() ? nullptr : &*it;
}

const directive* find_directive(const type_entry& entry, std::string_view id) {
  for (const definition* part : entry.parts())
    if (const directive* d = find_directive(part->directives, id)) return d;
  return nullptr;
}

const value* given(const directive* d, std::string_view argument_name) {
  const argument* a = d == nullptr ? nullptr : d->find(argument_name);
  return a == nullptr || a->given.kind == value_kind::null ? nullptr : &a->given;
}

/// A constant as JSON. The numbers of GraphQL are numbers of JSON as they stand.
json_tree constant(const value& v) {
  switch (v.kind) {
    case value_kind::null: return json_tree::raw("null");
    case value_kind::boolean:
    case value_kind::integer:
    case value_kind::floating: return json_tree::raw(v.text);
    case value_kind::string:
    case value_kind::enumeration: return v.text;
    default: break;
  }
  json_tree out = v.kind == value_kind::list ? json_tree::array() : json_tree();
  for (const value& item : v.items) {
    if (v.kind == value_kind::list)
      out.push(constant(item));
    else
      out.add(item.key.text, constant(item));
  }
  return out;
}

/// Adds what `@constraint` says. Where a bound is there already the tighter one counts.
template <std::size_t N>
void constrain(json_tree& to, const directive* constraint, const std::array<keyword, N>& keywords) {
  for (const keyword& k : keywords) {
    const value* v = given(constraint, k.argument);
    if (v == nullptr) continue;
    if (k.argument == "pattern") {
      const auto pattern = ecma_pattern(v->text);
      if (!pattern)
        to.add("x-pattern", v->text);  // for readers: only RE2 has it
      else if (to.find("pattern") != nullptr)
        to.add("allOf", json_tree::array({json_tree().add("pattern", *pattern)}));
      else
        to.add("pattern", *pattern);
      continue;
    }
    if (json_tree* bound = to.find(k.json_schema)) {
      const auto order = decimal::compare(v->text, bound->text());
      if (k.argument == "min" ? order > 0 : order < 0) bound->replace(json_tree::raw(v->text));
      continue;
    }
    to.add(k.json_schema, constant(*v));
  }
}

json_tree nullable(json_tree schema) {
  if (json_tree* t = schema.find("type")) {
    json_tree types = t->kind() == json_tree::form::array ? *t : json_tree::array({*t});
    types.push("null");
    t->replace(std::move(types));
    return schema;
  }
  json_tree out;
  out.add("anyOf", json_tree::array({std::move(schema), type("null")}));
  return out;
}

/// Takes a type's modifiers off, from the inside out.
class modifiers {
 public:
  explicit modifiers(std::string_view all) : rest_(all) {}
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  [[nodiscard]] bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

/// A list of one value has too few or too many items.
bool single_fits(const directive* constraint) {
  const value* least = given(constraint, "minItems");
  const value* most = given(constraint, "maxItems");
  return (least == nullptr || decimal::compare(least->text, "1") <= 0) &&
         (most == nullptr || decimal::compare(most->text, "1") >= 0);
}

}  // namespace

std::vector<described_method> methods_of(const contract& c) {
  std::map<std::string_view, const field*> fields;
  const schema& s = c.parsed->index;
  for (const name& root : s.roots)
    if (const auto it = s.types.find(root.text); it != s.types.end())
      for (const definition* part : it->second.parts())
        for (const field& f : part->fields) fields.emplace(f.id.text, &f);
  std::vector<described_method> out;
  for (const auto& [method_name, m] : c.methods)
    if (const auto it = fields.find(method_name); it != fields.end()) out.push_back({&m, it->second});
  return out;
}

bool has_example(const method& m) {
  std::string json = m.example;
  return check_payload(m, json, payload_limits{}).has_value();
}

void add_description(json_tree& to, std::string_view description, const std::vector<directive>& directives) {
  const directive* deprecated = find_directive(directives, "deprecated");
  std::string text(description);
  if (const value* reason = given(deprecated, "reason"))
    text += fmt::format("{}Deprecated: {}", text.empty() ? "" : "\n\n", reason->text);
  if (!text.empty()) to.add("description", text);
  if (deprecated != nullptr) to.add("deprecated", true);
}

schema_maker::schema_maker(const schema& s, dialect into) : schema_(s), openapi_(into == dialect::openapi) {
  for (const auto& [type_name, entry] : s.types) {
    if (entry.defined == nullptr || entry.defined->kind != definition_kind::object) continue;
    for (const definition* part : entry.parts())
      for (const name& implemented : part->names) kinds_[implemented.text].push_back(type_name);
  }
}

json_tree schema_maker::reference(std::string_view name) const {
  json_tree out;
  out.add("$ref", fmt::format("{}{}", openapi_ ? "#/components/schemas/" : "#/$defs/", name));
  return out;
}

bool schema_maker::spend(std::size_t positions) {
  over_ = over_ || positions > left_;
  left_ -= over_ ? 0 : positions;
  return !over_;
}

void schema_maker::restart(std::size_t positions) {
  given_ = left_ = positions;
  over_ = false;
  referred_.clear();
  open_.clear();
}

bool schema_maker::takes_arrays(std::string_view type) const {
  const auto it = schema_.types.find(type);
  if (it == schema_.types.end() || it->second.defined == nullptr) return true;
  constexpr std::array<std::string_view, 5> own = {"Int", "Float", "String", "Boolean", "ID"};
  if (it->second.defined->kind != definition_kind::scalar || std::ranges::find(own, type) != own.end()) return false;
  const known_scalar form = form_of_scalar(schema_, it->second);
  return form == known_scalar::none || form == known_scalar::json;
}

/// A value of the named type that is not null.
json_tree schema_maker::named(std::string_view type_name) {
  if (type_name == "Int") return integer("int32", "-2147483648", "2147483647");
  if (type_name == "Float") return type("number").add("format", "double");
  if (type_name == "String") return type("string");
  if (type_name == "Boolean") return type("boolean");
  if (type_name == "ID") return json_tree().add("type", json_tree::array({"string", "integer"}));
  if (referred_.insert(type_name).second) open_.push_back(type_name);
  return reference(type_name);
}

/// §3.11: where a list stands, a value that is none is a list of it, also in lists of lists. An array is always the list.
json_tree schema_maker::input(const type_ref& type_of, const directive* constraint) {
  if (!spend(1 + type_of.modifiers.size())) return {};
  modifiers around(type_of.modifiers);
  json_tree item = named(type_of.named.text);
  constrain(item, constraint, value_keywords);
  if (!type_of.list()) return around.take('!') ? item : nullable(std::move(item));
  json_tree single = item;
  if (takes_arrays(type_of.named.text)) single.add("type", json_tree::array({"boolean", "number", "object", "string"}));
  if (!around.take('!')) item = nullable(std::move(item));
  while (around.take('[')) {
    const bool needed = around.take('!');
    json_tree list = type("array");
    list.add("items", std::move(item));
    json_tree choices = json_tree::array();
    if (around.done()) constrain(list, constraint, list_keywords);
    choices.push(std::move(list));
    if (!around.done() || single_fits(constraint)) choices.push(single);
    if (!needed) choices.push(type("null"));
    item = json_tree();
    item.add("anyOf", std::move(choices));
  }
  return item;
}

json_tree schema_maker::output(const type_ref& type_of) {
  if (!spend(1 + type_of.modifiers.size())) return {};
  modifiers around(type_of.modifiers);
  json_tree item = named(type_of.named.text);
  if (!around.take('!')) item = nullable(std::move(item));
  while (around.take('[')) {
    json_tree list = type("array");
    list.add("items", std::move(item));
    item = around.take('!') ? std::move(list) : nullable(std::move(list));
  }
  return item;
}

json_tree schema_maker::input_property(const input_value& v, bool one_of) {
  type_ref type_of = v.type;
  if (one_of && !type_of.non_null()) type_of.modifiers += '!';  // §3.10.1: the one that is given is not null
  json_tree out;
  add_description(out, v.description, v.directives);
  out.add_all(input(type_of, find_directive(v.directives, "constraint")));
  if (!v.default_value.empty()) out.add("default", constant(v.default_value.front()));
  if (find_directive(v.directives, "sensitive") != nullptr) out.add("x-sensitive", true);
  return out;
}

json_tree schema_maker::input_object(const std::vector<const input_value*>& fields, bool one_of) {
  json_tree out = type("object");
  json_tree properties;
  json_tree required = json_tree::array();
  for (const input_value* v : fields) {
    if (!whole()) break;
    properties.add(v->id.text, input_property(*v, one_of));
    if (v->type.non_null() && v->default_value.empty()) required.push(v->id.text);
  }
  if (!properties.empty()) out.add("properties", std::move(properties));
  if (!required.empty()) out.add("required", std::move(required));
  out.add("additionalProperties", false);
  if (one_of) out.add("minProperties", 1).add("maxProperties", 1);
  return out;
}

json_tree schema_maker::payload(const described_method& m) {
  const field& f = *m.defined;
  json_tree out;
  add_description(out, f.description, f.directives);
  if (!m.about->bare) {
    std::vector<const input_value*> all;
    for (const input_value& v : f.arguments) all.push_back(&v);
    out.add_all(input_object(all, false));
  } else if (!f.arguments.empty()) {
    json_tree argument = input_property(f.arguments.front(), false);
    // The method's description counts; the argument's is there where the method has none.
    if (out.empty())
      out = std::move(argument);
    else
      out.add_all(input(f.arguments.front().type, find_directive(f.arguments.front().directives, "constraint")));
  }
  return out;
}

json_tree schema_maker::answer(const field& f) { return output(f.type); }

json_tree schema_maker::scalar(const type_entry& type) {
  json_tree out = known(form_of_scalar(schema_, type));
  constrain(out, find_directive(type, "constraint"), value_keywords);
  return out;
}

json_tree schema_maker::enumeration(const type_entry& entry) {
  json_tree values = json_tree::array();
  std::string told(entry.defined->description);
  for (const definition* part : entry.parts()) {
    for (const enum_value& v : part->values) {
      values.push(v.id.text);
      const value* reason = given(find_directive(v.directives, "deprecated"), "reason");
      const bool deprecated = find_directive(v.directives, "deprecated") != nullptr;
      if (v.description.empty() && !deprecated) continue;
      told += fmt::format("{}- `{}`{}{}{}{}", told.empty() ? "" : "\n", v.id.text, v.description.empty() ? "" : ": ",
                          v.description, deprecated ? " (deprecated)" : "",
                          reason == nullptr ? "" : fmt::format(": {}", reason->text));
    }
  }
  json_tree out;
  if (!told.empty()) out.add("description", told);
  out.add("type", "string");
  out.add("enum", std::move(values));
  return out;
}

json_tree schema_maker::object(const type_entry& entry) {
  json_tree properties;
  json_tree required = json_tree::array();
  properties.add("__typename", json_tree().add("const", entry.defined->id.text));
  for (const definition* part : entry.parts()) {
    for (const field& f : part->fields) {
      if (!whole()) break;
      json_tree property;
      add_description(property, f.description, f.directives);
      property.add_all(output(f.type));
      if (find_directive(f.directives, "sensitive") != nullptr) property.add("x-sensitive", true);
      properties.add(f.id.text, std::move(property));
      if (f.type.non_null()) required.push(f.id.text);
    }
  }
  json_tree out = type("object");
  out.add("properties", std::move(properties));
  if (!required.empty()) out.add("required", std::move(required));
  out.add("additionalProperties", false);
  return out;
}

/// `__typename` tells which it is: each object's schema has its own as a constant.
json_tree schema_maker::abstract(const type_entry& entry) {
  std::vector<std::string_view> possible;
  if (entry.defined->kind == definition_kind::interface) {
    if (const auto it = kinds_.find(entry.defined->id.text); it != kinds_.end()) possible = it->second;
  } else {
    for (const definition* part : entry.parts())
      for (const name& member : part->names) possible.push_back(member.text);
  }
  json_tree out = type("object");
  out.add("required", json_tree::array({"__typename"}));
  if (possible.empty()) return out.add("not", json_tree());
  json_tree choices = json_tree::array();
  json_tree mapping;
  for (const std::string_view type_name : possible) {
    choices.push(named(type_name));
    mapping.add(type_name, fmt::format("#/components/schemas/{}", type_name));
  }
  out.add("oneOf", std::move(choices));
  if (openapi_)
    out.add("discriminator", json_tree().add("propertyName", "__typename").add("mapping", std::move(mapping)));
  return out;
}

json_tree schema_maker::definition_of(const type_entry& entry) {
  const definition& d = *entry.defined;
  if (d.kind == definition_kind::enumeration) return enumeration(entry);
  json_tree out;
  if (!d.description.empty()) out.add("description", d.description);
  switch (d.kind) {
    case definition_kind::scalar: out.add_all(scalar(entry)); break;
    case definition_kind::object: out.add_all(object(entry)); break;
    case definition_kind::interface:
    case definition_kind::union_type: out.add_all(abstract(entry)); break;
    default: {
      std::vector<const input_value*> all;
      for (const definition* part : entry.parts())
        for (const input_value& v : part->inputs) all.push_back(&v);
      out.add_all(input_object(all, find_directive(entry, "oneOf") != nullptr));
    }
  }
  return out;
}

void schema_maker::add_types(json_tree& to) {
  std::map<std::string_view, json_tree> types;
  while (!open_.empty() && whole()) {
    const std::string_view type_name = open_.front();
    open_.pop_front();
    const auto it = schema_.types.find(type_name);
    if (it == schema_.types.end() || it->second.defined == nullptr) continue;
    types.emplace(type_name, definition_of(it->second));
  }
  for (auto& [type_name, schema] : types) to.add(type_name, std::move(schema));
}

std::optional<std::string> json_schema(const contract& c) {
  schema_maker make(c.parsed->index, schema_maker::dialect::json_schema);
  json_tree definitions;
  for (const described_method& m : methods_of(c)) {
    if (!make.spend(1)) return std::nullopt;
    json_tree payload = make.payload(m);
    if (has_example(*m.about)) payload.add("examples", json_tree::array({json_tree::raw(m.about->example)}));
    definitions.add(fmt::format("{}.payload", m.about->name), std::move(payload));
    definitions.add(fmt::format("{}.answer", m.about->name), make.answer(*m.defined));
  }
  make.add_types(definitions);
  if (!make.whole()) return std::nullopt;
  json_tree out;
  out.add("$schema", "https://json-schema.org/draft/2020-12/schema");
  if (!c.name.empty()) out.add("$id", fmt::format("urn:waggle:{}", c.name)).add("title", c.name);
  if (!c.description.empty()) out.add("description", c.description);
  out.add("$defs", std::move(definitions));
  return out.print();
}

}  // namespace waggle::graphql
