#include "runtime/repeats.h"

namespace waggle {

std::shared_ptr<void> repeats::claim(const std::string& record, std::move_only_function<void()> when_free) {
  const std::lock_guard lock(mutex_);
  const auto [at, first] = running_.try_emplace(record);
  if (!first) {
    at->second.push_back(std::move(when_free));
    return nullptr;
  }
  return {this, [table = shared_from_this(), record](void*) { table->let_go(record); }};
}

void repeats::let_go(const std::string& record) {
  std::deque<std::move_only_function<void()>> waiting;
  {
    const std::lock_guard lock(mutex_);
    const auto at = running_.find(record);
    waiting = std::move(at->second);
    running_.erase(at);
  }
  for (auto& tell : waiting) tell();
}

}  // namespace waggle
