#pragma once
#include <cstdint>
#include <map>
#include <string_view>

#include "schema/schema.h"

namespace waggle::graphql {

/// Where values of a type may be, as bits.
enum position : std::uint8_t { in_payload = 1, in_answer = 2 };

/// The positions of every named type that the methods reach, root types included. A type that is not in it is in no payload
/// and no answer. What implements an interface that is in an answer is in it too. Linear in the schema.
[[nodiscard]] std::map<std::string_view, std::uint8_t> positions_of(const schema& s);

}  // namespace waggle::graphql
