#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "app/config.h"
#include "app/host_services.h"
#include "app/targets.h"
#include "runtime/deployment.h"
#include "runtime/schedules.h"

namespace waggle {

/// A service that was compiled from a target and can be deployed.
struct loaded_service {
  std::shared_ptr<const contract> about;
  std::shared_ptr<const module> code;
  std::vector<scheduled_method> scheduled;  ///< its methods with @schedule
  load_report report;
};

/// Compiles a target's schema and module, and checks that they can be served. Takes long. What was found is appended to
/// `findings`, errors included.
[[nodiscard]] std::optional<loaded_service> load_service(engines& on, const target& from, const configuration& c,
                                                         std::vector<diagnostic>& findings);

/// What the service gets under this configuration.
[[nodiscard]] deployment_settings settings_for(const contract& about, const configuration& c, host_ground* ground);

/// Opens the engines with the module cache of the data folder; a cache that cannot be used is only a warning.
[[nodiscard]] result<std::unique_ptr<engines>> open_engines(const configuration& c);

}  // namespace waggle
