#include "app/metrics.h"

#include <array>

#include <prometheus/text_serializer.h>

#include "app/metric_family.h"

namespace waggle {
namespace {

constexpr auto gauge = family::type::Gauge;
constexpr auto total = family::type::Counter;
constexpr auto histogram = family::type::Histogram;
const std::string other = "other";

bool was_used(const deployment& d) {
  for (std::size_t i = 0; i < d.shards(); ++i) {
    const deployment::shard_view v = d.view(i);
    bool asked = v.pool.started.get() > 0;
    v.calls.each([&asked](const method*, const method_stats&) { asked = true; });
    if (asked) return true;
  }
  return false;
}

void take(std::vector<prometheus::MetricFamily>& to, std::span<family* const> from) {
  for (family* f : from)
    if (!f->empty()) to.push_back(f->take());
}

}  // namespace

std::string node_metrics::service_label(const std::string& name, const deployment* unless_unused) {
  if (services_.contains(name)) return name;
  // It keeps its place among the others, where its counts are.
  if (others_.contains(name)) return other;
  // Where there are more than may be shown, those come first that somebody uses.
  if (crowded_ && unless_unused != nullptr && !was_used(*unless_unused)) return other;
  if (services_.size() < most_) return *services_.insert(name).first;
  others_.insert(name);
  return other;
}

node_metrics::method_name node_metrics::method_label(const std::string& service, const std::string& method) {
  if (service == other) return {other, other};
  method_name name{service, method};
  if (methods_.contains(name)) return name;
  if (other_methods_.contains(name)) return {other, other};
  if (methods_.size() < most_) return *methods_.insert(std::move(name)).first;
  other_methods_.insert(std::move(name));
  return {other, other};
}

void node_metrics::add_methods(const deployment& d, counters_by_method& to) {
  const std::string service = service_label(d.about().name, &d);
  for (std::size_t i = 0; i < d.shards(); ++i)
    d.view(i).calls.each([&](const method* m, const method_stats& s) {
      to[method_label(service, m != nullptr ? m->name : other)].add(s);
    });
}

void node_metrics::ended(const deployment& d, bool gone) {
  const std::string& name = d.about().name;
  // What nobody has been told of needs no label to go on under.
  if (was_used(d) && (!gone || others_.contains(name))) {
    of_ended_[service_label(name, nullptr)].add(d);
    add_methods(d, of_ended_methods_);
  }
  if (gone) forget(name);
}

void node_metrics::forget(const std::string& service) {
  const auto is_its = [&service](const auto& name) { return name.first == service; };
  services_.erase(service);
  others_.erase(service);
  of_ended_.erase(service);
  std::erase_if(methods_, is_its);
  std::erase_if(other_methods_, is_its);
  std::erase_if(of_ended_methods_, [&](const auto& each) { return is_its(each.first); });
}

void node_metrics::of_services(const sources& from, std::vector<prometheus::MetricFamily>& to) {
  struct sums : service_counters, service_gauges {};
  std::map<std::string, sums> all;
  const auto add = [&](const deployment& d, bool serves) {
    sums& its = all[service_label(d.about().name, &d)];
    static_cast<service_counters&>(its).add(d);
    static_cast<service_gauges&>(its).add(d, serves);
  };
  for (const auto& [name, left] : of_ended_) static_cast<service_counters&>(all[name]) = left;
  for (const auto& d : from.services) add(*d, true);
  for (const auto& d : from.retiring) add(*d, false);
  family workers("waggle_workers", "Wasm instances", gauge);
  family waiting("waggle_workers_waiting", "Busy instances whose guest waits for a call or the clock", gauge);
  family most("waggle_workers_max", "The most instances a service may have", gauge);
  family memory("waggle_instances_memory_bytes", "Linear memory of all instances", gauge);
  family queued("waggle_queue_length", "Requests that wait for a worker", gauge);
  family started("waggle_workers_started_total", "Instances made", total);
  family broken("waggle_workers_broken_total", "Instances discarded because their guest failed", total);
  family refused("waggle_refused_total", "Requests refused before any work was done on them", total);
  family failures("waggle_guest_failures_total", "What guests failed of", total);
  family handed("waggle_handed_over_total", "Requests that ran on another core than the one that accepted them", total);
  family reruns("waggle_reruns_total", "Requests that ran again because another commit came first", total);
  for (const auto& [name, s] : all) {
    const metric_labels service{{"service", name}};
    const auto with = [&name](const char* label, std::string_view value) {
      return metric_labels{{"service", name}, {label, std::string(value)}};
    };
    workers.add(with("state", "idle"), static_cast<double>(s.idle));
    workers.add(with("state", "busy"), static_cast<double>(s.busy));
    waiting.add(service, static_cast<double>(s.waiting));
    most.add(service, static_cast<double>(s.most));
    memory.add(service, static_cast<double>(s.memory));
    queued.add(service, static_cast<double>(s.queued));
    started.add(service, static_cast<double>(s.started));
    broken.add(service, static_cast<double>(s.broken));
    handed.add(service, static_cast<double>(s.handed));
    reruns.add(service, static_cast<double>(s.reruns));
    for (std::size_t c = 0; c < failure_causes; ++c) {
      const auto cause = static_cast<failure_cause>(c);
      if (s.refused[c] > 0 || cause == failure_cause::queue_full)
        refused.add(with("reason", to_string(cause)), static_cast<double>(s.refused[c]));
      if (s.failures[c] > 0) failures.add(with("kind", to_string(cause)), static_cast<double>(s.failures[c]));
    }
  }
  take(to, std::array{&workers, &waiting, &most, &memory, &queued, &started, &broken, &refused, &failures, &handed,
                      &reruns});
}

void node_metrics::of_methods(const sources& from, std::vector<prometheus::MetricFamily>& to) {
  counters_by_method all = of_ended_methods_;
  for (const auto& d : from.services) add_methods(*d, all);
  for (const auto& d : from.retiring) add_methods(*d, all);
  family requests("waggle_requests_total", "Requests answered, by outcome", total);
  family whole("waggle_request_seconds", "From the request to its answer", histogram);
  family queue("waggle_queue_seconds", "Time that requests waited for their turn", histogram);
  family validate("waggle_validate_seconds", "Time for checking payloads and answers, and for copying", histogram);
  family guest("waggle_guest_seconds", "Time that guests ran", histogram);
  family calls("waggle_calls_seconds", "Time that guests waited for their calls and the clock", histogram);
  family commit("waggle_commit_seconds", "Time until what a request wrote was durable", histogram);
  const std::array<std::pair<family*, duration_sum method_counters::*>, 6> parts = {
      {{&whole, &method_counters::total},
       {&queue, &method_counters::queue},
       {&validate, &method_counters::validate},
       {&guest, &method_counters::guest},
       {&calls, &method_counters::waited},
       {&commit, &method_counters::commit}}};
  for (const auto& [name, s] : all) {
    const metric_labels labels{{"service", name.first}, {"method", name.second}};
    for (std::size_t code = 0; code < s.by_code.size(); ++code) {
      if (s.by_code[code] == 0 && code != 0) continue;
      metric_labels with_code = labels;
      with_code.push_back({"code", std::string(code == 0 ? "ok" : to_string(static_cast<error_code>(code)))});
      requests.add(std::move(with_code), static_cast<double>(s.by_code[code]));
    }
    for (const auto& [to_family, part] : parts)
      if ((s.*part).nanoseconds > 0) to_family->add(labels, s.*part);
  }
  take(to, std::array{&requests, &whole, &queue, &validate, &guest, &calls, &commit});
}

void node_metrics::of_schedules(const sources& from, std::vector<prometheus::MetricFamily>& to) {
  struct sums {
    std::uint64_t runs = 0;
    std::uint64_t failed = 0;
    std::uint64_t missed = 0;
  };
  std::map<method_name, sums> all;
  for (const auto& c : from.schedules) {
    sums& s = all[method_label(service_label(c->service, nullptr), c->method)];
    s.runs += c->runs.get();
    s.failed += c->failed.get();
    s.missed += c->missed.get();
  }
  family runs("waggle_schedule_runs_total", "Runs of scheduled methods that have ended", total);
  family failed("waggle_schedule_failures_total", "Runs of scheduled methods that failed", total);
  family missed("waggle_schedule_missed_total", "Times of schedules that had no run of their own", total);
  for (const auto& [name, s] : all) {
    const metric_labels labels{{"service", name.first}, {"method", name.second}};
    runs.add(labels, static_cast<double>(s.runs));
    failed.add(labels, static_cast<double>(s.failed));
    missed.add(labels, static_cast<double>(s.missed));
  }
  take(to, std::array{&runs, &failed, &missed});
}

std::string node_metrics::text(const sources& from) {
  crowded_ = from.services.size() > most_;
  std::vector<prometheus::MetricFamily> all;
  of_services(from, all);
  of_methods(from, all);
  of_schedules(from, all);
  of_node(from, all);
  if (from.certificate_ends) {
    family ends("waggle_tls_certificate_expires_seconds", "When the certificate ends, in seconds since 1970 UTC",
                gauge);
    ends.add({}, std::chrono::duration<double>(from.certificate_ends->time_since_epoch()).count());
    all.push_back(ends.take());
  }
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace waggle
