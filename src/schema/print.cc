#include "schema/print.h"

#include <algorithm>

#include <fmt/format.h>

namespace waggle::graphql {
namespace {

std::string print_arguments(const std::vector<input_value>& arguments) {
  if (arguments.empty()) return {};
  std::string out = "(";
  for (const input_value& a : arguments) {
    if (out.size() > 1) out += ", ";
    out += fmt::format("{}: {}", a.id.text, print(a.type));
    if (!a.default_value.empty()) out += " = " + print(a.default_value.front());
  }
  return out + ")";
}

}  // namespace

std::string print(const type_ref& type) {
  const auto lists = static_cast<std::size_t>(std::ranges::count(type.modifiers, '['));
  std::string out(lists, '[');
  out += type.named.text;
  for (const char m : type.modifiers) out += m == '[' ? ']' : '!';
  return out;
}

std::string print(const value& v) {
  if (v.kind == value_kind::string) return json_quote(v.text);
  if (v.kind != value_kind::list && v.kind != value_kind::object) return std::string(v.text);
  std::string out(1, v.kind == value_kind::list ? '[' : '{');
  for (const value& item : v.items) {
    if (out.size() > 1) out += ", ";
    if (v.kind == value_kind::object) out += fmt::format("{}: ", item.key.text);
    out += print(item);
  }
  return out + (v.kind == value_kind::list ? ']' : '}');
}

std::string print(const field& f) {
  return fmt::format("{}{}: {}", f.id.text, print_arguments(f.arguments), print(f.type));
}

std::string print_directive_definition(const definition& d) {
  std::vector<std::string_view> locations;
  for (const name& location : d.names) locations.push_back(location.text);
  std::ranges::sort(locations);
  return fmt::format("directive @{}{}{} on {}", d.id.text, print_arguments(d.inputs), d.repeatable ? " repeatable" : "",
                     fmt::join(locations, " | "));
}

}  // namespace waggle::graphql
