#include "runtime/singleton_actor.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace waggle {
namespace {

constexpr std::uint32_t has_waited = 1;
constexpr unsigned failures_without_delay = 3;
constexpr duration longest_backoff = std::chrono::milliseconds(100);
/// So far may requests run ahead of the committer: what they wrote is in memory until then.
constexpr std::size_t most_ahead = 1024;
constexpr std::size_t most_bytes_ahead = std::size_t{64} << 20;

error make(error_code code, fault whose, std::string message) {
  error e;
  e.code = code;
  e.whose = whose;
  e.message = std::move(message);
  return e;
}

}  // namespace

/// A request that has begun: its own, so that it can go on without whoever asked.
struct wasm_singleton_actor::job {
  enum class step : std::uint8_t { running, committing, done };
  wasm_singleton_actor* home = nullptr;
  service_call* outer = nullptr;  // null: nobody waits any more
  service_call call;
  step at = step::running;
  bool in_worker = false;
  bool lost = false;            // what it was built on came to nothing
  std::shared_ptr<lease> held;  // under which it began: those of one lease are built on one another
};

wasm_singleton_actor::wasm_singleton_actor(core_loop& core, sub_calls& calls, blocking_pool* blocking, actor_parts p,
                                           settings s)
    : common_(core, calls, std::move(p)),
      settings_(s),
      blocking_(blocking),
      state_(common_.around, common_.parts.state, blocking, nullptr),
      estimate_(common_.parts.queue_wait),
      backoff_(this, [](void* self) { static_cast<wasm_singleton_actor*>(self)->run_next(); }) {
  state_.on_idle([this] { check_drained(); });
}

wasm_singleton_actor::~wasm_singleton_actor() = default;

// --- the mailbox

std::optional<error> wasm_singleton_actor::refuses() const {
  if (auto why = common_.refuses()) return why;
  return too_many_wait();
}

std::optional<error> wasm_singleton_actor::too_many_wait() const {
  if (!busy()) return std::nullopt;
  if (waiting_ >= settings_.queue)
    return overloaded(failure_cause::queue_full,
                      fmt::format("{} requests wait for this singleton: try again later", waiting_),
                      std::chrono::seconds(1));
  return estimate_.waits_too_long(waiting_, common_.core.now());
}

void wasm_singleton_actor::ask(service_call& call) {
  call.request.context.calling.reset();  // for the node's own services; what it holds goes with its request
  if (auto why = common_.refuses()) return call.finish(*std::move(why));
  const bool waits = busy();
  if (waits && call.request.context.never_queues)
    return call.finish(overloaded(failure_cause::ring,
                                  fmt::format("the singleton is busy, and on a ring of services a call never waits: {}",
                                              to_string(*call.request.context.path)),
                                  std::chrono::seconds(1)));
  if (auto why = too_many_wait()) return call.finish(*std::move(why));
  if (waits)
    if (auto why = estimate_.comes_too_late(call, waiting_)) return call.finish(*std::move(why));
  call.stoppable(this, [](void* self, service_call& c, error why) {
    static_cast<wasm_singleton_actor*>(self)->stop(c, std::move(why));
  });
  enqueue(call);
  call.held.state = waits ? has_waited : 0;
  if (!may_run_ && fenced()) renew_lease();  // it could not be renewed before
  run_next();
}

void wasm_singleton_actor::enqueue(service_call& call) {
  call.waiting_since = common_.core.now();
  if (call.began == time_point{}) call.began = call.waiting_since;
  call.held = {.next = nullptr, .previous = last_, .at = nullptr, .state = 0, .begun = {}};
  (last_ != nullptr ? last_->held.next : first_) = &call;
  last_ = &call;
  if (first_ == last_) estimate_.queue_began(call.waiting_since);
  ++waiting_;
  stats_.queued.add();
}

void wasm_singleton_actor::unlink(service_call& call) {
  (call.held.previous != nullptr ? call.held.previous->held.next : first_) = call.held.next;
  (call.held.next != nullptr ? call.held.next->held.previous : last_) = call.held.previous;
  --waiting_;
  stats_.queued.sub();
}

void wasm_singleton_actor::stop(service_call& call, error why) {
  call.ended = common_.core.now();
  if (auto* const j = static_cast<job*>(call.held.at)) {
    j->outer = nullptr;
    j->call.request.context.deadline.reset();
    call.request.input = j->call.request.input;
  } else {
    unlink(call);
    call.response.cost.queue += call.ended - call.waiting_since;
  }
  call.finish(std::move(why));
  check_drained();
}

// --- one request after the other

bool wasm_singleton_actor::may_begin() const {
  return running_ == nullptr && first_ != nullptr && may_run_ && !discard_ && !backoff_.running() &&
         jobs_.size() < most_ahead &&
         (common_.around.held == nullptr || common_.around.held->pending_bytes() < most_bytes_ahead);
}

