#include "runtime/core_memory.h"

#include <utility>

#include <fmt/format.h>

#include "core/error.h"

namespace waggle {

void memory_holders::add(std::string service, std::weak_ptr<const memory_budget> has) {
  const std::lock_guard lock(mutex_);
  std::erase_if(all_, [](const auto& each) { return each.second.expired(); });
  all_.emplace_back(std::move(service), std::move(has));
}

std::optional<std::pair<std::string, std::uint64_t>> memory_holders::most(time_point now) {
  const std::lock_guard lock(mutex_);
  if (told_ && now - *told_ < std::chrono::seconds(10)) return std::nullopt;
  told_ = now;
  std::pair<std::string, std::uint64_t> most;
  for (const auto& [service, has] : all_)
    if (const auto here = has.lock(); here && here->used() >= most.second) most = {service, here->used()};
  return most;
}

bool memory_budget::take_slot(std::uint32_t most) {
  std::uint32_t n = slots_.load();
  while (n < most)
    if (slots_.compare_exchange_weak(n, n + 1)) return true;
  return false;
}

void memory_budget::count_idle(std::uint64_t bytes, bool slot, int more) {
  idle_.fetch_add(static_cast<std::int64_t>(bytes) * more, std::memory_order_relaxed);
  if (slot) idle_slots_.fetch_add(more, std::memory_order_relaxed);
}

void core_memory::became_idle(idle_instance& it) {
  it.queued = true;
  node_.count_idle(it.bytes, it.pooled, 1);
  it.next = nullptr;
  it.previous = last_;
  (last_ != nullptr ? last_->next : first_) = &it;
  last_ = &it;
  if (!node_.room_for({})) drop_until_room({});  // it was short while this one was busy; it may be this one that goes
}

void core_memory::no_longer_idle(idle_instance& it) {
  if (!it.queued) return;
  it.queued = false;
  node_.count_idle(it.bytes, it.pooled, -1);
  (it.previous != nullptr ? it.previous->next : first_) = it.next;
  (it.next != nullptr ? it.next->previous : last_) = it.previous;
}

void core_memory::changed(std::int64_t bytes) {
  node_.add(bytes);
  if (bytes > 0 && !node_.room_for({}) && !drop_until_room({})) ask_others({}, nullptr);
}

core_memory::made core_memory::make_room(const instance_needs& of, std::function<void()> then) {
  if (!node_.could_have(of)) return made::none;
  if (drop_until_room(of)) return made::here;
  if (all_.size() < 2) return made::none;
  ask_others(of, std::move(then));
  return made::soon;
}

void core_memory::ask_others(const instance_needs& of, std::function<void()> then) {
  const auto left = std::make_shared<std::atomic<std::size_t>>(all_.size() - 1);
  for (core_memory* const other : all_)
    if (other != this)
      other->core_.post([this, other, of, left, then] {
        other->drop_until_room(of);
        if (--*left == 0 && then) core_.post(then);
      });
}

bool core_memory::drop_until_room(const instance_needs& of) {
  if (std::exchange(dropping_, true)) return node_.room_for(of);
  for (idle_instance* it = first_; it != nullptr && !node_.room_for(of);) {
    idle_instance* const next = it->next;
    if (it->pooled || !node_.memory_for(of.bytes)) it->drop(it->pool, *it);  // it leaves the line, if it goes
    it = next;
  }
  dropping_ = false;
  return node_.room_for(of);
}

error memory_account::no_room(const instance_needs& needs, time_point now) const {
  memory_budget& node = core->node();
  const bool slots = !node.slot_for(needs);
  if (!slots && say)
    if (const auto most = node.holders().most(now))
      say(fmt::format(
          "requests are refused: the node's instances have {} of the {} MB that they may (limits.memory_mb), and "
          "none that is idle can make enough room; {} has most: {} MB",
          node.used() >> 20, node.most() >> 20, most->first, most->second >> 20));
  return overloaded(slots ? failure_cause::instances : failure_cause::memory,
                    slots ? "all instances that this node may have (wasm.instances) are in use: try again later"
                          : "the node has no memory for another instance (limits.memory_mb): try again later",
                    std::chrono::seconds(1));
}

}  // namespace waggle
