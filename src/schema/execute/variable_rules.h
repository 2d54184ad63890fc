#pragma once
#include "schema/execute/checked_document.h"

namespace waggle::graphql {

/// Checks every operation's variables and their uses, those in its fragments too (§5.8). Needs what `check_selections` fills.
void check_variables(checked_document& d);

}  // namespace waggle::graphql
