#include "schema/values/json_cursor.h"

#include "schema/language/text.h"

namespace waggle::graphql {
namespace {

/// Four hexadecimal digits, or a value beyond 16 bits.
std::uint32_t hex4(const char* p) {
  std::uint32_t unit = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const char c = p[i];
    const auto letter = static_cast<unsigned char>((c | 0x20) - 'a');
    if (is_digit(c))
      unit = unit * 16 + static_cast<std::uint32_t>(c - '0');
    else if (letter < 6)
      unit = unit * 16 + 10 + letter;
    else
      return 0x10000;
  }
  return unit;
}

bool high_surrogate(std::uint32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool low_surrogate(std::uint32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

char unescaped(char c) {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
  }
}

}  // namespace

const char* skip_escape(const char* p) {
  switch (p[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': return p + 2;
    case 'u': break;
    default: return nullptr;
  }
  const std::uint32_t unit = hex4(p + 2);
  if (unit > 0xFFFF || low_surrogate(unit)) return nullptr;
  if (!high_surrogate(unit)) return p + 6;
  return p[6] == '\\' && p[7] == 'u' && low_surrogate(hex4(p + 8)) ? p + 12 : nullptr;
}

const char* end_of_string(const char* p) {
  for (p = find_special(p + 1, true); *p != '"'; p = find_special(skip_escape(p), true)) {
  }
  return p + 1;
}

const char* end_of_value(const char* p) {
  std::size_t level = 0;
  do {
    if (*p == '"') {
      p = end_of_string(p);
    } else {
      if (*p == '{' || *p == '[') ++level;
      if (*p == '}' || *p == ']') --level;
      const bool mark = *p == '{' || *p == '[' || *p == '}' || *p == ']' || *p == ',' || *p == ':';
      ++p;
      if (!mark)
        while (std::string_view(",:]}[{\" \n\r\t").find(*p) == std::string_view::npos && *p != '\0') ++p;
    }
    if (level > 0) p = skip_space(p);
  } while (level > 0);
  return p;
}

void append_unescaped(std::string& out, std::string_view inside) {
  for (;;) {
    const std::size_t plain = inside.find('\\');
    out += inside.substr(0, plain);
    if (plain == std::string_view::npos) return;
    const char* p = inside.data() + plain;
    std::size_t used = 2;
    if (p[1] != 'u') {
      out += unescaped(p[1]);
    } else {
      char32_t scalar = hex4(p + 2);
      used = 6;
      if (high_surrogate(scalar)) {
        scalar = 0x10000 + ((scalar - 0xD800) << 10) + (hex4(p + 8) - 0xDC00);
        used = 12;
      }
      append_utf8(out, scalar);
    }
    inside.remove_prefix(plain + used);
  }
}

}  // namespace waggle::graphql
