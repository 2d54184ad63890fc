#include "runtime/pool.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace waggle {
namespace {

// A replacement for a worker whose guest failed comes at once for the first few in a row, then later and later.
constexpr unsigned failures_without_delay = 3;
// While another shard waits, every so manieth freed worker goes there, though requests wait here too.
constexpr unsigned fair_turns = 16;
constexpr duration longest_backoff = std::chrono::milliseconds(100);
// When an instance that is to be kept warm had to go, it is not made anew sooner.
constexpr duration refill_after = std::chrono::seconds(1);

duration backoff(unsigned failures) {
  if (failures <= failures_without_delay) return duration(0);
  const unsigned doublings = std::min(failures - failures_without_delay - 1, 10U);
  return std::min<duration>(std::chrono::milliseconds(1U << doublings), longest_backoff);
}

}  // namespace

/// A live worker and what the pool remembers of it.
struct wasm_worker_pool::slot : core_memory::idle_instance {
  std::unique_ptr<worker> it;
  std::size_t index = 0;         // in slots_
  service_call* call = nullptr;  // whose turn it is; null when idle, warming or abandoned
  unsigned origin = 0;           // the core that `call` belongs to
  std::uint32_t served = 0;
  time_point idle_since{};
};

wasm_worker_pool::wasm_worker_pool(core_loop& core, std::shared_ptr<pool_permits> permits, pool_limits limits,
                                   breaker& trips, worker_factory make, memory_account memory)
    : core_(core),
      permits_(std::move(permits)),
      limits_(limits),
      trips_(trips),
      make_(std::move(make)),
      estimate_(limits.queue_wait),
      memory_(std::move(memory)),
      needs_(limits.needs),
      backoff_timer_(this,
                     [](void* self) {
                       auto& me = *static_cast<wasm_worker_pool*>(self);
                       me.fill();
                       me.pump();
                     }),
      shrink_timer_(this, [](void* self) { static_cast<wasm_worker_pool*>(self)->shrink(); }),
      refill_timer_(this, [](void* self) { static_cast<wasm_worker_pool*>(self)->fill(); }) {}

wasm_worker_pool::~wasm_worker_pool() = default;

// --- a request's way in

void wasm_worker_pool::invoke(service_call& call) {
  if (cut_off_) return call.finish(*cut_off_);  // it comes late: a repeat, or run once more
  ++held_;
  call.stoppable(this, [](void* self, service_call& c, error why) {
    static_cast<wasm_worker_pool*>(self)->stop(c, std::move(why));
  });
  call.held.begun = {};
  const auto refuse = [&](error why) {
    call.response.output = std::unexpected(std::move(why));
    finish(call);
  };
  if (seat s; first_ == nullptr && acquire(s)) return take(s, call);  // whoever waits goes first
  if (hopeless() || (no_room_ && call.request.context.never_queues))
    return refuse(memory_.no_room(needs_, core_.now()));
  if (call.request.context.never_queues) {
    return refuse(overloaded(failure_cause::ring,
                             fmt::format("all {} workers are busy, and on a ring of services a call never waits: {}",
                                         permits_->max(), to_string(*call.request.context.path)),
                             std::chrono::seconds(1)));
  }
  if (auto why = refuses()) return refuse(*std::move(why));
  if (auto why = estimate_.comes_too_late(call, permits_->waiting(core_.index()))) return refuse(*std::move(why));
  enqueue(call);
  pump();  // again, after it was published that somebody waits here
}

std::optional<error> wasm_worker_pool::refuses() const {
  if (first_ == nullptr && (permits_->idle(core_.index()) > 0 ||
                            (permits_->live() < permits_->max() && !backing_off()) || permits_->any_idle()))
    return std::nullopt;
  if (const std::uint32_t waiting = permits_->waiting(); waiting >= limits_.queue)
    return overloaded(
        failure_cause::queue_full,
        fmt::format("all {} workers are busy and {} requests wait: try again later", permits_->max(), waiting),
        std::chrono::seconds(1));
  return estimate_.waits_too_long(permits_->waiting(core_.index()), core_.now());
}

/// Where this core has more to run than it can, one that has not. The few connections of a client may all be here.
bool wasm_worker_pool::acquire_elsewhere(seat& s) {
  for (unsigned i = 1; i < permits_->cores(); ++i) {
    const unsigned other = (core_.index() + i) % permits_->cores();
    if (!peers_[other]->core_.free()) continue;
    if (permits_->claim_idle(other)) {
      s.core = other;
      return true;
    }
    return ask_for_help(*peers_[other]), false;
  }
  return false;
}

