// waggle.config.v1.Config 1.0.0 for its callers. Made by `waggle describe --format cpp`; do not edit.
// clang-format off
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "waggle/typed.h"

/// What the operator has set for the calling service: values from the node's configuration file, secrets from the environment
/// or a mounted folder. A service reads its own; no service can name another's.
namespace waggle {
namespace config {
inline namespace v1 {

inline constexpr const char* service_name = "waggle.config.v1.Config";

/// null where it is not set
inline waggle::answer<waggle::json> get(const std::string& key) {
  waggle::object in;
  waggle::add(in, "key", key);
  return waggle::answer<waggle::json>(waggle::call(service_name, "get", std::move(in)));
}

/// null where it is not set: from the environment, else from the mounted folder (src/host/README.md). It never appears in logs, receipts, recordings or error messages
inline waggle::answer<std::optional<std::string>> secret(const std::string& key) {
  waggle::object in;
  waggle::add(in, "key", key);
  return waggle::answer<std::optional<std::string>>(waggle::call(service_name, "secret", std::move(in)));
}

}  // namespace v1
}  // namespace config
}  // namespace waggle
