#pragma once
#include <atomic>
#include <memory>
#include <string>

#include "call/caller_rates.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/rate_bucket.h"

namespace waggle {

/// How many requests the operator lets come in to one service: so many a second, of each caller too, so many at a time. Shared by the call
/// chains of all cores.
class admission {
 public:
  /// Null where `limits` has no limit of this kind.
  [[nodiscard]] static std::shared_ptr<admission> make(std::string service, const service_limits& limits);

  /// Lets a request in, which is to `leave`; or says why not: `resource_exhausted`, with its cause.
  /// A caller's own rate does not count what the node itself or its operator asks.
  [[nodiscard]] std::optional<error> enter(time_point now, const request_context& from);
  void leave() { inside_.fetch_sub(1, std::memory_order_relaxed); }
  /// What `enter` would say of anybody, as far as that can be known.
  [[nodiscard]] std::optional<error> refuses(time_point now) const;

 private:
  admission(std::string service, const service_limits& limits);
  [[nodiscard]] error too_often(duration wait) const;
  [[nodiscard]] error too_many() const;

  const std::string service_;
  const std::uint32_t rate_;
  const std::uint32_t concurrency_;
  const duration each_;  // in which one request's place fills again
  rate_bucket requests_;
  const std::unique_ptr<caller_rates> by_caller_;  // null: no such limit
  std::atomic<std::uint32_t> inside_{0};
};

}  // namespace waggle
