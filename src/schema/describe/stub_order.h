#pragma once
#include <vector>

#include "schema/describe/stub_model.h"

namespace waggle::graphql {

/// Puts each record behind those that it contains, and marks the members that stand against it: lists first, then what may
/// be null, then, where types cannot do without each other, the rest. Linear but for the sorting of names.
void order_records(std::vector<stub_record>& records);

}  // namespace waggle::graphql
