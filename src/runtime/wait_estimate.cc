#include "runtime/wait_estimate.h"

#include <fmt/format.h>

namespace waggle {
namespace {

/// For a text: `0.25`, `31`.
std::string milliseconds(duration d) {
  return fmt::format("{:.3g}", std::chrono::duration<double, std::milli>(d).count());
}

}  // namespace

std::optional<error> wait_estimate::waits_too_long(std::uint32_t waiting, time_point now) const {
  if (!too_long(waiting, now)) return std::nullopt;
  const duration would = wait(waiting);
  return overloaded(failure_cause::wait,
                    fmt::format("too many requests: this one would wait for {} ms, longer than the {} ms that it may "
                                "(limits.queue_ms): try again later",
                                milliseconds(would), milliseconds(longest(now))),
                    would);
}

std::optional<error> wait_estimate::comes_too_late(const service_call& call, std::uint32_t waiting) const {
  const auto& deadline = call.request.context.deadline;
  if (!deadline) return std::nullopt;
  const duration left = *deadline - call.began;
  if (wait(waiting) <= left) return std::nullopt;
  error e;
  e.code = error_code::deadline_exceeded;
  e.whose = fault::overload;
  e.cause = failure_cause::deadline;
  e.message = fmt::format("the caller's deadline cannot be met: {} ms are left, and it would wait for {} ms",
                          milliseconds(left), milliseconds(wait(waiting)));
  return e;
}

}  // namespace waggle
