#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "state/transaction.h"

namespace waggle {

/// `{"key":…,"value":…,"version":…,"expiresAt":…}`: type Entry of state.graphql; `null` where there is none.
[[nodiscard]] std::string answer_of(const std::optional<state_entry>& e);
/// `{"entries":[…],"next":…}`: type Page.
[[nodiscard]] std::string answer_of(const state_page& page);

/// `2026-01-31T09:30:00.000Z` (RFC 3339); milliseconds since 1970, from the years 0 to 9999.
[[nodiscard]] std::string date_time(std::int64_t ms);

}  // namespace waggle
