#include "schema/contract.h"

#include <fmt/format.h>

#include "schema/example.h"
#include "schema/language/parser.h"
#include "schema/language/print.h"
#include "schema/language/text.h"
#include "schema/okra.h"
#include "schema/rules/directives.h"
#include "schema/rules/type_rules.h"
#include "schema/schema.h"
#include "schema/service_settings.h"
#include "schema/values/compile_types.h"

namespace waggle {
namespace graphql {
namespace {

/// Services of the host: their contracts may name the known scalars without @specifiedBy.
constexpr std::string_view host_prefix = "waggle.";

method compile_method(const schema& s, const field& f, operation kind, type_compiler& types, findings& found) {
  method m;
  m.name = f.id.text;
  m.kind = kind;
  m.description = f.description;
  m.signature = print(f);
  read_method_directives(f, m, found);
  m.example = example_payload(s, f, m.bare);
  if (found.has_errors()) return m;  // the types may not be what they seem
  const bool sensitive = is_sensitive(f.directives);
  m.answer = kind == operation::subscription ? value_place{types.stream_of(f.type, sensitive)}
                                             : value_place{types.output(f.type), sensitive};
  if (!m.bare)
    m.payload.type = types.arguments_of(f);
  else if (!f.arguments.empty())
    m.payload = {types.input(f.arguments.front()), is_sensitive(f.arguments.front().directives)};
  return m;
}

/// The fields of the root types: all methods share one namespace.
void read_methods(const schema& s, contract& into, type_compiler& types, findings& found) {
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
        method& made = into.methods.emplace(f.id.text, compile_method(s, f, kind, types, found)).first->second;
        if (!made.auth) made.auth = into.auth;
      }
    }
  }
  if (into.methods.empty() && !found.has_errors())
    found.error(findings::whole_file, "no methods: define type Query or type Mutation with a field for each method");
}

contract read_contract(parsed_schema& parsed, std::string_view sdl, findings& found) {
  schema& s = parsed.index;
  contract c;
  c.sdl = sdl;
  for (const definition* part : s.parts)
    if (!part->description.empty()) c.description = part->description;
  read_service(s, c, found);
  check_auth_places(s, found);
  s.scalars_by_name |= c.name.starts_with(host_prefix);
  type_compiler types(s, parsed.doc, found);
  read_methods(s, c, types, found);
  if (!found.has_errors()) {
    const auto tables = std::make_shared<const type_tables>(types.finish());
    for (std::uint32_t number = 0; auto& [id, m] : c.methods) {
      m.types = tables;
      m.number = number++;
    }
  }
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
    contract c = read_contract(*parsed, sdl, found);
    c.parsed = parsed;
    if (!found.has_errors()) out.value = std::move(c);
  }
  out.findings = found.take();
  return out;
}

}  // namespace waggle
