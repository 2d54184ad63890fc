#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace waggle {

/// The last lines that were logged for one request, as text: `warn the line`, each with its break. At most `most_bytes`.
class last_lines {
 public:
  static constexpr std::size_t most_bytes = 8192;

  /// `level` is 0 trace … 4 error; `line` is plain and has no break.
  void add(int level, std::string_view line) {
    constexpr std::array<std::string_view, 5> names = {"trace ", "debug ", "info ", "warn ", "error "};
    text_ += names[static_cast<std::size_t>(std::clamp(level, 0, 4))];
    text_ += line;
    text_ += '\n';
    if (text_.size() > 4 * most_bytes) shorten();
  }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  void clear() { text_.clear(); }
  [[nodiscard]] std::string take() {
    shorten();
    return std::exchange(text_, {});
  }

 private:
  void shorten() {
    if (text_.size() > most_bytes) text_.erase(0, text_.find('\n', text_.size() - most_bytes - 1) + 1);
  }

  std::string text_;
};

}  // namespace waggle
