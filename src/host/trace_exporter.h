#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "call/trace_lane.h"
#include "loop/clock.h"

namespace waggle {

struct trace_settings {
  std::string endpoint;                         ///< of OTLP over HTTP; without a path, `/v1/traces`
  double ratio = 0.01;                          ///< of the requests that are not part of a trace already, 0 to 1
  std::string node;                             ///< `service.instance.id`
  std::size_t room = 4096;                      ///< spans that wait on one core; more are dropped
  std::size_t batch = 512;                      ///< spans in one request
  std::chrono::milliseconds every{1000};        ///< how often it looks for spans
  std::chrono::milliseconds timeout{5'000};     ///< of one request
  unsigned tries = 5;                           ///< of one batch
  std::chrono::milliseconds first_retry{1000};  ///< then twice as long each time, or as long as the collector says
  std::chrono::milliseconds longest_retry{30'000};
};

/// Sends the spans of all cores to a collector (OTLP/HTTP, JSON), on a thread of its own, in batches. A collector that says
/// 429, 502, 503 or 504, or cannot be reached, is asked again; what it refuses otherwise is lost and counted. Meanwhile the
/// lanes fill up and drop: nothing grows, and no core waits.
class trace_exporter {
 public:
  /// A lane for each core. `clock` outlives it. The error says what is wrong with the endpoint.
  [[nodiscard]] static result<std::unique_ptr<trace_exporter>> open(trace_settings s, unsigned cores,
                                                                    const clock_source& clock);
  /// After the cores have stopped. Sends what is there, each batch once, for as long as `timeout` in all.
  ~trace_exporter();
  trace_exporter(const trace_exporter&) = delete;
  trace_exporter& operator=(const trace_exporter&) = delete;

  [[nodiscard]] trace_lane& lane(unsigned core);

  /// Spans so far. From any thread.
  struct figures {
    std::uint64_t sent = 0;
    std::uint64_t dropped = 0;  ///< for lack of room
    std::uint64_t lost = 0;     ///< refused, or not taken in all tries
  };
  [[nodiscard]] figures stats() const;

 private:
  class sender;
  trace_exporter() = default;
  std::unique_ptr<sender> sender_;
};

}  // namespace waggle
