#pragma once
#include <string>

#include "app/shown_services.h"

namespace waggle {

/// `/services.json` (docs/pages.md): services, their methods but for internal ones, and figures. p50 and p99 in
/// milliseconds, null where nothing was counted.
[[nodiscard]] std::string services_json(const shown_services& all);

}  // namespace waggle
