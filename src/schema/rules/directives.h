#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "schema/language/ast.h"
#include "schema/language/findings.h"
#include "schema/schema.h"

namespace waggle::graphql {

/// Reports every directive that is unknown, stands where it may not, stands twice, has arguments that are unknown,
/// missing, double or of the wrong type (§3.13, §5.7), or that this build does not enforce yet.
void check_directives(const schema& s, const document& doc, findings& found);

/// Does a constant other than null fit the scalar (§3.5.1–§3.5.5)? Scalars that the specification does not have take anything.
[[nodiscard]] bool fits_scalar(const value& v, std::string_view scalar);

/// Reports where `v` does not fit `type` (input coercion of constants, §3.5–§3.12; §5.6). `what` names the value in messages
/// and is called only for one; `section` is the rule that they name.
void check_constant(const schema& s, const value& v, const type_ref& type, const std::function<std::string()>& what,
                    std::string_view section, findings& found);

}  // namespace waggle::graphql
