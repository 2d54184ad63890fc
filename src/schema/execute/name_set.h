#pragma once
#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

namespace waggle::graphql {

/// The names that were seen in one place; mostly few. What a client chooses is compared, not hashed: hashes can be made to collide.
class name_set {
 public:
  /// False where it is in already.
  bool insert(std::string_view name) {
    if (contains(name)) return false;
    if (few_.size() < most_few) {
      few_.push_back(name);
    } else {
      many_.insert(name);
    }
    return true;
  }
  [[nodiscard]] bool contains(std::string_view name) const {
    return std::ranges::find(few_, name) != few_.end() || (!many_.empty() && many_.contains(name));
  }

 private:
  static constexpr std::size_t most_few = 12;
  std::vector<std::string_view> few_;
  std::set<std::string_view> many_;
};

}  // namespace waggle::graphql
