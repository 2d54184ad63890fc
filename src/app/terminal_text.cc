#include "app/terminal_text.h"

#include <iterator>

#include <fmt/format.h>

#include "core/utf8.h"

namespace waggle {

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto [length, value] = first_utf8_character(text);
    if (length == 0)
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(text[0]));
    else if (!disturbs_a_line(value) && value != '\t')
      out += text.substr(0, length);
    else
      out += value < 0x80 ? fmt::format("\\x{:02x}", static_cast<unsigned>(value))
                          : fmt::format("\\u{{{:04x}}}", static_cast<unsigned>(value));
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace waggle
