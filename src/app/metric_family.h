#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <prometheus/metric_family.h>

#include "core/duration_histogram.h"

namespace waggle {

using metric_labels = std::vector<prometheus::ClientMetric::Label>;

/// A family of metrics under construction.
class family {
 public:
  using type = prometheus::MetricType;

  family(std::string name, std::string help, type t) {
    it_.name = std::move(name);
    it_.help = std::move(help);
    it_.type = t;
  }
  void add(metric_labels l, double value) {
    prometheus::ClientMetric m;
    m.label = std::move(l);
    if (it_.type == type::Counter)
      m.counter.value = value;
    else
      m.gauge.value = value;
    it_.metric.push_back(std::move(m));
  }
  /// The sum of these, of `all` measurements: what they do not hold took no time at all.
  void add(metric_labels l, std::span<const duration_histogram* const> parts, std::uint64_t all) {
    prometheus::ClientMetric m;
    m.label = std::move(l);
    std::array<std::uint64_t, duration_histogram::buckets> counts{};
    std::uint64_t held = 0;
    for (const auto* part : parts) {
      m.histogram.sample_sum += part->seconds();
      for (std::size_t b = 0; b < counts.size(); ++b) {
        counts[b] += part->count(b);
        held += part->count(b);
      }
    }
    std::uint64_t sum = std::max(all, held) - held;
    for (std::size_t b = 0; b < counts.size(); ++b) {
      sum += counts[b];
      const bool last = b + 1 == counts.size();
      m.histogram.bucket.push_back(
          {.cumulative_count = sum,
           .upper_bound = last ? std::numeric_limits<double>::infinity() : duration_histogram::bound(b)});
    }
    m.histogram.sample_count = sum;
    it_.metric.push_back(std::move(m));
  }
  [[nodiscard]] bool empty() const { return it_.metric.empty(); }
  [[nodiscard]] prometheus::MetricFamily take() { return std::move(it_); }

 private:
  prometheus::MetricFamily it_;
};

}  // namespace waggle
