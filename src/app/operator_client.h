#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "app/config.h"
#include "core/error.h"

namespace waggle {

/// Asks the node that runs on a data folder, through its operator's socket: a method of `waggle.admin.v1.Admin`. Its answer;
/// nothing where no node listens there. Errors: the method's own; `unavailable` where the node gave no whole answer. Blocks.
[[nodiscard]] result<std::optional<std::string>> ask_operator(const std::string& data, std::string_view method,
                                                              const std::string& input);

/// The same for commands that need a node: `unavailable` where none runs on the folder.
[[nodiscard]] result<std::string> ask_running_node(const configuration& c, std::string_view method,
                                                   const std::string& input);

}  // namespace waggle
