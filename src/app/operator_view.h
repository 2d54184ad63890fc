#pragma once
#include "app/config.h"
#include "app/shown_services.h"
#include "host/node_operator.h"
#include "runtime/deployment.h"
#include "runtime/schedules.h"

namespace waggle {

/// What the operator is shown of a service. Any thread, while it is deployed.
[[nodiscard]] served_view view_of(const deployment& d, const configuration& c);

/// For the landing page; `figures`: with them. Likewise.
[[nodiscard]] shown_service shown(const deployment& d, bool figures);

[[nodiscard]] scheduled_view view_of(schedule_view s);

}  // namespace waggle