/// There will be an idle worker for the next request; this one does not wait for it.
void wasm_worker_pool::ask_for_help(wasm_worker_pool& peer) {
  if (asking_ || permits_->live() >= permits_->max()) return;
  asking_ = true;
  ++held_;  // the answer must find this pool here
  peer.core_.post([this, &peer] {
    peer.help();
    core_.post([this] {
      asking_ = false;
      --held_;
      check_drained();
    });
  });
}

void wasm_worker_pool::help() {
  if (draining_ || !idle_.empty() || backing_off() || !core_.free()) return;
  slot* const s = make(false);
  if (s == nullptr) return;
  stats_.busy.add();
  s->it->warm();
}

bool wasm_worker_pool::acquire(seat& s) {
  no_room_ = false;
  if (core_.crowded() && acquire_elsewhere(s)) return true;
  if (permits_->claim_idle(core_.index())) {
    s.here = &take_idle(idle_.size() - 1);
    return true;
  }
  if (!backing_off() && (s.here = make(false)) != nullptr) return true;
  for (unsigned i = 1; i < permits_->cores(); ++i) {
    s.core = (core_.index() + i) % permits_->cores();
    if (permits_->claim_idle(s.core)) return true;
  }
  return no_room_ && (s.here = make(true)) != nullptr;
}

void wasm_worker_pool::take(const seat& s, service_call& call) {
  if (s.here != nullptr)
    run_on(*s.here, call, core_.index());
  else
    hand_over(call, s.core, nullptr);
}

void wasm_worker_pool::run_on(slot& s, service_call& call, unsigned origin) {
  s.call = &call;
  s.origin = origin;
  if (origin == core_.index()) {
    call.held.at = &s;
    call.held.state = static_cast<std::uint32_t>(state::running);
  }
  stats_.busy.add();
  ++s.served;
  s.it->run(call);  // the slot may be gone after this
}

void wasm_worker_pool::hand_over(service_call& call, unsigned core, slot* granted) {
  wasm_worker_pool* const peer = peers_[core];
  call.held.state = static_cast<std::uint32_t>(state::remote);
  call.held.at = peer;
  if (call.waiting_since == time_point{}) begin_waiting(call);
  stats_.handed_over.add();
  peer->core_.post([peer, granted, &call, from = core_.index()] {
    peer->run_on(granted != nullptr ? *granted : peer->take_idle(peer->idle_.size() - 1), call, from);
    if (peer->cut_off_) peer->stop_for_peer(&call, from, *peer->cut_off_);
  });
}

// --- and its way back

void wasm_worker_pool::on_done(worker& w, service_call* call, outcome how) {
  slot& s = *static_cast<slot*>(w.owner);
  const unsigned origin = s.origin;
  s.call = nullptr;
  stats_.busy.sub();
  saw(w);
  if (how != outcome::spent) note_outcome(how);
  if (how == outcome::fine && !limits_.fresh && (limits_.max_requests == 0 || s.served < limits_.max_requests)) {
    became_idle(s);
  } else {
    destroy(s);
    freed();
  }
  fill();
  if (call == nullptr)
    check_drained();  // abandoned: it was finished when it was taken away
  else if (origin == core_.index())
    finish(*call);
  else
    send_home(*call, origin);
}

void wasm_worker_pool::finish(service_call& call) {
  --held_;
  estimate_.answered(call);
  call.finish();
  check_drained();
}

void wasm_worker_pool::send_home(service_call& call, unsigned origin) {
  wasm_worker_pool* const home = peers_[origin];
  call.waiting_since = core_.now();
  home->core_.post([home, &call] {
    call.ended = home->core_.now();
    call.response.cost.queue += call.ended - call.waiting_since;
    home->finish(call);
  });
  check_drained();
}

// --- a caller that waits no longer

