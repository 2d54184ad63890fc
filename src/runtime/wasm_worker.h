#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/counter.h"
#include "loop/core_loop.h"
#include "runtime/core_memory.h"
#include "runtime/cpu_limit.h"
#include "runtime/sub_calls.h"
#include "runtime/worker.h"
#include "wasm/instance.h"
#include "wasm/line_log.h"

namespace waggle {

/// Figures of the workers of a service on one core; read by the metrics from any thread.
struct worker_stats {
  counter waiting;  ///< workers now whose guest waits for a call or the clock
  counter reruns;   ///< requests that ran again because another commit came first
};

/// What all workers of a service on one core share. It outlives them.
struct worker_environment {
  core_loop& core;
  flow& share;  ///< the service's turn on this core
  const module& code;
  line_log& log;
  const contract& about;
  sub_calls& calls;
  std::shared_ptr<const service_grants> granted;
  std::shared_ptr<lease> held;  ///< a singleton's
  instance_settings settings;
  cpu_limit* cpu = nullptr;  ///< null: no limit
  memory_account memory;
  duration start_timeout{std::chrono::seconds(30)};  ///< instantiation and `_initialize`: guest time and waits
  std::function<void(const error& e)> failed;        ///< the guest failed: for the log and the figures
  worker_stats stats{};
  /// The request whose guest has its turn: what a line in the log is about. Null: it is
  /// about the service.
  const service_request* running = nullptr;

  /// What the call's guest has got from the host; made where it has got nothing yet.
  guest_request& effects_of(service_call& call) const;
  [[nodiscard]] std::function<bool(int level, std::string_view line)> log_of_guests() const;
};

/// A worker with a Wasm instance, run in slices on its core.
class wasm_worker final : public worker, private task, private instance_host, private call_waiter {
 public:
  wasm_worker(worker_environment& around, worker_events& pool);
  ~wasm_worker() override;

  void warm() override;
  void run(service_call& call) override;
  void abandon() override;

 private:
  slice_end run_slice(time_point started, time_point& ended) override;
  slice_end end(worker_events::outcome how);
  slice_end end_failed();
  slice_end started();
  void get_turn();
  void fill_response();
  void fill_cost();
  void give_lines();
  [[nodiscard]] duration allowance() const;

  time_point now() override { return around_.core.now(); }
  void guest_log(int level, std::string_view line) override { around_.log.write(level, line); }
  void guest_output(int fd, std::string_view bytes) override { output_.write(around_.log, fd, bytes); }
  std::string guest_context() override;
  void wake_at(time_point when) override;
  void begin_call(guest_call& wanted) override;
  void on_answer(std::uint32_t status, std::string answer) override;
  void drop_call();
  void make_instance();
  void count_memory(std::uint64_t now);

  worker_environment& around_;
  worker_events& pool_;
  std::unique_ptr<instance> guest_;
  output_lines output_;
  last_lines lines_;  // of this request
  timer wake_;
  sub_calls::under_way* asked_ = nullptr;  // the call whose answer the guest waits for
  bool asking_ = false;                    // it is being begun: an answer needs no new turn
  service_call* call_ = nullptr;
  service_request orphan_;             // the request's parts when its call has gone
  duration guest_time_{0};             // in slices
  duration charged_{0};                // in slices and waits
  std::optional<time_point> waiting_;  // for others, since
  time_point ready_since_{};           // for its turn, since; not set in its first slice
  duration orphaned_at_{0};            // guest time when it was abandoned
  bool started_ = false;
  bool abandoned_ = false;
  bool timed_out_ = false;
  bool warm_ = false;  // it was instantiated before this request
};

}  // namespace waggle
