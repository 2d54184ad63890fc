#pragma once
#include "schema/execute/checked_document.h"

namespace waggle::graphql {

/// Field Selection Merging (§5.3.2): fields that come to the same place of the answer must have one shape, and be the same field
/// with the same arguments where one object can have them all. Fragments that spread themselves do no harm.
///
/// Instead of pairs of fields it compares all that come to one name with the first of them, and goes on with their selections
/// together, one set after another; a set that was looked at before is not looked at again. What fragments still multiply is
/// bounded by `checked_document::step`.
void check_field_merging(checked_document& d);

}  // namespace waggle::graphql
