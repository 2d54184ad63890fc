#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/caller.h"
#include "core/error.h"
#include "core/trace.h"

namespace waggle {

using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::nanoseconds;

/// Names (lower case) and values that a caller sent beside the payload.
using metadata = std::vector<std::pair<std::string, std::string>>;

class transaction;      // state/transaction.h
class lease;            // state/lease.h
struct service_grants;  // core/grants.h

/// The services that a call came through. Immutable, shared by all sub-calls of a request.
struct call_path {
  std::string service;                    ///< who calls
  std::shared_ptr<const call_path> from;  ///< who called it; null: it was asked from outside
  std::uint32_t depth = 1;
  std::shared_ptr<std::atomic<std::uint32_t>> calls;  ///< of all requests that the one from outside led to
};

/// "a.A → b.B", the outermost first.
[[nodiscard]] std::string to_string(const call_path& path);

/// What a guest's request has got from the host so far. Made with its first call; used on its core only.
struct guest_request {
  std::string service;  ///< its name, by which the host scopes what it gives
  std::shared_ptr<const service_grants> granted;
  /// Writes a line to the service's log: level 0 trace … 4 error. False where it was cut off: too many.
  std::function<bool(int level, std::string_view line)> log;
  std::shared_ptr<const call_path> path;  ///< of its sub-calls
  std::shared_ptr<transaction> state;     ///< null until state is asked for
  std::shared_ptr<lease> held;            ///< of a singleton: its right to its state
  std::uint32_t calls = 0;                ///< so far
  bool reads_only = false;                ///< the method is a query
  bool repeatable = true;                 ///< it called nothing but state, log and config, and never `commit`
  std::string record;                     ///< of an idempotent request: the name under which its answer is kept
  std::string input_hash;                 ///< of an idempotent request
  std::shared_ptr<void> claim;            ///< of an idempotent request: while it is held, repeats wait
  bool again = false;                     ///< set by `service::settle`: run it once more from the start
  std::uint32_t runs = 1;
};

/// Travels with a request and its sub-calls.
struct request_context {
  std::optional<time_point> deadline;  ///< the caller's: wall time, ends its wait
  trace_context trace;                 ///< none without one
  metadata headers;
  std::shared_ptr<const call_path> path;         ///< null: from outside
  std::shared_ptr<guest_request> calling;        ///< of a guest's call of a service of the node: its request; else null
  std::shared_ptr<const waggle::caller> caller;  ///< of the request from outside; null: anonymous, or the node itself
  bool trusted = false;                          ///< the node itself asks, or its operator: `@auth` is not looked at
  bool never_queues = false;  ///< on an edge that lies on a cycle of `@uses`: `resource_exhausted` instead
};

struct service_request {
  std::uint64_t id = 0;
  std::string method;
  std::string input;  ///< the payload's bytes: JSON
  request_context context;
  /// Of a subscription: the next items of its stream are asked for, from where the last answer ended (its `cursor`; empty at
  /// first) on. Without it a subscription cannot be asked.
  std::optional<std::string> stream_cursor;
  /// Of this method, set by the call chain: the guest's own time and its waits. Zero: no limit.
  duration guest_timeout{0};
  bool reads_only = false;  ///< this method is a query; set by the call chain
  bool idempotent = false;  ///< this method is @idempotent; set by the call chain
};

/// What one request cost; on the wire the header `waggle-receipt`.
struct receipt {
  duration queue{0};
  duration validate{0};
  duration guest{0};   ///< in slices
  duration waited{0};  ///< the guest, for others
  std::uint32_t calls = 0;
  duration commit{0};
  std::uint64_t memory_kb = 0;
  bool warm = false;
};

struct service_response {
  result<std::string> output;  ///< the answer's bytes: JSON
  receipt cost;
  std::string log;    ///< the last lines of the guest's log, for whoever asks why the request failed
  std::string unfit;  ///< an answer that did not fit the contract, likewise; `output` is the error
};

/// A request on its way through the layers, and the answer on its way back.
///
/// Whoever makes one owns it and keeps it alive until the step that it pushed first has run. Each layer that wants to
/// see the answer pushes a step with `then` before it hands the call on; `finish` runs the steps, last in, first out.
/// It is used on one core at a time; handing it to another core is a message (runtime/pool.h).
/// `ask` may finish it before it returns.
class service_call {
 public:
  using step = void (*)(void* self, service_call& call) noexcept;
  using stopper = void (*)(void* self, service_call& call, error why);

  service_request request;
  service_response response;
  /// What its guest has got from the host; null while it has got nothing.
  std::shared_ptr<guest_request> effects;
  /// The guest must run in a new instance: a run before this one came to nothing.
  bool fresh_instance = false;
  /// Since when it waits for its turn; not set while it does not.
  time_point waiting_since{};
  /// When work on it began and ended. Whoever asks for the time first sets them: asking costs 30 ns, and each layer
  /// asking for itself would be a tenth of a small request.
  time_point began{};
  time_point ended{};

  service_call() = default;
  service_call(const service_call&) = delete;
  service_call& operator=(const service_call&) = delete;

  /// The next step on the way back. At most `max_steps` at a time.
  void then(void* self, step run);

  /// The layer below is done with the call: run the step on top. The call may be gone when this returns.
  void finish();
  void finish(error why);

  /// The caller waits no longer (gone, or its time is over): the call is finished with `why` at the next occasion,
  /// at once where it is still queued. Without effect where nothing can stop it.
  void stop(error why);

  /// Who can stop it: the layer that holds the call. Cleared by `stop` and `finish`.
  void stoppable(void* self, stopper how);

  /// For the layer that holds the call: its place in a queue, and what it wants to remember of it.
  struct place {
    service_call* next = nullptr;
    service_call* previous = nullptr;
    void* at = nullptr;
    std::uint32_t state = 0;
    time_point begun{};  // when it left the queue; not set where it was not in one
  };
  place held;

 private:
  static constexpr std::size_t max_steps = 6;
  struct frame {
    void* self;
    step run;
  };
  std::array<frame, max_steps> steps_{};
  std::size_t depth_ = 0;
  void* stop_self_ = nullptr;
  stopper stop_ = nullptr;
};

}  // namespace waggle
