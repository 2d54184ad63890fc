#pragma once
#include <string_view>

#include "schema/language/ast.h"

/// What every schema has without writing it. Parsed once; may be read from any thread.
namespace waggle::graphql {

/// The text of prelude.graphql. Generated (cmake/built_in_texts.cmake).
[[nodiscard]] std::string_view prelude_text();
/// The specification's scalars (§3.5) and directives (§3.13), and `@link`, which is accepted and means nothing here.
[[nodiscard]] const document& built_ins();
/// Waggle's directives and their types.
[[nodiscard]] const document& prelude();
/// What okra's dialect adds: `@okra` and its scalars.
[[nodiscard]] const document& okra_prelude();

}  // namespace waggle::graphql
