#pragma once
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "core/error.h"

namespace waggle {

struct close_file {
  void operator()(std::FILE* f) const { std::fclose(f); }
};
using open_file = std::unique_ptr<std::FILE, close_file>;

/// A file of lines that is read more than once. What is no regular file (a pipe) is first copied to a temporary one without a
/// name, since it can be read but once. Blocks.
class archive_input {
 public:
  /// Errors: `not_found` (it cannot be opened), `internal` (it cannot be read or copied).
  [[nodiscard]] static result<archive_input> open(const std::string& name);

  /// The next line, without its end; nothing at the end, and where it cannot be read.
  [[nodiscard]] std::optional<std::string> next();

  /// What was read since the last call or `open`.
  struct amount {
    std::uint64_t lines = 0;
    std::uint64_t bytes = 0;
    friend bool operator==(const amount&, const amount&) = default;
  };
  /// Ends one reading and goes back to the beginning. Errors: `internal`, where the reading was cut short or the way back fails.
  [[nodiscard]] result<amount> again();

 private:
  archive_input(open_file file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}

  open_file file_;
  std::string name_;
  amount read_;
};

}  // namespace waggle
