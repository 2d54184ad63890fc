#include "schema/describe/json_tree.h"

#include <algorithm>
#include <iterator>

#include "core/error.h"

namespace waggle::graphql {
namespace {

/// Deeper levels are not indented further: the text stays linear in the tree.
constexpr std::size_t widest_indent = 40;

}  // namespace

json_tree::json_tree(std::string_view text) : text_(json_quote(text)) {}

json_tree json_tree::raw(std::string_view json) {
  json_tree out;
  out.form_ = form::scalar;
  out.text_ = json;
  return out;
}

json_tree json_tree::array(std::vector<json_tree> items) {
  json_tree out;
  out.form_ = form::array;
  out.items_ = std::move(items);
  return out;
}

json_tree& json_tree::add(std::string_view key, json_tree member) & {
  member.key_ = key;
  items_.push_back(std::move(member));
  return *this;
}

json_tree& json_tree::add_all(json_tree other) {
  std::ranges::move(other.items_, std::back_inserter(items_));
  return *this;
}

void json_tree::replace(json_tree other) {
  other.key_ = std::move(key_);
  *this = std::move(other);
}

json_tree& json_tree::push(json_tree item) {
  items_.push_back(std::move(item));
  return *this;
}

json_tree* json_tree::find(std::string_view key) {
  const auto it = std::ranges::find(items_, key, &json_tree::key_);
  return it == items_.end() ? nullptr : &*it;
}

std::string json_tree::print() const {
  std::string out;
  print(out, 0);
  out += '\n';
  return out;
}

void json_tree::print(std::string& out, std::size_t indent) const {
  if (form_ == form::scalar) {
    out += text_;
    return;
  }
  const bool object = form_ == form::object;
  const bool one_line =
      items_.empty() ||
      (!object && std::ranges::all_of(items_, [](const json_tree& i) { return i.form_ == form::scalar; }));
  out += object ? '{' : '[';
  bool first = true;
  for (const json_tree& item : items_) {
    if (!first) out += one_line ? ", " : ",";
    first = false;
    if (!one_line) out.append(1, '\n').append(std::min(indent + 2, widest_indent), ' ');
    if (object) out.append(json_quote(item.key_)).append(": ");
    item.print(out, indent + 2);
  }
  if (!one_line) out.append(1, '\n').append(std::min(indent, widest_indent), ' ');
  out += object ? '}' : ']';
}

}  // namespace waggle::graphql
