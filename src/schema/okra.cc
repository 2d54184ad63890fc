#include "schema/okra.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "schema/language/text.h"

namespace waggle::graphql {
namespace {

using indexes = std::map<std::string_view, std::vector<std::size_t>>;
using type_names = std::set<std::string_view>;

/// Calls `input` with every type in input position of `d` and `output` with the others.
template <class Input, class Output>
void for_each_type(definition& d, Input input, Output output) {
  for (input_value& v : d.inputs) input(v.type);
  for (field& f : d.fields) {
    for (input_value& v : f.arguments) input(v.type);
    output(f.type);
  }
}

bool has(const std::vector<directive>& directives, std::string_view id) {
  return std::ranges::find(directives, id, [](const directive& d) { return d.id.text; }) != directives.end();
}

class lowering {
 public:
  lowering(document& doc, findings& found) : doc_(doc), found_(found) {}

  void run(std::size_t service) {
    for (definition& d : doc_.definitions) for_each_type(d, name_void, name_void);
    for (std::size_t i = 0; i < doc_.definitions.size(); ++i)
      if (is_type(doc_.definitions[i])) by_name_[doc_.definitions[i].id.text].push_back(i);
    split_types();
    lower_service(service);
  }

 private:
  static bool is_type(const definition& d) {
    return d.kind != definition_kind::schema && d.kind != definition_kind::directive &&
           d.kind != definition_kind::service;
  }
  static void name_void(type_ref& type) {
    if (type.named.text != "void") return;
    type.named.text = "Void";
    if (type.modifiers == "!") type.modifiers.clear();
  }

  /// Makes inputs of the object types that stand in input position, and copies of those that stand in both.
  void split_types() {
    type_names inputs;
    type_names outputs;
    for (definition& d : doc_.definitions) {
      for_each_type(
          d, [&](type_ref& t) { reach_input(t.named.text, inputs); }, [](type_ref&) {});
      if (d.kind != definition_kind::service) continue;
      for (const field& f : d.fields) reach_output(f.type.named.text, outputs);
    }
    std::vector<definition> copies;
    for (const std::string_view type : inputs) {
      const bool both = outputs.contains(type);
      const std::string_view renamed = both ? doc_.own(fmt::format("{}Input", type)) : type;
      if (both) input_names_[type] = renamed;
      for (const std::size_t i : by_name_[type]) {
        definition& d = doc_.definitions[i];
        if (both && by_name_.contains(renamed)) {
          found_.error(d.id.offset,
                       fmt::format("{} is an argument and an answer, so its input form is {}, but that name is taken",
                                   shown(type), shown(renamed)));
        } else if (both) {
          copies.push_back(to_input(d, renamed));
        } else {
          d = to_input(d, renamed);
        }
      }
    }
    std::ranges::move(copies, std::back_inserter(doc_.definitions));
    auto rename = [&](type_ref& t) {
      if (const auto it = input_names_.find(t.named.text); it != input_names_.end()) t.named.text = it->second;
    };
    for (definition& d : doc_.definitions) for_each_type(d, rename, [](type_ref&) {});
  }

  definition to_input(const definition& d, std::string_view id) {
    definition input;
    input.kind = definition_kind::input;
    input.extension = d.extension;
    input.offset = d.offset;
    input.description = d.description;
    input.id = {id, d.id.offset};
    input.directives = d.directives;
    for (const field& f : d.fields) {
      if (!f.arguments.empty())
        found_.error(f.id.offset,
                     fmt::format("{} is an input, so {} has no arguments", shown(d.id.text), shown(f.id.text)));
      input.inputs.push_back({f.description, f.id, f.type, {}, f.directives});
    }
    return input;
  }

