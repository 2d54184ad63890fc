#include "schema/parser.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "schema/text.h"

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

/// Recursive descent. The first error of a definition is reported and sets `failed_`; every loop ends then.
class parser {
 public:
  parser(std::string_view text, const std::vector<token>& tokens, const source_limits& limits, bool okra,
         findings& found)
      : text_(text), tokens_(tokens), limits_(limits), okra_(okra), found_(found) {}

  document run() {
    while (!at_end() && !found_.full()) {
      failed_ = false;
      const std::size_t start = next_;
      definition d = parse_definition();
      if (!failed_) {
        if (d.offset != no_definition) doc_.definitions.push_back(std::move(d));
      } else {
        resynchronize(start);
      }
    }
    return std::move(doc_);
  }

 private:
  static constexpr std::size_t no_definition = static_cast<std::size_t>(-1);

  // --- tokens ---
  [[nodiscard]] const token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
  }
  [[nodiscard]] std::size_t offset_of(const token& t) const {
    return static_cast<std::size_t>(t.text.data() - text_.data());
  }
  [[nodiscard]] std::size_t here() const { return offset_of(peek()); }
  [[nodiscard]] bool at_end() const { return peek().kind == token_kind::end; }
  [[nodiscard]] static bool is(const token& t, char c) {
    return t.kind == token_kind::punctuator && t.text.front() == c && t.text.size() == 1;
  }
  [[nodiscard]] bool at(char c) const { return is(peek(), c); }
  [[nodiscard]] bool at_name(std::string_view word) const {
    return peek().kind == token_kind::name && peek().text == word;
  }
  [[nodiscard]] bool at_string(std::size_t ahead = 0) const {
    return peek(ahead).kind == token_kind::string || peek(ahead).kind == token_kind::block_string;
  }
  void advance() {
    if (!at_end()) ++next_;
  }
  bool accept(char c) {
    if (!at(c)) return false;
    advance();
    return true;
  }

  // --- errors ---
  void error(std::size_t offset, std::string message) {
    if (!failed_) found_.error(offset, std::move(message));
    failed_ = true;
  }
  void expected(std::string_view what) {
    error(here(), at_end() ? fmt::format("expected {}, the file ends here", what)
                           : fmt::format("expected {}, found {}", what, shown(peek().text)));
  }
  void expect(char c, std::string_view where) {
    if (!accept(c)) expected(fmt::format("{} {}", c, where));
  }

  /// Passes what belongs to a broken definition: on to a keyword that begins a line and is followed by what a definition goes on with.
  void resynchronize(std::size_t start) {
    if (next_ == start) advance();
    int depth = 0;
    for (std::size_t i = start; i < next_; ++i) depth += nesting(tokens_[i]);
    for (; !at_end(); advance()) {
      const bool begins_line = next_ == 0 || tokens_[next_ - 1].line < peek().line;
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

  // --- names, types, values ---
  name parse_name(std::string_view what) {
    if (peek().kind != token_kind::name) {
      expected(what);
      return {{}, here()};
    }
    const name n{peek().text, here()};
    advance();
    return n;
  }

  std::string_view parse_string() {
    const token& t = peek();
    advance();
    const auto written = value_as_written(t);
    return written ? *written : doc_.own(string_value(t));
  }
  std::string_view parse_description() { return at_string() ? parse_string() : std::string_view{}; }

  /// Type (§2.12).
  type_ref parse_type() {
    type_ref type;
    std::size_t open = 0;
    while (at('[')) {
      if (++open > limits_.depth) error(here(), fmt::format("lists nested deeper than {}", limits_.depth));
      if (failed_) return type;
      advance();
    }
    type.named = parse_name("a type");
    if (accept('!')) type.modifiers += '!';
    for (; open > 0 && !failed_; --open) {
      expect(']', "after the type");
      type.modifiers += '[';
      if (accept('!')) type.modifiers += '!';
    }
    return type;
  }

  /// Value, constant (§2.9).
  value parse_value(std::size_t depth = 0) {
    value v;
    v.offset = here();
    if (depth > limits_.depth) error(here(), fmt::format("values nested deeper than {}", limits_.depth));
    if (failed_) return v;
    const token& t = peek();
    v.text = t.text;
    switch (t.kind) {
      case token_kind::integer: v.kind = value_kind::integer; break;
      case token_kind::floating: v.kind = value_kind::floating; break;
      case token_kind::string:
      case token_kind::block_string:
        v.kind = value_kind::string;
        v.text = parse_string();
        return v;
      case token_kind::name:
        v.kind = t.text == "null"                        ? value_kind::null
                 : t.text == "true" || t.text == "false" ? value_kind::boolean
                                                         : value_kind::enumeration;
        break;
      case token_kind::punctuator:
        if (t.text == "[" || t.text == "{") {
          parse_items(v, depth);
        } else if (t.text == "$") {
          error(here(), "a schema has no variables");
        } else {
          expected("a value");
        }
        return v;
      case token_kind::end: expected("a value"); return v;
    }
    advance();
    return v;
  }

  void parse_items(value& v, std::size_t depth) {
    v.kind = at('[') ? value_kind::list : value_kind::object;
    const char close = at('[') ? ']' : '}';
    advance();
    while (!at(close) && !failed_) {
      name key;
      if (v.kind == value_kind::object) {
        key = parse_name("a field or }");
        expect(':', "after the field's name");
      }
      value& item = v.items.emplace_back(parse_value(depth + 1));
      item.key = key;
    }
    if (!failed_) advance();
  }

  std::vector<argument> parse_arguments() {
    std::vector<argument> arguments;
    if (!accept('(')) return arguments;
    do {
      argument& a = arguments.emplace_back();
      a.id = parse_name("an argument");
      expect(':', "after the argument's name");
      a.given = parse_value();
    } while (!failed_ && !at(')'));
    if (!failed_) advance();
    return arguments;
  }

  directive parse_directive() {
    directive d;
    const std::size_t offset = here();
    expect('@', "before the directive");
    d.id = {parse_name("a directive's name after @").text, offset};
    d.arguments = parse_arguments();
    return d;
  }
  std::vector<directive> parse_directives() {
    std::vector<directive> all;
    while (at('@') && !failed_) all.push_back(parse_directive());
    return all;
  }

  // --- parts of definitions ---
  /// `open item+ close`, where there is an `open`. `item` is called at each item.
  template <class Item>
  void parse_block(char open, char close, Item item) {
    if (failed_ || !accept(open)) return;
    do item();
    while (!failed_ && !at(close));
    if (!failed_) advance();
  }

  input_value parse_input_value(std::string_view what) {
    input_value v;
    v.description = parse_description();
    v.id = parse_name(what);
    expect(':', fmt::format("after {}", shown(v.id.text)));
    v.type = parse_type();
    if (accept('=')) v.default_value.push_back(parse_value());
    v.directives = parse_directives();
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
        while (at('@') && !failed_) ahead.push_back(parse_directive());
        if (f.description.empty()) f.description = parse_description();
      }
      const std::size_t margin = peek().indent;
      f.id = parse_name("a field's name");
      f.arguments = parse_argument_definitions();
      expect(':', fmt::format("and a type after {}", shown(f.id.text)));
      f.type = parse_type();
      f.directives = std::move(ahead);
      ahead.clear();
      while (at('@') && !failed_) {
        const bool of_next = okra_ && stands_before_next(margin);
        directive d = parse_directive();
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
    if (next_ == 0 || next_ < last_in_block_ || tokens_[next_ - 1].line == peek().line || peek().indent > margin)
      return false;
    std::size_t i = next_;
    while (is(tokens_[i], '@')) {
      i += 2;
      if (i < tokens_.size() && is(tokens_[i], '('))
        while (i < tokens_.size() && !is(tokens_[i++], ')')) {
        }
      if (i >= tokens_.size()) return false;
    }
    if (!is(tokens_[i], '}')) return true;
    last_in_block_ = i;
    return false;
  }

  enum_value parse_enum_value() {
    enum_value v;
    v.description = parse_description();
    v.id = parse_name("an enum value");
    if (v.id.text == "true" || v.id.text == "false" || v.id.text == "null")
      error(v.id.offset, fmt::format("{} cannot be an enum value", v.id.text));
    v.directives = parse_directives();
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
    while (!failed_ && accept(separator));
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
      if (!failed_ && std::ranges::find(locations, location.text) == std::end(locations))
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
      doc_.okra.push_back(parse_directive());
      d.offset = no_definition;
      if (!failed_ && doc_.okra.back().id.text != "okra")
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
    d.directives = parse_directives();
    parse_body(d);
    if (!failed_ && d.extension && d.names.empty() && d.directives.empty() && d.fields.empty() && d.values.empty() &&
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

  std::string_view text_;
  const std::vector<token>& tokens_;
  const source_limits& limits_;
  bool okra_;
  findings& found_;
  document doc_;
  std::size_t next_ = 0;
  std::size_t last_in_block_ = 0;  ///< directives before this token end their block: looked at once
  bool failed_ = false;
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
  return parser(text, tokens, limits, is_okra(tokens), found).run();
}

}  // namespace waggle::graphql
