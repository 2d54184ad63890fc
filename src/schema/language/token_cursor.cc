#include "schema/language/token_cursor.h"

#include <algorithm>

#include <fmt/format.h>

#include "schema/language/text.h"

namespace waggle::graphql {

const token& token_cursor::peek(std::size_t ahead) const {
  return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
}

bool token_cursor::accept(char c) {
  if (!at(c)) return false;
  advance();
  return true;
}

void token_cursor::error(std::size_t offset, std::string message) {
  if (!failed_ && !found_.follows_error(offset)) found_.error(offset, std::move(message));
  failed_ = true;
}

void token_cursor::expected(std::string_view what) {
  error(here(), at_end() ? fmt::format("expected {}, the file ends here", what)
                         : fmt::format("expected {}, found {}", what, shown(peek().text)));
}

void token_cursor::expect(char c, std::string_view where) {
  if (!accept(c)) expected(fmt::format("{} {}", c, where));
}

name token_cursor::parse_name(std::string_view what) {
  if (peek().kind != token_kind::name) {
    expected(what);
    return {{}, here()};
  }
  const name n{peek().text, here()};
  advance();
  return n;
}

std::string_view token_cursor::parse_string() {
  const token& t = peek();
  advance();
  const auto written = value_as_written(t);
  return written ? *written : owned_.emplace_back(string_value(t));
}

type_ref token_cursor::parse_type() {
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
  if (at('[')) error(here(), fmt::format("a list of {0} is written [{0}]", shown(type.named.text)));
  if (at('!')) error(here(), "there is a ! already");
  return type;
}

value token_cursor::parse_value(bool constant, std::size_t depth) {
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
        parse_items(v, constant, depth);
      } else if (t.text != "$") {
        expected("a value");
      } else if (constant) {
        error(here(), fmt::format("{} has no variables", where_constant_));
      } else {
        advance();
        v.kind = value_kind::variable;
        v.text = parse_name("a variable's name after $").text;
      }
      return v;
    case token_kind::end: expected("a value"); return v;
  }
  advance();
  return v;
}

void token_cursor::parse_items(value& v, bool constant, std::size_t depth) {
  v.kind = at('[') ? value_kind::list : value_kind::object;
  const char close = at('[') ? ']' : '}';
  advance();
  while (!at(close) && !failed_) {
    name key;
    if (v.kind == value_kind::object) {
      key = parse_name("a field or }");
      expect(':', "after the field's name");
    }
    value& item = v.items.emplace_back(parse_value(constant, depth + 1));
    item.key = key;
  }
  if (!failed_) advance();
}

std::vector<argument> token_cursor::parse_arguments(bool constant) {
  std::vector<argument> arguments;
  parse_block('(', ')', [&] {
    argument& a = arguments.emplace_back();
    a.id = parse_name("an argument");
    expect(':', "after the argument's name");
    a.given = parse_value(constant);
  });
  return arguments;
}

directive token_cursor::parse_directive(bool constant) {
  directive d;
  const std::size_t offset = here();
  expect('@', "before the directive");
  d.id = {parse_name("a directive's name after @").text, offset};
  d.arguments = parse_arguments(constant);
  return d;
}

std::vector<directive> token_cursor::parse_directives(bool constant) {
  std::vector<directive> all;
  while (at('@') && !failed_) all.push_back(parse_directive(constant));
  return all;
}

}  // namespace waggle::graphql
