#include "schema/language/print.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace waggle::graphql {
namespace {

// Appending, so that no depth of values is copied over and over.
void append(std::string& out, const value& v) {
  switch (v.kind) {
    case value_kind::string: out += json_quote(v.text); return;
    case value_kind::variable:
      out += '$';
      out += v.text;
      return;
    case value_kind::list:
    case value_kind::object: break;
    default: out += v.text; return;
  }
  const bool object = v.kind == value_kind::object;
  out += object ? '{' : '[';
  bool first = true;
  for (const value& item : v.items) {
    if (!std::exchange(first, false)) out += ", ";
    if (object) {
      out += item.key.text;
      out += ": ";
    }
    append(out, item);
  }
  out += object ? '}' : ']';
}

std::string print_arguments(const std::vector<input_value>& arguments) {
  if (arguments.empty()) return {};
  std::string out = "(";
  for (const input_value& a : arguments) {
    if (out.size() > 1) out += ", ";
    out += print(a);
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
  std::string out;
  append(out, v);
  return out;
}

std::string print(const directive& d) {
  std::string out = fmt::format("@{}", d.id.text);
  for (const argument& a : d.arguments) {
    out += fmt::format("{}{}: ", &a == &d.arguments.front() ? "(" : ", ", a.id.text);
    append(out, a.given);
  }
  if (!d.arguments.empty()) out += ')';
  return out;
}

std::string print(const input_value& v) {
  std::string out = fmt::format("{}: {}", v.id.text, print(v.type));
  if (!v.default_value.empty()) {
    out += " = ";
    append(out, v.default_value.front());
  }
  return out;
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