void wasm_worker_pool::stop(service_call& call, error why) {
  switch (static_cast<state>(call.held.state)) {
    case state::queued:
      unlink(call);
      call.ended = core_.now();
      call.response.cost.queue += call.ended - call.waiting_since;
      call.response.output = std::unexpected(std::move(why));
      finish(call);
      break;
    case state::running: {
      slot& s = *static_cast<slot*>(call.held.at);
      s.call = nullptr;
      s.it->abandon();
      call.response.output = std::unexpected(std::move(why));
      finish(call);
      break;
    }
    case state::remote: {
      // It may be on its way back already; then the other core finds nothing to stop. Messages between two cores stay
      // in order, so a later request in the same object cannot be meant.
      auto* const peer = static_cast<wasm_worker_pool*>(call.held.at);
      peer->core_.post([peer, at = &call, from = core_.index(), why = std::move(why)]() mutable {
        peer->stop_for_peer(at, from, std::move(why));
      });
      break;
    }
  }
}

void wasm_worker_pool::stop_for_peer(service_call* call, unsigned origin, error why) {
  for (const auto& s : slots_) {
    if (s->call != call || s->origin != origin) continue;
    s->call = nullptr;
    s->it->abandon();
    call->response.output = std::unexpected(std::move(why));
    return send_home(*call, origin);
  }
}

// --- the queue

void wasm_worker_pool::begin_waiting(service_call& call) {
  call.waiting_since = core_.now();
  if (call.began == time_point{}) call.began = call.waiting_since;
}

void wasm_worker_pool::enqueue(service_call& call) {
  begin_waiting(call);
  call.held = {.next = nullptr,
               .previous = last_,
               .at = nullptr,
               .state = static_cast<std::uint32_t>(state::queued),
               .begun = {}};
  (last_ != nullptr ? last_->held.next : first_) = &call;
  last_ = &call;
  if (first_ == last_) estimate_.queue_began(call.waiting_since);
  stats_.queued.add();
  permits_->add_waiting(core_.index());
}

void wasm_worker_pool::unlink(service_call& call) {
  (call.held.previous != nullptr ? call.held.previous->held.next : first_) = call.held.next;
  (call.held.next != nullptr ? call.held.next->held.previous : last_) = call.held.previous;
  stats_.queued.sub();
  permits_->remove_waiting(core_.index());
}

void wasm_worker_pool::pump() {
  if (pumping_) return;  // running one may free another; the outer loop goes on
  pumping_ = true;
  for (seat s; first_ != nullptr && acquire(s); s = {}) take(s, dequeue());
  if (first_ != nullptr && hopeless()) refuse_for_memory();  // nobody would wake them
  pumping_ = false;
}

service_call& wasm_worker_pool::dequeue() {
  service_call& call = *first_;
  unlink(call);
  call.held.begun = core_.now();
  estimate_.left_queue(call.held.begun);
  return call;
}

wasm_worker_pool* wasm_worker_pool::waiting_peer() const {
  for (unsigned i = 1; i < permits_->cores(); ++i)
    if (const unsigned other = (core_.index() + i) % permits_->cores(); permits_->waiting(other) > 0)
      return peers_[other];
  return nullptr;
}

/// Lends an idle worker to a shard that has waiters. Until the answer comes it is nobody else's.
void wasm_worker_pool::grant(slot& s, wasm_worker_pool& to) {
  to.core_.post([&to, this, &s] { to.on_grant(*this, s); });
}

void wasm_worker_pool::on_grant(wasm_worker_pool& from, slot& s) {
  if (first_ != nullptr) return hand_over(dequeue(), from.core_.index(), &s);
  from.core_.post([&from, &s] { from.became_idle(s); });
}

// --- workers

/// Whether another instance fits. Of its own budget a service always gets one; of the node's none that is not there.
bool wasm_worker_pool::room(bool may_drop_others) {
  if (memory_.service && !memory_.service->memory_for(needs_.bytes) && permits_->live() > 0) return false;
  if (memory_.core == nullptr || memory_.core->node().room_for(needs_)) return true;
  no_room_ = true;
  if (!may_drop_others || asked_) return false;
  ++held_;  // the answer must find this pool here
  const auto made = memory_.core->make_room(needs_, [this] { on_room(); });
  asked_ = made == core_memory::made::soon;
  if (!asked_) --held_;
  no_room_ = made != core_memory::made::here;
  return !no_room_;
}

/// The other cores have made what room they can.
void wasm_worker_pool::on_room() {
  --held_;
  pump();
  asked_ = false;
  if (first_ != nullptr && hopeless()) refuse_for_memory();
  check_drained();
}

void wasm_worker_pool::saw(const worker& w) {
  if (w.fresh_bytes > 0) needs_.bytes = w.fresh_bytes;
}

