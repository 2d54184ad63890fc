// Any bytes as a message of the Model Context Protocol, as its params, and as a service's answer: no crash; what is read lies
// within the message and is JSON, whatever is replied is JSON, and a tool's name leads back to its method.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "gateway/mcp_messages.h"
#include "schema/contract.h"

namespace {

using namespace waggle;

void must(bool holds) {
  if (!holds) std::abort();
}

bool is_json(std::string text) {
  method any;
  return check_payload(any, text, payload_limits{.input_bytes = 1 << 30, .output_bytes = 1 << 30, .depth = 2000})
      .has_value();
}

bool within(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

void check_call(const mcp_message& message, std::string_view text) {
  must(is_json(message.id));
  const auto params = read_mcp_params(message.params);
  if (!params) return must(is_json(mcp_error(message.id, params.error())));
  for (const bool wraps : {false, true}) {
    const auto payload = payload_of(tool{.name = "t", .wraps_payload = wraps}, *params);
    if (!payload) {
      must(is_json(mcp_error(message.id, payload.error())));
      continue;
    }
    must(is_json(std::string(*payload)));
    must(!params->arguments || within(*payload, text));
  }
  must(is_json(mcp_result(message.id, initialize_result(params->version.value_or(""), params->name.value_or("")))));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::string text(bytes);
  if (const auto message = read_mcp_message(text)) {
    must(message->params.empty() || within(message->params, text));
    if (message->what == mcp_message::kind::request) check_call(*message, text);
  } else {
    must(is_json(mcp_error({}, message.error())));
  }
  for (const bool wraps : {false, true})
    if (const auto told = answer_result(tool{.wraps_answer = wraps}, std::string(bytes))) must(is_json(*told));
  error e;
  e.message = bytes;
  e.violations = {{std::string(bytes), 0, "x", std::string(bytes)}};
  must(is_json(failure_result(e, true)));
  (void)accepts_json(bytes);
  const tool_place place = find_tool_place(bytes);
  if (!place.service.empty() && bytes.size() <= longest_tool_name && !bytes.contains('.'))
    must(tool_name(place.service, place.method) == bytes);
  return 0;
}
