#pragma once
#include <cstddef>
#include <string_view>

namespace waggle {

/// Where something stands in a text: the line from 1, the column from 1 in code points.
struct text_place {
  std::size_t line = 1;
  std::size_t column = 1;

  bool operator==(const text_place&) const = default;
};

namespace graphql {

/// Turns byte offsets of a text into lines and columns, in one walk: the offsets must be asked for in rising order.
/// A line ends with LF, CR or CRLF (§2.1.2). A byte order mark takes no column, as in editors.
class place_walk {
 public:
  /// The text must outlive this.
  explicit place_walk(std::string_view text);
  /// The place of that offset, at most the text's end.
  [[nodiscard]] text_place at(std::size_t offset);

 private:
  std::string_view text_;
  std::size_t next_ = 0;
  text_place place_;
};

}  // namespace graphql
}  // namespace waggle
