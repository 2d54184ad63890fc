#pragma once
#include "runtime/schedules.h"
#include "state/state_keeper.h"

namespace waggle {

/// The next runs of schedules, in the store of all state.
class schedule_store final : public schedule_memory {
 public:
  /// All outlive it. `core` is that of the schedules.
  schedule_store(core_loop& core, state_keeper& state, blocking_pool& blocking)
      : core_(core), state_(state), blocking_(blocking) {}

  void load(std::string name, std::move_only_function<void(result<std::optional<kept_run>>)> done) override;
  void save(std::string name, kept_run run, std::move_only_function<void(result<void>)> done) override;

 private:
  core_loop& core_;
  state_keeper& state_;
  blocking_pool& blocking_;
};

}  // namespace waggle
