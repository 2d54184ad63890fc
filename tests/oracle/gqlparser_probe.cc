// Reads cases, one JSON object a line: {"kind": "lex" | "query" | "schema", "text": "…"}. Prints a line for each:
// {"errors": ["spec:1:2: error: …"], "tokens": [[kind, value, start, end, line, column], …], "tree": "…"}.
// `kind` and `tree` are written as gqlparser writes them (its ast/dumper.go); offsets count bytes, columns code points.
#include <algorithm>
#include <iostream>
#include <string>

#include <fmt/format.h>
#include <simdjson.h>

#include "schema/language/executable.h"
#include "schema/language/parser.h"
#include "schema/language/print.h"

namespace {

using namespace waggle;
using namespace waggle::graphql;

std::string_view kind_of(const token& t) {
  constexpr std::pair<std::string_view, std::string_view> punctuators[] = {
      {"!", "Bang"},     {"$", "Dollar"},   {"&", "Amp"},    {"(", "ParenL"}, {")", "ParenR"},
      {"...", "Spread"}, {":", "Colon"},    {"=", "Equals"}, {"@", "At"},     {"|", "Pipe"},
      {"[", "BracketL"}, {"]", "BracketR"}, {"{", "BraceL"}, {"}", "BraceR"}};
  constexpr std::string_view others[] = {"EOF", "Name", "Int", "Float", "String", "BlockString"};
  if (t.kind != token_kind::punctuator) return others[static_cast<std::size_t>(t.kind)];
  return std::ranges::find(punctuators, t.text, [](const auto& p) { return p.first; })->second;
}

std::string tokens_of(std::string_view text, findings& found) {
  std::string out;
  for (const token& t : lex(text, {}, found)) {
    if (t.kind == token_kind::end) break;
    const bool is_string = t.kind == token_kind::string || t.kind == token_kind::block_string;
    const auto start = static_cast<std::size_t>(t.text.data() - text.data());
    out += fmt::format(R"({}["{}",{},{},{},{},{}])", out.empty() ? "" : ",", kind_of(t),
                       json_quote(is_string ? string_value(t) : std::string(t.text)), start, start + t.text.size(),
                       t.line, t.indent + 1);
  }
  return out;
}

std::string written(const value& v) {
  if (v.kind == value_kind::variable) return fmt::format("${}", v.text);
  if (v.kind == value_kind::string) return json_quote(v.text);
  if (v.kind != value_kind::list && v.kind != value_kind::object) return std::string(v.text);
  const bool list = v.kind == value_kind::list;
  std::string out;
  for (const value& item : v.items)
    out += (out.empty() ? "" : ",") + (list ? "" : std::string(item.key.text) + ":") + written(item);
  return list ? "[" + out + "]" : "{" + out + "}";
}

/// Writes `<Type>` with its members; what is empty is left out.
class tree {
 public:
  template <class Members>
  void node(std::string_view type, Members members) {
    out_ += fmt::format("<{}>", type);
    ++depth_;
    members();
    --depth_;
  }
  void member(std::string_view key, std::string_view text) {
    if (text.empty()) return;
    line();
    out_ += fmt::format("{}: {}", key, text);
  }
  void text(std::string_view key, std::string_view value) {
    if (!value.empty()) member(key, json_quote(value));
  }
  template <class Range, class Item>
  void list(std::string_view key, std::string_view type, const Range& range, Item item) {
    if (std::ranges::empty(range)) return;
    member(key, fmt::format("[{}]", type));
    for (const auto& one : range) {
      line();
      out_ += "- ";
      ++depth_;
      item(one);
      --depth_;
    }
  }

  // --- what both languages have ---
  void directives(const std::vector<directive>& all) {
    list("Directives", "Directive", all, [&](const directive& d) {
      node("Directive", [&] {
        text("Name", d.id.text);
        arguments(d.arguments);
      });
    });
  }
  void arguments(const std::vector<argument>& all) {
    list("Arguments", "Argument", all, [&](const argument& a) {
      node("Argument", [&] {
        text("Name", a.id.text);
        member("Value", written(a.given));
      });
    });
  }
  void default_value(const std::vector<value>& v) {
    if (!v.empty()) member("DefaultValue", written(v.front()));
  }
  void names(std::string_view key, const std::vector<name>& all, std::string_view type = "string") {
    list(key, type, all, [&](const name& n) {
      out_ += type == "string" ? json_quote(n.text) : fmt::format("{}({})", type, json_quote(n.text));
    });
  }

  // --- executable ---
  void selections(const std::vector<selection>& all) {
    list("SelectionSet", "Selection", all, [&](const selection& s) {
      constexpr std::string_view types[] = {"Field", "FragmentSpread", "InlineFragment"};
      node(types[static_cast<std::size_t>(s.kind)], [&] {
        if (s.kind == selection_kind::field) text("Alias", s.response_name().text);
        text(s.kind == selection_kind::inline_fragment ? "TypeCondition" : "Name", s.id.text);
        arguments(s.arguments);
        directives(s.directives);
        selections(s.selections);
      });
    });
  }
  void document(const executable_document& doc) {
    node("QueryDocument", [&] {
      list("Operations", "OperationDefinition", doc.operations, [&](const operation_definition& o) {
        node("OperationDefinition", [&] {
          member("Operation", fmt::format("Operation(\"{}\")", to_string(o.kind)));
          text("Name", o.id.text);
          list("VariableDefinitions", "VariableDefinition", o.variables, [&](const variable_definition& v) {
            node("VariableDefinition", [&] {
              text("Variable", v.id.text);
              member("Type", print(v.type));
              default_value(v.default_value);
              directives(v.directives);
            });
          });
          directives(o.directives);
          selections(o.selections);
        });
      });
      list("Fragments", "FragmentDefinition", doc.fragments, [&](const fragment_definition& f) {
        node("FragmentDefinition", [&] {
          text("Name", f.id.text);
          text("TypeCondition", f.on.text);
          directives(f.directives);
          selections(f.selections);
        });
      });
    });
  }

