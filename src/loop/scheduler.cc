#include "loop/scheduler.h"

#include <algorithm>
#include <cassert>

namespace waggle {

task::~task() {
  if (queued()) flow_.owner_.dequeue(*this);
}

flow::~flow() { assert(!in_turn_.is_linked()); }

void scheduler::enqueue(task& t) {
  flow& f = t.flow_;
  const bool is_short = t.used_ < slice;
  task::queue& q = is_short ? f.short_ : f.long_;
  t.queue_ = &q;
  t.place_ = ++places_;
  t.next_ = nullptr;
  t.previous_ = q.last;
  (q.last != nullptr ? q.last->next_ : q.first) = &t;
  q.last = &t;
  if (!is_short) ++long_ones_;
  if (!f.held_) line_up(f);
}

/// It has tasks: it takes part.
void scheduler::line_up(flow& f) {
  if (!f.in_turn_.is_linked()) {
    // Debts are kept: a service cannot shed them by falling idle for a moment. Of what it did not use, a slice is.
    f.spent_ = std::max(f.spent_, reached_ - slice);
    in_turn_.insert(f);
  }
  if (f.short_.first != nullptr && !f.in_short_.is_linked()) in_short_.insert(f);
}

void scheduler::leave(flow& f) {
  if (f.in_short_.is_linked()) in_short_.erase(in_short_.iterator_to(f));
  if (f.in_turn_.is_linked()) in_turn_.erase(in_turn_.iterator_to(f));
}

void scheduler::dequeue(task& t) {
  flow& f = t.flow_;
  task::queue& q = *t.queue_;
  (t.previous_ != nullptr ? t.previous_->next_ : q.first) = t.next_;
  (t.next_ != nullptr ? t.next_->previous_ : q.last) = t.previous_;
  t.queue_ = nullptr;
  if (&q == &f.long_) --long_ones_;
  if (f.short_.first == nullptr && f.in_short_.is_linked()) in_short_.erase(in_short_.iterator_to(f));
  if (f.short_.first == nullptr && f.long_.first == nullptr) leave(f);
}

bool scheduler::ready(task& t) {
  if (t.queued()) return false;
  enqueue(t);
  if (running() || t.flow_.held_) return false;
  const choice c = next();
  const bool at_once = c.it == &t;
  if (at_once) run(c);
  if (!idle() && wake_ != nullptr) wake_(wake_self_);
  return at_once;
}

void scheduler::hold(flow& f) {
  f.held_ = true;
  leave(f);
}

void scheduler::release(flow& f) {
  f.held_ = false;
  if (f.short_.first == nullptr && f.long_.first == nullptr) return;
  line_up(f);
  if (!running() && wake_ != nullptr) wake_(wake_self_);
}

scheduler::choice scheduler::next() {
  if (in_turn_.empty()) return {};
  flow& f = *in_turn_.begin();
  // Within a service in their order, so that its own short requests do not keep its long ones from ever ending.
  task* const one = f.short_.first;
  task* const other = f.long_.first;
  task* const due = one == nullptr || (other != nullptr && other->place_ < one->place_) ? other : one;
  if (due == one || long_ones_ == 0 || favour_ <= duration(0) || in_short_.empty()) return {due, false};
  return {in_short_.begin()->short_.first, true};
}

/// Its place among the others changes with what it has had.
void scheduler::charge(flow& f, duration took, bool out_of_turn) {
  const bool in_turn = f.in_turn_.is_linked();
  const bool in_short = f.in_short_.is_linked();
  if (in_turn) in_turn_.erase(in_turn_.iterator_to(f));
  if (in_short) in_short_.erase(in_short_.iterator_to(f));
  const duration before = f.spent_;
  f.spent_ += took / f.weight_;
  // What it had out of turn it owes, but no more than a slice, or this one: else it would wait for minutes when it needs more.
  if (out_of_turn) f.spent_ = std::min(f.spent_, std::max(before, reached_ + std::max(slice, took) / f.weight_));
  if (in_turn) in_turn_.insert(f);
  if (in_short) in_short_.insert(f);
}

void scheduler::note_use(duration took, time_point ended) {
  constexpr duration window = 2 * slice;
  window_used_ += took;
  const duration past = ended - window_began_;
  if (past < window) return;
  if (window_used_ * 4 >= past * 3) full_until_ = ended + window;
  window_began_ = ended;
  window_used_ = duration(0);
}

void scheduler::run(choice c) {
  task& t = *c.it;
  flow& f = t.flow_;
  const bool was_long = t.queue_ == &f.long_;
  dequeue(t);
  if (!c.out_of_turn) reached_ = std::max(reached_, f.spent_);
  running_.store(true, std::memory_order_relaxed);
  recent_ = time_.now();
  time_point ended = recent_;
  const slice_end end = t.run_slice(recent_, ended);
  running_.store(false, std::memory_order_relaxed);
  const duration took = ended - recent_;
  note_use(took, ended);
  if (c.out_of_turn) favour_ -= took;
  if (was_long) favour_ = std::min(favour_ + took, slice);
  charge(f, took, c.out_of_turn);
  f.used_.add(static_cast<std::uint64_t>(took.count()));
  if (end == slice_end::finished) return;  // it may be gone
  t.used_ += took;
  if (end == slice_end::yielded && !t.queued()) enqueue(t);  // it may have been made ready within its own slice
}

bool scheduler::run_one() {
  const choice c = next();
  if (c.it == nullptr) return false;
  run(c);
  return true;
}

bool scheduler::run(duration budget) {
  const time_point until = time_.now() + budget;
  while (run_one())
    if (time_.now() >= until) break;
  return !idle();
}

}  // namespace waggle
