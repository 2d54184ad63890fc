#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "core/service.h"
#include "host/waiting_calls.h"
#include "loop/core_loop.h"
#include "schema/contract.h"
#include "state/state_keeper.h"

namespace waggle {

/// `waggle.state.v1.State`: the state of the service whose guest calls, in the transaction of its request, which is begun
/// with its first call (`guest_request::state`). One per core. What would read the disk is done in the pool; the guest waits.
class state_service final : public service {
 public:
  static constexpr std::string_view name = "waggle.state.v1.State";

  /// All outlive it.
  state_service(core_loop& core, state_keeper& keeper, blocking_pool& disk);

  void ask(service_call& call) override;
  [[nodiscard]] const contract& description() const override { return *contract_; }

 private:
  void commit(service_call& call, const std::shared_ptr<guest_request>& guest);
  void begin(guest_request& guest);
  void answer(std::uint64_t number, result<std::string> outcome);

  core_loop& core_;
  state_keeper& keeper_;
  blocking_pool& disk_;
  std::shared_ptr<const contract> contract_;
  waiting_calls waiting_;
  /// Gone when this is: what comes back late looks there first.
  std::shared_ptr<state_service*> here_ = std::make_shared<state_service*>(this);
};

}  // namespace waggle
