#pragma once
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "schema/language/ast.h"
#include "schema/language/findings.h"
#include "schema/language/lexer.h"

namespace waggle::graphql {

/// Walks over a text's tokens and reads what both languages have: names, types, values, arguments, directives.
/// The first error is reported and sets `failed()`; every loop ends then, and nothing more is reported until `retry()`.
class token_cursor {
 public:
  /// All must outlive this. `owned` takes the decoded strings; `where_constant` is what has no variables, for messages.
  token_cursor(std::string_view text, const std::vector<token>& tokens, const source_limits& limits,
               std::deque<std::string>& owned, std::string_view where_constant, findings& found)
      : text_(text), tokens_(tokens), limits_(limits), owned_(owned), where_constant_(where_constant), found_(found) {}

  // --- tokens ---
  [[nodiscard]] const token& peek(std::size_t ahead = 0) const;
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
  bool accept(char c);
  /// The index of the token here, and all of them.
  [[nodiscard]] std::size_t position() const { return next_; }
  [[nodiscard]] const std::vector<token>& tokens() const { return tokens_; }
  [[nodiscard]] const source_limits& limits() const { return limits_; }

  // --- errors ---
  [[nodiscard]] bool failed() const { return failed_; }
  void retry() { failed_ = false; }
  void error(std::size_t offset, std::string message);
  /// `expected …, found …` at the token here.
  void expected(std::string_view what);
  void expect(char c, std::string_view where);

  // --- what both languages have ---
  name parse_name(std::string_view what);
  std::string_view parse_string();
  std::string_view parse_description() { return at_string() ? parse_string() : std::string_view{}; }
  /// Type (§2.12).
  type_ref parse_type();
  /// Value (§2.9); with variables where it is no constant. `depth` counts the lists and objects around it.
  value parse_value(bool constant, std::size_t depth = 0);
  /// Arguments (§2.6), if there are any.
  std::vector<argument> parse_arguments(bool constant);
  directive parse_directive(bool constant);
  /// Directives (§2.13), if there are any.
  std::vector<directive> parse_directives(bool constant);

  /// `open item+ close`, where there is an `open`. `item` is called at each item.
  template <class Item>
  void parse_block(char open, char close, Item item) {
    if (failed_ || !accept(open)) return;
    do item();
    while (!failed_ && !at(close));
    if (!failed_) advance();
  }

 private:
  void parse_items(value& v, bool constant, std::size_t depth);

  std::string_view text_;
  const std::vector<token>& tokens_;
  const source_limits& limits_;
  std::deque<std::string>& owned_;
  std::string_view where_constant_;
  findings& found_;
  std::size_t next_ = 0;
  bool failed_ = false;
};

}  // namespace waggle::graphql
