#pragma once
#include <functional>
#include <string>

#include <toml++/toml.h>

#include "app/config.h"

namespace waggle {

/// Reads one `[[limit]]`. What is wrong is told to `complain`, with its place.
[[nodiscard]] limit_entry read_limit(const toml::table& t,
                                     const std::function<void(const toml::source_region&, std::string)>& complain);

/// As TOML that reads back as the same.
[[nodiscard]] std::string print(const limit_entry& l);

}  // namespace waggle
