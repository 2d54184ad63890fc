#include "schema/language/ast.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace waggle::graphql {

const argument* directive::find(std::string_view argument_name) const {
  const auto it = std::ranges::find(arguments, argument_name, [](const argument& a) { return a.id.text; });
  return it == arguments.end() ? nullptr : &*it;
}

std::optional<std::int32_t> integer_of(const value& v) {
  if (v.kind != value_kind::integer) return std::nullopt;
  std::int32_t parsed = 0;
  const char* end = v.text.data() + v.text.size();
  const auto r = std::from_chars(v.text.data(), end, parsed);
  return r.ec == std::errc{} && r.ptr == end ? std::optional(parsed) : std::nullopt;
}

std::string_view describe(definition_kind kind) {
  constexpr std::array<std::string_view, 9> words = {"schema", "scalar",     "object type", "interface", "union",
                                                     "enum",   "input type", "directive",   "service"};
  return words[static_cast<std::size_t>(kind)];
}

std::string_view to_string(operation kind) {
  constexpr std::array<std::string_view, 3> words = {"query", "mutation", "subscription"};
  return words[static_cast<std::size_t>(kind)];
}

}  // namespace waggle::graphql
