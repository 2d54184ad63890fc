#include "runtime/actor_common.h"

#include <algorithm>

#include <fmt/format.h>

#include "call/request_log.h"

namespace waggle {
namespace {

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
      around{.core = core,
             .share = share,
             .code = *parts.code,
             .log = log,
             .about = *parts.about,
             .calls = calls,
             .granted = parts.granted,
             .settings = parts.settings,
             .failed =
                 [this](const error& e) {
                   if (e.whose == fault::guest) failures[static_cast<std::size_t>(e.cause)].add();
                   log.write(4, e.message);
                   if (!e.debug.empty()) log.write(1, e.debug);
                 }},
      log(core.time(), [this](int level, std::string_view line) {
        log_subject about{.service = parts.about->name};
        if (const service_request* const r = around.running; r != nullptr) {
          about.method = r->method;
          about.request = r->id;
          about.trace = r->context.trace;
        }
        log_about(level, about, line);
      }) {
  around.start_timeout = parts.settings.start_timeout;
  if (parts.about->timeout) around.start_timeout = std::max(around.start_timeout, duration(*parts.about->timeout));
}

std::optional<error> actor_common::refuses() const {
  if (closed)
    return unavailable(fault::host, failure_cause::closing, fmt::format("{} is being shut down", parts.about->name),
                       std::chrono::seconds(1));
  if (const auto wait = parts.trips->closed_for([this] { return core.now(); }))
    return unavailable(fault::guest, failure_cause::breaker,
                       fmt::format("{} keeps crashing: requests are held off for a while", parts.about->name), *wait);
  return std::nullopt;
}

}  // namespace waggle
