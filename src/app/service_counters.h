#pragma once
#include <array>
#include <cstdint>

#include "runtime/deployment.h"

namespace waggle {

/// The counters of services that share a label in the metrics, over their cores and their versions.
struct service_counters {
  std::uint64_t started = 0;
  std::uint64_t broken = 0;
  std::uint64_t handed = 0;
  std::uint64_t reruns = 0;
  std::array<std::uint64_t, failure_causes> refused{};
  std::array<std::uint64_t, failure_causes> failures{};

  void add(const deployment& d) {
    for (std::size_t i = 0; i < d.shards(); ++i) {
      const deployment::shard_view v = d.view(i);
      started += v.pool.started.get();
      broken += v.pool.broken.get();
      handed += v.pool.handed_over.get();
      reruns += v.workers.reruns.get();
      for (std::size_t c = 0; c < failure_causes; ++c) failures[c] += v.failures[c].get();
      v.calls.each([&](const method*, const method_stats& s) {
        for (std::size_t c = 0; c < failure_causes; ++c) {
          const auto cause = static_cast<failure_cause>(c);
          if (is_refusal(cause)) refused[c] += s.by_cause[c].get();
          if (cause == failure_cause::answer) failures[c] += s.by_cause[c].get();
        }
      });
    }
  }
};

/// What there is of them at this moment.
struct service_gauges {
  std::uint64_t idle = 0;
  std::uint64_t busy = 0;
  std::uint64_t waiting = 0;
  std::uint64_t most = 0;
  std::uint64_t memory = 0;
  std::uint64_t queued = 0;

  /// `serves`: it is not one that only finishes what it has.
  void add(const deployment& d, bool serves) {
    if (serves) most += d.max_workers();
    memory += d.memory();
    for (std::size_t i = 0; i < d.shards(); ++i) {
      const deployment::shard_view v = d.view(i);
      idle += v.pool.idle.get();
      busy += v.pool.busy.get();
      waiting += v.workers.waiting.get();
      queued += v.pool.queued.get();
    }
  }
};

/// The counters of methods that share a label.
struct method_counters {
  std::array<std::uint64_t, 17> by_code{};
  duration_sum total, queue, validate, guest, waited, commit;

  void add(const method_stats& s) {
    for (std::size_t code = 0; code < by_code.size(); ++code) by_code[code] += s.by_code[code].get();
    total.add(s.total);
    queue.add(s.queue);
    validate.add(s.validate);
    guest.add(s.guest);
    waited.add(s.waited);
    commit.add(s.commit);
  }
};

}  // namespace waggle
