#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "call/flight_recorder.h"
#include "core/error.h"
#include "loop/clock.h"

namespace waggle {

/// A service that is served, as the operator sees it.
struct served_view {
  struct use {
    std::string service;
    bool granted = false;
  };
  std::string name;
  std::string version;
  std::uint64_t busy = 0;  ///< workers
  std::uint64_t idle = 0;
  std::uint64_t max = 0;
  std::uint64_t queued = 0;
  std::uint64_t requests = 0;       ///< answered since this version was loaded
  std::uint64_t errors = 0;         ///< of those
  std::vector<use> uses;            ///< asked for
  duration cpu{0};                  ///< that its guests and what the host did for them took, since then
  std::vector<std::uint64_t> took;  ///< requests by how long they took: the buckets of `duration_histogram`
};

/// A schedule, likewise: what runtime/schedules.h says about it, which this folder does not know.
struct scheduled_view {
  std::string service;
  std::string method;
  std::string timetable;
  std::optional<wall_time> next;
  std::optional<wall_time> last_run;
  std::optional<error> last_error;
  bool running = false;
  std::uint64_t runs = 0;
  std::uint64_t failed = 0;
  std::uint64_t missed = 0;
};

/// What is asked of the flight recorder.
struct recent_question {
  std::string service;
  bool failed_only = false;
  std::size_t first = 0;
};

/// What the operator of a node can see and do. Whoever makes the node fills in all of them. They are called on the core of
/// the operator's socket, do not block, and call `done` there once, now or later.
struct node_operator {
  template <class T>
  using told = std::move_only_function<void(result<T>)>;

  std::function<std::vector<served_view>()> services;      ///< by name
  std::function<std::vector<scheduled_view>()> schedules;  ///< by service and method
  std::function<unsigned()> cores;
  /// Of all cores, the newest first. Errors: `failed_precondition` where nothing is recorded, `not_found` where there is no
  /// such service.
  std::function<void(const recent_question& q, told<std::vector<recorded_request>> done)> recent;
  std::function<void(const std::string& service, const std::string& method, told<std::string> done)> trigger;
  std::function<void(told<void> done)> reload;
  std::function<void()> drain;  ///< begins it
};

}  // namespace waggle
