#include "schema/describe/ecma_pattern.h"

#include <algorithm>

namespace waggle::graphql {
namespace {

constexpr std::string_view syntax = "^$\\.*+?()[]{}|/";
constexpr std::string_view spaces = "\\t\\n\\f\\r ";  // RE2's \s; ECMA's has more

struct posix_class {
  std::string_view name;
  std::string_view members;
};
constexpr posix_class posix_classes[] = {
    {"[:alnum:]", "0-9A-Za-z"},
    {"[:alpha:]", "A-Za-z"},
    {"[:ascii:]", "\\x00-\\x7F"},
    {"[:blank:]", "\\t "},
    {"[:digit:]", "0-9"},
    {"[:lower:]", "a-z"},
    {"[:space:]", "\\t-\\r "},
    {"[:upper:]", "A-Z"},
    {"[:word:]", "0-9A-Za-z_"},
    {"[:graph:]", "!-~"},
    {"[:print:]", " -~"},
    {"[:cntrl:]", "\\x00-\\x1F\\x7F"},
    {"[:punct:]", "!-\\/:-@\\[-`\\{-~"},
    {"[:xdigit:]", "0-9A-Fa-f"},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

class translator {
 public:
  explicit translator(std::string_view in) : in_(in) {}

  std::optional<std::string> run() {
    while (fine_ && at_ < in_.size()) step();
    return fine_ ? std::optional(std::move(out_)) : std::nullopt;
  }

 private:
  /// What an escape stands for.
  enum class atom : std::uint8_t { single, set, assertion };

  [[nodiscard]] char peek(std::size_t ahead = 0) const { return at_ + ahead < in_.size() ? in_[at_ + ahead] : '\0'; }
  bool take(std::string_view text) {
    if (!in_.substr(at_).starts_with(text)) return false;
    at_ += text.size();
    return true;
  }
  void give_up() { fine_ = false; }

  void step() {
    const char c = in_[at_];
    switch (c) {
      case '(': return group();
      case '[': return bracket();
      case '*':
      case '+':
      case '?': return repeat(1);
      case '{': {
        const std::size_t length = counted();
        if (length > 0) return repeat(length);
        break;
      }
      case '\\': repeatable_ = escape(false) != atom::assertion; return;
      case '.': out_ += "[^\\n]"; break;
      case '|':
      case '^':
      case '$':
        out_ += c;
        ++at_;
        repeatable_ = false;
        return;
      default: break;
    }
    if (c == '{' || c == '}' || c == ']' || c == '/') out_ += '\\';
    if (c != '.') out_ += c;
    ++at_;
    repeatable_ = true;
  }

  void group() {
    repeatable_ = false;
    if (take("(?P<") || take("(?<")) {
      const std::size_t end = in_.find('>', at_);
      if (end == std::string_view::npos) return give_up();
      at_ = end + 1;
      out_ += '(';
    } else if (take("(?:")) {
      out_ += "(?:";
    } else if (peek(1) == '?') {
      give_up();  // flags
    } else {
      ++at_;
      out_ += '(';
    }
  }

  /// The length of `{2}`, `{2,}` or `{2,3}`; 0 where the brace stands for itself.
  [[nodiscard]] std::size_t counted() const {
    std::size_t i = at_ + 1;
    const std::size_t digits = i;
    while (i < in_.size() && is_digit(in_[i])) ++i;
    if (i == digits) return 0;
    if (i < in_.size() && in_[i] == ',') ++i;
    while (i < in_.size() && is_digit(in_[i])) ++i;
    return i < in_.size() && in_[i] == '}' ? i + 1 - at_ : 0;
  }

  void repeat(std::size_t length) {
    if (!repeatable_) return give_up();  // of an assertion: RE2 takes it, ECMA does not
    out_ += in_.substr(at_, length);
    at_ += length;
    if (peek() == '?') {
      out_ += '?';
      ++at_;
    }
    repeatable_ = false;
  }

  atom escape(bool in_class) {
    const char c = peek(1);
    at_ += 2;
    if (at_ > in_.size()) give_up();
    switch (c) {
      case 'n':
      case 'r':
      case 't':
      case 'f':
      case 'v': out_.append({'\\', c}); return atom::single;
      case 'a': out_ += "\\x07"; return atom::single;
      case 'x': hex(); return atom::single;
      case 'd':
      case 'D':
      case 'w':
      case 'W': out_.append({'\\', c}); return atom::set;
      case 's': out_ += in_class ? std::string(spaces) : "[" + std::string(spaces) + "]"; return atom::set;
      case 'p':
      case 'P': property(c); return atom::set;
      default: break;
    }
    if (is_letter(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80) {
      if (in_class) give_up();
      switch (c) {
        case 'S': out_ += "[^" + std::string(spaces) + "]"; return atom::set;
        case 'b':
        case 'B': out_.append({'\\', c}); return atom::assertion;
        case 'A': out_ += '^'; return atom::assertion;
        case 'z': out_ += '$'; return atom::assertion;
        default: give_up(); return atom::single;
      }
    }
    literal(c, in_class);
    return atom::single;
  }

  void literal(char c, bool in_class) {
    if (syntax.find(c) != std::string_view::npos || (in_class && c == '-')) out_ += '\\';
    out_ += c;
  }

  /// Behind `\x`: two digits, or any number of them in braces.
  void hex() {
    std::size_t end = at_;
    if (peek() != '{') {
      if (!is_hex(peek()) || !is_hex(peek(1))) return give_up();
      out_.append("\\x").append(in_.substr(at_, 2));
      at_ += 2;
      return;
    }
    end = in_.find('}', at_);
    if (end == std::string_view::npos || end == at_ + 1) return give_up();
    const std::string_view digits = in_.substr(at_ + 1, end - at_ - 1);
    if (!std::ranges::all_of(digits, is_hex)) return give_up();
    out_.append("\\u{").append(digits).append("}");
    at_ = end + 1;
  }

  /// Behind `\p`: `L`, `{Lu}`, `{^Lu}`, `{Greek}`.
  void property(char p) {
    std::string_view name = in_.substr(std::min(at_, in_.size()), 1);
    std::size_t next = at_ + 1;
    if (peek() == '{') {
      const std::size_t end = in_.find('}', at_);
      if (end == std::string_view::npos) return give_up();
      name = in_.substr(at_ + 1, end - at_ - 1);
      next = end + 1;
    }
    if (name.starts_with('^')) {
      name.remove_prefix(1);
      p = p == 'p' ? 'P' : 'p';
    }
    if (name.empty() || !std::ranges::all_of(name, [](char c) { return is_letter(c) || c == '_'; })) return give_up();
    const bool script = name.size() > 2 && name != "Any";
    out_.append({'\\', p, '{'}).append(script ? "Script=" : "").append(name).append("}");
    at_ = next;
  }

  /// A `-` of its own is escaped: beside a set or a range ECMA does not take it.
  void bracket() {
    out_ += take("[^") ? "[^" : (++at_, "[");
    bool first = true;
    bool range_may_follow = false;
    while (fine_) {
      if (at_ >= in_.size()) return give_up();
      const char c = peek();
      if (c == ']' && !first) break;
      first = false;
      if (c == '-' && range_may_follow && peek(1) != ']') {
        out_ += '-';
        ++at_;
        if (peek() == '[' && peek(1) == ':') return give_up();
        if (class_atom() != atom::single) return give_up();
        range_may_follow = false;
      } else {
        range_may_follow = class_atom() == atom::single;
      }
    }
    ++at_;
    out_ += ']';
    repeatable_ = true;
  }

  atom class_atom() {
    const char c = peek();
    if (c == '\\') return escape(true);
    if (c == '[' && peek(1) == ':') {
      const auto* known = std::ranges::find_if(
          posix_classes, [&](const posix_class& p) { return in_.substr(at_).starts_with(p.name); });
      if (known == std::end(posix_classes)) {
        give_up();
        return atom::set;
      }
      out_ += known->members;
      at_ += known->name.size();
      return atom::set;
    }
    literal(c, true);
    ++at_;
    // The other bytes of a code point belong to it.
    while ((static_cast<unsigned char>(peek()) & 0xC0U) == 0x80) out_ += in_[at_++];
    return atom::single;
  }

  std::string_view in_;
  std::string out_;
  std::size_t at_ = 0;
  bool fine_ = true;
  bool repeatable_ = false;
};

}  // namespace

std::optional<std::string> ecma_pattern(std::string_view re2) { return translator(re2).run(); }

}  // namespace waggle::graphql
