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

/// A file for its owner alone, which gets its name when it is whole. Until then it is `NAME.part-XXXXXX`, so that nothing that
/// has the name is lost for less. Gone with this object where it is neither whole nor kept. Blocks.
class archive_output {
 public:
  [[nodiscard]] static result<archive_output> make(const std::string& name);
  archive_output(archive_output&&) = default;
  ~archive_output();

  [[nodiscard]] std::FILE& file() { return *file_; }
  /// It is whole, and lasting.
  [[nodiscard]] result<void> finish();
  /// It is not whole and stays beside its name: the one that it has.
  [[nodiscard]] result<std::string> keep_part();

 private:
  archive_output(open_file file, std::string name, std::string part)
      : file_(std::move(file)), name_(std::move(name)), part_(std::move(part)) {}
  [[nodiscard]] result<void> flush();

  open_file file_;
  std::string name_;
  std::string part_;
};

}  // namespace waggle
