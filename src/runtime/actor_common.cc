#include "runtime/actor_common.h"

#include <algorithm>
#include <array>

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

actor_common::actor_common(core_loop& on, sub_calls& calls, actor_parts p)
    : core(on),
      parts(std::move(p)),
      log(core.time(),
          [name = parts.about->name](int level, std::string_view line) {
            spdlog::log(levels.at(static_cast<std::size_t>(level)), "[{}] {}", name, line);
          }),
      share(core.slices()),
      cpu(core, share, parts.cpu),
      around{.core = core,
             .share = share,
             .code = *parts.code,
             .log = log,
             .about = *parts.about,
             .calls = calls,
             .granted = parts.granted,
             .settings = parts.settings,
             .cpu = parts.cpu ? &cpu : nullptr,
             .memory = parts.memory,
             .failed = [this](const error& e) {
               failures.add();
               log.write(4, e.message);
               if (!e.debug.empty()) log.write(1, e.debug);
             }} {
  around.start_timeout = parts.settings.start_timeout;
  if (parts.about->timeout) around.start_timeout = std::max(around.start_timeout, duration(*parts.about->timeout));
}

std::optional<error> actor_common::refuses(refusal_counters& count) const {
  if (closed)
    return unavailable(fault::host, fmt::format("{} is being shut down", parts.about->name), std::chrono::seconds(1));
  if (const auto wait = parts.trips->closed_for([this] { return core.now(); }))
    return unavailable(fault::guest,
                       fmt::format("{} keeps crashing: requests are held off for a while", parts.about->name), *wait);
  if (!parts.cpu || parts.queue_wait == duration(0)) return std::nullopt;
  if (const duration wait = cpu.wait(); wait > parts.queue_wait) {
    count.add(refusal::cpu);
    return overloaded(fmt::format("{} has used the {} ms of guest time that it may use in a second (the operator's "
                                  "limit, cpu_ms): try again later",
                                  parts.about->name, cpu.ms()),
                      wait);
  }
  return std::nullopt;
}

}  // namespace waggle
