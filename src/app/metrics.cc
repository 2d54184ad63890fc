#include "app/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace waggle {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using labels = std::vector<ClientMetric::Label>;

/// A family under construction.
class family {
 public:
  family(std::string name, std::string help, MetricType type) {
    it_.name = std::move(name);
    it_.help = std::move(help);
    it_.type = type;
  }
  void add(labels l, double value) {
    ClientMetric m;
    m.label = std::move(l);
    if (it_.type == MetricType::Counter)
      m.counter.value = value;
    else
      m.gauge.value = value;
    it_.metric.push_back(std::move(m));
  }
  void add(labels l, std::span<const duration_histogram* const> parts) {
    ClientMetric m;
    m.label = std::move(l);
    std::uint64_t all = 0;
    for (std::size_t b = 0; b < duration_histogram::buckets; ++b) {
      for (const auto* part : parts) all += part->count(b);
      const bool last = b + 1 == duration_histogram::buckets;
      m.histogram.bucket.push_back(
          {.cumulative_count = all,
           .upper_bound = last ? std::numeric_limits<double>::infinity() : duration_histogram::bound(b)});
    }
    m.histogram.sample_count = all;
    for (const auto* part : parts) m.histogram.sample_sum += part->seconds();
    it_.metric.push_back(std::move(m));
  }
  [[nodiscard]] MetricFamily take() { return std::move(it_); }

 private:
  MetricFamily it_;
};

template <class Get>
double sum(const deployment& d, Get get) {
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < d.shards(); ++i) all += get(d.view(i));
  return static_cast<double>(all);
}

template <class Get>
void histogram(family& to, const deployment& d, Get get) {
  std::vector<const duration_histogram*> parts;
  for (std::size_t i = 0; i < d.shards(); ++i) parts.push_back(&get(d.view(i)));
  to.add({{"service", d.about().name}}, parts);
}

}  // namespace

std::string metrics_text(std::span<const std::shared_ptr<deployment>> services,
                         std::span<const http_stats* const> servers, const ticker* heartbeat) {
  family workers("waggle_workers", "Wasm instances", MetricType::Gauge);
  family most("waggle_workers_max", "The most instances a service may have", MetricType::Gauge);
  family queued("waggle_queue_length", "Requests that wait for a worker", MetricType::Gauge);
  family started("waggle_workers_started_total", "Instances made", MetricType::Counter);
  family broken("waggle_workers_broken_total", "Instances discarded because their guest failed", MetricType::Counter);
  family refused("waggle_refused_total", "Requests turned away for want of room, by reason", MetricType::Counter);
  family handed("waggle_handed_over_total", "Requests that ran on another core than the one that accepted them",
                MetricType::Counter);
  family memory("waggle_instances_memory_bytes", "Linear memory of all instances", MetricType::Gauge);
  family requests("waggle_requests_total", "Requests answered, by outcome", MetricType::Counter);
  family total("waggle_request_seconds", "From the request to its answer", MetricType::Histogram);
  family queue("waggle_queue_seconds", "Time that requests waited for their turn", MetricType::Histogram);
  family guest("waggle_guest_seconds", "Time that guests ran", MetricType::Histogram);
  for (const auto& s : services) {
    const deployment& d = *s;
    const std::string& name = d.about().name;
    using view = deployment::shard_view;
    workers.add({{"service", name}, {"state", "idle"}}, sum(d, [](const view& v) { return v.pool.idle.get(); }));
    workers.add({{"service", name}, {"state", "busy"}}, sum(d, [](const view& v) { return v.pool.busy.get(); }));
    most.add({{"service", name}}, d.max_workers());
    memory.add({{"service", name}}, static_cast<double>(d.memory()));
    queued.add({{"service", name}}, sum(d, [](const view& v) { return v.pool.queued.get(); }));
    started.add({{"service", name}}, sum(d, [](const view& v) { return v.pool.started.get(); }));
    broken.add({{"service", name}}, sum(d, [](const view& v) { return v.pool.broken.get(); }));
    for (std::size_t why = 0; why < refusal_names.size(); ++why)
      refused.add({{"service", name}, {"reason", std::string(refusal_names[why])}}, sum(d, [why](const view& v) {
                    return v.pool.refused.get(static_cast<refusal>(why)) +
                           v.calls.refused.get(static_cast<refusal>(why));
                  }));
    handed.add({{"service", name}}, sum(d, [](const view& v) { return v.pool.handed_over.get(); }));
    for (std::size_t code = 0; code < 17; ++code) {
      const double n = sum(d, [code](const view& v) { return v.calls.by_code[code].get(); });
      if (n > 0 || code == 0)
        requests.add(
            {{"service", name}, {"code", std::string(code == 0 ? "ok" : to_string(static_cast<error_code>(code)))}}, n);
    }
    histogram(total, d, [](const view& v) -> const duration_histogram& { return v.calls.total; });
    histogram(queue, d, [](const view& v) -> const duration_histogram& { return v.calls.queue; });
    histogram(guest, d, [](const view& v) -> const duration_histogram& { return v.calls.guest; });
  }
  family connections("waggle_http_connections", "Open connections", MetricType::Gauge);
  family answers("waggle_http_answers_total", "HTTP answers, by the status's first digit", MetricType::Counter);
  family bad("waggle_http_bad_requests_total", "Requests that were malformed, too large or too slow",
             MetricType::Counter);
  family bytes("waggle_http_bytes_total", "Bytes over HTTP", MetricType::Counter);
  const auto over = [&](auto get) {
    double n = 0;
    for (const auto* s : servers) n += static_cast<double>(get(*s).load(std::memory_order_relaxed));
    return n;
  };
  using stats = http_stats;
  connections.add({}, over([](const stats& s) -> auto& { return s.connections_open; }));
  for (std::size_t digit = 1; digit < 6; ++digit)
    answers.add({{"status", std::to_string(digit) + "xx"}},
                over([digit](const stats& s) -> auto& { return s.answers[digit]; }));
  bad.add({}, over([](const stats& s) -> auto& { return s.bad_requests; }));
  bytes.add({{"direction", "in"}}, over([](const stats& s) -> auto& { return s.bytes_in; }));
  bytes.add({{"direction", "out"}}, over([](const stats& s) -> auto& { return s.bytes_out; }));

  family silence("waggle_ticker_silent_seconds", "Since the ticker beat, which ends the guests' slices",
                 MetricType::Gauge);
  family late("waggle_ticker_late_total", "Beats of the ticker that came 20 ms late or later", MetricType::Counter);
  if (heartbeat != nullptr) {
    silence.add({}, std::chrono::duration<double>(heartbeat->silent_for()).count());
    late.add({}, static_cast<double>(heartbeat->late_beats()));
  }

  std::vector<MetricFamily> all;
  for (family* f : {&workers, &most, &memory, &queued, &started, &broken, &refused, &handed, &requests, &total, &queue,
                    &guest, &connections, &answers, &bad, &bytes, &silence, &late})
    all.push_back(f->take());
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace waggle
