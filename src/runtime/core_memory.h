#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loop/core_loop.h"

namespace waggle {

/// What a new instance takes.
struct instance_needs {
  std::uint64_t bytes = 0;
  std::uint32_t slots = 0;  ///< it takes one of so many that its engine has; zero: none
};

class memory_budget;

/// Who has the node's memory, for the log. Any thread.
class memory_holders {
 public:
  void add(std::string service, std::weak_ptr<const memory_budget> has);
  /// Who has most, and how much; nothing where that was told less than ten seconds ago.
  [[nodiscard]] std::optional<std::pair<std::string, std::uint64_t>> most(time_point now);

 private:
  std::mutex mutex_;
  std::vector<std::pair<std::string, std::weak_ptr<const memory_budget>>> all_;
  std::optional<time_point> told_;
};

/// Linear memory of instances in bytes, against what they may have together, and the engine's slots that they take. Shared
/// by all cores.
class memory_budget {
 public:
  /// `most` zero: it only counts.
  explicit memory_budget(std::uint64_t most = 0) : most_(most) {}

  void add(std::int64_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t used() const { return positive(used_); }
  [[nodiscard]] std::uint64_t most() const { return most_; }
  [[nodiscard]] bool memory_for(std::uint64_t more) const { return most_ == 0 || used() + more <= most_; }
  [[nodiscard]] bool slot_for(const instance_needs& of) const { return of.slots == 0 || slots_.load() < of.slots; }
  [[nodiscard]] bool room_for(const instance_needs& of) const { return memory_for(of.bytes) && slot_for(of); }
  /// Whether there would be room if all that are idle went.
  [[nodiscard]] bool could_have(const instance_needs& of) const {
    return (most_ == 0 || used() + of.bytes <= most_ + positive(idle_)) &&
           (of.slots == 0 || slots_.load() < of.slots + positive(idle_slots_));
  }

  /// How much more there may be if all that are idle went.
  [[nodiscard]] std::uint64_t left() const {
    if (most_ == 0) return std::numeric_limits<std::uint64_t>::max() / 2;
    const std::uint64_t all = most_ + positive(idle_);
    return all - std::min(all, used());
  }

  /// False where all `most` are taken.
  bool take_slot(std::uint32_t most);
  void add_slot() { slots_.fetch_add(1); }
  void give_slot_back() { slots_.fetch_sub(1); }
  [[nodiscard]] memory_holders& holders() { return holders_; }
  /// One more is idle, and can go; or one less.
  void count_idle(std::uint64_t bytes, bool slot, int more);

 private:
  /// Cores count in any order: for a moment it may be below zero.
  static std::uint64_t positive(const std::atomic<std::int64_t>& n) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, n.load(std::memory_order_relaxed)));
  }

  const std::uint64_t most_;
  memory_holders holders_;
  std::atomic<std::int64_t> used_{0};
  std::atomic<std::uint32_t> slots_{0};
  std::atomic<std::int64_t> idle_{0};
  std::atomic<std::int64_t> idle_slots_{0};
};

/// One of the engine's slots, for as long as it lives.
class slot_claim {
 public:
  slot_claim() = default;
  /// It is counted already.
  explicit slot_claim(memory_budget& in) : in_(&in) {}
  slot_claim(slot_claim&& other) noexcept : in_(std::exchange(other.in_, nullptr)) {}
  slot_claim& operator=(slot_claim&& other) noexcept {
    std::swap(in_, other.in_);
    return *this;
  }
  ~slot_claim() {
    if (in_ != nullptr) in_->give_slot_back();
  }

 private:
  memory_budget* in_ = nullptr;
};

/// The idle instances of one core, of all its services, and the node's budget. When memory or slots are short the instance that has
/// been idle longest goes first, whosever it is. Used on its core.
class core_memory {
 public:
  /// A place in the line of idle instances.
  struct idle_instance {
    idle_instance* next = nullptr;
    idle_instance* previous = nullptr;
    void* pool = nullptr;
    /// Ends it. False where it is promised to somebody.
    bool (*drop)(void* pool, idle_instance& it) = nullptr;
    std::uint64_t bytes = 0;  ///< that it has, for as long as it is in the line
    bool pooled = false;      ///< it has one of the engine's
    bool queued = false;
  };

  core_memory(core_loop& core, memory_budget& node) : core_(core), node_(node) {}
  core_memory(const core_memory&) = delete;
  core_memory& operator=(const core_memory&) = delete;
  /// Those of all cores; before the first instance.
  void connect(std::vector<core_memory*> all) { all_ = std::move(all); }

  void became_idle(idle_instance& it);
  void no_longer_idle(idle_instance& it);

  /// Instances of this core have so much more now, or less.
  void changed(std::int64_t bytes);
  [[nodiscard]] memory_budget& node() { return node_; }

  enum class made {
    here,  ///< there is room now
    soon,  ///< idle instances of the other cores go too: `then` is called when they have
    none,  ///< all that are idle together would not be enough: none goes
  };
  /// Makes room by ending idle instances.
  made make_room(const instance_needs& of, std::function<void()> then);

 private:
  void ask_others(const instance_needs& of, std::function<void()> then);
  bool drop_until_room(const instance_needs& of);

  core_loop& core_;
  memory_budget& node_;
  std::vector<core_memory*> all_;
  idle_instance* first_ = nullptr;
  idle_instance* last_ = nullptr;
  bool dropping_ = false;
};

/// What a worker's memory is counted in; any of them may be missing.
struct memory_account {
  core_memory* core = nullptr;
  std::shared_ptr<memory_budget> service;
  std::function<void(std::string_view line)> say{};  ///< for the log
  std::function<void()> over{};                      ///< the service has more than its own: idle ones are to go

  void changed(std::int64_t bytes) const {
    if (bytes == 0) return;
    if (service) service->add(bytes);
    if (core != nullptr) core->changed(bytes);
    if (over && bytes > 0 && service && !service->memory_for(0)) over();
  }
  /// What a request is told for which there is no instance, nor room for one. There is a `core`.
  [[nodiscard]] error no_room(const instance_needs& needs, time_point now) const;
};

}  // namespace waggle
