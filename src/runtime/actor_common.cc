#include "runtime/actor_common.h"

#include <algorithm>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "call/request_log.h"

namespace waggle {
namespace {

/// Of what the node says of a service on one core: some twenty failures at once with their backtraces.
constexpr line_log_limits of_the_node{.lines_per_second = 50, .burst = 500, .speaker = "the node says"};

error unavailable(fault whose, failure_cause cause, std::string message, duration retry) {
  error e;
  e.code = error_code::unavailable;
  e.whose = whose;
  e.cause = cause;
  e.message = std::move(message);
  e.retry_after = std::chrono::ceil<std::chrono::milliseconds>(retry);
  return e;
}

}  // namespace

actor_common::actor_common(core_loop& on, sub_calls& calls, actor_parts p)
    : core(on),
      parts(std::move(p)),
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
             .failed =
                 [this](const error& e) {
                   if (e.whose == fault::guest) failures[static_cast<std::size_t>(e.cause)].add();
                   node_log.write(4, e.message);
                   // One that is not shown takes no other line's place.
                   if (!e.debug.empty() && spdlog::should_log(spdlog::level::debug)) node_log.write(1, e.debug);
                 }},
      log(core.time(), [this](int level, std::string_view line) { say(level, line); }),
      node_log(
          core.time(), [this](int level, std::string_view line) { say(level, line); }, of_the_node) {
  around.start_timeout = parts.settings.start_timeout;
  if (parts.about->timeout) around.start_timeout = std::max(around.start_timeout, duration(*parts.about->timeout));
}

void actor_common::say(int level, std::string_view line) const {
  log_subject about{.service = parts.about->name};
  if (const service_request* const r = around.running; r != nullptr) {
    about.method = r->method;
    about.request = r->id;
    about.trace = r->context.trace;
  }
  log_about(level, about, line);
}

std::optional<error> actor_common::refuses() const {
  if (closed)
    return unavailable(fault::host, failure_cause::closing,
                       fmt::format("{} is being replaced or shut down", parts.about->name), std::chrono::seconds(1));
  if (const auto wait = parts.trips->closed_for([this] { return core.now(); }))
    return unavailable(fault::guest, failure_cause::breaker,
                       fmt::format("{} keeps crashing: requests are held off for a while", parts.about->name), *wait);
  if (!parts.cpu || parts.queue_wait == duration(0)) return std::nullopt;
  if (const duration wait = cpu.wait(); wait > parts.queue_wait)
    return overloaded(failure_cause::cpu,
                      fmt::format("{} has used the {} ms of guest time that it may use in a second (the operator's "
                                  "limit, cpu_ms): try again later",
                                  parts.about->name, cpu.ms()),
                      wait);
  return std::nullopt;
}

}  // namespace waggle
