#include "schema/contract.h"

#include <fmt/format.h>

#include "schema/directives.h"
#include "schema/example.h"
#include "schema/okra.h"
#include "schema/parser.h"
#include "schema/print.h"
#include "schema/schema.h"
#include "schema/service_settings.h"
#include "schema/text.h"
#include "schema/type_rules.h"

namespace waggle {
namespace graphql {
namespace {

std::uint8_t kinds_of_scalar(std::string_view scalar) {
  if (scalar == "Int" || scalar == "Float") return json_number;
  if (scalar == "String") return json_string;
  if (scalar == "Boolean") return json_boolean;
  if (scalar == "ID") return json_string | json_number;
  return json_any;
}

/// The outer JSON kinds that a value of this type may have. An input's list also takes a single value (§3.11).
std::uint8_t kinds_of(const schema& s, const type_ref& type, bool input) {
  std::uint8_t kinds = json_object;
  const definition* d = s.find_type(type.named.text);
  if (type.list()) {
    kinds = input ? json_any : json_array;
  } else if (d == nullptr) {
    kinds = json_any;  // reported; the contract will not be used
  } else if (d->kind == definition_kind::scalar) {
    kinds = kinds_of_scalar(d->id.text);
  } else if (d->kind == definition_kind::enumeration) {
    kinds = json_string;
  }
  return type.non_null() ? kinds : static_cast<std::uint8_t>(kinds | json_null);
}

method compile_method(const schema& s, const field& f, operation kind, findings& found) {
  method m;
  m.name = f.id.text;
  m.kind = kind;
  m.description = f.description;
  m.signature = print(f);
  read_method_directives(f, m, found);
  if (m.bare) m.payload = f.arguments.empty() ? std::uint8_t{json_any} : kinds_of(s, f.arguments.front().type, true);
  m.answer = kinds_of(s, f.type, false);
  m.example = example_payload(s, f, m.bare);
  return m;
}

/// The fields of the root types: all methods share one namespace.
void read_methods(const schema& s, contract& into, findings& found) {
  for (std::size_t i = 0; i < s.roots.size(); ++i) {
    const auto entry = s.types.find(s.roots[i].text);
    if (entry == s.types.end()) continue;
    const auto kind = static_cast<operation>(i);
    for (const definition* part : entry->second.parts()) {
      for (const field& f : part->fields) {
        if (const method* other = into.find(f.id.text)) {
          found.error(f.id.offset,
                      fmt::format("there is a method {} already, a {}; all methods of a service share one namespace",
                                  shown(f.id.text), to_string(other->kind)));
          continue;
        }
        into.methods.emplace(f.id.text, compile_method(s, f, kind, found));
      }
    }
  }
  if (into.methods.empty() && !found.has_errors())
    found.error(findings::whole_file, "no methods: define type Query or type Mutation with a field for each method");
}

contract read_contract(const schema& s, std::string_view sdl, findings& found) {
  contract c;
  c.sdl = sdl;
  for (const definition* part : s.parts)
    if (!part->description.empty()) c.description = part->description;
  read_service(s, c, found);
  read_methods(s, c, found);
  if (c.name.empty() && !found.has_errors())
    found.note(findings::whole_file,
               R"(no @service: this can be checked but not served; add extend schema @service(name: "…"))");
  return c;
}

}  // namespace
}  // namespace graphql

const method* contract::find(std::string_view name_of_method) const {
  const auto it = methods.find(name_of_method);
  return it == methods.end() ? nullptr : &it->second;
}

compiled_contract compile_contract(std::string_view sdl, std::string_view file) {
  using namespace graphql;
  compiled_contract out;
  const auto parsed = std::make_shared<parsed_schema>(sdl);
  document& doc = parsed->doc;
  findings found(parsed->text, file);
  doc = parse(parsed->text, source_limits{}, found);
  if (!found.has_errors()) {
    // What is said about a text that is no GraphQL would be noise, so the rest is looked at only without such errors.
    const bool okra = lower_okra(doc, found);
    const schema& s = parsed->index = index_schema(doc, okra, found);
    check_references(s, doc, found);
    check_types(s, doc, found);
    check_directives(s, doc, found);
    contract c = read_contract(s, sdl, found);
    c.parsed = parsed;
    if (!found.has_errors()) out.value = std::move(c);
  }
  out.findings = found.take();
  return out;
}

}  // namespace waggle
