#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "call/trace_lane.h"
#include "loop/clock.h"

namespace waggle {

/// A request of OpenTelemetry's trace service in the making: `ExportTraceServiceRequest` in OTLP's JSON encoding (OTLP 1.x,
/// "JSON Protobuf Encoding"). Each of our services is a resource (`service.name`); attributes are those of the semantic
/// conventions for RPC, and ours under `waggle.`.
class otlp_batch {
 public:
  /// `node` tells this process from others of the same service: `service.instance.id`.
  explicit otlp_batch(std::string node) : node_(std::move(node)) {}

  /// `wall` is the calendar's time at `now`.
  void add(const span& s, time_point now, wall_time wall);
  [[nodiscard]] std::size_t size() const { return size_; }
  /// The JSON; empty again afterwards.
  [[nodiscard]] std::string take();

 private:
  std::string node_;
  std::map<std::pair<std::string, std::string>, std::string> by_service_;  // name and version → its spans
  std::size_t size_ = 0;
};

}  // namespace waggle
