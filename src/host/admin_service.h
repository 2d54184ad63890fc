#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "core/service.h"
#include "host/node_operator.h"
#include "host/waiting_calls.h"
#include "loop/core_loop.h"
#include "schema/contract.h"
#include "state/state_keeper.h"

namespace waggle {

/// `waggle.admin.v1.Admin` (admin.graphql), on the one core that has the operator's socket. Whoever reaches it from outside
/// is the operator: the gateway sees to that. A guest is refused, whatever it is granted.
class admin_service final : public service {
 public:
  static constexpr std::string_view name = "waggle.admin.v1.Admin";

  /// `core`, `keeper` and `disk` outlive it; `core` outlives `disk`.
  admin_service(core_loop& core, state_keeper& keeper, blocking_pool& disk, node_operator does);

  void ask(service_call& call) override;
  [[nodiscard]] const contract& description() const override { return *contract_; }

 private:
  void read_state(service_call& call);
  void recent(service_call& call);
  void answer(std::uint64_t number, result<std::string> outcome);

  core_loop& core_;
  state_keeper& keeper_;
  blocking_pool& disk_;
  node_operator does_;
  std::shared_ptr<const contract> contract_;
  waiting_calls waiting_;
  /// Gone when this is: what comes back late looks there first.
  std::shared_ptr<admin_service*> here_ = std::make_shared<admin_service*>(this);
};

}  // namespace waggle
