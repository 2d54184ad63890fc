#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace waggle::graphql {

/// The first byte that does not begin a well-formed UTF-8 sequence (RFC 3629), or npos.
[[nodiscard]] std::size_t first_invalid_utf8(std::string_view text);

/// Appends a Unicode scalar value as UTF-8.
void append_utf8(std::string& out, char32_t scalar);

/// Text of a file as it may stand in a message: cut at 60 bytes, control characters escaped.
[[nodiscard]] std::string shown(std::string_view text);

/// How many single-character changes (insert, delete, replace) lead from `a` to `b`, case aside;
/// any number over `limit` where it is more than `limit`.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

/// Looks for the name that was meant: `near_name n{"Strin"}; n.offer("String"); n.hint()`.
class near_name {
 public:
  explicit near_name(std::string_view word);
  /// Of more than some thousands the first ones count: a schema can have many more, and many errors.
  void offer(std::string_view candidate);
  /// `; did you mean String?`, or nothing where no candidate is near. `before` is put before the name.
  [[nodiscard]] std::string hint(std::string_view before = {}) const;
  /// The nearest candidate, or an empty text.
  [[nodiscard]] std::string_view best() const { return best_; }

 private:
  std::string_view word_;
  std::string_view best_;
  std::size_t distance_;
  std::size_t offered_ = 0;
};

/// The hint for a range of names.
template <class Range>
[[nodiscard]] std::string did_you_mean(std::string_view word, const Range& candidates) {
  near_name near(word);
  for (const auto& candidate : candidates) near.offer(candidate);
  return near.hint();
}

}  // namespace waggle::graphql
