#include "runtime/core_memory.h"

#include <utility>

namespace waggle {

void core_memory::became_idle(idle_instance& it) {
  it.queued = true;
  it.next = nullptr;
  it.previous = last_;
  (last_ != nullptr ? last_->next : first_) = &it;
  last_ = &it;
  if (!node_.room_for(0)) drop_until_room(0);  // it was short while this one was busy; it may be this one that goes
}

void core_memory::no_longer_idle(idle_instance& it) {
  if (!it.queued) return;
  it.queued = false;
  (it.previous != nullptr ? it.previous->next : first_) = it.next;
  (it.next != nullptr ? it.next->previous : last_) = it.previous;
}

void core_memory::changed(std::int64_t bytes) {
  node_.add(bytes);
  if (bytes > 0 && !node_.room_for(0)) make_room(0);
}

bool core_memory::make_room(std::uint64_t bytes) {
  if (drop_until_room(bytes)) return true;
  for (core_memory* const other : all_)
    if (other != this) other->core_.post([other, bytes] { other->drop_until_room(bytes); });
  return false;
}

bool core_memory::drop_until_room(std::uint64_t bytes) {
  if (std::exchange(dropping_, true)) return node_.room_for(bytes);
  for (idle_instance* it = first_; it != nullptr && !node_.room_for(bytes);) {
    idle_instance* const next = it->next;
    it->drop(it->pool, *it);  // it leaves the line, if it goes
    it = next;
  }
  dropping_ = false;
  return node_.room_for(bytes);
}

}  // namespace waggle
