#include "schema/language/parser.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "schema/language/text.h"
#include "schema/language/token_cursor.h"

namespace waggle::graphql {
namespace {

struct keyword {
  std::string_view word;
  definition_kind kind;
};
constexpr keyword keywords[] = {
    {"schema", definition_kind::schema},    {"scalar", definition_kind::scalar},
    {"type", definition_kind::object},      {"interface", definition_kind::interface},
    {"union", definition_kind::union_type}, {"enum", definition_kind::enumeration},
    {"input", definition_kind::input},      {"directive", definition_kind::directive},
    {"service", definition_kind::service},
};
constexpr std::string_view locations[] = {"QUERY",
                                          "MUTATION",
                                          "SUBSCRIPTION",
                                          "FIELD",
                                          "FRAGMENT_DEFINITION",
                                          "FRAGMENT_SPREAD",
                                          "INLINE_FRAGMENT",
                                          "VARIABLE_DEFINITION",
                                          "SCHEMA",
                                          "SCALAR",
                                          "OBJECT",
                                          "FIELD_DEFINITION",
                                          "ARGUMENT_DEFINITION",
                                          "INTERFACE",
                                          "UNION",
                                          "ENUM",
                                          "ENUM_VALUE",
                                          "INPUT_OBJECT",
                                          "INPUT_FIELD_DEFINITION"};
constexpr std::string_view executable[] = {"query", "mutation", "subscription", "fragment"};

std::optional<definition_kind> kind_of(std::string_view word) {
  const auto* found = std::ranges::find(keywords, word, &keyword::word);
  return found == std::end(keywords) ? std::nullopt : std::optional(found->kind);
}

/// Recursive descent. Of each definition the first error is reported.
class parser : private token_cursor {
 public:
  parser(std::string_view text, const std::vector<token>& tokens, const source_limits& limits, bool okra,
         document& into, findings& found)
      : token_cursor(text, tokens, limits, into.owned, "a schema", found), okra_(okra), doc_(into), found_(found) {}

  void run() {
    while (!at_end() && !found_.full()) {
      retry();
      const std::size_t start = position();
      definition d = parse_definition();
      if (!failed()) {
        if (d.offset != no_definition) doc_.definitions.push_back(std::move(d));
      } else {
        resynchronize(start);
      }
    }
  }

 private:
  static constexpr std::size_t no_definition = static_cast<std::size_t>(-1);

  /// Passes what belongs to a broken definition: on to a keyword that begins a line and is followed by what a definition goes on with.
  void resynchronize(std::size_t start) {
    if (position() == start) advance();
    int depth = 0;
    for (std::size_t i = start; i < position(); ++i) depth += nesting(tokens()[i]);
    for (; !at_end(); advance()) {
      const bool begins_line = position() == 0 || tokens()[position() - 1].line < peek().line;
      const bool outermost = depth <= 0 || peek().indent == 0;
      if (begins_line && outermost && looks_like_definition(at_string() ? 1 : 0)) return;
      depth += nesting(peek());
    }
  }
  [[nodiscard]] static int nesting(const token& t) { return is(t, '{') ? 1 : is(t, '}') ? -1 : 0; }
  [[nodiscard]] bool looks_like_definition(std::size_t ahead) const {
    if (peek(ahead).kind != token_kind::name) return false;
    const token& after = peek(ahead + 1);
    if (peek(ahead).text == "extend") return after.kind == token_kind::name;
    const auto kind = kind_of(peek(ahead).text);
    if (!kind) return false;
    if (*kind == definition_kind::schema) return is(after, '{') || is(after, '@');
    return *kind == definition_kind::directive ? is(after, '@') : after.kind == token_kind::name;
  }

  // --- parts of definitions ---
  input_value parse_input_value(std::string_view what) {
    input_value v;
    v.description = parse_description();
    v.id = parse_name(what);
    if (at('(')) error(here(), fmt::format("{} takes no arguments, only fields of answers do", shown(v.id.text)));
    expect(':', fmt::format("after {}", shown(v.id.text)));
    v.type = parse_type();
    if (accept('=')) v.default_value.push_back(parse_value(true));
    v.directives = parse_directives(true);
    if (at('=')) error(here(), "the default stands before the directives");
    return v;
  }
  std::vector<input_value> parse_argument_definitions() {
    std::vector<input_value> all;
    parse_block('(', ')', [&] { all.push_back(parse_input_value("an argument's name")); });
    return all;
  }

