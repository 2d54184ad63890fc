#pragma once
#include "schema/language/findings.h"
#include "schema/schema.h"

namespace waggle::graphql {

/// Reports input types that no value can be written for, because their required fields go round in a circle (§3.10, §3.10.1).
void check_endless_inputs(const schema& s, findings& found);

/// Reports defaults of input fields that contain themselves by what they leave out (InputObjectDefaultValueHasCycle, §3.10).
void check_default_cycles(const schema& s, findings& found);

}  // namespace waggle::graphql
