#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>

#include "core/error.h"

namespace waggle {

/// What a GET for the node itself may cost.
struct get_limits {
  std::size_t bytes = std::size_t{256} << 10;  ///< of the body; more is an error
  std::chrono::milliseconds timeout{10'000};   ///< in all
  const std::atomic<bool>* stopped = nullptr;  ///< once it is set, `canceled` within a second; null: nothing stops it
};

/// The body of a JSON document at `url` (http or https), which the operator chose: for a thread that may block. TLS is verified,
/// redirects are not followed, there is no proxy. `unavailable` where it cannot be got or the status is not 200.
[[nodiscard]] result<std::string> http_get(const std::string& url, const get_limits& limits);

}  // namespace waggle
