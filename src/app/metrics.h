#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

#include "gateway/http_settings.h"
#include "host/trace_exporter.h"
#include "runtime/deployment.h"
#include "runtime/schedules.h"
#include "state/state_keeper.h"

namespace waggle {

/// The figures of a node in Prometheus' text format (docs/metrics.md). Not thread-safe.
///
/// There is an end to how much it tells: so many services and so many methods, in the order in which they are first used,
/// have labels of their own and keep them; what comes after them is summed up under `other`.
class node_metrics {
 public:
  explicit node_metrics(std::size_t most) : most_(most) {}

  /// A service was loaded.
  void loaded(const load_report& how);

  struct sources {
    std::span<const std::shared_ptr<deployment>> services;
    std::span<const http_stats* const> servers;
    const ticker& heartbeat;
    const state_keeper& state;
    std::vector<std::shared_ptr<const schedule_counts>> schedules;
    std::optional<trace_exporter::figures> traces;
  };
  [[nodiscard]] std::string text(const sources& from);

 private:
  using method_name = std::pair<std::string, std::string>;  // of a service; either may be `other`
  /// Under which name the service is told of.
  [[nodiscard]] std::string service_label(const deployment& d, bool crowded);
  [[nodiscard]] method_name method_label(const std::string& service, const std::string& method);
  void of_services(const sources& from, std::vector<prometheus::MetricFamily>& to);
  void of_methods(const sources& from, std::vector<prometheus::MetricFamily>& to);
  void of_schedules(const sources& from, std::vector<prometheus::MetricFamily>& to);
  void of_node(const sources& from, std::vector<prometheus::MetricFamily>& to) const;

  std::size_t most_;
  std::set<std::string> services_;
  std::set<method_name> methods_;
  std::uint64_t from_cache_ = 0;
  std::uint64_t compiled_ = 0;
  std::chrono::nanoseconds compile_time_{0};
};

}  // namespace waggle
