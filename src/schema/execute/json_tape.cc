#include "schema/execute/json_tape.h"

#include <limits>

#include <simdjson.h>

#include "schema/values/json_cursor.h"

namespace waggle::graphql {

bool json_tape::read(std::string text, std::size_t depth) {
  text_ = std::move(text);
  nodes_.clear();
  open_.clear();
  if (text_.size() >= std::numeric_limits<std::uint32_t>::max() / 2) return false;
  text_.reserve(text_.size() + text_padding);
  if (simdjson::validate_utf8(text_.data(), text_.size()) && parse(depth)) return true;
  nodes_.clear();
  return false;
}

const char* json_tape::string_at(const char* p) {
  json_node n{.kind = json_kind::string, .begin = static_cast<std::uint32_t>(p - text_.data())};
  for (p = find_special(p + 1, true); *p != '"'; p = find_special(p, true)) {
    if (*p != '\\') return nullptr;
    n.escaped = true;
    p = skip_escape(p);
    if (p == nullptr) return nullptr;
  }
  n.end = static_cast<std::uint32_t>(p + 1 - text_.data());
  n.next = size() + 1;
  nodes_.push_back(n);
  return p + 1;
}

const char* json_tape::scalar(const char* p) {
  if (*p == '"') return string_at(p);
  json_node n{.begin = static_cast<std::uint32_t>(p - text_.data()), .next = size() + 1};
  const char* end = nullptr;
  if (*p == 'n') {
    end = skip_null(p);
  } else if (*p == 't' || *p == 'f') {
    n.kind = json_kind::boolean;
    end = skip_boolean(p);
  } else {
    n.kind = json_kind::number;
    end = skip_number(p);
  }
  if (end == nullptr) return nullptr;
  n.end = static_cast<std::uint32_t>(end - text_.data());
  nodes_.push_back(n);
  return end;
}

bool json_tape::parse(std::size_t depth) {
  const char* const text = text_.data();
  const char* p = skip_space(text);
  for (;;) {  // at a value
    if (*p == '{' || *p == '[') {
      if (open_.size() >= depth) return false;
      const bool object = *p == '{';
      open_.push_back(size());
      nodes_.push_back(
          {.kind = object ? json_kind::object : json_kind::array, .begin = static_cast<std::uint32_t>(p - text)});
      p = skip_space(p + 1);
      if (*p != (object ? '}' : ']')) {
        if (!object) continue;
        if (*p != '"' || (p = string_at(p)) == nullptr || *(p = skip_space(p)) != ':') return false;
        p = skip_space(p + 1);
        continue;
      }
    } else {
      p = scalar(p);
      if (p == nullptr) return false;
      p = skip_space(p);
    }
    for (;;) {  // behind a value, or at the bracket that ends one
      if (open_.empty()) return p == text + text_.size();
      json_node& container = nodes_[open_.back()];
      const bool object = container.kind == json_kind::object;
      if (*p == (object ? '}' : ']')) {
        container.end = static_cast<std::uint32_t>(p + 1 - text);
        container.next = size();
        open_.pop_back();
        p = skip_space(p + 1);
        continue;
      }
      // An empty container ended above; here something stands before.
      if (*p != ',') return false;
      p = skip_space(p + 1);
      if (object) {
        if (*p != '"' || (p = string_at(p)) == nullptr || *(p = skip_space(p)) != ':') return false;
        p = skip_space(p + 1);
      }
      break;
    }
  }
}

std::string_view json_tape::string(std::uint32_t at, std::string& decoded) const {
  std::string_view inside = raw(at);
  inside.remove_prefix(1);
  inside.remove_suffix(1);
  if (!nodes_[at].escaped) return inside;
  decoded.clear();
  append_unescaped(decoded, inside);
  return decoded;
}

std::uint32_t json_tape::find(std::uint32_t object, std::string_view key) const {
  std::uint32_t found = 0;
  if (nodes_[object].kind != json_kind::object) return found;
  std::string decoded;
  for (std::uint32_t at = object + 1; at < nodes_[object].next; at = nodes_[at + 1].next)
    if (string(at, decoded) == key) found = at + 1;
  return found;
}

}  // namespace waggle::graphql
