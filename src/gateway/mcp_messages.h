#pragma once
#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"
#include "schema/describe/tools.h"

namespace waggle {

/// The revisions of the Model Context Protocol that are spoken, the newest first. Those before had another transport, those
/// after have no `initialize`.
inline constexpr std::array<std::string_view, 3> mcp_versions = {"2025-11-25", "2025-06-18", "2025-03-26"};
[[nodiscard]] bool is_mcp_version(std::string_view version);

/// May the answer be JSON by this field Accept (RFC 9110 §12.5.1)? Clients name text/event-stream too, as they must, but
/// nothing is ever answered as a stream.
[[nodiscard]] bool accepts_json(std::string_view accept);

/// A message of JSON-RPC 2.0 from a client.
struct mcp_message {
  enum class kind : std::uint8_t { request, notification, response };
  kind what = kind::request;
  std::string id;           ///< of a request: a string or a number, as JSON
  std::string method;       ///< not of a response
  std::string_view params;  ///< an object, as JSON; empty where there are none; points into the text
};

/// Why a message is not answered, in JSON-RPC's way.
struct mcp_problem {
  int code = 0;
  std::string message;
  std::string id{};  ///< the message's, as JSON, where it has one that can be read
};
inline constexpr int mcp_parse_error = -32700;
inline constexpr int mcp_invalid_request = -32600;
inline constexpr int mcp_unknown_method = -32601;
inline constexpr int mcp_invalid_params = -32602;

/// Reads a message; any bytes are safe to give. No batches: the protocol has had none since 2025-06-18. The text's capacity
/// may grow.
[[nodiscard]] std::expected<mcp_message, mcp_problem> read_mcp_message(std::string& text);

/// What is looked at of any method's params.
struct mcp_params {
  std::optional<std::string> version;  ///< `protocolVersion`
  std::optional<std::string> cursor;
  std::optional<std::string> name;
  std::optional<std::string_view> arguments;  ///< any JSON; points into the message
};
/// Reads a message's `params`, which stand in a text that was read before.
[[nodiscard]] std::expected<mcp_params, mcp_problem> read_mcp_params(std::string_view params);

/// The payload in a tool's arguments; points into them.
[[nodiscard]] std::expected<std::string_view, mcp_problem> payload_of(const tool& t, const mcp_params& params);

/// `{"jsonrpc":"2.0","id":…,"result":…}`; `result` is JSON.
[[nodiscard]] std::string mcp_result(std::string_view id, std::string_view result);
/// Likewise with an error. An empty `id`: it is not known, null.
[[nodiscard]] std::string mcp_error(std::string_view id, const mcp_problem& why);

/// The result of `initialize`: the version asked for where it is spoken, else the newest.
[[nodiscard]] std::string initialize_result(std::string_view version, std::string_view instructions);
/// The result of `tools/call` with a service's answer, as text and as a value. Nothing where the answer is not JSON: the
/// operator lets answers pass unlooked at.
[[nodiscard]] std::optional<std::string> answer_result(const tool& t, std::string answer);
/// The same with its error, told so that a model can repair its call.
[[nodiscard]] std::string failure_result(const error& e, bool show_debug);

}  // namespace waggle