/// Those that end at once (kept answers, bad keys) come back here: a loop, so that a long mailbox is not a deep stack.
void wasm_singleton_actor::run_next() {
  if (std::exchange(beginning_, true)) return;
  while (may_begin()) {
    service_call& outer = *first_;
    unlink(outer);
    begin(outer);
  }
  beginning_ = false;
}

void wasm_singleton_actor::begin(service_call& outer) {
  if (outer.held.state == has_waited) {
    outer.held.begun = common_.core.now();
    estimate_.left_queue(outer.held.begun);
  }
  auto made = std::make_unique<job>();
  job& j = *made;
  jobs_.push_back(std::move(made));
  running_ = &j;
  j.home = this;
  j.held = common_.around.held;
  j.outer = &outer;
  outer.held.at = &j;
  j.call.request = std::move(outer.request);
  j.call.began = outer.began;
  j.call.waiting_since = outer.waiting_since;
  j.call.held.begun = outer.held.begun;
  j.call.then(&j, [](void* self, service_call&) noexcept {
    auto& ended = *static_cast<job*>(self);
    ended.home->ran(ended);
  });
  auto record = request_state::record_of(j.call.request);
  if (!record) return j.call.finish(std::move(record.error()));
  if (record->empty() || common_.parts.state == nullptr) return run(j);
  state_.look_up(j.call, *std::move(record), [this, &j](service_call& c, bool found) {
    if (found) return c.finish();
    if (j.outer != nullptr || !common_.closed) return run(j);
    c.finish(make(error_code::canceled, fault::caller, "nobody waits for it any more, and the service ends"));
  });
}

void wasm_singleton_actor::make_worker() {
  worker_events& events = *this;
  const instance_needs needs{.bytes = common_.parts.code->shape().memory_min_bytes,
                             .slots = common_.parts.code->engine().slots};
  core_memory* const memory = common_.parts.memory.core;
  if (memory != nullptr && !memory->node().room_for(needs)) memory->make_room(needs, [] {});
  worker_ = std::make_unique<wasm_worker>(common_.around, events);
  if (memory != nullptr && needs.slots > 0) {
    memory->node().add_slot();
    worker_->slot = slot_claim(memory->node());
  }
  stats_.started.add();
}

void wasm_singleton_actor::run(job& j) {
  if (!worker_) {
    make_worker();
  } else {
    stats_.idle.sub();
  }
  stats_.busy.add();
  j.in_worker = true;
  worker_->run(j.call);
}

void wasm_singleton_actor::on_done(worker&, service_call* call, outcome how) {
  stats_.busy.sub();
  back_off(how);
  if (how == outcome::fine)
    stats_.idle.add();
  else
    worker_.reset();
  if (call == nullptr) {
    if (discard_) discard_worker();
    return check_drained();
  }
  running_->in_worker = false;
  call->finish();
}

/// What it answered, or why it could not, is there.
void wasm_singleton_actor::ran(job& j) {
  running_ = nullptr;
  const bool guest_was_fine = j.call.response.output.has_value();
  estimate_.answered(j.call);
  check(j);
  commit(j);
  // What it wrote is not kept, and its guest does not know. Or a commit in the midst of it failed, of which only the
  // guest was told.
  const bool dropped = guest_was_fine && !j.call.response.output && j.call.effects && j.call.effects->state &&
                       j.call.effects->state->writes();
  discard_ = discard_ || dropped || fenced();
  if (discard_) discard_worker();
  send_answers();
  run_next();
}

void wasm_singleton_actor::check(job& j) {
  auto& output = j.call.response.output;
  if (j.lost)
    output = std::unexpected(make(error_code::aborted, fault::host,
                                  "a request before this one could not be committed, and this one was built on it"));
  if (!output || settings_.outputs == output_check::off) return;
  if (const method* m = description().find(j.call.request.method))
    if (auto fits = check_answer(*m, *output, settings_.limits); !fits) {
      fits.error().cause = failure_cause::answer;
      common_.around.running = &j.call.request;
      common_.node_log.write(3, fits.error().message);
      common_.around.running = nullptr;
      if (settings_.outputs != output_check::enforce) return;
      j.call.response.unfit = *std::move(output);
      output = std::unexpected(std::move(fits.error()));
    }
}

void wasm_singleton_actor::commit(job& j) {
  auto& output = j.call.response.output;
  j.at = job::step::done;
  if (!output || !j.call.effects || !j.call.effects->state) return;
  guest_request& effects = *j.call.effects;
  const auto t = effects.state;
  if (!effects.record.empty())
    if (auto kept = t->keep_answer(effects.record, {effects.input_hash, *output}); !kept)
      output = std::unexpected(std::move(kept.error()));
  if (!output || !t->writes()) return;
  j.at = job::step::committing;
  common_.parts.state->commit(t, common_.core, [this, &j, since = common_.core.now()](result<void> how) {
    committed(j, since, std::move(how));
  });
}

void wasm_singleton_actor::committed(job& j, time_point since, result<void> how) {
  j.call.ended = common_.core.now();
  j.call.response.cost.commit = j.call.ended - since;
  j.at = job::step::done;
  if (!how) {
    if (!j.lost) j.call.response.output = std::unexpected(std::move(how.error()));
    fail_after(j);
  }
  send_answers();
  run_next();
  check_drained();
}

