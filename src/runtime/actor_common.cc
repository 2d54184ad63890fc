#include "runtime/actor_common.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace waggle {
namespace {

constexpr std::array<spdlog::level::level_enum, 5> levels = {
    spdlog::level::trace, spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};

/// Of what the node says of a service on one core: some twenty failures at once with their backtraces.
constexpr line_log_limits of_the_node{.lines_per_second = 50, .burst = 500, .speaker = "the node says"};

line_log::sink sink_of(const std::string& service) {
  return [name = service](int level, std::string_view line) {
    spdlog::log(levels.at(static_cast<std::size_t>(level)), "[{}] {}", name, line);
  };
}

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
      log(core.time(), sink_of(parts.about->name)),
      node_log(core.time(), sink_of(parts.about->name), of_the_node),
      share(core.slices()),
      around{.core = core,
             .share = share,
             .code = *parts.code,
             .log = log,
             .about = *parts.about,
             .calls = calls,
             .granted = parts.granted,
             .settings = parts.settings,
             .failed = [this](const error& e) {
               failures.add();
               node_log.write(4, e.message);
               // One that is not shown takes no other line's place.
               if (!e.debug.empty() && spdlog::should_log(levels[1])) node_log.write(1, e.debug);
             }} {
  around.start_timeout = parts.settings.start_timeout;
  if (parts.about->timeout) around.start_timeout = std::max(around.start_timeout, duration(*parts.about->timeout));
}

std::optional<error> actor_common::refuses() const {
  if (closed)
    return unavailable(fault::host, fmt::format("{} is being replaced or shut down", parts.about->name),
                       std::chrono::seconds(1));
  if (const auto wait = parts.trips->closed_for([this] { return core.now(); }))
    return unavailable(fault::guest,
                       fmt::format("{} keeps crashing: requests are held off for a while", parts.about->name), *wait);
  return std::nullopt;
}

}  // namespace waggle