  /// Fields of an object, interface or service. In okra's dialect directives may stand before a field.
  std::vector<field> parse_fields() {
    std::vector<field> all;
    std::vector<directive> ahead;
    parse_block('{', '}', [&] {
      field& f = all.emplace_back();
      f.description = parse_description();
      if (okra_) {
        while (at('@') && !failed()) ahead.push_back(parse_directive(true));
        if (f.description.empty()) f.description = parse_description();
      }
      const std::size_t margin = peek().indent;
      f.id = parse_name("a field's name");
      f.arguments = parse_argument_definitions();
      expect(':', fmt::format("and a type after {}", shown(f.id.text)));
      f.type = parse_type();
      f.directives = std::move(ahead);
      ahead.clear();
      while (at('@') && !failed()) {
        const bool of_next = okra_ && stands_before_next(margin);
        directive d = parse_directive(true);
        if (of_next) {
          ahead.push_back(std::move(d));
          break;
        }
        f.directives.push_back(std::move(d));
      }
    });
    return all;
  }
  /// Is the directive here a decorator of the field below: first on its line, not further in than the field above, and not the last thing in the block?
  [[nodiscard]] bool stands_before_next(std::size_t margin) {
    const std::vector<token>& all = tokens();
    std::size_t i = position();
    if (i == 0 || i < last_in_block_ || all[i - 1].line == peek().line || peek().indent > margin) return false;
    while (is(all[i], '@')) {
      i += 2;
      if (i < all.size() && is(all[i], '('))
        while (i < all.size() && !is(all[i++], ')')) {
        }
      if (i >= all.size()) return false;
    }
    if (!is(all[i], '}')) return true;
    last_in_block_ = i;
    return false;
  }

  enum_value parse_enum_value() {
    enum_value v;
    v.description = parse_description();
    v.id = parse_name("an enum value");
    if (v.id.text == "true" || v.id.text == "false" || v.id.text == "null")
      error(v.id.offset, fmt::format("{} cannot be an enum value", v.id.text));
    if (at('=')) error(here(), "an enum value is its name, without a number");
    v.directives = parse_directives(true);
    return v;
  }

  root_type parse_root_type() {
    root_type r;
    r.offset = here();
    const name word = parse_name("query, mutation or subscription");
    if (word.text == "query") {
      r.kind = operation::query;
    } else if (word.text == "mutation") {
      r.kind = operation::mutation;
    } else if (word.text == "subscription") {
      r.kind = operation::subscription;
    } else {
      error(word.offset, fmt::format("expected query, mutation or subscription, found {}", shown(word.text)));
    }
    expect(':', "after the operation");
    r.type = parse_name("a type");
    return r;
  }

  /// `separator? name (separator name)*`
  std::vector<name> parse_names(char separator, std::string_view what) {
    std::vector<name> all;
    accept(separator);
    do all.push_back(parse_name(what));
    while (!failed() && accept(separator));
    if (peek().kind == token_kind::name && peek().text != "extend" && !kind_of(peek().text))
      expected(fmt::format("{} before the next", separator));
    return all;
  }
  std::vector<name> parse_interfaces() {
    if (!at_name("implements")) return {};
    advance();
    return parse_names('&', "an interface");
  }

  void parse_directive_definition(definition& d) {
    expect('@', "before the directive's name");
    d.id = parse_name("a directive's name");
    d.inputs = parse_argument_definitions();
    if (at_name("repeatable")) {
      d.repeatable = true;
      advance();
    }
    if (!at_name("on")) return expected("on and where the directive may stand");
    advance();
    d.names = parse_names('|', "a directive location");
    for (const name& location : d.names)
      if (!failed() && std::ranges::find(locations, location.text) == std::end(locations))
        error(location.offset, fmt::format("{} is no directive location{}", shown(location.text),
                                           did_you_mean(location.text, locations)));
  }

