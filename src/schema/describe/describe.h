#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "schema/contract.h"
#include "schema/describe/tools.h"

namespace waggle {

/// How a contract can be told to other programs.
enum class description_format : std::uint8_t { graphql, json_schema, openapi };

struct format_row {
  description_format format;
  std::string_view name;          ///< on the command line and in `?format=`
  std::string_view content_type;  ///< over HTTP
};
/// text/plain, because browsers show it; application/graphql is not registered and was meant for queries. Of OpenAPI's
/// JSON there is no registered type that tools know.
inline constexpr std::array<format_row, 3> description_formats = {{
    {description_format::graphql, "graphql", "text/plain; charset=utf-8"},
    {description_format::json_schema, "json-schema", "application/schema+json"},
    {description_format::openapi, "openapi", "application/json"},
}};

/// The row of that name or null.
[[nodiscard]] const format_row* find_description_format(std::string_view name);
/// `there is no format "x"; there are graphql, json-schema and openapi`
[[nodiscard]] std::string unknown_description_format(std::string_view name);

/// The texts that are served, beside the contract's own. Immutable.
struct descriptions {
  std::optional<std::string> json_schema;  ///< nothing where the contract is too large for it
  std::optional<std::string> openapi;
  bool gzipped = false;  ///< both are, by who keeps them: they are large, repeat themselves, and are rarely asked for
  std::vector<tool> tools = {};  ///< where they were wanted
};
/// Makes both, and the tools if they are wanted. `c` was compiled from a text and has a name. Takes milliseconds for a large
/// contract: not on a core's loop.
[[nodiscard]] std::shared_ptr<const descriptions> describe(const contract& c, bool with_tools = false);

/// The contract in that format, from what was made before, as it is kept there; null where it is not there.
[[nodiscard]] const std::string* description_of(const contract& c, description_format format);

}  // namespace waggle
