#include "loop/scheduler.h"

#include <algorithm>
#include <cassert>

namespace waggle {

task::~task() {
  if (queued_) flow_.owner_.dequeue(*this);
}

flow::~flow() {
  assert(first_ == nullptr);
  if (place_ != place::nowhere) owner_.remove(*this);
}

void scheduler::append(flow_list& list, flow& f, flow::place where) {
  f.place_ = where;
  f.next_ = nullptr;
  f.previous_ = list.last;
  (list.last != nullptr ? list.last->next_ : list.first) = &f;
  list.last = &f;
}

void scheduler::remove(flow& f) {
  flow_list& list = f.place_ == flow::place::fresh ? fresh_ : old_;
  (f.previous_ != nullptr ? f.previous_->next_ : list.first) = f.next_;
  (f.next_ != nullptr ? f.next_->previous_ : list.last) = f.previous_;
  f.place_ = flow::place::nowhere;
}

void scheduler::enqueue(task& t) {
  flow& f = t.flow_;
  t.queued_ = true;
  t.next_ = nullptr;
  t.previous_ = f.last_;
  (f.last_ != nullptr ? f.last_->next_ : f.first_) = &t;
  f.last_ = &t;
}

void scheduler::dequeue(task& t) {
  flow& f = t.flow_;
  (t.previous_ != nullptr ? t.previous_->next_ : f.first_) = t.next_;
  (t.next_ != nullptr ? t.next_->previous_ : f.last_) = t.previous_;
  t.queued_ = false;
}

bool scheduler::ready(task& t) {
  if (t.queued_) return false;
  enqueue(t);
  flow& f = t.flow_;
  if (f.held_) return false;
  const bool newcomer = f.place_ == flow::place::nowhere;
  if (newcomer) {
    // Debts are kept: a service cannot shed them by falling idle for a moment. Credit is not.
    f.credit_ = std::min(f.credit_ + slice * f.weight_, slice * f.weight_);
    const bool creditable = f.credit_ > duration(0);
    append(creditable ? fresh_ : old_, f, creditable ? flow::place::fresh : flow::place::old);
  }
  if (running_) return false;
  const bool at_once = newcomer && fresh_.first == &f;
  if (at_once) run_one();
  if (!idle() && wake_ != nullptr) wake_(wake_self_);
  return at_once;
}

void scheduler::hold(flow& f) {
  f.held_ = true;
  if (f.place_ != flow::place::nowhere) remove(f);
}

void scheduler::release(flow& f) {
  f.held_ = false;
  if (f.first_ == nullptr || f.place_ != flow::place::nowhere) return;
  append(old_, f, flow::place::old);  // it was no newcomer when it was held
  if (!running_ && wake_ != nullptr) wake_(wake_self_);
}

// Nothing left to run: it leaves, but a fresh one passes through the old ones first if there are any, so that it
// cannot be fresh again and again while they wait.
void scheduler::retire(flow& f) {
  const bool linger = f.place_ == flow::place::fresh && old_.first != nullptr;
  remove(f);
  if (linger) append(old_, f, flow::place::old);
}

flow* scheduler::next_flow() {
  for (;;) {
    flow* const f = fresh_.first != nullptr ? fresh_.first : old_.first;
    if (f == nullptr) return nullptr;
    if (f->first_ == nullptr) {
      retire(*f);
      continue;
    }
    if (f->credit_ > duration(0)) return f;
    f->credit_ += slice * f->weight_;
    remove(*f);
    append(old_, *f, flow::place::old);
  }
}

bool scheduler::run_one() {
  flow* const f = next_flow();
  if (f == nullptr) return false;
  task& t = *f->first_;
  dequeue(t);
  running_ = true;
  recent_ = time_.now();
  time_point ended = recent_;
  const slice_end end = t.run_slice(recent_, ended);
  running_ = false;
  f->credit_ -= ended - recent_;
  if (end == slice_end::yielded && !t.queued_) enqueue(t);  // it may have been made ready within its own slice
  if (f->first_ == nullptr && f->place_ != flow::place::nowhere) retire(*f);
  return true;
}

bool scheduler::run(duration budget) {
  const time_point until = time_.now() + budget;
  while (run_one())
    if (time_.now() >= until) break;
  return !idle();
}

}  // namespace waggle
