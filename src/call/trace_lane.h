#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/call.h"
#include "core/counter.h"
#include "core/trace.h"

namespace waggle {

/// What a trace tells of one call.
struct span {
  trace_context at;          ///< its own number is `at.span`
  std::uint64_t parent = 0;  ///< the one that led to it; 0: it is the first
  bool from_outside = false;
  time_point began{};
  time_point ended{};
  std::uint64_t request = 0;
  error_code code{};  ///< 0: it succeeded
  fault whose = fault::caller;
  receipt cost;
  std::string service;
  std::string version;
  std::string method;   ///< empty: the service has none of the name that was asked for
  std::string message;  ///< the error's, cut; empty where the contract has anything @sensitive
};

/// Where the calls of one core become parts of traces: chooses which requests are traced, and holds their spans until they
/// are taken, as many as it has room for: what comes when it is full is dropped and counted. Its core writes, one other
/// thread takes; neither waits for the other. Recording allocates nothing once the names have been in every place.
class trace_lane {
 public:
  static constexpr std::size_t longest_message = 256;

  /// `ratio` of the requests from outside that are not part of a trace already, 0 to 1. `seed`: random, not the same in any
  /// two lanes.
  trace_lane(double ratio, std::size_t room, std::uint64_t seed);

  /// On its core, when a call begins. A request that belongs to a sampled trace is traced; so is one from outside that
  /// belongs to none and is chosen. Then `c.trace` becomes its own place in the trace, and `parent` what led to it.
  [[nodiscard]] bool begin(request_context& c, std::uint64_t& parent);

  /// On its core: a place to write a span into, or null; `commit` gives it out. Its texts hold what was there before.
  [[nodiscard]] span* claim();
  void commit();

  /// On the other thread: shows `use` up to `most` spans, in order; how many.
  template <class Use>
  std::size_t take(std::size_t most, Use use) {
    const std::size_t from = taken_.load(std::memory_order_relaxed);
    const std::size_t n = std::min(most, written_.load(std::memory_order_acquire) - from);
    for (std::size_t i = 0; i < n; ++i) use(static_cast<const span&>(ring_[(from + i) % ring_.size()]));
    taken_.store(from + n, std::memory_order_release);
    return n;
  }

  /// From any thread.
  [[nodiscard]] const counter& recorded() const { return recorded_; }
  [[nodiscard]] const counter& dropped() const { return dropped_; }

 private:
  std::uint64_t random();

  std::uint64_t chosen_below_;  // of the trace's lower half
  bool all_;
  std::uint64_t random_;
  std::vector<span> ring_;
  std::atomic<std::size_t> written_{0};
  std::atomic<std::size_t> taken_{0};
  counter recorded_;
  counter dropped_;
};

}  // namespace waggle
