#pragma once
#include <functional>
#include <string>

#include <toml++/toml.h>

#include "app/config.h"

namespace waggle {

/// Reads one `[[grant]]`. What is wrong is told to `complain`, with its place.
[[nodiscard]] grant read_grant(const toml::table& t,
                               const std::function<void(const toml::source_region&, std::string)>& complain);

/// As TOML that reads back as the same.
[[nodiscard]] std::string print(const grant& g);

}  // namespace waggle
