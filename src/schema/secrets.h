#pragma once
#include <bitset>
#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace waggle {

/// Values that must not be shown, to be taken out of the texts in which somebody repeats them.
///
/// They are found word for word, each of their lines by itself, also where the text has them as a JSON string, a terminal's
/// log or `\xNN` would have them, and where the text was cut within one.
class secrets {
 public:
  /// Shorter ones are found everywhere: taking them out would say more than it hides.
  static constexpr std::size_t shortest = 4;  ///< bytes
  static constexpr std::size_t most_lines = 1024;
  static constexpr std::size_t most_bytes = std::size_t{64} << 10;

  /// A value as it is meant. What is over the limits is lost.
  void add(std::string_view value);
  void add(const secrets& others);
  /// There is one that could not be kept, or looked at.
  void lose() { complete_ = false; }
  /// None was lost.
  [[nodiscard]] bool complete() const { return complete_; }

  /// `text` with `[redacted]` for each; why it is not kept, where that cannot be done. Linear in the text's bytes.
  [[nodiscard]] std::string taken_from(std::string text) const;

 private:
  class search;
  void add_line(std::string_view line);

  std::set<std::string, std::less<>> lines_;
  std::bitset<4096> heads_;  // of `lines_`, hashed: most places of a text begin none
  std::size_t bytes_ = 0;
  bool complete_ = true;
};

}  // namespace waggle
