#include "app/host_services.h"

#include <filesystem>
#include <utility>

#include "app/data_folder.h"
#include "host/config_service.h"
#include "host/http_service.h"
#include "host/log_service.h"
#include "host/state_service.h"

namespace waggle {

result<std::unique_ptr<host_ground>> host_ground::open(const configuration& c, const clock_source& time, bool durable) {
  std::unique_ptr<host_ground> made(new host_ground);
  if (durable) {
    make_data_folder(c.data);
    auto opened = state_keeper::open(std::filesystem::path(c.data) / "state", time);
    if (!opened) return std::unexpected(std::move(opened.error()));
    made->state_ = *std::move(opened);
  } else {
    made->state_ = state_keeper::in_memory(time);
  }
  made->http_ = std::make_unique<http_client>(http_client_settings{});
  config_settings values;
  values.values = c.values;
  values.secrets_folder = c.secrets;
  made->values_ = std::make_shared<const config_values>(std::move(values));
  made->blocking_ = std::make_unique<blocking_pool>(4);
  return made;
}

host_ground::~host_ground() = default;

host_services::host_services(core_loop& core, service_directory& directory, host_ground& ground, const configuration& c,
                             trace_lane* traces)
    : core_(core), directory_(directory) {
  settings_.limits = c.payload();
  settings_.limits.depth += 2;            // a value that just fits is still inside of an answer
  settings_.limits.output_bytes *= 2;     // likewise
  settings_.outputs = output_check::off;  // they are ours
  settings_.histograms = c.metrics.histograms;
  settings_.traces = traces;
  add(std::make_unique<state_service>(core, ground.state(), ground.blocking()));
  add(std::make_unique<log_service>());
  add(std::make_unique<config_service>(core, ground.blocking(), ground.values()));
  add(std::make_unique<http_service>(core, ground.http(), c.limits.answer_bytes));
}

void host_services::add(std::unique_ptr<service> s) {
  chains_.push_back(std::make_unique<call_chain>(core_, s->description(), *s, settings_));
  directory_.put(s->description().name, *chains_.back());
  services_.push_back(std::move(s));
}

host_services::~host_services() {
  for (const auto& chain : chains_) directory_.remove(chain->description().name);
}

}  // namespace waggle