/// The node's memory is short: one that is idle here goes, also one that is to be kept warm.
bool wasm_worker_pool::drop(slot& s) {
  if (!permits_->claim_idle(core_.index())) return false;  // all promised to other cores
  const auto at = std::ranges::find(idle_, &s);
  destroy(take_idle(static_cast<std::size_t>(at - idle_.begin())));
  if (slots_.size() < limits_.min) {
    core_.start(refill_timer_, core_.now() + refill_after);
    if (memory_.say && !std::exchange(said_short_, true))
      memory_.say(
          "an instance that is to be kept warm (pool.min) had to go: the node's memory or instances are short "
          "(limits.memory_mb, wasm.instances). It is made again when there is room, or for a request");
  }
  ++held_;  // a permit is free: whoever waits hears of it, not from within what made the memory short
  core_.post([this] {
    --held_;
    freed();
    check_drained();
  });
  return true;
}

void wasm_worker_pool::shed() {
  for (wasm_worker_pool* const peer : peers_)
    if (peer == this)
      shed_here();
    else
      peer->core_.post([peer] { peer->shed_here(); });
}

void wasm_worker_pool::shed_here() {
  while (!memory_.service->memory_for(0) && !idle_.empty() && drop(*idle_.front())) {
  }
}

void wasm_worker_pool::refuse_for_memory() {
  while (first_ != nullptr) stop(*first_, memory_.no_room(needs_, core_.now()));
}

wasm_worker_pool::slot* wasm_worker_pool::make(bool may_drop_others) {
  if (permits_->live() >= permits_->max() || !room(may_drop_others) || !permits_->take()) return nullptr;
  const bool takes_slot = memory_.core != nullptr && needs_.slots > 0;
  if (takes_slot && !memory_.core->node().take_slot(needs_.slots)) {  // another core was quicker
    permits_->give_back();
    no_room_ = true;
    return nullptr;
  }
  auto s = std::make_unique<slot>();
  s->it = make_(*this);
  s->it->owner = s.get();
  if (takes_slot) s->it->slot = slot_claim(memory_.core->node());
  s->pooled = takes_slot;
  s->pool = this;
  s->drop = [](void* self, core_memory::idle_instance& it) {
    return static_cast<wasm_worker_pool*>(self)->drop(static_cast<slot&>(it));
  };
  s->index = slots_.size();
  slots_.push_back(std::move(s));
  stats_.started.add();
  return slots_.back().get();
}

void wasm_worker_pool::became_idle(slot& s) {
  wasm_worker_pool* peer = waiting_peer();
  if (first_ != nullptr && (peer == nullptr || ++in_a_row_ < fair_turns)) return run_on(s, dequeue(), core_.index());
  in_a_row_ = 0;
  if (peer != nullptr) return grant(s, *peer);
  const bool too_large = memory_.service && !memory_.service->memory_for(0) && permits_->live() > 1;
  if (draining_ || too_large) {
    destroy(s);
    freed();
    return check_drained();
  }
  s.idle_since = core_.slices().recent();
  idle_.push_back(&s);
  stats_.idle.add();
  permits_->add_idle(core_.index());
  s.bytes = s.it->has_bytes;
  if (memory_.service) memory_.service->count_idle(s.bytes, false, 1);
  if (memory_.core != nullptr) memory_.core->became_idle(s);
  // Published; whoever began to wait before that and found nothing is seen now.
  peer = waiting_peer();
  if (peer != nullptr && permits_->claim_idle(core_.index())) return grant(take_idle(idle_.size() - 1), *peer);
  plan_shrink();
}

wasm_worker_pool::slot& wasm_worker_pool::take_idle(std::size_t at) {
  slot& s = *idle_.at(at);
  idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(at));
  if (memory_.service) memory_.service->count_idle(s.bytes, false, -1);
  if (memory_.core != nullptr) memory_.core->no_longer_idle(s);
  stats_.idle.sub();
  return s;
}

void wasm_worker_pool::destroy(slot& s) {
  const std::size_t at = s.index;
  std::swap(slots_[at], slots_.back());
  slots_[at]->index = at;
  slots_.pop_back();
  permits_->give_back();
}

/// A permit was given back: whoever waits may use it. Those here first, but for every so manieth time.
void wasm_worker_pool::freed() {
  if (first_ != nullptr && waiting_peer() != nullptr && ++in_a_row_ >= fair_turns)
    in_a_row_ = 0;
  else
    pump();
  offer(1);
}

