#include "schema/language/lexer.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <simdjson.h>

#include "schema/language/text.h"

namespace waggle::graphql {
namespace {

/// What a byte may be the beginning of, or a part of: bits, looked up in one table.
enum character : std::uint8_t {
  digit = 1,
  name_start = 2,
  punctuation = 4,
  line_end = 8,
  blank = 16,
  in_string = 32,  ///< means something in a string or block string
};
constexpr auto characters = [] {
  std::array<std::uint8_t, 256> table{};
  auto set = [&](std::string_view all, character bit) {
    for (const char c : all) table[static_cast<unsigned char>(c)] |= bit;
  };
  set("0123456789", digit);
  set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_", name_start);
  set("!$&():=@[]{|}", punctuation);
  set("\n\r", line_end);
  set(" \t,", blank);
  set("\"\\\n\r", in_string);
  return table;
}();
bool is(char c, unsigned bits) { return (characters[static_cast<unsigned char>(c)] & bits) != 0; }

bool is_digit(char c) { return is(c, digit); }
bool is_name_start(char c) { return is(c, name_start); }
bool is_name(char c) { return is(c, name_start | digit); }
bool is_line_end(char c) { return is(c, line_end); }

std::optional<unsigned> hex_value(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

bool is_high_surrogate(char32_t c) { return c >= 0xD800 && c <= 0xDBFF; }
bool is_low_surrogate(char32_t c) { return c >= 0xDC00 && c <= 0xDFFF; }

struct escape {
  std::size_t length = 0;  ///< of its text, the backslash included; never 0
  char32_t scalar = 0;
  const char* problem = nullptr;
};

/// Four hexadecimal digits at the start of `s`.
std::optional<char32_t> four_digits(std::string_view s) {
  if (s.size() < 4) return std::nullopt;
  char32_t value = 0;
  for (const char c : s.substr(0, 4)) {
    const auto digit = hex_value(c);
    if (!digit) return std::nullopt;
    value = value * 16 + *digit;
  }
  return value;
}

/// Reads `\u…`, with `s` at the backslash (§2.9.4).
escape read_unicode_escape(std::string_view s) {
  if (s.size() > 2 && s[2] == '{') {
    char32_t value = 0;
    std::size_t i = 3;
    for (; i < s.size() && hex_value(s[i]); ++i) value = std::min<char32_t>(value * 16 + *hex_value(s[i]), 0x110000);
    if (i == 3 || i >= s.size() || s[i] != '}') return {i, 0, R"(expected hexadecimal digits and } after \u{)"};
    if (value > 0x10FFFF) return {i + 1, 0, "a code point is at most 10FFFF"};
    if (is_high_surrogate(value) || is_low_surrogate(value)) return {i + 1, 0, "a surrogate is not a character"};
    return {i + 1, value, nullptr};
  }
  const auto first = four_digits(s.substr(2));
  if (!first) return {2, 0, R"(expected four hexadecimal digits or {…} after \u)"};
  if (is_low_surrogate(*first)) return {6, 0, "a trailing surrogate without a leading one"};
  if (!is_high_surrogate(*first)) return {6, *first, nullptr};
  const std::string_view rest = s.substr(6);
  const auto second = rest.starts_with("\\u") ? four_digits(rest.substr(2)) : std::nullopt;
  if (!second || !is_low_surrogate(*second)) return {6, 0, "a leading surrogate without a trailing one"};
  return {12, 0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00), nullptr};
}

/// Reads one escape, with `s` at the backslash.
escape read_escape(std::string_view s) {
  if (s.size() < 2) return {1, 0, "nothing follows the backslash"};
  switch (s[1]) {
    case '"': return {2, '"', nullptr};
    case '\\': return {2, '\\', nullptr};
    case '/': return {2, '/', nullptr};
    case 'b': return {2, '\b', nullptr};
    case 'f': return {2, '\f', nullptr};
    case 'n': return {2, '\n', nullptr};
    case 'r': return {2, '\r', nullptr};
    case 't': return {2, '\t', nullptr};
    case 'u': return read_unicode_escape(s);
    default: return {1, 0, R"(a backslash begins \" \\ \/ \b \f \n \r \t \uXXXX or \u{…})"};
  }
}

/// What people write by habit, and what GraphQL has instead.
struct habit {
  std::string_view text;
  const char* instead;
};
constexpr habit habits[] = {
    {"//", "comments begin with #"},
    {"/*", "comments begin with #"},
    {"*/", "comments begin with #"},
    {";", "nothing stands at the end of a line"},
    {"'", "strings stand in double quotes"},
    {"“", "strings stand in plain double quotes"},
    {"”", "strings stand in plain double quotes"},
    {"?", "what may be null has no mark, what may not has !"},
    {"<", "a list is written [T]"},
    {"\u00A0", "this is a no-break space"},
};

class lexer {
 public:
  lexer(std::string_view source, const source_limits& limits, findings& found)
      : source_(source), limits_(limits), found_(found) {}

