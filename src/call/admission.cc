#include "call/admission.h"

#include <fmt/format.h>

namespace waggle {
namespace {

duration time_of_one(const service_limits& l) {
  return l.rate > 0 ? std::max(duration(1), duration(std::chrono::seconds(1)) / l.rate) : duration(0);
}

}  // namespace

std::shared_ptr<admission> admission::make(std::string service, const service_limits& limits) {
  if (limits.rate == 0 && limits.concurrency == 0 && limits.rate_per_caller == 0) return nullptr;
  return std::shared_ptr<admission>(new admission(std::move(service), limits));
}

admission::admission(std::string service, const service_limits& limits)
    : service_(std::move(service)),
      rate_(limits.rate),
      concurrency_(limits.concurrency),
      each_(time_of_one(limits)),
      requests_(each_ * (limits.burst > 0 ? limits.burst : limits.rate)),
      by_caller_(limits.rate_per_caller > 0 ? std::make_unique<caller_rates>(limits.rate_per_caller) : nullptr) {}

error admission::too_often(duration wait) const {
  return overloaded(
      failure_cause::rate,
      fmt::format("{} takes {} requests a second (the operator's limit, rate): try again later", service_, rate_),
      wait);
}

error admission::too_many() const {
  return overloaded(failure_cause::concurrency,
                    fmt::format("{} takes {} requests at a time (the operator's limit, concurrency): try again later",
                                service_, concurrency_),
                    std::chrono::seconds(1));
}

std::optional<error> admission::enter(time_point now, const request_context& from) {
  if (const std::uint32_t before = inside_.fetch_add(1, std::memory_order_relaxed);
      concurrency_ > 0 && before >= concurrency_) {
    leave();
    return too_many();
  }
  if (by_caller_ && !from.trusted) {
    const duration wait = by_caller_->take(from.caller ? from.caller->key : std::string_view{}, now);
    if (wait > duration(0)) {
      leave();
      return overloaded(
          failure_cause::rate,
          fmt::format("{} takes {} requests a second {} (the operator's limit, rate_per_caller): try again "
                      "later",
                      service_, by_caller_->rate(),
                      from.caller ? "of each caller" : "of all callers together who do not say who they are"),
          wait);
    }
  }
  if (rate_ == 0) return std::nullopt;
  const duration wait = requests_.take(each_, now);
  if (wait == duration(0)) return std::nullopt;
  leave();
  return too_often(wait);
}

std::optional<error> admission::refuses(time_point now) const {
  if (concurrency_ > 0 && inside_.load(std::memory_order_relaxed) >= concurrency_) return too_many();
  if (rate_ == 0) return std::nullopt;
  const duration wait = requests_.wait_for(each_, now);
  if (wait == duration(0)) return std::nullopt;
  return too_often(wait);
}

}  // namespace waggle