/// Everything that was built on this request fails with it, and so does the instance that saw it. What began under a newer
/// lease is not built on it.
void wasm_singleton_actor::fail_after(const job& j) {
  bool after = false;
  for (const auto& other : jobs_) {
    if (after && other->held == j.held) {
      other->lost = true;
      if (other.get() != running_) check(*other);
    }
    after = after || other.get() == &j;
  }
  if (j.held != common_.around.held) return;
  discard_ = true;
  if (running_ == nullptr) discard_worker();
}

void wasm_singleton_actor::discard_worker() {
  if (stats_.busy.get() > 0) return;  // its guest was abandoned: when it has been unwound
  if (worker_) stats_.idle.sub();
  worker_.reset();
  discard_ = false;
  if (fenced()) renew_lease();
}

/// Only when nothing runs under the broken one. It comes to nothing where another owner has taken over.
void wasm_singleton_actor::renew_lease() {
  if (renewing_ || discard_ || running_ != nullptr) return;
  may_run_ = false;
  renewing_ = true;
  // `this` is looked at on its own core only: at the node's end the core stops before the blocking pool does.
  auto acquire = [this, keeper = common_.parts.state, held = common_.around.held, &core = common_.core] {
    auto got = keeper->renew(held);
    core.post([this, got = std::move(got)]() mutable {
      renewing_ = false;
      if (got) return take_over(*std::move(got));
      common_.node_log.write(4, "the right to its state could not be had again: " + got.error().message);
      while (first_ != nullptr) first_->stop(got.error());
      check_drained();
    });
  };
  if (blocking_ != nullptr)
    blocking_->run(std::move(acquire));
  else
    acquire();
}

void wasm_singleton_actor::take_over(std::shared_ptr<lease> held) {
  common_.around.held = std::move(held);
  may_run_ = true;
  run_next();
  check_drained();
}

/// Answers leave in order: each may have seen what those before it wrote, in the guest's memory too.
void wasm_singleton_actor::send_answers() {
  if (std::exchange(sending_, true)) return;
  while (!jobs_.empty() && jobs_.front()->at == job::step::done && jobs_.front().get() != running_) {
    const std::unique_ptr<job> j = std::move(jobs_.front());
    jobs_.pop_front();
    if (j->outer == nullptr) continue;
    service_call& outer = *j->outer;
    outer.response = std::move(j->call.response);
    outer.request.input = std::move(j->call.request.input);
    outer.began = j->call.began;
    outer.ended = j->call.ended;
    if (j->call.effects) j->call.effects->state.reset();
    outer.effects = std::move(j->call.effects);
    outer.finish();
  }
  sending_ = false;
  check_drained();
}

void wasm_singleton_actor::settle(service_call& call) { call.finish(); }

void wasm_singleton_actor::back_off(outcome how) {
  if (how == outcome::spent) return;
  if (how == outcome::fine) {
    failures_ = 0;
    return common_.parts.trips->fine();
  }
  stats_.broken.add();
  common_.parts.trips->fault(common_.core.now());
  if (++failures_ <= failures_without_delay) return;
  const unsigned doublings = std::min(failures_ - failures_without_delay - 1, 10U);
  const duration wait = std::min<duration>(std::chrono::milliseconds(1U << doublings), longest_backoff);
  common_.core.start_after(backoff_, wait);
}

// --- beginning and end

void wasm_singleton_actor::warm(std::function<void(bool)> done) {
  warmed_ = std::move(done);
  make_worker();
  stats_.busy.add();
  worker_->warm();
}

void wasm_singleton_actor::on_warm(worker&, outcome how) {
  stats_.busy.sub();
  if (how == outcome::fine)
    stats_.idle.add();
  else
    worker_.reset();
  common_.core.post([tell = std::exchange(warmed_, nullptr), fine = how == outcome::fine] { tell(fine); });
}

void wasm_singleton_actor::drain(std::function<void()> done) {
  common_.closed = true;
  drained_ = std::move(done);
  check_drained();
}

void wasm_singleton_actor::shutdown(const error& why) {
  common_.closed = true;
  while (first_ != nullptr) first_->stop(why);
  for (const auto& j : jobs_)
    if (j->outer != nullptr) j->outer->stop(why);
  if (running_ == nullptr || !running_->in_worker) return check_drained();
  running_->in_worker = false;
  worker_->abandon();
  running_->call.finish(why);
}

void wasm_singleton_actor::check_drained() {
  if (!drained_ || first_ != nullptr || !jobs_.empty() || running_ != nullptr || renewing_ || state_.open() > 0) return;
  if (stats_.busy.get() > 0) return;  // an abandoned guest is being unwound
  if (worker_) {
    worker_.reset();
    stats_.idle.sub();
  }
  common_.core.post(std::exchange(drained_, nullptr));  // not from within a call: it may destroy this actor
}

}  // namespace waggle
