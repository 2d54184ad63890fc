#include "gateway/token_json.h"

#include <algorithm>
#include <vector>

#include "core/base64.h"

namespace waggle {
namespace {

/// Recursion is bounded by the parser's own depth.
bool names_are_unique(simdjson::dom::element e) {
  if (simdjson::dom::array list; !e.get_array().get(list))
    return std::ranges::all_of(list, [](simdjson::dom::element item) { return names_are_unique(item); });
  simdjson::dom::object o;
  if (e.get_object().get(o)) return true;
  std::vector<std::string_view> names;
  for (const auto field : o) {
    names.push_back(field.key);
    if (!names_are_unique(field.value)) return false;
  }
  std::ranges::sort(names);
  return std::ranges::adjacent_find(names) == names.end();
}

}  // namespace

bool parse_strict_object(simdjson::dom::parser& parser, const std::string& text, std::size_t depth,
                         simdjson::dom::object& into) {
  simdjson::dom::element root;
  return !parser.allocate(std::max<std::size_t>(text.size(), 1), depth) && !parser.parse(text).get(root) &&
         !root.get_object().get(into) && names_are_unique(root);
}

std::optional<std::string> exact_base64url(std::string_view text) {
  if (text.ends_with('=')) return std::nullopt;
  auto bytes = base64url_decode(text);
  if (!bytes) return std::nullopt;
  // The last character may have bits that belong to no byte.
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const std::size_t unused = text.size() % 4 == 2 ? 4 : text.size() % 4 == 3 ? 2 : 0;
  if (unused > 0 && alphabet.find(text.back()) % (std::size_t{1} << unused) != 0) return std::nullopt;
  return bytes;
}

}  // namespace waggle
