#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// Names and comments for generated code.
namespace waggle::graphql {

using name_set = std::set<std::string, std::less<>>;

/// Names that live side by side: none is given out twice, nor a reserved one.
class name_scope {
 public:
  /// `reserved` must outlive the scope.
  explicit name_scope(const name_set& reserved) : reserved_(&reserved) {}
  /// The name; where it is taken, with the suffix; where that is taken too, with as many `_` as it needs.
  std::string take(std::string name, std::string_view suffix = "_");
  /// All that were given out.
  [[nodiscard]] const name_set& taken() const { return taken_; }

 private:
  [[nodiscard]] bool has(const std::string& name) const { return reserved_->contains(name) || taken_.contains(name); }

  const name_set* reserved_;
  name_set taken_;
};

/// `HTTPProxy_v2` → HTTP, Proxy, v2.
[[nodiscard]] std::vector<std::string> words_of(std::string_view name);
/// ASCII.
[[nodiscard]] std::string lower(std::string_view text);
/// `Orders_v2` → orders_v2
[[nodiscard]] std::string snake_case(std::string_view name);

/// A description as the lines of a `//` comment: trimmed, none of which could end the comment, go on into the next line or
/// look like something else than it is (control characters, those that turn the direction of text).
[[nodiscard]] std::vector<std::string> comment_lines(std::string_view text);

}  // namespace waggle::graphql
