#include "loop/timer_wheel.h"

#include <bit>

namespace waggle {

void timer::stop() {
  if (wheel_ != nullptr) wheel_->unlink(*this);
}

timer_wheel::~timer_wheel() {
  for (timer* head : heads_)
    while (head != nullptr) {
      timer* const after = head->next_;
      head->wheel_ = nullptr;
      head = after;
    }
}

void timer_wheel::start(timer& t, time_point when) {
  t.stop();
  // Rounded up: never early.
  const auto since = when > start_ ? when - start_ : duration(0);
  t.tick_ = std::max<std::uint64_t>(current_ + 1, static_cast<std::uint64_t>((since + tick - duration(1)) / tick));
  insert(t);
}

void timer_wheel::insert(timer& t) {
  const std::size_t slot = t.tick_ % slots;
  t.wheel_ = this;
  t.next_ = heads_[slot];
  t.link_ = &heads_[slot];
  if (t.next_ != nullptr) t.next_->link_ = &t.next_;
  heads_[slot] = &t;
  used_[slot / 64] |= std::uint64_t{1} << (slot % 64);
  ++size_;
}

void timer_wheel::unlink(timer& t) {
  *t.link_ = t.next_;
  if (t.next_ != nullptr) t.next_->link_ = t.link_;
  const std::size_t slot = t.tick_ % slots;
  if (heads_[slot] == nullptr) used_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  t.wheel_ = nullptr;
  --size_;
}

void timer_wheel::advance(time_point now) {
  if (now < start_) return;
  const auto target = static_cast<std::uint64_t>((now - start_) / tick);
  if (target <= current_) return;
  // After a long pause one turn of the wheel visits every slot; later ticks of a slot are told apart by `tick_`.
  const std::uint64_t first = current_ + 1;
  const std::uint64_t last = std::min<std::uint64_t>(target, current_ + slots);
  current_ = target;
  timer* due = nullptr;  // taken out first: an action may start and stop others
  timer** tail = &due;
  for (std::uint64_t at = first; at <= last; ++at) {
    const std::size_t slot = at % slots;
    if ((used_[slot / 64] >> (slot % 64) & 1) == 0) continue;
    for (timer* t = heads_[slot]; t != nullptr;) {
      timer* const after = t->next_;
      if (t->tick_ <= target) {
        unlink(*t);
        t->wheel_ = this;  // still ours, so that stopping it while it is due works
        ++size_;
        t->next_ = nullptr;
        t->link_ = tail;
        *tail = t;
        tail = &t->next_;
      }
      t = after;
    }
  }
  while (due != nullptr) {
    timer& t = *due;
    unlink(t);
    t.run_(t.self_);
  }
}

time_point timer_wheel::next() const {
  if (size_ == 0) return time_point::max();
  const std::size_t from = (current_ + 1) % slots;
  for (std::size_t step = 0; step <= used_.size(); ++step) {
    const std::size_t word = (from / 64 + step) % used_.size();
    std::uint64_t bits = used_[word];
    if (step == 0) bits &= ~std::uint64_t{0} << (from % 64);
    if (bits == 0) continue;
    const std::size_t slot = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
    const std::uint64_t ahead = (slot + slots - from) % slots;
    return start_ + tick * static_cast<std::int64_t>(current_ + 1 + ahead);
  }
  return start_ + tick * static_cast<std::int64_t>(current_ + slots);
}

}  // namespace waggle
