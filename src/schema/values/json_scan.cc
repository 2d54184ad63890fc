#include "schema/values/json_scan.h"

#include <fmt/format.h>

#include "schema/language/text.h"

namespace waggle {
namespace {

class scanner {
 public:
  scanner(std::string_view json, std::size_t depth) : json_(json), depth_(depth) {}

  /// Without recursion: `open_` holds the containers around the current place.
  std::optional<json_problem> run() {
    do {
      value();
      // After a value: close what ends here, then go on behind a comma.
      while (!problem_ && !open_.empty() && !wants_value_) {
        skip_space();
        const char close = open_.back() == '{' ? '}' : ']';
        if (peek() == close && at_ < json_.size()) {
          ++at_;
          open_.pop_back();
        } else if (peek() == ',') {
          ++at_;
          if (open_.back() == '{') key();
          wants_value_ = true;
        } else {
          expected(close == '}' ? ", or }" : ", or ]");
        }
      }
    } while (!problem_ && wants_value_);
    skip_space();
    if (!problem_ && at_ < json_.size()) report("one value, and something follows it");
    return std::move(problem_);
  }

 private:
  [[nodiscard]] char peek() const { return at_ < json_.size() ? json_[at_] : '\0'; }
  void skip_space() {
    while (at_ < json_.size() && std::string_view(" \t\n\r").find(json_[at_]) != std::string_view::npos) ++at_;
  }
  void report(std::string message, json_problem::sort what = json_problem::sort::syntax) {
    if (!problem_) problem_ = {what, at_, std::move(message)};
  }
  void expected(std::string_view what) {
    report(at_ >= json_.size() ? fmt::format("expected {}, it ends here", what)
                               : fmt::format("expected {}, found {}", what, graphql::shown(found_here())));
  }
  [[nodiscard]] std::string_view found_here() const {
    std::size_t end = at_ + 1;
    while (end < json_.size() && (static_cast<unsigned char>(json_[end]) & 0xC0) == 0x80) ++end;
    return json_.substr(at_, end - at_);
  }

  /// A scalar, or the start of a container: then its first value is wanted next, if it has one.
  void value() {
    wants_value_ = false;
    skip_space();
    const char c = peek();
    if (c == '{' || c == '[') {
      const std::size_t start = at_++;
      skip_space();
      if (peek() == (c == '{' ? '}' : ']')) {
        ++at_;
        return;
      }
      if (open_.size() >= depth_) {
        at_ = start;
        return report(fmt::format("nested deeper than {}", depth_), json_problem::sort::depth);
      }
      open_ += c;
      if (c == '{') key();
      wants_value_ = true;
    } else if (c == '"') {
      string();
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      number();
    } else if (!word("true") && !word("false") && !word("null")) {
      expected("a value");
    }
  }
  bool word(std::string_view w) {
    if (!json_.substr(at_).starts_with(w)) return false;
    at_ += w.size();
    return true;
  }

  void key() {
    skip_space();
    if (peek() != '"') return expected("a field's name in quotes");
    string();
    skip_space();
    if (problem_) return;
    if (peek() != ':') return expected(":");
    ++at_;
  }

  void digits() {
    if (peek() < '0' || peek() > '9') return expected("a digit");
    while (peek() >= '0' && peek() <= '9') ++at_;
  }
  void number() {
    if (peek() == '-') ++at_;
    if (peek() == '0') {
      ++at_;
    } else {
      digits();
    }
    if (peek() == '.') {
      ++at_;
      digits();
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      digits();
    }
  }

  void string() {
    ++at_;
    while (!problem_) {
      if (at_ >= json_.size()) return expected("the string's end");
      const auto c = static_cast<unsigned char>(json_[at_]);
      if (c < 0x20) return report("a control character in a string must be escaped");
      if (c == '\\') {
        escape();
      } else {
        ++at_;
        if (c == '"') return;
      }
    }
  }
  void escape() {
    const char c = at_ + 1 < json_.size() ? json_[at_ + 1] : '\0';
    if (c != 'u') {
      if (c == '\0' || std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos)
        return report("not an escape: \\ is followed by one of \" \\ / b f n r t u");
      at_ += 2;
      return;
    }
    const auto unit = hex(at_ + 2);
    if (!unit) return report("expected four hexadecimal digits after \\u");
    const bool high = *unit >= 0xD800 && *unit <= 0xDBFF;
    const auto second = high && json_.substr(at_ + 6).starts_with("\\u") ? hex(at_ + 8) : std::nullopt;
    const bool paired = second && *second >= 0xDC00 && *second <= 0xDFFF;
    if ((high && !paired) || (*unit >= 0xDC00 && *unit <= 0xDFFF)) return report("a lone surrogate is not a character");
    at_ += high ? 12 : 6;
  }
  [[nodiscard]] std::optional<unsigned> hex(std::size_t from) const {
    unsigned unit = 0;
    for (std::size_t i = from; i < from + 4; ++i) {
      const char c = i < json_.size() ? json_[i] : '\0';
      const std::size_t digit = std::string_view("0123456789abcdef").find(static_cast<char>(c | (c >= 'A' ? 0x20 : 0)));
      if (digit == std::string_view::npos) return std::nullopt;
      unit = unit * 16 + static_cast<unsigned>(digit);
    }
    return unit;
  }

  std::string_view json_;
  std::size_t depth_;
  std::size_t at_ = 0;
  std::string open_;
  bool wants_value_ = false;
  std::optional<json_problem> problem_;
};

}  // namespace

std::optional<json_problem> find_json_problem(std::string_view json, std::size_t depth) {
  if (const std::size_t bad = graphql::first_invalid_utf8(json); bad != std::string_view::npos)
    return json_problem{json_problem::sort::utf8, bad,
                        fmt::format("byte {:#04x} is not UTF-8", static_cast<unsigned char>(json[bad]))};
  return scanner(json, depth).run();
}

}  // namespace waggle
