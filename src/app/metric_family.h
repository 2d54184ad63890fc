#pragma once
#include <cstdint>
#include <limits>
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
  void add(metric_labels l, const duration_sum& of) {
    prometheus::ClientMetric m;
    m.label = std::move(l);
    std::uint64_t sum = 0;
    for (std::size_t b = 0; b < of.counts.size(); ++b) {
      sum += of.counts[b];
      const bool last = b + 1 == of.counts.size();
      m.histogram.bucket.push_back(
          {.cumulative_count = sum,
           .upper_bound = last ? std::numeric_limits<double>::infinity() : duration_histogram::bound(b)});
    }
    m.histogram.sample_count = sum;
    m.histogram.sample_sum = static_cast<double>(of.nanoseconds) / 1e9;
    it_.metric.push_back(std::move(m));
  }
  [[nodiscard]] bool empty() const { return it_.metric.empty(); }
  [[nodiscard]] prometheus::MetricFamily take() { return std::move(it_); }

 private:
  prometheus::MetricFamily it_;
};

}  // namespace waggle
