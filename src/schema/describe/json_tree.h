#pragma once
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace waggle::graphql {

/// JSON that is being made: members stay in the order in which they were added, so that the same input gives the same
/// text. A key is not looked for in `add`: the caller adds each once.
class json_tree {
 public:
  enum class form : std::uint8_t { scalar, array, object };

  /// An object without members.
  json_tree() : form_(form::object) {}
  /// A string.
  json_tree(std::string_view text);  // NOLINT(google-explicit-constructor)
  json_tree(const char* text) : json_tree(std::string_view(text)) {}
  json_tree(const std::string& text) : json_tree(std::string_view(text)) {}
  json_tree(bool yes) : json_tree(raw(yes ? "true" : "false")) {}
  template <std::integral Number>
  json_tree(Number n) : json_tree(raw(std::to_string(n))) {}

  /// JSON as it is: a number, a literal, or a whole value, which is then printed as it was written.
  static json_tree raw(std::string_view json);
  static json_tree array(std::vector<json_tree> items = {});

  /// A member at an object's end.
  json_tree& add(std::string_view key, json_tree member) &;
  json_tree&& add(std::string_view key, json_tree member) && { return std::move(add(key, std::move(member))); }
  /// All members of another object, at the end.
  json_tree& add_all(json_tree other);
  /// Becomes `other`, under the same key.
  void replace(json_tree other);
  /// An item at an array's end.
  json_tree& push(json_tree item);

  /// A member or null.
  [[nodiscard]] json_tree* find(std::string_view key);
  [[nodiscard]] bool empty() const { return items_.empty(); }
  /// A scalar's JSON.
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::vector<json_tree>& items() const { return items_; }
  [[nodiscard]] form kind() const { return form_; }

  /// The text: two spaces for each level, down to the twentieth, an array of scalars in one line, a line feed at the end.
  [[nodiscard]] std::string print() const;

 private:
  void print(std::string& out, std::size_t indent) const;

  form form_ = form::scalar;
  std::string key_;  ///< where it is a member
  std::string text_;
  std::vector<json_tree> items_;
};

}  // namespace waggle::graphql
