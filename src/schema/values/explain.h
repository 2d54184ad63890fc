#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "core/error.h"
#include "schema/values/value_types.h"

namespace waggle::graphql {

struct misfits {
  std::vector<violation> first;  ///< in the order of the text, at most `most_violations`
  std::size_t count = 0;         ///< of all
};
inline constexpr std::size_t most_violations = 50;

/// Every place where a well-formed JSON text does not fit a type: the slow second pass behind `check_input` and
/// `check_output`, which says yes exactly where this finds nothing. Values in the place of something @sensitive are not
/// quoted, nor are names that the contract does not know there. `sensitive`: the text as a whole is.
[[nodiscard]] misfits explain(const type_tables& tables, std::uint32_t type, const std::string& json, bool input,
                              bool sensitive);

}  // namespace waggle::graphql
