#pragma once
#include <string>

#include <simdjson.h>

#include "core/call.h"

namespace waggle {

/// The guest's request on whose behalf `call` is made: it has a service and grants. Without one `permission_denied`: the
/// services of this folder answer guests only.
[[nodiscard]] result<guest_request*> calling_guest(service_call& call);

/// The payload, which the call chain has checked: an object. It holds until the next call on this thread.
/// The capacity of the payload may grow.
[[nodiscard]] result<simdjson::dom::object> payload_of(service_call& call);

/// The text of member `name`; empty where it is absent or null.
[[nodiscard]] std::string text_of(const simdjson::dom::object& in, const char* name);

}  // namespace waggle
