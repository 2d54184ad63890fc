#include "core/call.h"

#include <cassert>

namespace waggle {

std::string to_string(const call_path& path) {
  return path.from ? to_string(*path.from) + " → " + path.service : path.service;
}

void service_call::then(void* self, step run) {
  assert(depth_ < max_steps);
  steps_[depth_++] = {self, run};
}

void service_call::finish() {
  assert(depth_ > 0);
  stop_ = nullptr;
  const frame top = steps_[--depth_];
  top.run(top.self, *this);
}

void service_call::finish(error why) {
  response.output = std::unexpected(std::move(why));
  finish();
}

void service_call::stop(error why) {
  if (stop_ != nullptr) std::exchange(stop_, nullptr)(stop_self_, *this, std::move(why));
}

void service_call::stoppable(void* self, stopper how) {
  stop_self_ = self;
  stop_ = how;
}

}  // namespace waggle