  std::vector<token> run() {
    tokens_.reserve(source_.size() / 6 + 1);
    while (at_ < source_.size() && !found_.full()) {
      if (skip_ignored()) continue;
      if (tokens_.size() >= limits_.tokens) {
        found_.error(at_, fmt::format("more than {} tokens", limits_.tokens));
        break;
      }
      next();
    }
    at_ = source_.size();
    push(token_kind::end, at_, line_, 0);
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  [[nodiscard]] std::string_view rest() const { return source_.substr(at_); }

  /// Passes a line terminator: \n, \r\n or \r (§2.1.2).
  void pass_line_end() {
    at_ += rest().starts_with("\r\n") ? 2 : 1;
    ++line_;
    line_start_ = at_;
  }

  /// Passes one ignored token (§2.1.7).
  bool skip_ignored() {
    const char c = peek();
    if (is(c, blank)) {
      do ++at_;
      while (is(peek(), blank));
    } else if (is_line_end(c)) {
      pass_line_end();
    } else if (c == '#') {
      while (at_ < source_.size() && !is_line_end(source_[at_])) ++at_;
    } else if (rest().starts_with("\xEF\xBB\xBF")) {
      at_ += 3;
    } else {
      return false;
    }
    return true;
  }

  void push(token_kind kind, std::size_t start) { push(kind, start, line_, start - line_start_); }
  void push(token_kind kind, std::size_t start, std::uint32_t line, std::size_t indent) {
    tokens_.push_back({kind, line, static_cast<std::uint32_t>(indent), source_.substr(start, at_ - start)});
  }

  void next() {
    const char c = peek();
    const std::size_t start = at_;
    if (is_name_start(c)) {
      while (is_name(peek())) ++at_;
      if (at_ - start > limits_.name) found_.error(start, fmt::format("a name of more than {} bytes", limits_.name));
      push(token_kind::name, start);
    } else if (is_digit(c) || c == '-') {
      number();
    } else if (c == '"') {
      rest().starts_with(R"(""")") ? block_string() : string();
    } else if (is(c, punctuation)) {
      ++at_;
      push(token_kind::punctuator, start);
    } else if (rest().starts_with("...")) {
      at_ += 3;
      push(token_kind::punctuator, start);
    } else {
      unexpected();
    }
  }

  void unexpected() {
    const std::size_t start = at_;
    const auto* known = std::ranges::find_if(habits, [&](const habit& h) { return rest().starts_with(h.text); });
    if (known != std::end(habits)) {
      at_ += known->text.size();
    } else {
      ++at_;
      while ((static_cast<unsigned char>(peek()) & 0xC0) == 0x80) ++at_;
    }
    const std::string_view text = source_.substr(start, at_ - start);
    found_.error(start, fmt::format("unexpected character '{}'{}{}", shown(text), known != std::end(habits) ? "; " : "",
                                    known != std::end(habits) ? known->instead : ""));
    if (text == "//")
      while (at_ < source_.size() && !is_line_end(source_[at_])) ++at_;
  }

  /// IntValue and FloatValue with their look-ahead restrictions (§2.9.1, §2.9.2).
  void number() {
    const std::size_t start = at_;
    token_kind kind = token_kind::integer;
    const char* problem = nullptr;
    auto digits = [&](const char* what) {
      if (!is_digit(peek()) && problem == nullptr) problem = what;
      while (is_digit(peek())) ++at_;
    };
    if (peek() == '-') ++at_;
    if (peek() == '0' && is_digit(peek(1))) problem = "a number does not begin with 0";
    digits("expected a digit after -");
    if (peek() == '.') {
      kind = token_kind::floating;
      ++at_;
      digits("expected a digit after the point");
    }
    if (peek() == 'e' || peek() == 'E') {
      kind = token_kind::floating;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      digits("expected a digit in the exponent");
    }
    if (is_name_start(peek()) || peek() == '.') {
      if (problem == nullptr) problem = "a number ends before letters, _ or a point";
      while (is_name(peek()) || peek() == '.') ++at_;
    }
    if (problem != nullptr)
      found_.error(start, fmt::format("{}: {}", shown(source_.substr(start, at_ - start)), problem));
    push(kind, start);
  }

  void string() {
    const std::size_t start = at_++;
    while (at_ < source_.size() && source_[at_] != '"' && !is_line_end(source_[at_])) {
      if (!is(source_[at_], in_string)) {
        ++at_;
        continue;
      }
      const escape e = read_escape(rest());
      if (e.problem != nullptr)
        found_.error(at_, fmt::format("{}: {}", shown(source_.substr(at_, e.length)), e.problem));
      at_ += e.length;
    }
    if (peek() == '"') {
      ++at_;
    } else {
      found_.error(start, "this string has no end on its line");
    }
    push(token_kind::string, start);
  }

  void block_string() {
    const std::size_t start = at_;
    const std::uint32_t line = line_;
    const std::size_t indent = at_ - line_start_;
    at_ += 3;
    for (;;) {
      while (at_ < source_.size() && !is(source_[at_], in_string)) ++at_;
      if (at_ >= source_.size()) {
        found_.error(start, R"(this block string has no end: """ is missing)");
        break;
      }
      if (rest().starts_with(R"(""")")) {
        at_ += 3;
        break;
      }
      if (rest().starts_with(R"(\""")")) {
        at_ += 4;
      } else if (is_line_end(source_[at_])) {
        pass_line_end();
      } else {
        ++at_;
      }
    }
    push(token_kind::block_string, start, line, indent);
  }

  std::string_view source_;
  const source_limits& limits_;
  findings& found_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  std::uint32_t line_ = 1;
  std::vector<token> tokens_;
};

/// BlockStringValue(rawValue), §2.9.4.
std::string block_string_value(std::string_view raw) {
  std::vector<std::string_view> lines;
  for (;;) {
    const std::size_t end = raw.find_first_of("\r\n");
    lines.push_back(raw.substr(0, end));
    if (end == std::string_view::npos) break;
    raw.remove_prefix(end + (raw.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  auto indent_of = [](std::string_view line) { return std::min(line.find_first_not_of(" \t"), line.size()); };
  auto blank = [&](std::string_view line) { return indent_of(line) == line.size(); };
  std::size_t common = std::string_view::npos;
  for (std::size_t i = 1; i < lines.size(); ++i)
    if (!blank(lines[i])) common = std::min(common, indent_of(lines[i]));
  if (common != std::string_view::npos)
    for (std::size_t i = 1; i < lines.size(); ++i) lines[i].remove_prefix(std::min(common, lines[i].size()));
  std::size_t first = 0;
  std::size_t last = lines.size();
  while (first < last && blank(lines[first])) ++first;
  while (last > first && blank(lines[last - 1])) --last;
  std::string out;
  for (std::size_t i = first; i < last; ++i) {
    if (i > first) out += '\n';
    out += lines[i];
  }
  return out;
}

/// The text between the quotes; as far as it goes where the closing ones are missing.
std::string_view inside(std::string_view text, std::string_view quotes) {
  text.remove_prefix(std::min(quotes.size(), text.size()));
  if (text.ends_with(quotes)) text.remove_suffix(quotes.size());
  return text;
}

}  // namespace

std::vector<token> lex(std::string_view source, const source_limits& limits, findings& found) {
  if (source.size() > limits.bytes) {
    found.error(findings::whole_file, fmt::format("{} bytes; at most {} are read", source.size(), limits.bytes));
    return {token{token_kind::end, 1, 0, source.substr(source.size())}};
  }
  if (!simdjson::validate_utf8(source.data(), source.size())) {
    const std::size_t bad = first_invalid_utf8(source);
    found.error(
        bad, fmt::format("byte {:#04x} is not UTF-8; save the file as UTF-8", static_cast<unsigned char>(source[bad])));
    return {token{token_kind::end, 1, 0, source.substr(source.size())}};
  }
  return lexer(source, limits, found).run();
}

std::string string_value(const token& t) {
  if (t.kind == token_kind::block_string) {
    const std::string_view raw = inside(t.text, R"(""")");
    std::string value = block_string_value(raw);
    for (std::size_t i = 0; (i = value.find(R"(\""")", i)) != std::string::npos; i += 3) value.erase(i, 1);
    return value;
  }
  const std::string_view raw = inside(t.text, "\"");
  std::string value;
  value.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size();) {
    if (raw[i] != '\\') {
      value += raw[i++];
      continue;
    }
    const escape e = read_escape(raw.substr(i));
    if (e.problem == nullptr) append_utf8(value, e.scalar);
    i += e.length;
  }
  return value;
}

std::optional<std::string_view> value_as_written(const token& t) {
  if (t.text.find('\\') != std::string_view::npos) return std::nullopt;
  if (t.kind == token_kind::string) return inside(t.text, "\"");
  const std::string_view raw = inside(t.text, R"(""")");
  auto white = [](char c) { return c == ' ' || c == '\t' || is_line_end(c); };
  const auto text = std::ranges::find_if_not(raw, white);
  const auto end = std::find_if(text, raw.end(), is_line_end);
  if (!std::all_of(end, raw.end(), white)) return std::nullopt;
  if (text == raw.end()) return std::string_view{};
  // Only the first line keeps its indentation.
  const auto begin = std::any_of(raw.begin(), text, is_line_end) ? text : raw.begin();
  return std::string_view(begin, end);
}

}  // namespace waggle::graphql
