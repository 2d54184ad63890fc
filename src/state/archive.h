#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "state/state_keeper.h"

namespace waggle {

/// Told of a part that cannot be read: the key before it and the one after it, as `export_state` names them, each empty where
/// there is none; and why.
using unread_handler = std::function<void(std::string_view after, std::string_view before, const error& why)>;

/// Writes the entries of one service, or of all where it is empty, as they are at that moment, a line of JSON each:
/// `{"service":"shop.v1.Orders","key":"a","value":1,"expires":1700000000000}` (milliseconds since 1970; absent: never).
/// Versions, kept answers, leases and schedules are not in it. Blocks. The number of lines. `write` is given whole lines.
///
/// Where something cannot be read: without `unread` it ends with the error, and what came before has been written. With it
/// what comes after is written too. What lies between two damaged parts may be missed with them; older content of a key whose
/// newest is damaged is not taken for it.
[[nodiscard]] result<std::size_t> export_state(const store_view& view, std::string_view service,
                                               const std::function<void(std::string_view line)>& write,
                                               const unread_handler& unread = {});

/// Reads all of what `export_state` wrote and tells the services that it has entries of. The error names the line: one that is
/// none, or whose key, value or expiry `import_state` would refuse. Nothing is changed.
[[nodiscard]] result<std::set<std::string>> check_archive(state_keeper& keeper,
                                                          const std::function<std::optional<std::string>()>& read);

/// Puts what `export_state` wrote, over what is there, in several transactions: on an error, which names the line, what came
/// before stays. What has expired is left out. Blocks. `read` gives the next line, nothing at the end. Not for a service whose
/// singleton runs: it would not see it. The number of entries.
[[nodiscard]] result<std::size_t> import_state(state_keeper& keeper,
                                               const std::function<std::optional<std::string>()>& read);

}  // namespace waggle
