#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "loop/clock.h"
#include "state/state_settings.h"
#include "state/store.h"

namespace waggle {

/// What was durable after some commit.
struct moment {
  std::int64_t version = 0;  ///< of the last commit in it
  std::shared_ptr<const store_view> view;
};

/// What all transactions of a node share. Thread-safe.
class state_ground {
 public:
  state_ground(const clock_source& clock, const state_settings& s) : time(clock), settings(s) {}

  const clock_source& time;  // NOLINT: outlives it
  const state_settings settings;

  [[nodiscard]] std::shared_ptr<const moment> latest() const {
    const std::lock_guard lock(mutex_);
    return latest_;
  }
  void publish(std::shared_ptr<const moment> m) {
    {
      const std::lock_guard lock(mutex_);
      latest_.swap(m);
    }
    // The one before is let go here, outside the lock.
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const moment> latest_;
};

/// One key's new content; nothing: it is removed.
struct written_value {
  std::optional<std::string> value;
  std::int64_t expires = 0;  ///< milliseconds since 1970; 0: never
};

/// What one transaction writes, by full key (state/keys.h). Does not change any more once it is submitted.
struct write_set {
  std::map<std::string, written_value, std::less<>> keys;
  std::int64_t version = 0;  ///< given when it is submitted
};

}  // namespace waggle
