#pragma once
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/service.h"
#include "host/config_values.h"
#include "host/waiting_calls.h"
#include "loop/core_loop.h"

namespace waggle {

/// `waggle.config.v1.Config` on one core (config.graphql): what the operator has set for the service that calls. A value is
/// answered at once, and so is a secret from the environment, which comes first; one from the folder is read off the core
/// and remembered for `remember`, so that one that was changed is seen soon.
class config_service final : public service {
 public:
  static constexpr duration remember = std::chrono::seconds(5);

  /// `core` and `files` outlive it; `core` outlives `files`, whose work posts back to it.
  config_service(core_loop& core, blocking_pool& files, std::shared_ptr<const config_values> values);
  ~config_service() override;

  void ask(service_call& call) override;
  [[nodiscard]] const contract& description() const override { return *contract_; }

 private:
  using found = result<std::optional<std::string>>;
  struct remembered {
    found secret;
    time_point until;
  };

  void ask_for_secret(service_call& call, const std::string& who, const std::string& key);
  void was_read(std::uint64_t number, std::string name, found secret);

  core_loop& core_;
  blocking_pool& files_;
  std::shared_ptr<const config_values> values_;
  std::shared_ptr<const contract> contract_;
  waiting_calls waiting_;
  std::unordered_map<std::string, remembered> known_;  // by `SERVICE/KEY`
  std::shared_ptr<config_service*> here_;              // gone when this is
};

}  // namespace waggle
