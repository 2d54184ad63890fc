#pragma once
#include <memory>
#include <string>
#include <vector>

#include "call/admission.h"
#include "call/call_stats.h"
#include "call/flight_recorder.h"
#include "call/trace_lane.h"
#include "core/limits.h"
#include "core/service.h"
#include "loop/core_loop.h"
#include "schema/contract.h"

namespace waggle {

/// What the operator does about answers that do not fit the contract.
enum class output_check : std::uint8_t { enforce, log, off };

struct chain_settings {
  payload_limits limits;
  output_check outputs = output_check::enforce;
  duration default_timeout{std::chrono::seconds(30)};  ///< of a guest, where its contract says nothing
  duration max_timeout{std::chrono::minutes(5)};       ///< the operator's bound
  trace_lane* traces = nullptr;                        ///< of this core; outlives the chain. Null: no traces
  bool histograms = true;                              ///< keeps how long requests took, by method
  std::shared_ptr<admission> admits;                   ///< null: everything
};

/// `unimplemented`, the caller's fault, with the name that was perhaps meant.
[[nodiscard]] error unknown_method(const contract& about, std::string_view name);

/// What happens around every service, built in or Wasm, on one core: is the method known, does the payload fit, is there
/// time left; then the service; then does the answer fit, and what did it cost.
class call_chain final : public service {
 public:
  /// `about`, `inner` and `recorder`, which may be null, outlive it.
  call_chain(core_loop& core, const contract& about, service& inner, const chain_settings& settings,
             flight_recorder* recorder = nullptr);
  ~call_chain() override;

  void ask(service_call& call) override;
  [[nodiscard]] std::optional<error> refuses() const override;
  void refuse(service_call& call, error why) override;
  [[nodiscard]] const contract& description() const override { return about_; }
  [[nodiscard]] const call_stats& stats() const { return stats_; }

 private:
  struct passage;
  passage& begin(service_call& call);
  bool admit(service_call& call, const method& m, error& why);
  void enter(passage& p);
  void answered(passage& p, service_call& call);
  void settled(passage& p, service_call& call);
  void leave(passage& p, service_call& call);
  void record(const passage& p, const service_call& call);
  void note(const method* asked, duration total, const service_response& answer);
  /// An answer that does not fit: for the service's author, at most ten lines a second.
  void log_misfit(const service_call& call, const method& m, const error& why);
  passage& take_passage();

  core_loop& core_;
  const contract& about_;
  service& inner_;
  chain_settings settings_;
  call_stats stats_;
  flight_recorder* recorder_;
  flight_recorder::journal* journal_ = nullptr;     // since its first request
  std::vector<std::unique_ptr<passage>> passages_;  // all that were ever made
  std::vector<passage*> free_;
  time_point logging_since_{};
  std::uint32_t logged_ = 0;
};

}  // namespace waggle
