#include "schema/language/executable.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "schema/language/text.h"
#include "schema/language/token_cursor.h"

namespace waggle::graphql {
namespace {

constexpr std::array<std::string_view, 4> keywords = {"query", "mutation", "subscription", "fragment"};
constexpr std::array<std::string_view, 10> of_schemas = {"schema", "scalar", "type",      "interface", "union",
                                                         "enum",   "input",  "directive", "extend",    "service"};

class parser : private token_cursor {
 public:
  parser(std::string_view text, const std::vector<token>& tokens, const source_limits& limits,
         executable_document& into, findings& found)
      : token_cursor(text, tokens, limits, into.owned, "the definition of a variable", found), doc_(into) {}

  void run() {
    do parse_definition();
    while (!failed() && !at_end());
  }

 private:
  void parse_definition() {
    const bool described = at_string();
    const std::string_view description = parse_description();
    if (at_name("fragment")) return parse_fragment(description);
    operation_definition o;
    o.offset = here();
    o.description = description;
    if (at('{')) {
      if (described) return error(here(), "the short form of a query has no description; write query before {");
    } else {
      const auto word = std::ranges::find(keywords, peek().text);
      if (peek().kind != token_kind::name || word == keywords.end()) return unexpected_definition();
      o.kind = static_cast<operation>(word - keywords.begin());
      advance();
      if (peek().kind == token_kind::name) o.id = parse_name("a name");
      parse_block('(', ')', [&] { o.variables.push_back(parse_variable()); });
      o.directives = parse_directives(false);
    }
    o.selections = parse_selections(1);
    doc_.operations.push_back(std::move(o));
  }

  void unexpected_definition() {
    if (at_end()) return expected("a query, mutation, subscription or fragment");
    if (peek().kind == token_kind::name && std::ranges::find(of_schemas, peek().text) != of_schemas.end())
      return error(here(), "a request holds operations and fragments only, no definitions of a schema");
    error(here(), fmt::format("expected a query, mutation, subscription or fragment, found {}{}", shown(peek().text),
                              did_you_mean(peek().text, keywords)));
  }

  void parse_fragment(std::string_view description) {
    fragment_definition f;
    f.offset = here();
    f.description = description;
    advance();
    if (at_name("on")) return error(here(), "a fragment cannot be called on");
    f.id = parse_name("the fragment's name");
    if (!at_name("on")) return expected("on and the fragment's type");
    advance();
    f.on = parse_name("the fragment's type");
    f.directives = parse_directives(false);
    f.selections = parse_selections(1);
    doc_.fragments.push_back(std::move(f));
  }

  variable_definition parse_variable() {
    variable_definition v;
    v.description = parse_description();
    const std::size_t offset = here();
    expect('$', "and a variable's name");
    v.id = {parse_name("a variable's name after $").text, offset};
    expect(':', "and the variable's type");
    v.type = parse_type();
    if (accept('=')) v.default_value.push_back(parse_value(true));
    v.directives = parse_directives(true);
    return v;
  }

  /// A selection set (§2.4), which is not empty.
  std::vector<selection> parse_selections(std::size_t depth) {
    std::vector<selection> all;
    if (depth > limits().depth) error(here(), fmt::format("selections nested deeper than {}", limits().depth));
    if (!failed() && !at('{')) expected("{ and a selection");
    parse_block('{', '}', [&] { all.push_back(parse_selection(depth)); });
    return all;
  }

  selection parse_selection(std::size_t depth) {
    selection s;
    s.offset = here();
    if (peek().text == "...") {
      advance();
      parse_spread(s, depth);
      return s;
    }
    s.id = parse_name("a field, ... or }");
    if (accept(':')) {
      s.alias = s.id;
      s.id = parse_name("the field behind its alias");
    }
    s.arguments = parse_arguments(false);
    s.directives = parse_directives(false);
    if (at('{')) s.selections = parse_selections(depth + 1);
    return s;
  }

  /// What follows `...`: a fragment's name, or an inline fragment with or without a type.
  void parse_spread(selection& s, std::size_t depth) {
    const bool typed = at_name("on");
    if (!typed && peek().kind == token_kind::name) {
      s.kind = selection_kind::spread;
      s.id = parse_name("a fragment");
      s.directives = parse_directives(false);
      return;
    }
    s.kind = selection_kind::inline_fragment;
    if (typed) {
      advance();
      s.id = parse_name("a type after on");
    }
    s.directives = parse_directives(false);
    s.selections = parse_selections(depth + 1);
  }

  executable_document& doc_;
};

}  // namespace

executable_document parse_executable(std::string_view text, const source_limits& limits, findings& found) {
  executable_document doc;
  const std::vector<token> tokens = lex(text, limits, found);
  if (!found.has_errors()) parser(text, tokens, limits, doc, found).run();
  return doc;
}

}  // namespace waggle::graphql
