#pragma once
#include "core/counter.h"
#include "core/refusals.h"

namespace waggle {

/// Figures of a pool on one core; read by the metrics from any thread.
struct pool_stats {
  counter idle;         ///< workers now
  counter busy;         ///< workers now
  counter queued;       ///< requests now
  counter started;      ///< workers ever made
  counter broken;       ///< workers discarded for their guest's fault
  counter handed_over;  ///< requests that ran on another core
  refusal_counters refused;
};

}  // namespace waggle
