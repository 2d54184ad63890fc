#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "core/limits.h"
#include "core/service.h"
#include "host/http_client.h"
#include "host/waiting_calls.h"
#include "loop/core_loop.h"

namespace waggle {

/// `waggle.http.v1.Http` on one core (http.graphql): looks at what is granted, has the client send it, follows redirects, each
/// looked at like the first, keeps the time (`timeoutMs`, the call's deadline, 30 s: whichever is first, over all redirects).
///
/// Faults: what is not granted, malformed or over a limit is the guest's; that another server did not answer, in time or at
/// all, is nobody's here, so the host's; the call's own deadline is the caller's.
class http_service final : public service {
 public:
  static constexpr duration longest = std::chrono::seconds(30);

  /// `core` and `client` outlive it. `most_answer_bytes`: what the call chain lets through.
  http_service(core_loop& core, http_client& client, std::size_t most_answer_bytes = payload_limits{}.output_bytes);
  ~http_service() override;

  void ask(service_call& call) override;
  [[nodiscard]] const contract& description() const override { return *contract_; }

 private:
  struct flight;

  result<std::unique_ptr<flight>> read(service_call& call) const;
  void send(flight& f);
  void came(std::uint64_t number, result<outbound_response> response);
  result<bool> redirect(flight& f, const outbound_response& response);
  void end(std::uint64_t number, result<std::string> answer);
  void is_late(flight& f);

  core_loop& core_;
  http_client& client_;
  std::size_t most_answer_bytes_;
  std::shared_ptr<const contract> contract_;
  waiting_calls waiting_;
  std::unordered_map<std::uint64_t, std::unique_ptr<flight>> flights_;
  std::shared_ptr<http_service*> here_;  // gone when this is
};

}  // namespace waggle