  // --- definitions ---
  definition parse_definition() {
    definition d;
    const bool described = at_string();
    d.description = parse_description();
    if (at('@') && !described) {
      // okra's decorator of the file, or of the service that follows.
      doc_.okra.push_back(parse_directive(true));
      d.offset = no_definition;
      if (!failed() && doc_.okra.back().id.text != "okra")
        error(doc_.okra.back().id.offset, "only @okra may stand outside of a definition");
      return d;
    }
    d.offset = here();
    if (at_name("extend")) {
      if (described) error(here(), "an extension has no description");
      d.extension = true;
      advance();
    }
    const auto kind = peek().kind == token_kind::name ? kind_of(peek().text) : std::nullopt;
    if (!kind) {
      unexpected_definition();
      return d;
    }
    if (d.extension && (*kind == definition_kind::directive || *kind == definition_kind::service))
      error(here(), fmt::format("a {} cannot be extended", describe(*kind)));
    d.kind = *kind;
    advance();
    if (d.kind == definition_kind::directive) {
      parse_directive_definition(d);
      return d;
    }
    if (d.kind != definition_kind::schema) d.id = parse_name("a name");
    if (d.kind == definition_kind::object || d.kind == definition_kind::interface) d.names = parse_interfaces();
    d.directives = parse_directives(true);
    parse_body(d);
    if (!failed() && d.extension && d.names.empty() && d.directives.empty() && d.fields.empty() && d.values.empty() &&
        d.inputs.empty() && d.roots.empty())
      expected("what the extension adds");
    return d;
  }

  void parse_body(definition& d) {
    switch (d.kind) {
      case definition_kind::schema:
        if (!d.extension && !at('{')) return expected("{ and the root types");
        return parse_block('{', '}', [&] { d.roots.push_back(parse_root_type()); });
      case definition_kind::object:
      case definition_kind::interface: d.fields = parse_fields(); return;
      case definition_kind::service:
        if (!at('{')) return expected("{ and the methods");
        d.fields = parse_fields();
        return;
      case definition_kind::union_type:
        if (at('{')) error(here(), "the members of a union stand behind = with | between them");
        if (accept('=')) d.names = parse_names('|', "a member type");
        return;
      case definition_kind::enumeration: return parse_block('{', '}', [&] { d.values.push_back(parse_enum_value()); });
      case definition_kind::input:
        return parse_block('{', '}', [&] { d.inputs.push_back(parse_input_value("a field's name")); });
      case definition_kind::scalar:
      case definition_kind::directive: return;
    }
  }

  void unexpected_definition() {
    if (at('{') ||
        (peek().kind == token_kind::name && std::ranges::find(executable, peek().text) != std::end(executable)))
      return error(here(), "a schema holds definitions only, no operations or fragments");
    near_name near(peek().text);
    if (peek().kind == token_kind::name)
      for (const keyword& k : keywords) near.offer(k.word);
    error(here(), at_end() ? "expected a definition, the file ends here"
                           : fmt::format("expected a definition, found {}{}", shown(peek().text), near.hint()));
  }

  bool okra_;
  document& doc_;
  findings& found_;
  std::size_t last_in_block_ = 0;  ///< directives before this token end their block: looked at once
};

/// Does the file look like okra's dialect: a service block, or @okra outside of a definition? Known before parsing,
/// because only there a directive may stand before its field.
bool is_okra(const std::vector<token>& tokens) {
  auto is = [&](std::size_t i, token_kind kind, std::string_view text) {
    return i < tokens.size() && tokens[i].kind == kind && (text.empty() || tokens[i].text == text);
  };
  std::size_t depth = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].kind == token_kind::punctuator && tokens[i].text.front() == '{') ++depth;
    if (tokens[i].kind == token_kind::punctuator && tokens[i].text.front() == '}' && depth > 0) --depth;
    if (depth > 0) continue;
    if (is(i, token_kind::punctuator, "@") && is(i + 1, token_kind::name, "okra")) return true;
    if (is(i, token_kind::name, "service") && is(i + 1, token_kind::name, "") &&
        (is(i + 2, token_kind::punctuator, "{") || is(i + 2, token_kind::punctuator, "@")) &&
        (i == 0 || !is(i - 1, token_kind::punctuator, "@")))
      return true;
  }
  return false;
}

}  // namespace

document parse(std::string_view text, const source_limits& limits, findings& found) {
  const std::vector<token> tokens = lex(text, limits, found);
  document doc;
  parser(text, tokens, limits, is_okra(tokens), doc, found).run();
  return doc;
}

}  // namespace waggle::graphql
