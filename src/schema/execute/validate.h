#pragma once
#include "schema/execute/query_schema.h"
#include "schema/language/executable.h"
#include "schema/language/findings.h"

namespace waggle::graphql {

/// Reports where a request's document breaks a rule of §5 (September 2025); each message names its section. `doc` was parsed
/// without an error. Safe for any document, cyclic fragments too: it takes time in proportion to the document, and what would take
/// more (fragments that go through each other in very many ways) is refused. Pure; may run on any thread.
void validate(const query_schema& s, const executable_document& doc, findings& found);

}  // namespace waggle::graphql
