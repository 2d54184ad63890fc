#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "app/config.h"
#include "call/call_chain.h"
#include "host/config_values.h"
#include "host/http_client.h"
#include "state/state_keeper.h"

namespace waggle {

/// What the services that the node itself offers have in common on all cores. It outlives them.
class host_ground {
 public:
  /// The store is in `data`/state; without one it is in memory. Blocks. The error says what is wrong with the store.
  [[nodiscard]] static result<std::unique_ptr<host_ground>> open(const configuration& c, const clock_source& time,
                                                                 bool durable);
  ~host_ground();

  [[nodiscard]] state_keeper& state() { return *state_; }
  [[nodiscard]] blocking_pool& blocking() { return *blocking_; }
  [[nodiscard]] http_client& http() { return *http_; }
  [[nodiscard]] const std::shared_ptr<const config_values>& values() const { return values_; }

 private:
  host_ground() = default;
  std::unique_ptr<state_keeper> state_;
  std::unique_ptr<http_client> http_;
  std::shared_ptr<const config_values> values_;
  std::unique_ptr<blocking_pool> blocking_;  // its work uses the others: it ends first
};

/// These services on one core, each with its call chain, in the core's directory. Taken apart on that core.
class host_services {
 public:
  /// All outlive it.
  host_services(core_loop& core, service_directory& directory, host_ground& ground, const configuration& c,
                trace_lane* traces = nullptr);
  ~host_services();

  /// One more; on that core, or before it runs.
  void add(std::unique_ptr<service> s);

 private:
  core_loop& core_;
  service_directory& directory_;
  chain_settings settings_;
  std::vector<std::unique_ptr<service>> services_;
  std::vector<std::unique_ptr<call_chain>> chains_;
};

}  // namespace waggle
