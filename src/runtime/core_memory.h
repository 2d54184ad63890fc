#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "loop/core_loop.h"

namespace waggle {

/// Linear memory of instances in bytes, against what they may have together. Shared by all cores.
class memory_budget {
 public:
  /// `most` zero: it only counts.
  explicit memory_budget(std::uint64_t most = 0) : most_(most) {}

  void add(std::int64_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t used() const {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, used_.load(std::memory_order_relaxed)));
  }
  [[nodiscard]] bool room_for(std::uint64_t more) const { return most_ == 0 || used() + more <= most_; }
  [[nodiscard]] std::uint64_t most() const { return most_; }

 private:
  const std::uint64_t most_;
  std::atomic<std::int64_t> used_{0};
};

/// The idle instances of one core, of all its services, and the node's budget. When memory is short the instance that has
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
  [[nodiscard]] bool room_for(std::uint64_t bytes) const { return node_.room_for(bytes); }
  /// Makes room by ending idle instances; false where there are not enough of them here. Then those of the other cores go
  /// too, soon.
  bool make_room(std::uint64_t bytes);

 private:
  bool drop_until_room(std::uint64_t bytes);

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

  void changed(std::int64_t bytes) const {
    if (bytes == 0) return;
    if (service) service->add(bytes);
    if (core != nullptr) core->changed(bytes);
  }
};

}  // namespace waggle
