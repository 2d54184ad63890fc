#pragma once
#include "schema/language/ast.h"
#include "schema/language/findings.h"

namespace waggle::graphql {

/// Rewrites a document in okra's dialect (`@okra(namespace: …)`, `service Name { … }`) to the standard form, in place:
/// one schema definition with `@service`, all methods mutations and `@bare`, a `type` in input position an input
/// (in both positions: two types, the input's name with `Input` added), `void` a nullable Void.
/// False where the document is not in that dialect; then nothing was changed.
bool lower_okra(document& doc, findings& found);

}  // namespace waggle::graphql
