#pragma once
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"

namespace waggle {

/// What the operator has set for services.
struct config_settings {
  /// Service → key → JSON text: `[config."shop.v1.Orders"]` of the configuration file.
  std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>> values;
  /// With a folder for each service and a file for each of its secrets, as Kubernetes and Docker mount them; empty: none.
  std::string secrets_folder;
  /// The value of an environment variable or null; empty: that of this process.
  std::function<const char*(const char* name)> environment;
};

constexpr std::size_t max_secret = std::size_t{64} << 10;

/// The environment variable with the secret `key` of `service`: `WAGGLE_SECRET_`, the service's name with `_` for each dot
/// and `_0` for each underscore, `__`, the key; case as it is: `WAGGLE_SECRET_shop_v1_Orders__api_key`. Each variable
/// belongs to one service and key. Nothing for a key that is not made of letters, digits and underscores or begins with a
/// digit: it can only come from a file.
[[nodiscard]] std::optional<std::string> secret_variable(std::string_view service, std::string_view key);

/// The file with it: `SERVICE/KEY` in the secrets folder. Nothing for a key that cannot name one: letters, digits, `_`, `-`
/// and `.` only, not beginning with a dot.
[[nodiscard]] std::optional<std::string> secret_file(std::string_view service, std::string_view key);

/// Looks up what the operator has set. Immutable; from any thread, while nobody changes the environment.
class config_values {
 public:
  explicit config_values(config_settings settings) : settings_(std::move(settings)) {}

  /// The JSON text or null. Valid as long as this object.
  [[nodiscard]] const std::string* value(std::string_view service, std::string_view key) const;
  /// A secret from the environment.
  [[nodiscard]] std::optional<std::string> secret_from_environment(std::string_view service,
                                                                   std::string_view key) const;
  /// A secret from the mounted folder, without the line break at its end; nothing where there is none. It reads a file: not
  /// on a core. Errors (a folder in its place, over `max_secret`, no permission) are the host's fault and name the file,
  /// never what is in it.
  [[nodiscard]] result<std::optional<std::string>> secret_from_folder(std::string_view service,
                                                                      std::string_view key) const;
  [[nodiscard]] bool has_folder() const { return !settings_.secrets_folder.empty(); }

 private:
  config_settings settings_;
};

}  // namespace waggle
