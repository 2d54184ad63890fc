#include "schema/json_quick.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

namespace waggle {
namespace {

constexpr std::uint64_t each(std::uint8_t byte) { return 0x0101010101010101ULL * byte; }

/// The high bit of each byte that is zero; above the lowest such byte others may be marked too (Mycroft's test).
constexpr std::uint64_t zeros(std::uint64_t v) { return (v - each(1)) & ~v & each(0x80); }

/// A walk over one document; the string's own NUL ends every loop at its end.
class walk {
 public:
  walk(const std::string& json, std::size_t depth)
      : at_(json.data()), end_(json.data() + json.size()), depth_(std::min<std::size_t>(depth, 64)) {}

  bool whole() {
    for (;;) {
      if (!value()) return false;
      if (opened_) continue;
      while (level_ > 0 && !separated()) {
        if (!closed()) return false;
      }
      if (level_ == 0) break;
      if (in_object() && !key()) return false;
    }
    space();
    return at_ == end_;
  }

 private:
  void space() {
    while (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r') ++at_;
  }
  [[nodiscard]] bool in_object() const { return (objects_ & 1) != 0; }

  /// One scalar, an empty container, or the opening of one with what must come before its first value (`opened_`).
  bool value() {
    opened_ = false;
    space();
    switch (*at_) {
      case '"': return string();
      case '{': return open(true, '}');
      case '[': return open(false, ']');
      case 't': return word("true", 4);
      case 'f': return word("false", 5);
      case 'n': return word("null", 4);
      default: return number();
    }
  }

  bool open(bool object, char end) {
    ++at_;
    space();
    if (*at_ == end) {
      ++at_;
      return true;
    }
    if (level_ == depth_) return false;
    ++level_;
    objects_ = objects_ << 1 | (object ? 1 : 0);
    opened_ = true;
    return !object || key();
  }

  bool separated() {
    space();
    if (*at_ != ',') return false;
    ++at_;
    return true;
  }

  bool closed() {
    if (*at_ != (in_object() ? '}' : ']')) return false;
    ++at_;
    --level_;
    objects_ >>= 1;
    return true;
  }

  bool key() {
    space();
    if (*at_ != '"' || !string()) return false;
    space();
    if (*at_ != ':') return false;
    ++at_;
    return true;
  }

  bool word(const char* text, std::size_t n) {
    if (std::strncmp(at_, text, n) != 0) return false;
    at_ += n;
    return true;
  }

  static bool digit(char c) { return c >= '0' && c <= '9'; }
  bool digits() {
    const char* const from = at_;
    while (digit(*at_)) ++at_;
    return at_ != from;
  }
  bool number() {
    if (*at_ == '-') ++at_;
    if (*at_ == '0')
      ++at_;
    else if (!digits())
      return false;
    if (*at_ == '.') {
      ++at_;
      if (!digits()) return false;
    }
    if (*at_ == 'e' || *at_ == 'E') {
      ++at_;
      if (*at_ == '+' || *at_ == '-') ++at_;
      if (!digits()) return false;
    }
    return true;
  }

  /// Eight bytes at a time to the first that is not a plain character, which must be the closing quote.
  bool string() {
    for (++at_; at_ < end_; at_ += 8) {
      std::uint64_t v = 0;
      std::memcpy(&v, at_, 8);
      if constexpr (std::endian::native == std::endian::big) v = __builtin_bswap64(v);
      const std::uint64_t special =
          zeros(v ^ each('"')) | zeros(v ^ each('\\')) | ((v - each(0x20)) & ~v & each(0x80)) | (v & each(0x80));
      if (special == 0) continue;
      at_ += std::countr_zero(special) / 8;
      if (at_ >= end_ || *at_ != '"') return false;
      ++at_;
      return true;
    }
    return false;
  }

  const char* at_;
  const char* end_;
  std::size_t depth_;
  std::size_t level_ = 0;
  std::uint64_t objects_ = 0;  // a bit a level, the innermost lowest: an object, not an array
  bool opened_ = false;
};

}  // namespace

bool is_plain_json(const std::string& json, std::size_t depth) { return walk(json, depth).whole(); }

}  // namespace waggle
