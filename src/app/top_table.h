#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace waggle {

/// One answer of Admin's `load`.
struct load_sample {
  struct service {
    std::uint64_t busy = 0, idle = 0, max = 0, queued = 0, requests = 0, errors = 0;
    double cpu_seconds = 0;
    std::vector<std::uint64_t> took;  ///< requests by duration: one more than there are bounds
  };
  unsigned cores = 0;
  double seconds = 0;  ///< of a clock that is never set
  std::vector<double> bounds;
  std::map<std::string, service> services;
};
/// Nothing where it is none.
[[nodiscard]] std::optional<load_sample> read_load(std::string_view json);

/// What happened between two of them.
struct top_row {
  std::string name;
  double requests = 0;  ///< a second
  double errors = 0;
  std::optional<double> p50;  ///< seconds; nothing without a request
  std::optional<double> p99;
  load_sample::service now;
  double cpu = 0;  ///< 1: one core
};
/// The busiest first. A service that was loaded again in between counts from there.
[[nodiscard]] std::vector<top_row> rows_between(const load_sample& before, const load_sample& after);

/// The bound below which the fraction `q` lies, by the line through its bucket; nothing where nothing was counted.
[[nodiscard]] std::optional<double> quantile(const std::vector<double>& bounds,
                                             const std::vector<std::uint64_t>& counts, double q);

/// Lines, the first two about the node and the columns; names are made printable.
[[nodiscard]] std::vector<std::string> top_lines(const load_sample& now, const std::vector<top_row>& rows);
/// One line of JSON.
[[nodiscard]] std::string top_json(const load_sample& now, const std::vector<top_row>& rows);

}  // namespace waggle
