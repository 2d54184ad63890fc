#pragma once
#include "schema/execute/checked_document.h"

namespace waggle::graphql {

/// Walks over every operation and fragment once: fields, leaves, arguments, spreads and directives (§5.3.1, §5.3.3, §5.4–§5.7).
/// Fills `of_operations` and `of_fragments`.
void check_selections(checked_document& d);

}  // namespace waggle::graphql
