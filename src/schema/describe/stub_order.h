#pragma once
#include <vector>

#include "schema/describe/stub_model.h"

namespace waggle::graphql {

/// Marks the members that would make a record contain itself, and puts each record behind those that it contains. First
/// nullable members are marked, then, where types cannot do without each other, the others. Linear but for the sorting of names.
void order_records(std::vector<stub_record>& records);

}  // namespace waggle::graphql
