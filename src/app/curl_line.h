#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "schema/contract.h"

namespace waggle {

/// `text` within single quotes of a shell.
[[nodiscard]] std::string shell_quoted(std::string_view text);

/// The option of curl, with a space behind it, by which a caller says who it is; empty where everybody may call `m`.
[[nodiscard]] std::string_view credentials_option(const method& m);

/// Path and options of a curl that calls a method of one of `services`: one without @auth where there is one, a query
/// before a mutation. Empty where there is none to call.
[[nodiscard]] std::string example_curl(std::span<const std::shared_ptr<const contract>> services);

}  // namespace waggle
