#include "gateway/mcp_messages.h"

#include <algorithm>

#include <fmt/format.h>
#include <simdjson.h>

#include "core/ascii.h"
#include "gateway/any_json.h"
#include "gateway/encoding.h"

namespace waggle {
namespace {

using wrong = std::unexpected<mcp_problem>;

constexpr std::size_t longest_id = 256;
constexpr std::size_t longest_method = 128;

wrong refuse(int code, std::string message) { return wrong({code, std::move(message)}); }

/// Calls `use(key, value)` for each member of the object, which is part of a larger text, until it tells a problem.
template <class Use>
std::optional<mcp_problem> each_member(std::string_view object, Use use) {
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document doc;
  simdjson::ondemand::object all;
  const simdjson::padded_string_view text(object.data(), object.size(), object.size() + simdjson::SIMDJSON_PADDING);
  if (parser.iterate(text).get(doc) != simdjson::SUCCESS || doc.get_object().get(all) != simdjson::SUCCESS)
    return mcp_problem{mcp_invalid_request, "an object is wanted"};
  for (auto each : all) {
    std::string_view key;
    simdjson::ondemand::value value;
    if (each.unescaped_key().get(key) != simdjson::SUCCESS || each.value().get(value) != simdjson::SUCCESS)
      return mcp_problem{mcp_parse_error, "the message cannot be read"};
    if (auto problem = use(key, value)) return problem;
  }
  return std::nullopt;
}

/// Without JSON's white space at both ends.
std::string_view trimmed(std::string_view json) {
  constexpr std::string_view space = " \n\r\t";
  const std::size_t first = json.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return json.substr(first, json.find_last_not_of(space) - first + 1);
}

std::optional<mcp_problem> read_text(std::string_view name, simdjson::ondemand::value value,
                                     std::optional<std::string>& into) {
  std::string_view text;
  if (into) return mcp_problem{mcp_invalid_params, fmt::format("{} comes twice", name)};
  if (value.get_string().get(text) != simdjson::SUCCESS)
    return mcp_problem{mcp_invalid_params, fmt::format("{} must be a string", name)};
  into = text;
  return std::nullopt;
}

/// The parts of a message: id and params as they stand. A version or method that is no string is an empty one.
struct parts {
  std::optional<std::string> version, method;
  std::optional<std::string_view> id, params;
  bool answers = false;
};

std::optional<mcp_problem> read_parts(std::string_view text, parts& into) {
  return each_member(text, [&](std::string_view key, simdjson::ondemand::value value) -> std::optional<mcp_problem> {
    into.answers = into.answers || key == "result" || key == "error";
    auto* const text_to = key == "jsonrpc" ? &into.version : key == "method" ? &into.method : nullptr;
    auto* const to = key == "id" ? &into.id : key == "params" ? &into.params : nullptr;
    if (text_to == nullptr && to == nullptr) return std::nullopt;
    if (to != nullptr ? to->has_value() : text_to->has_value())
      return mcp_problem{mcp_invalid_request, fmt::format("{} comes twice", key)};
    std::string_view raw;
    if (text_to != nullptr) {
      // Some clients write tools\/list, which is the same.
      *text_to = value.get_string().get(raw) == simdjson::SUCCESS ? raw : std::string_view();
      return std::nullopt;
    }
    if (simdjson::to_json_string(value).get(raw) != simdjson::SUCCESS)
      return mcp_problem{mcp_parse_error, "the message cannot be read"};
    *to = trimmed(raw);
    return std::nullopt;
  });
}

bool is_id(std::string_view json) {
  return json.size() <= longest_id && !json.empty() &&
         (json.front() == '"' || json.front() == '-' || (json.front() >= '0' && json.front() <= '9'));
}

}  // namespace

bool is_mcp_version(std::string_view version) { return std::ranges::find(mcp_versions, version) != mcp_versions.end(); }

bool accepts_json(std::string_view accept) {
  if (trim(accept).empty()) return true;
  while (!accept.empty()) {
    std::string_view rest = take_until(accept, ',');
    const std::string_view range = trim(take_until(rest, ';'));
    if (!equal_ignoring_case(range, "application/json") && range != "*/*" &&
        !equal_ignoring_case(range, "application/*"))
      continue;
    bool refused = false;
    while (!rest.empty()) {
      const std::string_view parameter = trim(take_until(rest, ';'));
      refused = refused || ((parameter.starts_with("q=0") || parameter.starts_with("Q=0")) &&
                            parameter.find_first_of("123456789") == std::string_view::npos);
    }
    if (!refused) return true;
  }
  return false;
}

std::expected<mcp_message, mcp_problem> read_mcp_message(std::string& text) {
  if (!check_payload(any_json(), text, any_size))
    return refuse(mcp_parse_error, "the message is not JSON" + where_not_json(text));
  text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  const std::string_view whole = trimmed(text);
  if (whole.starts_with('['))
    return refuse(mcp_invalid_request, "a request has one message; there are no batches since revision 2025-06-18");
  if (!whole.starts_with('{')) return refuse(mcp_invalid_request, "a message of JSON-RPC is an object");
  parts found;
  if (auto problem = read_parts(whole, found)) return wrong(*std::move(problem));
  if (!found.version || *found.version != "2.0")
    return refuse(mcp_invalid_request, R"(the member jsonrpc must be "2.0")");
  mcp_message out;
  if (found.id && !is_id(*found.id) && !(found.answers && *found.id == "null"))
    return refuse(mcp_invalid_request,
                  fmt::format("id must be a string or a number of at most {} bytes, not null", longest_id));
  out.id = found.id.value_or(std::string_view());
  const auto refuse_this = [&](int code, std::string message) { return wrong({code, std::move(message), out.id}); };
  if (!found.method) {
    if (!found.answers) return refuse_this(mcp_invalid_request, "the member method is missing");
    out.what = mcp_message::kind::response;
    return out;
  }
  if (found.method->empty() || found.method->size() > longest_method)
    return refuse_this(mcp_invalid_request, "method must be the name of a method");
  out.method = *std::move(found.method);
  if (found.params && !found.params->starts_with('{'))
    return refuse_this(mcp_invalid_params, "params must be an object");
  out.params = found.params.value_or(std::string_view());
  out.what = found.id ? mcp_message::kind::request : mcp_message::kind::notification;
  return out;
}

std::expected<mcp_params, mcp_problem> read_mcp_params(std::string_view params) {
  mcp_params out;
  if (params.empty()) return out;
  auto problem =
      each_member(params, [&](std::string_view key, simdjson::ondemand::value value) -> std::optional<mcp_problem> {
        if (key == "protocolVersion") return read_text(key, value, out.version);
        if (key == "cursor") return read_text(key, value, out.cursor);
        if (key == "name") return read_text(key, value, out.name);
        if (key != "arguments") return std::nullopt;
        std::string_view raw;
        if (out.arguments) return mcp_problem{mcp_invalid_params, "arguments comes twice"};
        if (simdjson::to_json_string(value).get(raw) != simdjson::SUCCESS)
          return mcp_problem{mcp_parse_error, "the message cannot be read"};
        out.arguments = trimmed(raw);
        return std::nullopt;
      });
  if (problem) return wrong(*std::move(problem));
  return out;
}

std::expected<std::string_view, mcp_problem> payload_of(const tool& t, const mcp_params& params) {
  const std::string_view given = params.arguments.value_or("{}");
  if (!given.starts_with('{')) return refuse(mcp_invalid_params, "arguments must be an object");
  if (!t.wraps_payload) return given;
  std::optional<std::string_view> payload;
  auto problem =
      !params.arguments
          ? std::nullopt
          : each_member(given,
                        [&](std::string_view key, simdjson::ondemand::value value) -> std::optional<mcp_problem> {
                          std::string_view raw;
                          if (key != "value" || payload)
                            return mcp_problem{mcp_invalid_params, fmt::format("{} takes one argument, value", t.name)};
                          if (simdjson::to_json_string(value).get(raw) != simdjson::SUCCESS)
                            return mcp_problem{mcp_parse_error, "the message cannot be read"};
                          payload = trimmed(raw);
                          return std::nullopt;
                        });
  if (problem) return wrong(*std::move(problem));
  if (!payload) return refuse(mcp_invalid_params, fmt::format("the argument value of {} is missing", t.name));
  return *payload;
}

std::string mcp_result(std::string_view id, std::string_view result) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"result":{}}})", id, result);
}