  // --- type system ---
  void input(std::string_view type, const input_value& v) {
    node(type, [&] {
      text("Description", v.description);
      text("Name", v.id.text);
      default_value(v.default_value);
      member("Type", print(v.type));
      directives(v.directives);
    });
  }
  void inputs(std::string_view key, std::string_view type, const std::vector<input_value>& all) {
    list(key, type, all, [&](const input_value& v) { input(type, v); });
  }
  void type_definition(const definition& d) {
    constexpr std::string_view kinds[] = {"", "SCALAR", "OBJECT", "INTERFACE", "UNION", "ENUM", "INPUT_OBJECT"};
    node("Definition", [&] {
      member("Kind", fmt::format("DefinitionKind(\"{}\")", kinds[static_cast<std::size_t>(d.kind)]));
      text("Description", d.description);
      text("Name", d.id.text);
      directives(d.directives);
      if (d.kind != definition_kind::union_type) names("Interfaces", d.names);
      inputs("Fields", "FieldDefinition", d.inputs);
      list("Fields", "FieldDefinition", d.fields, [&](const field& f) {
        node("FieldDefinition", [&] {
          text("Description", f.description);
          text("Name", f.id.text);
          inputs("Arguments", "ArgumentDefinition", f.arguments);
          member("Type", print(f.type));
          directives(f.directives);
        });
      });
      if (d.kind == definition_kind::union_type) names("Types", d.names);
      list("EnumValues", "EnumValueDefinition", d.values, [&](const enum_value& v) {
        node("EnumValueDefinition", [&] {
          text("Description", v.description);
          text("Name", v.id.text);
          directives(v.directives);
        });
      });
    });
  }
  void document(const graphql::document& doc) {
    auto those = [&](auto which) {
      std::vector<definition> out;
      std::ranges::copy_if(doc.definitions, std::back_inserter(out), which);
      return out;
    };
    auto is_schema = [](const definition& d) { return d.kind == definition_kind::schema; };
    auto is_directive = [](const definition& d) { return d.kind == definition_kind::directive; };
    auto schema = [&](const definition& d) {
      node("SchemaDefinition", [&] {
        text("Description", d.description);
        directives(d.directives);
        list("OperationTypes", "OperationTypeDefinition", d.roots, [&](const root_type& r) {
          node("OperationTypeDefinition", [&] {
            member("Operation", fmt::format("Operation(\"{}\")", to_string(r.kind)));
            text("Type", r.type.text);
          });
        });
      });
    };
    node("SchemaDocument", [&] {
      list("Schema", "SchemaDefinition", those([&](auto& d) { return is_schema(d) && !d.extension; }), schema);
      list("SchemaExtension", "SchemaDefinition", those([&](auto& d) { return is_schema(d) && d.extension; }), schema);
      list("Directives", "DirectiveDefinition", those(is_directive), [&](const definition& d) {
        node("DirectiveDefinition", [&] {
          text("Description", d.description);
          text("Name", d.id.text);
          inputs("Arguments", "ArgumentDefinition", d.inputs);
          names("Locations", d.names, "DirectiveLocation");
          member("IsRepeatable", d.repeatable ? "true" : "false");
        });
      });
      for (const bool extension : {false, true})
        list(extension ? "Extensions" : "Definitions", "Definition",
             those([&](auto& d) { return !is_schema(d) && !is_directive(d) && d.extension == extension; }),
             [&](const definition& d) { type_definition(d); });
    });
  }

  [[nodiscard]] const std::string& written_out() const { return out_; }

 private:
  void line() {
    out_ += '\n';
    out_.append(depth_ * 2, ' ');
  }

  std::string out_;
  std::size_t depth_ = 0;
};

std::string answer(std::string_view kind, std::string_view text) {
  findings found(text, "spec");
  std::string tokens;
  tree t;
  if (kind == "lex") {
    tokens = tokens_of(text, found);
  } else if (kind == "query") {
    t.document(parse_executable(text, {}, found));
  } else {
    t.document(parse(text, {}, found));
  }
  std::string errors;
  for (const diagnostic& d : found.take()) errors += (errors.empty() ? "" : ",") + json_quote(to_string(d));
  return fmt::format(R"({{"errors":[{}],"tokens":[{}],"tree":{}}})", errors, tokens, json_quote(t.written_out()));
}

}  // namespace

int main() {
  simdjson::dom::parser parser;
  for (std::string line; std::getline(std::cin, line);) {
    simdjson::dom::element one = parser.parse(line);
    fmt::print("{}\n", answer(one["kind"].get_string().value(), one["text"].get_string().value()));
  }
}
