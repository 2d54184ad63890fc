#include "schema/language/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/utf8.h"

namespace waggle::graphql {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr std::size_t longest_compared = 64;
constexpr std::size_t most_offered = 5000;

}  // namespace

std::size_t first_invalid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = first_utf8_character(text.substr(i)).length;
    if (length == 0) return i;
    i += length;
  }
  return std::string_view::npos;
}

void append_utf8(std::string& out, char32_t scalar) {
  auto put = [&](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (scalar < 0x80) {
    put(scalar);
  } else if (scalar < 0x800) {
    put(0xC0 | (scalar >> 6));
    put(0x80 | (scalar & 0x3F));
  } else if (scalar < 0x10000) {
    put(0xE0 | (scalar >> 12));
    put(0x80 | ((scalar >> 6) & 0x3F));
    put(0x80 | (scalar & 0x3F));
  } else {
    put(0xF0 | (scalar >> 18));
    put(0x80 | ((scalar >> 12) & 0x3F));
    put(0x80 | ((scalar >> 6) & 0x3F));
    put(0x80 | (scalar & 0x3F));
  }
}

std::string shown(std::string_view text) {
  constexpr std::size_t longest = 60;
  std::string_view kept = text;
  if (text.size() > longest) {
    std::size_t end = longest;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    kept = text.substr(0, end);
  }
  std::string out;
  for (const char c : kept) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      out += c == '\n' ? "\\n" : fmt::format("\\u{:04X}", byte);
    } else {
      out += c;
    }
  }
  if (kept.size() < text.size()) out += "…";
  return out;
}

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  const std::size_t too_far = limit + 1;
  if (a.size() > longest_compared || b.size() > longest_compared) return too_far;
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > limit) return too_far;
  std::array<std::size_t, longest_compared + 1> row{};
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    // Further than the limit from the diagonal nothing is near enough.
    const std::size_t first = i > limit ? i - limit : 1;
    std::size_t diagonal = row[first - 1];
    row[first - 1] = first == 1 ? i : too_far;
    std::size_t smallest = row[first - 1];
    for (std::size_t j = first; j <= std::min(b.size(), i + limit); ++j) {
      const std::size_t replaced = diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
      smallest = std::min(smallest, row[j]);
    }
    if (smallest > limit) return too_far;
  }
  return row[b.size()];
}

near_name::near_name(std::string_view word)
    : word_(word), distance_(std::min<std::size_t>(4, std::max<std::size_t>(1, (word.size() + 2) / 3)) + 1) {}

void near_name::offer(std::string_view candidate) {
  if (distance_ == 0 || ++offered_ > most_offered) return;
  const std::size_t distance = edit_distance(word_, candidate, distance_ - 1);
  if (distance >= distance_ || distance > (candidate.size() + 1) / 2) return;  // UUID is not a slip of ID
  distance_ = distance;
  best_ = candidate;
}

std::string near_name::hint(std::string_view before) const {
  return best_.empty() ? "" : fmt::format("; did you mean {}{}?", before, shown(best_));
}

}  // namespace waggle::graphql
