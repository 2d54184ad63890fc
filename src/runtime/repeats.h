#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace waggle {

/// The idempotent requests of a service that run at the moment, over all cores: a repeat waits until the first is done.
/// Thread-safe.
class repeats : public std::enable_shared_from_this<repeats> {
 public:
  /// The right to run what is named `record`, until it is let go; null where somebody else has it: then `when_free` is
  /// called, on any thread, when it may be tried again.
  [[nodiscard]] std::shared_ptr<void> claim(const std::string& record, std::move_only_function<void()> when_free);

 private:
  void let_go(const std::string& record);

  std::mutex mutex_;
  std::map<std::string, std::deque<std::move_only_function<void()>>> running_;  // record → who waits
};

}  // namespace waggle
