#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "core/duration_histogram.h"
#include "schema/contract.h"

namespace waggle {

/// How many requests a service or a method has answered since its version was loaded, and how long they took.
struct request_figures {
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;  ///< of those
  duration_sum took;
};

/// A service as the landing page shows it. The contract holds itself alive; everything else is a copy.
struct shown_service {
  std::shared_ptr<const contract> about;
  std::uint64_t busy = 0;  ///< workers
  std::uint64_t idle = 0;
  std::uint64_t max = 0;
  std::uint64_t queued = 0;
  request_figures all;                            ///< internal methods included
  std::map<std::uint32_t, request_figures> each;  ///< by `method::number`; without those that nobody asked for
};

/// The first services by name: a node may have many thousands, and pages have an end.
struct shown_services {
  static constexpr std::size_t most = 500;
  static constexpr std::size_t most_methods = 1000;  ///< of all services together; those behind have none shown

  std::vector<shown_service> first;
  std::size_t count = 0;  ///< how many there are
};

}  // namespace waggle
