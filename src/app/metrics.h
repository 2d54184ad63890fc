#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

#include "app/service_counters.h"
#include "gateway/http_settings.h"
#include "host/trace_exporter.h"
#include "runtime/deployment.h"
#include "runtime/schedules.h"
#include "state/state_keeper.h"

namespace waggle {

/// The figures of a node in Prometheus' text format (docs/metrics.md). Not thread-safe.
///
/// There is an end to how much it tells: so many services and so many methods, in the order in which they are first used,
/// have labels of their own and keep them; what comes after them is summed up under `other`. No counter ever goes down,
/// whatever is replaced or removed; those of a removed service end.
class node_metrics {
 public:
  explicit node_metrics(std::size_t most) : most_(most) {}

  /// A service was loaded.
  void loaded(const load_report& how);

  /// A version has answered its last request. `gone`: there is no other of that service.
  void ended(const deployment& d, bool gone);

  struct sources {
    std::span<const std::shared_ptr<deployment>> services;
    std::span<const std::shared_ptr<deployment>> retiring;  ///< versions that finish what they have
    std::span<const http_stats* const> servers;
    const ticker& heartbeat;
    const state_keeper& state;
    std::vector<std::shared_ptr<const schedule_counts>> schedules;
    std::optional<trace_exporter::figures> traces;
    const answer_memory& answers;
    std::optional<wall_time> certificate_ends;
  };
  [[nodiscard]] std::string text(const sources& from);

 private:
  using method_name = std::pair<std::string, std::string>;  // of a service; either may be `other`
  using counters_by_method = std::map<method_name, method_counters>;
  /// Under which name a service is told of. `unless_unused`: that is no matter yet where nobody has asked this; null: it was.
  [[nodiscard]] std::string service_label(const std::string& name, const deployment* unless_unused);
  [[nodiscard]] method_name method_label(const std::string& service, const std::string& method);
  void add_methods(const deployment& d, counters_by_method& to);
  void forget(const std::string& service);
  void of_services(const sources& from, std::vector<prometheus::MetricFamily>& to);
  void of_methods(const sources& from, std::vector<prometheus::MetricFamily>& to);
  void of_schedules(const sources& from, std::vector<prometheus::MetricFamily>& to);
  void of_node(const sources& from, std::vector<prometheus::MetricFamily>& to) const;

  std::size_t most_;
  bool crowded_ = false;  // there are more services than may be shown
  std::set<std::string> services_;
  std::set<std::string> others_;  // services that were summed up
  std::set<method_name> methods_;
  std::set<method_name> other_methods_;  // of services that are shown
  // What versions that are gone have left behind, by label.
  std::map<std::string, service_counters> of_ended_;
  counters_by_method of_ended_methods_;
  std::uint64_t from_cache_ = 0;
  std::uint64_t compiled_ = 0;
  std::chrono::nanoseconds compile_time_{0};
};

}  // namespace waggle
