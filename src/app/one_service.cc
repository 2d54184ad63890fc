#include "app/one_service.h"

#include <array>

#include <fmt/format.h>

#include "app/commands.h"

namespace waggle {

std::unique_ptr<one_service> one_service::load(const configuration& c, const std::string& target, int& status) {
  const std::array<std::string, 1> paths = {target};
  found_targets found = read_targets(paths);
  status = exit_failed;
  if (print(found.errors)) return nullptr;
  if (found.targets.size() != 1) {
    fmt::print(stderr, "{}: error: it holds {} services; name one module\n", target, found.targets.size());
    status = exit_usage;
    return nullptr;
  }
  print(found.targets.front().warnings);
  std::unique_ptr<one_service> one(new one_service);
  auto engines = open_engines(c);
  if (!engines) {
    fmt::print(stderr, "{}\n", to_json(engines.error()));
    return nullptr;
  }
  one->engines_ = *std::move(engines);
  auto ground = host_ground::open(c, one->clock_, c.data_given);
  if (!ground) {
    fmt::print(stderr, "{}\n", to_json(ground.error()));
    return nullptr;
  }
  one->ground_ = *std::move(ground);
  one->host_ = std::make_unique<host_services>(one->core_, one->directory_, *one->ground_, c);
  std::vector<diagnostic> findings;
  const auto loaded = load_service(*one->engines_, found.targets.front(), c, findings);
  if (print(findings) || !loaded) return nullptr;
  contract about = *loaded->about;
  about.pool.min = 0;  // nothing but the request itself
  std::array<service_core, 1> cores = {service_core{&one->core_, &one->calls_}};
  deployment_settings settings = settings_for(about, c, one->ground_.get());
  settings.queue_wait = duration(0);  // who asks here measures, or wants an answer, however late
  one->deployed_ = std::make_unique<deployment>(cores, std::make_shared<const contract>(about), loaded->code, settings);
  one->directory_.put(about.name, one->entry());
  if (about.singleton) {
    auto held = one->ground_->state().acquire(about.name);
    if (!held) {
      fmt::print(stderr, "{}\n", to_json(held.error()));
      return nullptr;
    }
    one->deployed_->take_over(*std::move(held));
  }
  status = exit_fine;
  return one;
}

one_service::~one_service() {
  if (!deployed_) return;
  bool done = false;
  deployed_->retire([&done] { done = true; });
  while (!done) core_.io().run_one();
}

service_response one_service::ask(const std::string& method, std::string input) {
  service_call call;
  bool done = false;
  call.request.method = method;
  call.request.context.trusted = true;
  call.request.input = std::move(input);
  const waggle::method* const asked = entry().description().find(method);
  if (asked != nullptr && asked->kind == operation::subscription) call.request.stream_cursor = "";
  call.then(&done, [](void* self, service_call&) noexcept { *static_cast<bool*>(self) = true; });
  entry().ask(call);
  while (!done) core_.io().run_one();
  return std::move(call.response);
}

}  // namespace waggle
