#include "host/guest_call.h"

namespace waggle {

result<guest_request*> calling_guest(service_call& call) {
  guest_request* const guest = call.request.context.calling.get();
  if (guest == nullptr || guest->service.empty() || !guest->granted)
    return fail(error_code::permission_denied, fault::caller, "this service answers guests of the node only");
  return guest;
}

result<simdjson::dom::object> payload_of(service_call& call) {
  thread_local simdjson::dom::parser parser;
  std::string& input = call.request.input;
  input.reserve(input.size() + simdjson::SIMDJSON_PADDING);
  simdjson::dom::object in;
  if (const auto bad = parser.parse(input.data(), input.size(), false).get_object().get(in))
    return fail(error_code::internal, fault::host,
                std::string("a payload that was checked is no JSON object: ") + simdjson::error_message(bad));
  return in;
}

std::string text_of(const simdjson::dom::object& in, const char* name) {
  std::string_view text;
  if (in.at_key(name).get_string().get(text)) return {};
  return std::string(text);
}

}  // namespace waggle
