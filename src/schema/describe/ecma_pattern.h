#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace waggle::graphql {

/// A pattern of `@constraint`, in RE2's syntax, as the regular expression of ECMA-262 (with the flag `u`) that JSON
/// Schema wants (draft 2020-12 §6.4): it finds the same texts. Nothing where there is none, as for `(?i)`, or where it is not
/// certain. Linear in the pattern.
[[nodiscard]] std::optional<std::string> ecma_pattern(std::string_view re2);

}  // namespace waggle::graphql
