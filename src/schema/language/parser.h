#pragma once
#include <string_view>

#include "schema/language/ast.h"
#include "schema/language/findings.h"
#include "schema/language/lexer.h"

namespace waggle::graphql {

/// Parses the type-system language (§3 of the September 2025 edition) and okra's dialect. Safe for any bytes.
/// After an error it goes on at the next definition, so that one run reports several; what was wrong is left out of the document.
/// `text` must outlive the document.
[[nodiscard]] document parse(std::string_view text, const source_limits& limits, findings& found);

}  // namespace waggle::graphql
