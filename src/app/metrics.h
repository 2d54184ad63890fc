#pragma once
#include <memory>
#include <span>
#include <string>

#include "gateway/http_settings.h"
#include "runtime/deployment.h"

namespace waggle {

/// The figures of a node in Prometheus' text format (docs/metrics.md).
[[nodiscard]] std::string metrics_text(std::span<const std::shared_ptr<deployment>> services,
                                       std::span<const http_stats* const> servers, const ticker* heartbeat);

}  // namespace waggle
