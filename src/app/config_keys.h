#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/config.h"

namespace waggle {

/// Where a key's value lives. Its alternative is the key's type.
using setting_place = std::variant<bool*, std::uint32_t*, double*, std::chrono::milliseconds*, std::string*, endpoint*,
                                   answer_check*, log_level*, log_format*, std::vector<std::string>*>;

/// One scalar key of the configuration. The file's key, the flag, the variable, the help and `--print-config` are made of it.
struct config_key {
  std::string_view name;  ///< `drain.grace_ms`
  setting_place (*place)(configuration&);
  std::string_view help;
  std::uint64_t least = 0;  ///< of a number or a number of milliseconds
  std::uint64_t most = 0;

  /// `--drain-grace-ms`
  [[nodiscard]] std::string flag() const;
  /// `WAGGLE_DRAIN_GRACE_MS`
  [[nodiscard]] std::string variable() const;
  /// What it takes: `a whole number from 0 to 3600000`, `one of enforce, log, off`.
  [[nodiscard]] std::string expected() const;
};

/// All of them, in the order in which they are printed: keys without a section first, then section by section.
[[nodiscard]] std::span<const config_key> config_keys();
/// The key of that name or null.
[[nodiscard]] const config_key* find_config_key(std::string_view name);
/// The known key that `name` is nearest to: keys, their sections, `pool`, `grant`, `limit` and `config`.
[[nodiscard]] std::string_view nearest_config_key(std::string_view name);
/// Tells, as texts for the log, which variables look like the node's own and are read by nobody. `environment`: texts
/// `NAME=VALUE`, a null after the last.
[[nodiscard]] std::vector<std::string> idle_variables(const char* const* environment);

/// A value as the file, a variable or a flag gave it.
using setting_value = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>>;

/// Sets `key` in `c`. False where the value is not what the key takes; then `c` is as before.
[[nodiscard]] bool set(configuration& c, const config_key& key, const setting_value& value);
/// Of a text in which the type is not to be seen (variable, flag): numbers and booleans are read, lists split at commas.
[[nodiscard]] bool set_from_text(configuration& c, const config_key& key, std::string_view text);
/// The value in TOML.
[[nodiscard]] std::string print(const configuration& c, const config_key& key);
/// A TOML basic string (TOML 1.0 "String").
[[nodiscard]] std::string toml_quote(std::string_view text);

}  // namespace waggle