std::string mcp_error(std::string_view id, const mcp_problem& why) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"error":{{"code":{},"message":{}}}}})", id.empty() ? "null" : id,
                     why.code, json_quote(why.message));
}

std::string initialize_result(std::string_view version, std::string_view instructions) {
  return fmt::format(
      R"({{"protocolVersion":"{}","capabilities":{{"tools":{{}}}},"serverInfo":{{"name":"waggle","version":"{}"}},"instructions":{}}})",
      is_mcp_version(version) ? version : mcp_versions.front(), WAGGLE_VERSION, json_quote(instructions));
}

std::optional<std::string> answer_result(const tool& t, std::string answer) {
  if (!check_answer(any_json(), answer, any_size)) return std::nullopt;
  const bool wraps = t.wraps_answer;
  if (wraps) answer = fmt::format(R"({{"result":{}}})", answer);
  // Where the operator lets answers pass that do not fit, an object may be none.
  const std::string_view structured = trimmed(answer).starts_with('{') ? answer : std::string_view();
  return fmt::format(R"({{"content":[{{"type":"text","text":{}}}]{}{}}})", json_quote(answer),
                     structured.empty() ? "" : R"(,"structuredContent":)", structured);
}

std::string failure_result(const error& e, bool show_debug) {
  std::string text = fmt::format("{}: {}", to_string(e.code), e.message);
  for (const violation& v : e.violations)
    text += fmt::format("\n- {}: {}{}", v.path.empty() ? "the arguments" : v.path, v.message,
                        v.suggestion.empty() ? "" : fmt::format("; did you mean {}?", v.suggestion));
  if (e.violation_count > e.violations.size())
    text += fmt::format("\n- and {} more", e.violation_count - e.violations.size());
  if (!e.details.empty()) text += "\ndetails: " + e.details;
  if (e.retry_after) text += fmt::format("\ntry again after {} ms", e.retry_after->count());
  if (show_debug && !e.debug.empty()) text += "\n" + e.debug;
  return fmt::format(R"({{"content":[{{"type":"text","text":{}}}],"isError":true}})", json_quote(text));
}

}  // namespace waggle
