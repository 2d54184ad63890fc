#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "loop/clock.h"

namespace waggle {

/// What the log should say at `now` of the certificate in `file`, which ends at `end`; nothing where all is well, or it was
/// said less than a day ago (`told`). From two weeks before the end once a day; when it is over at once, then once a day.
[[nodiscard]] std::optional<std::string> expiry_warning(std::string_view file, wall_time now, wall_time end,
                                                        std::optional<wall_time> told);

}  // namespace waggle
