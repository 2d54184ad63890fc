#include "gateway/mcp.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gateway/authenticator.h"
#include "gateway/connect.h"
#include "gateway/encoding.h"
#include "gateway/resource_metadata.h"
#include "schema/describe/describe.h"

namespace waggle {
namespace {

constexpr std::string_view prefix = "/mcp/";
/// A page of `tools/list` ends with whichever comes first.
constexpr std::size_t tools_of_a_page = 100;
constexpr std::size_t bytes_of_a_page = std::size_t{512} << 10;
/// simdjson reads past the payload's end.
constexpr std::size_t padding = 64;
constexpr std::size_t longest_instructions = 4096;
constexpr std::size_t longest_shown = 100;

mcp_problem unknown_tool(std::string_view name) {
  return {mcp_invalid_params,
          fmt::format("there is no tool {}; tools/list tells which there are", name.substr(0, longest_shown))};
}

}  // namespace

mcp_handler::mcp_handler(http_shared& shared, std::string_view path, void* self, replier reply)
    : shared_(shared),
      only_(path.starts_with(prefix) ? path.substr(prefix.size()) : std::string_view()),
      self_(self),
      reply_(reply) {}

void mcp_handler::begin(http_head& head, std::string body, std::shared_ptr<const caller> who) {
  call_.request.input = std::move(body);
  login_ = metadata_parameter(shared_, head, head.target.substr(0, head.target.find('?')));
  // For how long, and in which trace: as for a call by Connect.
  const time_point now = head.connect_timeout.empty() ? time_point{} : shared_.time.now();
  if (const auto filled = fill_request(head, method{}, now, shared_.settings.body_limit, call_.request); !filled) {
    const http_refusal& why = filled.error();
    return reply_(self_, {.status = why.status != 0 ? why.status : http_status(why.why.code),
                          .body = connect_error_json(why.why, shared_.settings.show_debug),
                          .headers = error_fields(why.why) + why.headers});
  }
  call_.request.context.caller = std::move(who);
  call_.request.context.trusted = shared_.settings.for_operator;
  const std::shared_ptr<mcp_handler> alive = shared_from_this();  // replying lets it go
  std::string text = std::move(call_.request.input);
  const auto message = read_mcp_message(text);
  if (!message) return tell(mcp_error(message.error().id, message.error()), 400);
  if (message->what == mcp_message::kind::request) return answer(*message);
  // Of what a client tells, nothing concerns a server that keeps nothing. A call is stopped by closing its connection.
  reply_(self_, {.status = 202, .content_type = "", .body = {}, .headers = {}});
}

void mcp_handler::answer(const mcp_message& message) {
  const auto params = read_mcp_params(message.params);
  if (!params) return tell(mcp_error(message.id, params.error()));
  if (message.method == "ping") return tell(mcp_result(message.id, "{}"));
  if (message.method == "initialize") {
    if (!params->version)
      return tell(mcp_error(message.id, {mcp_invalid_params, "params must have a protocolVersion"}));
    return tell(mcp_result(message.id, initialize_result(*params->version, instructions())));
  }
  if (message.method == "tools/list") return list(message.id, *params);
  if (message.method == "tools/call") return call(message.id, *params);
  tell(mcp_error(message.id, {mcp_unknown_method, fmt::format("there is no method {}; there are initialize, ping, "
                                                              "tools/list and tools/call",
                                                              message.method)}));
}

/// The cursor is `service/method` of the last tool that was told, so it outlives a reload.
void mcp_handler::list(const std::string& id, const mcp_params& params) {
  std::string_view method_of_cursor = params.cursor ? std::string_view(*params.cursor) : std::string_view();
  const std::string_view service_of_cursor = take_until(method_of_cursor, '/');
  if (params.cursor && (service_of_cursor.empty() || method_of_cursor.empty()))
    return tell(mcp_error(id, {mcp_invalid_params, "this cursor is none that tools/list has given"}));
  std::string page;
  std::string next;
  std::string last;
  std::size_t count = 0;
  for (const std::string& name : services()) {
    if (name < service_of_cursor) continue;
    for (const tool& t : tools_of(name)) {
      if (name == service_of_cursor && t.method <= method_of_cursor) continue;
      if (count == tools_of_a_page || (count > 0 && page.size() + t.json.size() > bytes_of_a_page)) {
        next = fmt::format(R"(,"nextCursor":{})", json_quote(last));
        break;
      }
      page.append(count == 0 ? "" : ",").append(t.json);
      last = fmt::format("{}/{}", name, t.method);
      ++count;
    }
    if (!next.empty()) break;
  }
  tell(mcp_result(id, fmt::format(R"({{"tools":[{}]{}}})", page, next)));
}

void mcp_handler::call(const std::string& id, const mcp_params& params) {
  if (!params.name) return tell(mcp_error(id, {mcp_invalid_params, "params must have a name, the tool's"}));
  const found_tool found = find(*params.name);
  if (found.what == nullptr) return tell(mcp_error(id, unknown_tool(*params.name)));
  const auto payload = payload_of(*found.what, params);
  if (!payload) return tell(mcp_error(id, payload.error()));
  id_ = id;
  asked_ = {
      .name = found.what->name, .method = found.what->method, .wraps_answer = found.what->wraps_answer, .json = {}};
  const waggle::method* const about = found.whose->description().find(asked_.method);
  if (!login_.empty() && about != nullptr && about->auth && !about->auth->empty())
    login_ += fmt::format(R"(, scope="{}")", fmt::join(*about->auth, " "));
  service_request& request = call_.request;
  request.id = shared_.next_id++;
  request.method = asked_.method;
  request.input.clear();
  request.input.reserve(payload->size() + padding);
  request.input = *payload;
  call_.then(this, answered);
  keep_ = shared_from_this();
  found.whose->ask(call_);
}

void mcp_handler::answered(void* self, service_call&) noexcept {
  auto& me = *static_cast<mcp_handler*>(self);
  const std::shared_ptr<mcp_handler> alive = std::move(me.keep_);
  if (!me.stopped_) me.finish_call();
}

void mcp_handler::finish_call() {
  auto& output = call_.response.output;
  std::string result;
  unsigned status = 200;
  std::string fields;
  if (!output) {
    // MCP's "Authorization": a client that can get a token learns from the status that it needs one.
    // And one that can get tokens, that it needs another ("Scope Challenge Handling"). To others the result says so.
    const failure_cause why = output.error().cause;
    if (why == failure_cause::anonymous || (why == failure_cause::scope && !login_.empty())) {
      status = why == failure_cause::scope ? 403 : 401;
      fields = fmt::format("WWW-Authenticate: {}\r\n", challenge(output.error(), false, login_));
    }
    result = failure_result(output.error(), shared_.settings.show_debug);
  } else if (auto fine = answer_result(asked_, std::move(*output))) {
    result = *std::move(fine);
  } else {
    error e;
    e.whose = fault::guest;
    e.message = fmt::format("the answer of {} is not JSON", asked_.name);
    result = failure_result(e, false);
  }
  reply_(
      self_,
      {.status = status, .body = mcp_result(id_, result), .headers = std::move(fields), .cost = call_.response.cost});
}

void mcp_handler::stop() {
  stopped_ = true;
  if (keep_ != nullptr) call_.stop(caller_gone());
}

void mcp_handler::tell(std::string json, unsigned status) {
  reply_(self_, {.status = status, .body = std::move(json), .headers = {}});
}

const std::vector<tool>& mcp_handler::tools_of(std::string_view service_name) const {
  static const std::vector<tool> none;
  const service* s = service_name.starts_with("waggle.") ? nullptr : shared_.directory.find(service_name);
  return s == nullptr || s->description().described == nullptr ? none : s->description().described->tools;
}

std::vector<std::string> mcp_handler::services() const {
  return only_.empty() ? shared_.directory.names() : std::vector{only_};
}

mcp_handler::found_tool mcp_handler::find(std::string_view name) const {
  const auto look = [&](std::string_view service_name) -> found_tool {
    const auto& tools = tools_of(service_name);
    const auto it = std::ranges::find(tools, name, &tool::name);
    return it == tools.end() ? found_tool{} : found_tool{&*it, shared_.directory.find(service_name)};
  };
  if (name.size() < longest_tool_name) {
    const tool_place at = find_tool_place(name);
    return only_.empty() || only_ == at.service ? look(at.service) : found_tool{};
  }
  if (name.size() > longest_tool_name) return {};
  for (const std::string& service_name : services())  // it may be a shortened one
    if (const found_tool found = look(service_name); found.what != nullptr) return found;
  return {};
}

std::string mcp_handler::instructions() const {
  const service* s = only_.empty() ? nullptr : shared_.directory.find(only_);
  std::string out = s == nullptr ? std::string() : s->description().description;
  if (out.size() > longest_instructions) out.clear();
  if (!out.empty()) out += "\n\n";
  return out +
         "Each tool is a method of a service, SERVICE-METHOD. A result with isError says what was wrong with the "
         "arguments, place by place, or what the service refused: repair them and call again.";
}

}  // namespace waggle
