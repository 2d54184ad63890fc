#pragma once
#include <string>
#include <string_view>

namespace waggle {

/// `text` as it may be shown on a terminal: what moves the cursor, ends the line or reorders text is `\xNN` or `\u{NNNN}`, and
/// so is what is not UTF-8. Guests and callers write what they like.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace waggle
