#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "core/service.h"
#include "loop/core_loop.h"

namespace waggle {

/// A service of another core of this process as it is seen from this one: each request is a message there, and its answer
/// a message back. Used on `here`; `there` and the service outlive it and all its requests.
class remote_service final : public service {
 public:
  remote_service(core_loop& here, core_loop& there, service& target);
  ~remote_service() override;

  void ask(service_call& call) override;
  [[nodiscard]] const contract& description() const override { return target_.description(); }
  /// No more requests will come: `done` is called when all have come back.
  void drain(std::function<void()> done);

 private:
  struct crossing;
  void answered(crossing& c);
  void let_go(crossing& c);

  core_loop& here_;
  core_loop& there_;
  service& target_;
  std::size_t open_ = 0;
  std::function<void()> drained_;
  std::vector<std::unique_ptr<crossing>> all_;
  std::vector<crossing*> free_;
};

}  // namespace waggle
