#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/service.h"
#include "gateway/http_settings.h"
#include "loop/core_loop.h"

namespace waggle {

class authenticator;
struct graphql_front;

/// What the sessions of one core's server share. Whoever makes it keeps it until the last session is gone.
struct http_shared {
  http_shared(const clock_source& clock, const service_directory& services, http_stats& counters)
      : time(clock), directory(services), stats(counters) {}

  const clock_source& time;
  const service_directory& directory;
  http_stats& stats;
  core_loop* loop = nullptr;  ///< null in tests of what needs no timers
  http_settings settings;
  operator_pages pages;
  authenticator* identity = nullptr;  ///< null: everybody is anonymous
  graphql_front* graphql = nullptr;   ///< of `settings.graphql`
  std::uint64_t next_id = 1;
  bool loopback = true;   ///< the listener is on loopback: Host and Origin are looked at
  bool draining = false;  ///< every answer ends its connection

  /// The field Date's value, made anew once a second.
  std::string_view date();

 private:
  std::string date_;
  time_point date_until_{};
};

}  // namespace waggle
