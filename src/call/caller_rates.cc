#include "call/caller_rates.h"

#include <algorithm>
#include <functional>

namespace waggle {

caller_rates::caller_rates(std::uint32_t rate)
    : rate_(rate), each_(std::max(duration(1), duration(std::chrono::seconds(1)) / rate)) {}

duration caller_rates::take(std::string_view caller, time_point now) {
  part& of = parts_.at(std::hash<std::string_view>{}(caller) % parts);
  const std::lock_guard lock(of.mutex);
  if (const auto known = of.by_name.find(caller); known != of.by_name.end()) {
    of.by_use.splice(of.by_use.begin(), of.by_use, known->second);
  } else {
    if (of.by_use.size() == most_callers / parts) {
      of.by_name.erase(of.by_use.back().caller);
      of.by_use.pop_back();
    }
    of.by_use.emplace_front(caller, each_ * rate_);
    of.by_name.emplace(of.by_use.front().caller, of.by_use.begin());
  }
  return of.by_use.front().requests.take(each_, now);
}

}  // namespace waggle
