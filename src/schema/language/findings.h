#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "schema/contract.h"

namespace waggle::graphql {

/// Collects what is found in one text. Places are byte offsets; lines and columns are counted once, at the end.
class findings {
 public:
  /// Both views must outlive this.
  findings(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  /// The place of what is true of the file as a whole.
  static constexpr std::size_t whole_file = static_cast<std::size_t>(-1);

  void error(std::size_t offset, std::string message) { add(offset, diagnostic::severity::error, std::move(message)); }
  void warning(std::size_t offset, std::string message) {
    add(offset, diagnostic::severity::warning, std::move(message));
  }
  void note(std::size_t offset, std::string message) { add(offset, diagnostic::severity::note, std::move(message)); }

  [[nodiscard]] bool has_errors() const { return errors_ > 0; }
  /// Does an error stand at `offset` or before it on its line, or anywhere where `offset` is the text's end? What the
  /// parser stumbles over there is most likely its consequence.
  [[nodiscard]] bool follows_error(std::size_t offset) const;
  /// So many errors that looking further is of no use.
  [[nodiscard]] bool full() const { return errors_ >= most_errors; }

  /// In the order of the text, what concerns the whole file last. Leaves this empty.
  [[nodiscard]] std::vector<diagnostic> take();

 private:
  static constexpr std::size_t most_errors = 100;
  struct entry {
    std::size_t offset;
    diagnostic::severity level;
    std::string message;
  };
  void add(std::size_t offset, diagnostic::severity level, std::string message);

  std::string_view text_;
  std::string_view file_;
  std::vector<entry> entries_;
  std::size_t errors_ = 0;
};

}  // namespace waggle::graphql
