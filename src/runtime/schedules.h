#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/counter.h"
#include "core/service.h"
#include "loop/core_loop.h"
#include "runtime/timetable.h"

namespace waggle {

/// What is kept of a schedule over restarts: its next slot, and the timetable that it is one of.
struct kept_run {
  wall_time next;
  std::string timetable;
};

/// Where it is kept. It blocks elsewhere: each `done` is called later, on the core of the `schedules`, exactly once. What
/// has been saved when `done` says so survives a crash. Saves of one name take effect in the order of the calls.
class schedule_memory {
 public:
  virtual ~schedule_memory() = default;
  /// `name` is `SERVICE/method`. Nothing where none was saved.
  virtual void load(std::string name, std::move_only_function<void(result<std::optional<kept_run>>)> done) = 0;
  virtual void save(std::string name, kept_run run, std::move_only_function<void(result<void>)> done) = 0;
};

/// A method that runs by itself.
struct scheduled_method {
  std::string name;
  timetable when;
};

/// A schedule as the operator sees it.
struct schedule_view {
  std::string service;
  std::string method;
  std::string timetable;
  std::optional<wall_time> next;      ///< with its random delay; none while it is being loaded, or where there is none
  std::optional<wall_time> last_run;  ///< when it began, triggered ones included
  std::optional<result<void>> last_outcome;
  bool running = false;
  std::uint64_t runs = 0;  ///< that have ended, triggered ones included, since the node started
  std::uint64_t failed = 0;
  std::uint64_t missed = 0;  ///< slots that had no run of their own, since the node started
};

/// What became of a schedule since the node started; read by the metrics from any thread.
struct schedule_counts {
  std::string service;
  std::string method;
  counter runs;    ///< that have ended, triggered ones included
  counter failed;  ///< of those
  counter missed;  ///< slots that had no run of their own
};

/// Calls the scheduled methods of services at their times (docs/schedules.md, ADR 0017). Lives on one core, is used there
/// only, and asks the services in that core's directory.
///
/// - A slot that is found more than a minute after its time (restart, clock set forward) is missed: skipped, or of several
///   missed ones the last one runs, with `once_when_missed`.
/// - No overlap: a slot that comes while the method still runs is missed; with `once_when_missed` one run follows.
/// - Skipping ones run at most once a slot: the next slot is kept before a run begins, and without that it does not begin.
///   `once_when_missed` ones run at least once: the next slot is kept when the run has ended, so a run that a crash cuts
///   off is repeated.
/// - A failure is logged and shown; the next try is the next slot.
/// - The wall clock is looked at once a minute at least. Set back, no slot runs twice, unless it is by more than a day:
///   then schedules begin anew.
class schedules {
 public:
  /// A random number; for the delay that `jitter` asks for.
  using random_source = std::move_only_function<std::uint64_t()>;
  using answer = std::move_only_function<void(result<std::string>)>;

  /// All outlive it.
  schedules(core_loop& core, const service_directory& directory, schedule_memory& memory, random_source random = {});
  /// After `stop` is done, with nothing running, or when its core has stopped for good.
  ~schedules();
  schedules(const schedules&) = delete;
  schedules& operator=(const schedules&) = delete;

  /// These are the schedules of that service, in place of those that it had. One whose timetable stays the same keeps its
  /// next run and its counts; a run goes on.
  void put(const std::string& service, std::vector<scheduled_method> methods);
  /// It has none any more. A run goes on to its end. What was kept stays, for when it comes back.
  void remove(const std::string& service) { put(service, {}); }

  /// Runs it now, beside its timetable; `done` gets the answer. `not_found`: no such schedule; `failed_precondition`: it is
  /// running; `unavailable`: stopped.
  void trigger(std::string_view service, std::string_view method, answer done);

  /// By service and method, in order.
  [[nodiscard]] std::vector<schedule_view> list() const;

  /// Of those that there are. From any thread.
  [[nodiscard]] std::vector<std::shared_ptr<const schedule_counts>> counts() const;

  /// For good: no new runs. `done` when those that run have ended and are written down.
  void stop(std::move_only_function<void()> done);

 private:
  struct entry;
  using map = std::map<std::string, std::shared_ptr<entry>, std::less<>>;

  [[nodiscard]] wall_time wall() const { return core_.time().wall(); }
  void load(const std::shared_ptr<entry>& e);
  void adopt(entry& e, result<std::optional<kept_run>> stored);
  void begin_anew(entry& e);
  void see(entry& e);
  void settle_on(entry& e, std::optional<wall_time> slot);
  void arm(entry& e);
  void look(entry& e);
  void run_slot(entry& e);
  void save(entry& e, std::move_only_function<void(entry&, result<void>)> then);
  void begin(entry& e, bool of_slot);
  void ended(entry& e, result<std::string> outcome);
  void note(entry& e, const result<std::string>& outcome);
  void forget(entry& e);
  void work_done();

  core_loop& core_;
  const service_directory& directory_;
  schedule_memory& memory_;
  random_source random_;
  map entries_;
  mutable std::mutex counts_mutex_;
  std::vector<std::weak_ptr<schedule_counts>> counts_;
  std::uint64_t next_id_ =
      (std::uint64_t{1} << 46) + 1;  // of requests; not those of the servers (gateway/http_server.cc)
  std::size_t working_ = 0;          // runs, and saves on the way
  bool stopped_ = false;
  std::move_only_function<void()> when_stopped_;
  std::shared_ptr<const bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace waggle
