#pragma once
#include "schema/language/findings.h"
#include "schema/schema.h"

namespace waggle::graphql {

/// Reports where an object type or an interface does not keep what the interfaces it implements promise
/// (IsValidImplementation, §3.6): their own interfaces, fields, arguments and covariant field types.
void check_interfaces(const schema& s, findings& found);

}  // namespace waggle::graphql
