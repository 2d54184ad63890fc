#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "schema/contract.h"

namespace waggle {

/// A method as a tool of the Model Context Protocol (revision 2025-11-25, "Tools"). A tool takes an object and answers one.
struct tool {
  std::string name;
  std::string method;
  bool wraps_payload = false;  ///< its argument `value` is the payload (@bare)
  bool wraps_answer =
      false;         ///< the answer is the member `result` of what it tells: the type is not an object for sure
  std::string json;  ///< as `tools/list` tells it, in one line
};

/// The longest name: what the providers of models take, not the protocol, which has 128.
inline constexpr std::size_t longest_tool_name = 64;
/// A schema that is longer is left out: no model reads it. Then the tool takes any object.
inline constexpr std::size_t longest_tool_schema = std::size_t{64} << 10;

/// `shop.v1.Orders`, `place` → `shop-v1-Orders-place`: a name of GraphQL has no hyphen, so the way back is known, and models'
/// providers take no points. Longer than `longest_tool_name`: a hash of it and its end.
[[nodiscard]] std::string tool_name(std::string_view service, std::string_view method);

/// What `tool_name` was made of, where it was not shortened.
struct tool_place {
  std::string service;
  std::string_view method;  ///< points into the name
};
[[nodiscard]] tool_place find_tool_place(std::string_view name);

/// A tool for each method that may be called from outside, by the method's name; neither @internal nor subscriptions. Each has
/// schemas of its own, which say all that they refer to; of a contract too large for that, the later ones take any object.
/// `c` was compiled from a text and has a name. Takes milliseconds for a large contract: not on a core's loop.
[[nodiscard]] std::vector<tool> describe_tools(const contract& c);

}  // namespace waggle
