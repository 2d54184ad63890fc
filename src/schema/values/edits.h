#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace waggle::graphql {

/// What is to be changed in a text, collected from its beginning to its end.
class edits {
 public:
  /// At `at`, which is not before the last edit's place, put `text` instead of `removed` bytes.
  void replace(std::size_t at, std::size_t removed, std::string_view text) {
    list_.push_back({at, removed, pool_.size(), text.size()});
    pool_ += text;
    removed_ += removed;
  }
  void insert(std::size_t at, std::string_view text) { replace(at, 0, text); }

  [[nodiscard]] bool empty() const { return list_.empty(); }
  /// How long a text of `size` bytes becomes.
  [[nodiscard]] std::size_t resulting(std::size_t size) const { return size - removed_ + pool_.size(); }
  /// `source` with its edits, where it begins at `from` in the whole text and goes on beyond the last edit.
  [[nodiscard]] std::string apply(std::string_view source, std::size_t from, std::size_t capacity = 0) const;

 private:
  struct edit {
    std::size_t at;
    std::size_t removed;
    std::size_t text;  ///< in the pool
    std::size_t size;
  };
  std::vector<edit> list_;
  std::string pool_;
  std::size_t removed_ = 0;
};

}  // namespace waggle::graphql
