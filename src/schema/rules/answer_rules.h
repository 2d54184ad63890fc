#pragma once
#include "schema/language/findings.h"
#include "schema/schema.h"

namespace waggle::graphql {

/// Warns of what GraphQL allows and an answer without a selection set cannot hold: in types that methods answer with,
/// fields that take arguments, and non-null fields that go round in a circle.
void check_answers(const schema& s, findings& found);

}  // namespace waggle::graphql
