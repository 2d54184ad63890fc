#pragma once
#include "schema/language/findings.h"
#include "schema/schema.h"

namespace waggle::graphql {

/// Fills in what the schema's `@service` says and reports values out of range. Expects `check_directives` to have been run.
void read_service(const schema& s, contract& into, findings& found);

/// Reports each `@auth` on a field that is no method: nothing would come of it.
void check_auth_places(const schema& s, findings& found);

/// What the directives of a method's field say.
void read_method_directives(const field& f, method& into, findings& found);

}  // namespace waggle::graphql
