#pragma once
#include <cstdint>
#include <functional>
#include <memory>

#include "core/call.h"
#include "runtime/core_memory.h"

namespace waggle {

class worker;

/// How a worker tells its pool what became of its work. Called on the worker's core; the worker may be destroyed by it.
class worker_events {
 public:
  virtual ~worker_events() = default;
  enum class outcome {
    fine,    ///< it can serve the next request
    broken,  ///< the guest's fault: trap, broken ABI, its own time-out; never used again
    spent,   ///< unwound for another reason; never used again, nobody's fault
  };
  /// It is instantiated and can serve (only after `warm`).
  virtual void on_warm(worker& w, outcome how) = 0;
  /// The request it ran is over: its response is set if somebody still waits for it (`call` is null otherwise).
  virtual void on_done(worker& w, service_call* call, outcome how) = 0;
};

/// Runs one request at a time in one instance. Lives and dies on one core.
class worker {
 public:
  worker() = default;
  virtual ~worker() = default;
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  /// Instantiates ahead of the first request.
  virtual void warm() = 0;
  /// Runs `call`, instantiating first where that has not been done. `on_done` may come before this returns.
  virtual void run(service_call& call) = 0;
  void* owner = nullptr;          ///< the pool's own
  std::uint64_t has_bytes = 0;    ///< linear memory that its instance has
  std::uint64_t fresh_bytes = 0;  ///< that it had when it could serve; zero: it never could

  slot_claim slot;  ///< the engine's that its instance takes

  /// Nobody waits for its request any more: it forgets the call, which is the pool's again, and ends soon.
  virtual void abandon() = 0;
};

using worker_factory = std::move_only_function<std::unique_ptr<worker>(worker_events& pool)>;

}  // namespace waggle
