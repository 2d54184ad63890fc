#pragma once
#include <cstddef>
#include <expected>
#include <string>

namespace waggle {

/// The bytes of a regular file of at most `limit` bytes, or what is wrong with it as a text that follows the file's name:
/// `cannot be read: No such file or directory`. Never waits: a pipe or a device is refused. It blocks on the disk, so not on
/// a core's thread.
[[nodiscard]] std::expected<std::string, std::string> read_file(const std::string& path, std::size_t limit);

}  // namespace waggle
