#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "schema/values/value_types.h"

namespace waggle::graphql {

enum class fit : std::uint8_t {
  yes,
  no,
  too_long,    ///< with what is filled in
  too_costly,  ///< lists within lists whose items must differ
};

/// The deepest nesting that may be asked for: checking takes a stack frame for each level.
inline constexpr std::size_t deepest_value = 1000;

/// An ID or a BigInt that is written with an exponent becomes at most so many digits.
inline constexpr std::size_t most_exponent_digits = 1000;

/// `uniqueItems` takes a pass over the list at each level of lists within lists: so many bytes may be passed over.
[[nodiscard]] constexpr std::size_t most_compared(std::size_t bytes) { return 16 * bytes + 4096; }
enum class compare_items : bool { no, yes };

/// Is `json` well-formed, at most `depth` deep, and a value of the type by input coercion (§3.5–§3.12)? One pass over the
/// bytes, no memory taken where nothing is coerced. Then `json` is canonical: Int and Long without point and exponent, ID
/// and BigInt in quotes, single values in lists, defaults filled in; what needs no change stays byte for byte.
/// Where it does not fit it is left as it was, and why is for `explain` to find out.
/// At most `most_bytes` long with what is filled in. The string's capacity may grow.
[[nodiscard]] fit check_input(const type_tables& tables, std::uint32_t type, std::string& json, std::size_t depth,
                              std::size_t most_bytes, compare_items compare = compare_items::yes);

/// The same for an answer (design of the contract: docs/contracts.md): a whole value, nothing coerced or changed.
[[nodiscard]] fit check_output(const type_tables& tables, std::uint32_t type, std::string& json, std::size_t depth);

}  // namespace waggle::graphql
