#include "app/operator_view.h"

#include <utility>

namespace waggle {

served_view view_of(const deployment& d, const configuration& c) {
  served_view out{.name = d.about().name, .version = d.about().version, .max = d.max_workers(), .uses = {}, .took = {}};
  for (std::size_t i = 0; i < d.shards(); ++i) {
    const auto shard = d.view(i);
    out.busy += shard.pool.busy.get();
    out.idle += shard.pool.idle.get();
    out.queued += shard.pool.queued.get();
    out.cpu += shard.cpu;
    out.took.resize(duration_histogram::buckets);
    shard.calls.each([&out](const method*, const method_stats& m) {
      for (std::size_t code = 0; code < m.by_code.size(); ++code) {
        const std::uint64_t n = m.by_code[code].get();
        out.requests += n;
        if (code > 0) out.errors += n;
      }
      for (std::size_t b = 0; b < out.took.size(); ++b) out.took[b] += m.total.count(b);
    });
  }
  const service_grants granted = grants_for(d.about(), c);
  for (const std::string& used : d.about().uses) out.uses.push_back({used, granted.uses.contains(used)});
  return out;
}

shown_service shown(const deployment& d, bool figures) {
  shown_service out;
  out.about = d.shared_about();
  if (!figures) return out;
  out.max = d.max_workers();
  const auto add = [](request_figures& to, const method_stats& m) {
    for (std::size_t code = 0; code < m.by_code.size(); ++code) {
      const std::uint64_t n = m.by_code[code].get();
      to.requests += n;
      if (code > 0) to.errors += n;
    }
    to.took.add(m.total);
  };
  for (std::size_t i = 0; i < d.shards(); ++i) {
    const auto shard = d.view(i);
    out.busy += shard.pool.busy.get();
    out.idle += shard.pool.idle.get();
    out.queued += shard.pool.queued.get();
    shard.calls.each([&](const method* of, const method_stats& m) {
      add(out.all, m);
      if (of != nullptr && !of->internal) add(out.each[of->number], m);
    });
  }
  return out;
}

scheduled_view view_of(schedule_view s) {
  scheduled_view out{.service = std::move(s.service),
                     .method = std::move(s.method),
                     .timetable = std::move(s.timetable),
                     .next = s.next,
                     .last_run = s.last_run,
                     .last_error = {},
                     .running = s.running,
                     .runs = s.runs,
                     .failed = s.failed,
                     .missed = s.missed};
  if (s.last_outcome && !*s.last_outcome) out.last_error = std::move(s.last_outcome->error());
  return out;
}

}  // namespace waggle
