#pragma once
#include <string>
#include <string_view>

namespace waggle {

/// The 32 bytes of SHA-256 (FIPS 180-4).
[[nodiscard]] std::string sha256(std::string_view bytes);

}  // namespace waggle
