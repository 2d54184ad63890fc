#pragma once
#include "core/counter.h"
#include "core/duration_histogram.h"

namespace waggle {

/// Figures of a node's state; its committer writes them, any thread may read.
struct state_stats {
  counter commits;           ///< transactions that were written
  counter conflicts;         ///< that were not, because another commit had changed what they had read
  counter refused;           ///< that were not for another reason
  counter batches;           ///< written together, with one sync
  duration_histogram write;  ///< of a batch, its sync included
};

}  // namespace waggle
