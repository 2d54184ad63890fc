#pragma once
// A guest's call of a built-in service, on a core that the test drives. Only for *_test.cc.
#include <memory>
#include <string>
#include <utility>

#include "core/grants.h"
#include "core/service.h"
#include "loop/core_loop.h"

namespace waggle::testing_host {

/// One call, asked as the call chain asks; `done` when it was answered.
struct guest_call {
  service_call call;
  bool done = false;

  guest_call(std::string method, std::string input, std::shared_ptr<guest_request> as) {
    call.request.method = std::move(method);
    call.request.input = std::move(input);
    call.request.context.calling = std::move(as);
    call.then(this, [](void* self, service_call&) noexcept { static_cast<guest_call*>(self)->done = true; });
  }
  [[nodiscard]] const result<std::string>& output() const { return call.response.output; }
  /// The answer, or its error as JSON.
  [[nodiscard]] std::string text() const { return output() ? *output() : to_json(output().error()); }
};

inline std::shared_ptr<guest_request> guest(std::string service, service_grants granted = {}) {
  auto out = std::make_shared<guest_request>();
  out->service = std::move(service);
  out->granted = std::make_shared<const service_grants>(std::move(granted));
  return out;
}

}  // namespace waggle::testing_host
