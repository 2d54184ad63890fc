#include "schema/describe/stub_names.h"

#include <algorithm>
#include <array>

namespace waggle::graphql {
namespace {

constexpr std::string_view blanks = " \t\r\n\v\f";

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
char to_lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

/// Does the text begin with a character that is not to be shown? Then how many bytes it has.
std::size_t hidden(std::string_view text) {
  if (static_cast<unsigned char>(text[0]) < 0x20 || text[0] == 0x7f) return 1;
  constexpr std::array<std::string_view, 16> marks = {"\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d",
                                                      "\u202e", "\u2066", "\u2067", "\u2068", "\u2069", "\u2028",
                                                      "\u2029", "\u061c", "\u0085", "\ufeff"};
  const auto* found = std::ranges::find_if(marks, [&](std::string_view m) { return text.starts_with(m); });
  return found == marks.end() ? 0 : found->size();
}

std::string shown_line(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size();) {
    const std::size_t skip = hidden(line.substr(i));
    out += skip > 0 ? ' ' : line[i];
    i += std::max<std::size_t>(skip, 1);
  }
  // A backslash at the end would go on in the next line.
  out.erase(out.find_last_not_of(std::string(blanks) + '\\') + 1);
  out.erase(0, out.find_first_not_of(blanks));
  return out;
}

}  // namespace

std::string name_scope::take(std::string name, std::string_view suffix) {
  if (has(name)) name += suffix;
  while (has(name)) name += '_';
  taken_.insert(name);
  return name;
}

std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> out;
  bool open = false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '_') {
      open = false;
      continue;
    }
    const bool after_small = i > 0 && !is_upper(name[i - 1]);
    const bool before_small = i + 1 < name.size() && name[i + 1] >= 'a' && name[i + 1] <= 'z';
    if (!open || (is_upper(c) && (after_small || before_small))) out.emplace_back();
    out.back() += c;
    open = true;
  }
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), to_lower);
  return out;
}

std::string snake_case(std::string_view name) {
  std::string out;
  for (const std::string& word : words_of(name)) out += (out.empty() ? "" : "_") + lower(word);
  return out;
}

std::vector<std::string> comment_lines(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string line = shown_line(text.substr(0, end));
    if (!line.empty() || (!out.empty() && !out.back().empty())) out.push_back(std::move(line));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!out.empty() && out.back().empty()) out.pop_back();
  return out;
}

}  // namespace waggle::graphql
