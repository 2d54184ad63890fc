#pragma once
#include "schema/language/ast.h"
#include "schema/language/findings.h"
#include "schema/schema.h"

namespace waggle::graphql {

/// Reports where a type or a directive's definition breaks one of the *Type Validation* rules of §3 (September 2025), and
/// warns of answers that cannot be served. References, roots, doubly defined names and the kinds of extensions are
/// `index_schema`'s and `check_references`', uses of directives `check_directives`'.
/// Takes time in proportion to the text, sorting aside.
void check_types(const schema& s, const document& doc, findings& found);

}  // namespace waggle::graphql
