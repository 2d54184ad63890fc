#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/call.h"
#include "loop/core_loop.h"
#include "runtime/repeats.h"
#include "runtime/wasm_worker.h"
#include "state/state_keeper.h"

namespace waggle {

/// One request is one transaction: what that means before it runs (a repeat of an idempotent request gets the answer that
/// was kept) and at its end (commit; on a conflict it runs again). Of one service on one core.
class request_state {
 public:
  /// `state` and `blocking` may be null: then there are no transactions. All outlive it.
  request_state(worker_environment& around, state_keeper* state, blocking_pool* blocking,
                std::shared_ptr<repeats> running);

  /// Calls `run` with the call, now or later, when it is to run; or finishes it: with the answer that was kept, or an error.
  void begin(service_call& call, void* self, void (*run)(void* self, service_call& call));

  /// Makes lasting what the request wrote if it succeeded, then finishes the call; or asks for another run
  /// (`effects->again`).
  void settle(service_call& call);

  /// Calls that are with the store, or wait for the one that they repeat.
  [[nodiscard]] std::size_t open() const { return open_; }
  /// Called when `open` has become 0.
  void on_idle(std::function<void()> tell) { idle_ = std::move(tell); }

  /// The name under which an idempotent request's answer is kept. Empty where it is none; an error where its key is no key.
  [[nodiscard]] static result<std::string> record_of(const service_request& r);
  /// Looks up a kept answer, then calls `then` on the core; it may be called before this returns. The call has a transaction
  /// from then on, which has not begun.
  void look_up(service_call& call, std::string record,
               std::move_only_function<void(service_call& call, bool found)> then);
  /// The transaction of a request, made where there is none.
  std::shared_ptr<transaction> transaction_of(service_call& call);

 private:
  struct waiter;
  void find(service_call& call, std::shared_ptr<transaction> t,
            std::move_only_function<void(service_call&, result<std::optional<kept_answer>>)> use);
  [[nodiscard]] static bool use_kept(service_call& call, result<std::optional<kept_answer>> kept);
  void commit(service_call& call);
  void committed(service_call& call, time_point since, result<void> how);
  void once_more(service_call& call);
  void done(service_call& call);
  void one_less();

  worker_environment& around_;
  state_keeper* state_;
  blocking_pool* blocking_;
  std::shared_ptr<repeats> running_;
  std::size_t open_ = 0;
  std::function<void()> idle_;
};

}  // namespace waggle
