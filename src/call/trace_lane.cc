#include "call/trace_lane.h"

#include <algorithm>
#include <utility>

namespace waggle {
namespace {

constexpr std::size_t usual_name = 48;

}  // namespace

trace_lane::trace_lane(double ratio, std::size_t room, std::uint64_t seed)
    : chosen_below_(ratio >= 1 ? 0 : static_cast<std::uint64_t>(std::max(ratio, 0.0) * 0x1p64)),
      all_(ratio >= 1),
      random_(seed),
      ring_(std::max<std::size_t>(room, 1)) {
  for (span& s : ring_) {
    s.service.reserve(usual_name);
    s.method.reserve(usual_name);
  }
}

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). Not zero.
std::uint64_t trace_lane::random() {
  for (;;) {
    std::uint64_t z = random_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    if (z ^= z >> 31; z != 0) return z;
  }
}

bool trace_lane::begin(request_context& c, std::uint64_t& parent) {
  if (!c.trace) {
    if (c.path) return false;  // its first request was not chosen
    const std::uint64_t low = random();
    if (!all_ && low >= chosen_below_) return false;
    c.trace = {.trace_high = random(), .trace_low = low, .span = 0, .flags = 1};
  } else if (!c.trace.sampled()) {
    return false;
  }
  parent = std::exchange(c.trace.span, random());
  return true;
}

span* trace_lane::claim() {
  if (written_.load(std::memory_order_relaxed) - taken_.load(std::memory_order_acquire) >= ring_.size()) {
    dropped_.add();
    return nullptr;
  }
  return &ring_[written_.load(std::memory_order_relaxed) % ring_.size()];
}

void trace_lane::commit() {
  written_.store(written_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  recorded_.add();
}

}  // namespace waggle
