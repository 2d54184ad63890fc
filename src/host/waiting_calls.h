#pragma once
#include <cstdint>
#include <functional>
#include <unordered_map>

#include "core/call.h"

namespace waggle {

/// Calls of a built-in service that wait for something off their core. Whoever does the work gets a number instead of the
/// call: when the work is done, and the call has been stopped meanwhile, there is none with that number any more. One per
/// service and core, used on that core only.
class waiting_calls {
 public:
  /// Told when a call is stopped, after it was forgotten and before it is finished.
  using stopped = std::move_only_function<void(std::uint64_t number)>;

  explicit waiting_calls(stopped tell = {}) : tell_(std::move(tell)) {}
  waiting_calls(const waiting_calls&) = delete;
  waiting_calls& operator=(const waiting_calls&) = delete;

  /// The call waits; when it is stopped it is finished at once. Its number was never used before.
  std::uint64_t add(service_call& call) {
    const std::uint64_t number = next_++;
    call.held.at = &*calls_.emplace(number, &call).first;
    call.stoppable(this, [](void* self, service_call& c, error why) {
      static_cast<waiting_calls*>(self)->stop(c, std::move(why));
    });
    return number;
  }

  /// The call with this number, which waits no longer; null where it was stopped.
  [[nodiscard]] service_call* take(std::uint64_t number) {
    const auto found = calls_.find(number);
    if (found == calls_.end()) return nullptr;
    service_call* const call = found->second;
    calls_.erase(found);
    call->stoppable(nullptr, nullptr);
    return call;
  }

 private:
  using calls = std::unordered_map<std::uint64_t, service_call*>;

  void stop(service_call& call, error why) {
    const std::uint64_t number = static_cast<calls::value_type*>(call.held.at)->first;
    calls_.erase(number);
    if (tell_) tell_(number);
    call.finish(std::move(why));
  }

  stopped tell_;
  std::uint64_t next_ = 1;
  calls calls_;  // whose elements stay where they are: a call points to its own
};

}  // namespace waggle
