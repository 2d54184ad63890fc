#pragma once
#include "schema/execute/checked_document.h"

namespace waggle::graphql {

/// Operations among themselves (§5.2): their names, the lone one without a name, their roots, and what a subscription selects.
void check_operations(checked_document& d);

}  // namespace waggle::graphql
