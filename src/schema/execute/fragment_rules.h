#pragma once
#include "schema/execute/checked_document.h"

namespace waggle::graphql {

/// Fills `fragments`; reports names that stand twice (§5.5.1.1).
void index_fragments(checked_document& d);

/// Reports fragments that nobody uses (§5.5.1.4) and those that spread themselves (§5.5.2.2). Needs what `check_selections` fills.
void check_fragment_uses(checked_document& d);

}  // namespace waggle::graphql