  /// Adds the object types that an input of this type holds.
  void reach_input(std::string_view type, type_names& reached) {
    std::vector<std::string_view> open{type};
    while (!open.empty()) {
      const std::string_view next = open.back();
      open.pop_back();
      const auto it = by_name_.find(next);
      if (it == by_name_.end() || doc_.definitions[it->second.front()].kind != definition_kind::object) continue;
      if (!reached.insert(next).second) continue;
      for (const std::size_t i : it->second)
        for (const field& f : doc_.definitions[i].fields) open.push_back(f.type.named.text);
    }
  }
  void reach_output(std::string_view type, type_names& reached) {
    std::vector<std::string_view> open{type};
    while (!open.empty()) {
      const std::string_view next = open.back();
      open.pop_back();
      const auto it = by_name_.find(next);
      if (it == by_name_.end() || !reached.insert(next).second) continue;
      for (const std::size_t i : it->second) {
        const definition& d = doc_.definitions[i];
        for (const field& f : d.fields) open.push_back(f.type.named.text);
        if (d.kind == definition_kind::union_type)
          for (const name& member : d.names) open.push_back(member.text);
      }
    }
  }

  /// The service block becomes the schema's definition and its mutation type.
  void lower_service(std::size_t index) {
    definition service = std::move(doc_.definitions[index]);
    definition schema;
    schema.offset = service.offset;
    schema.description = service.description;
    schema.directives = std::move(doc_.okra);
    std::ranges::move(service.directives, std::back_inserter(schema.directives));
    const bool written =
        has(schema.directives, "service") || std::ranges::any_of(doc_.definitions, [](const definition& d) {
          return d.kind == definition_kind::schema && has(d.directives, "service");
        });
    if (!written) schema.directives.push_back(service_directive(service, schema.directives));
    definition root;
    root.kind = definition_kind::object;
    root.offset = service.offset;
    root.id = {by_name_.contains("Mutation") ? service.id.text : "Mutation", service.id.offset};
    root.fields = std::move(service.fields);
    for (field& f : root.fields) {
      if (f.arguments.size() > 1) {
        found_.error(f.arguments[1].id.offset, fmt::format("a method of a service block takes one argument; {} has {}",
                                                           shown(f.id.text), f.arguments.size()));
      } else if (!has(f.directives, "bare")) {
        f.directives.push_back({{"bare", f.id.offset}, {}});
      }
    }
    schema.roots.push_back({operation::mutation, service.offset, root.id});
    doc_.definitions[index] = std::move(schema);
    doc_.definitions.push_back(std::move(root));
  }

  directive service_directive(const definition& service, const std::vector<directive>& written) {
    auto string_argument = [&](std::string_view argument_name) -> const value* {
      for (const directive& d : written)
        if (d.id.text == "okra")
          if (const argument* a = d.find(argument_name); a != nullptr && a->given.kind == value_kind::string)
            return &a->given;
      return nullptr;
    };
    auto make = [](std::string_view argument_name, std::string_view text, std::size_t offset) {
      argument a;
      a.id = {argument_name, offset};
      a.given.kind = value_kind::string;
      a.given.text = text;
      a.given.offset = offset;
      return a;
    };
    directive d;
    d.id = {"service", service.id.offset};
    const value* space = string_argument("namespace");
    d.arguments.push_back(
        space == nullptr || space->text.empty()
            ? make("name", service.id.text, service.id.offset)
            : make("name", doc_.own(fmt::format("{}.{}", space->text, service.id.text)), space->offset));
    if (const value* version = string_argument("version"); version != nullptr)
      d.arguments.push_back(make("version", version->text, version->offset));
    return d;
  }

  document& doc_;
  findings& found_;
  indexes by_name_;                                           ///< definition and extensions of each type
  std::map<std::string_view, std::string_view> input_names_;  ///< of types in both positions
};

}  // namespace

bool lower_okra(document& doc, findings& found) {
  std::vector<std::size_t> services;
  for (std::size_t i = 0; i < doc.definitions.size(); ++i)
    if (doc.definitions[i].kind == definition_kind::service) services.push_back(i);
  if (services.empty()) {
    if (!doc.okra.empty())
      found.error(doc.okra.front().id.offset, "@okra without a service: write service Name { method(input: T): U }");
    return false;
  }
  for (std::size_t i = 1; i < services.size(); ++i) {
    const definition& d = doc.definitions[services[i]];
    found.error(d.offset, fmt::format("a file describes one service; put {} into a file of its own", shown(d.id.text)));
  }
  if (services.size() == 1) lowering(doc, found).run(services.front());
  return services.size() == 1;
}

}  // namespace waggle::graphql
