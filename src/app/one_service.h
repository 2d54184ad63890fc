#pragma once
#include <memory>
#include <string>

#include <boost/asio/executor_work_guard.hpp>

#include "app/loaded_service.h"

namespace waggle {

/// One target on one core that the calling thread drives: for `invoke` and `bench`.
class one_service {
 public:
  /// Reads, compiles and starts it. Null with the exit status where that fails; what is wrong has been printed.
  static std::unique_ptr<one_service> load(const configuration& c, const std::string& target, int& status);
  ~one_service();

  /// One request, to its end.
  service_response ask(const std::string& method, std::string input);
  [[nodiscard]] service& entry() { return deployed_->on(0); }
  [[nodiscard]] core_loop& core() { return core_; }
  [[nodiscard]] const contract& about() const { return deployed_->about(); }

 private:
  one_service() : core_(0, clock_) {}

  steady_clock_source clock_;
  core_loop core_;
  // A context that runs out of work stops for good, and a request that is refused at once leaves it none.
  boost::asio::executor_work_guard<core_loop::executor_type> open_{core_.io().get_executor()};
  service_directory directory_;
  sub_calls calls_{core_, directory_, {}};
  std::unique_ptr<host_ground> ground_;
  std::unique_ptr<host_services> host_;
  std::unique_ptr<engines> engines_;
  std::unique_ptr<deployment> deployed_;
};

}  // namespace waggle
