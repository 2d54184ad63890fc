#include "runtime/actor.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace waggle {
namespace {

constexpr std::array<spdlog::level::level_enum, 5> levels = {
    spdlog::level::trace, spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};

error unavailable(fault whose, std::string message, duration retry) {
  error e;
  e.code = error_code::unavailable;
  e.whose = whose;
  e.message = std::move(message);
  e.retry_after = std::chrono::ceil<std::chrono::milliseconds>(retry);
  return e;
}

}  // namespace

wasm_actor::wasm_actor(core_loop& core, sub_calls& calls, parts p)
    : core_(core),
      parts_(std::move(p)),
      log_(core.time(),
           [name = parts_.about->name](int level, std::string_view line) {
             spdlog::log(levels.at(static_cast<std::size_t>(level)), "[{}] {}", name, line);
           }),
      share_(core.slices()),
      around_{.core = core,
              .share = share_,
              .code = *parts_.code,
              .log = log_,
              .about = *parts_.about,
              .calls = calls,
              .granted = parts_.granted,
              .settings = parts_.settings,
              .failed =
                  [this](const error& e) {
                    failures_.add();
                    log_.write(4, e.message);
                    if (!e.debug.empty()) log_.write(1, e.debug);
                  }},
      pool_(core, parts_.permits, parts_.limits, *parts_.trips,
            [this](worker_events& pool) { return std::make_unique<wasm_worker>(around_, pool); }) {
  around_.start_timeout = parts_.settings.start_timeout;
  if (parts_.about->timeout) around_.start_timeout = std::max(around_.start_timeout, duration(*parts_.about->timeout));
}

void wasm_actor::ask(service_call& call) {
  if (closed_)
    return call.finish(
        unavailable(fault::host, fmt::format("{} is being shut down", parts_.about->name), std::chrono::seconds(1)));
  if (const auto wait = parts_.trips->closed_for([this] { return core_.now(); }))
    return call.finish(unavailable(
        fault::guest, fmt::format("{} keeps crashing: requests are held off for a while", parts_.about->name), *wait));
  pool_.invoke(call);
}

}  // namespace waggle
