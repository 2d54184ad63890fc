#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace waggle {

/// Why `text` as one of `http.allowed_hosts` can fit no Host field (gateway/origin.h), and what would; nothing where it can.
[[nodiscard]] std::optional<std::string> unusable_host(std::string_view text);

/// The same of `http.allowed_origins` and the field Origin, as browsers write it (Fetch standard, "serializing a request
/// origin"): scheme, host and a port that is not the scheme's own, or `null`. `*` is any.
[[nodiscard]] std::optional<std::string> unusable_origin(std::string_view text);

}  // namespace waggle