/// Tells the others that wait, one after the other, for as long as there is a permit to be had: one that was told may
/// need it no more, or may be backing off.
void wasm_worker_pool::offer(unsigned nth) {
  for (; nth < permits_->cores() && permits_->live() < permits_->max(); ++nth) {
    const unsigned other = (core_.index() + nth) % permits_->cores();
    if (permits_->waiting(other) == 0) continue;
    ++held_;  // the answer must find this pool here
    peers_[other]->core_.post([this, peer = peers_[other], nth] {
      peer->pump();
      core_.post([this, nth] {
        --held_;
        offer(nth + 1);
        check_drained();
      });
    });
    return;
  }
  pump();
}

void wasm_worker_pool::note_outcome(outcome how) {
  if (how == outcome::fine) {
    failures_ = 0;
    backoff_until_ = {};
    return trips_.fine();
  }
  if (how == outcome::broken) {
    stats_.broken.add();
    trips_.fault(core_.now());
  }
  const duration wait = backoff(++failures_);
  if (wait == duration(0)) return;
  backoff_until_ = core_.now() + wait;
  core_.start(backoff_timer_, backoff_until_);
}

bool wasm_worker_pool::backing_off() const { return backoff_until_ > time_point{} && core_.now() < backoff_until_; }

void wasm_worker_pool::fill() {
  if (slots_.size() >= limits_.min || filling_ || draining_ || backing_off() || refill_timer_.running()) return;
  no_room_ = false;
  filling_ = true;  // a worker may be warm before `warm` returns
  while (slots_.size() < limits_.min && !backing_off() && !refill_timer_.running()) {
    slot* const s = make(false);
    if (s == nullptr) break;
    stats_.busy.add();
    s->it->warm();
  }
  if (no_room_) core_.start(refill_timer_, core_.now() + refill_after);
  filling_ = false;
}

void wasm_worker_pool::warm(std::move_only_function<void(bool)> done) {
  warm_done_ = std::move(done);
  warming_ = true;
  fill();
  check_warm();
}

void wasm_worker_pool::check_warm() {
  if (!warming_ || (!warm_failed_ && idle_.size() < std::min<std::size_t>(limits_.min, slots_.size()))) return;
  warming_ = false;
  core_.post([done = std::move(warm_done_), fine = !warm_failed_]() mutable { done(fine); });
}

void wasm_worker_pool::on_warm(worker& w, outcome how) {
  slot& s = *static_cast<slot*>(w.owner);
  stats_.busy.sub();
  saw(w);
  note_outcome(how);  // here also what is nobody's fault: it is not tried again at once
  if (how == outcome::fine) {
    became_idle(s);
  } else {
    warm_failed_ = true;
    destroy(s);
    freed();
  }
  check_warm();
  if (!warming_) fill();
  check_drained();
}

// --- idle workers go, down to the minimum, the coldest first

void wasm_worker_pool::plan_shrink() {
  if (limits_.idle == duration(0) || slots_.size() <= limits_.min || idle_.empty() || shrink_timer_.running()) return;
  core_.start(shrink_timer_, idle_.front()->idle_since + limits_.idle);
}

void wasm_worker_pool::shrink() {
  while (slots_.size() > limits_.min && !idle_.empty() && idle_.front()->idle_since + limits_.idle <= core_.now()) {
    if (!permits_->claim_idle(core_.index())) return;  // all promised to other cores
    destroy(take_idle(0));
    freed();
  }
  plan_shrink();
}

// --- the end

void wasm_worker_pool::drain(std::move_only_function<void()> done) {
  draining_ = true;
  drained_ = std::move(done);
  while (permits_->claim_idle(core_.index())) destroy(take_idle(idle_.size() - 1));
  freed();
  check_drained();
}

void wasm_worker_pool::shutdown(const error& why) {
  cut_off_ = why;
  while (first_ != nullptr) stop(*first_, why);
  for (std::size_t i = slots_.size(); i-- > 0;) {
    if (i >= slots_.size() || slots_[i]->call == nullptr) continue;
    service_call& call = *slots_[i]->call;
    if (slots_[i]->origin == core_.index())
      call.stop(why);
    else
      stop_for_peer(&call, slots_[i]->origin, why);
  }
}

void wasm_worker_pool::check_drained() {
  if (!draining_ || !drained_ || !empty()) return;
  core_.post(std::exchange(drained_, nullptr));  // not from within a call: it may destroy this pool
}

}  // namespace waggle
