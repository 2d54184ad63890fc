#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace waggle {

/// `bytes` in gzip's format (RFC 1952), at zlib's fastest level. Nothing where there is no memory.
[[nodiscard]] std::optional<std::string> gzip(std::string_view bytes);

enum class gunzip_failure { malformed, too_large };

/// What is inside one or several gzip members, at most `limit` bytes of it: a small input may claim to be huge.
struct gunzipped {
  std::string bytes;
  std::optional<gunzip_failure> failure;
};
[[nodiscard]] gunzipped gunzip(std::string_view bytes, std::size_t limit);

}  // namespace waggle
