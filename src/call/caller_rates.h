#pragma once
#include <array>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/rate_bucket.h"

namespace waggle {

/// A bucket of requests for each caller, shared by all cores: so many a second, and as many at once. At most `most_callers` are
/// remembered; beyond that the one that has not asked for longest is forgotten, and begins anew.
class caller_rates {
 public:
  static constexpr std::size_t most_callers = 10'000;

  /// `rate` requests a second, at least 1.
  explicit caller_rates(std::uint32_t rate);

  /// Takes a request of that caller; zero where it is there, else how long until it will be. About 100 ns under a lock that only
  /// callers of the same sixteenth share.
  [[nodiscard]] duration take(std::string_view caller, time_point now);
  [[nodiscard]] std::uint32_t rate() const { return rate_; }

 private:
  static constexpr std::size_t parts = 16;
  struct entry {
    entry(std::string_view name, duration burst) : caller(name), requests(burst) {}
    const std::string caller;
    rate_bucket requests;
  };
  struct part {
    std::mutex mutex;
    std::list<entry> by_use;                                                   // who asked last is in front
    std::unordered_map<std::string_view, std::list<entry>::iterator> by_name;  // the names are the entries'
  };

  const std::uint32_t rate_;
  const duration each_;  // in which one request's place fills again
  std::array<part, parts> parts_;
};

}  // namespace waggle
