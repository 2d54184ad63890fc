#include "app/top_table.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <simdjson.h>

#include "app/terminal_text.h"
#include "core/error.h"

namespace waggle {
namespace {

using simdjson::dom::element;

/// Into what it should be; false where it is not there.
template <class T>
bool take(const element& of, std::string_view key, T& into) {
  return of[key].get(into) == simdjson::SUCCESS;
}

template <class T>
bool take_list(const element& of, std::string_view key, std::vector<T>& into) {
  simdjson::dom::array all;
  if (of[key].get(all)) return false;
  for (const element e : all)
    if (e.get(into.emplace_back())) return false;
  return true;
}

std::string duration_text(std::optional<double> s) {
  if (!s) return "-";
  if (*s < 1e-3) return fmt::format("{:.0f} us", *s * 1e6);
  if (*s < 1) return fmt::format("{:.1f} ms", *s * 1e3);
  return fmt::format("{:.1f} s", *s);
}

std::string json_ms(std::optional<double> s) { return s ? fmt::format("{:.3f}", *s * 1e3) : "null"; }

}  // namespace

std::optional<load_sample> read_load(std::string_view json) {
  simdjson::dom::parser parser;
  element in;
  simdjson::dom::array services;
  load_sample out;
  std::uint64_t cores = 0;
  if (parser.parse(json.data(), json.size()).get(in) || !take(in, "cores", cores) ||
      !take(in, "seconds", out.seconds) || !take_list(in, "bounds", out.bounds) || in["services"].get(services))
    return std::nullopt;
  out.cores = static_cast<unsigned>(cores);
  for (const element s : services) {
    std::string_view name;
    element workers;
    load_sample::service one;
    if (!take(s, "name", name) || !take(s, "workers", workers) || !take(workers, "busy", one.busy) ||
        !take(workers, "idle", one.idle) || !take(workers, "max", one.max) || !take(s, "queued", one.queued) ||
        !take(s, "requests", one.requests) || !take(s, "errors", one.errors) ||
        !take(s, "cpuSeconds", one.cpu_seconds) || !take_list(s, "took", one.took))
      return std::nullopt;
    out.services.emplace(name, std::move(one));
  }
  return out;
}

std::optional<double> quantile(const std::vector<double>& bounds, const std::vector<std::uint64_t>& counts, double q) {
  const auto all = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  if (all == 0 || bounds.empty()) return std::nullopt;
  const double wanted = q * static_cast<double>(all);
  double before = 0;
  for (std::size_t i = 0; i < std::min(counts.size(), bounds.size()); ++i) {
    const auto here = static_cast<double>(counts[i]);
    if (here > 0 && before + here >= wanted) {
      const double from = i == 0 ? 0 : bounds[i - 1];
      return from + (bounds[i] - from) * (wanted - before) / here;
    }
    before += here;
  }
  return bounds.back();
}

std::vector<top_row> rows_between(const load_sample& before, const load_sample& after) {
  const double seconds = std::max(after.seconds - before.seconds, 1e-3);
  std::vector<top_row> rows;
  for (const auto& [name, now] : after.services) {
    const auto old = before.services.find(name);
    const bool same = old != before.services.end() && old->second.requests <= now.requests &&
                      old->second.cpu_seconds <= now.cpu_seconds && old->second.took.size() == now.took.size();
    const load_sample::service was = same ? old->second : load_sample::service{.took = {}};
    const auto per_second = [seconds](std::uint64_t from, std::uint64_t to) {
      return static_cast<double>(to - std::min(from, to)) / seconds;
    };
    std::vector<std::uint64_t> took = now.took;
    for (std::size_t i = 0; i < was.took.size(); ++i) took[i] -= std::min(was.took[i], took[i]);
    rows.push_back({.name = name,
                    .requests = per_second(was.requests, now.requests),
                    .errors = per_second(was.errors, now.errors),
                    .p50 = quantile(after.bounds, took, 0.5),
                    .p99 = quantile(after.bounds, took, 0.99),
                    .now = now,
                    .cpu = (now.cpu_seconds - was.cpu_seconds) / seconds});
  }
  std::ranges::stable_sort(rows, [](const top_row& a, const top_row& b) {
    return std::pair(std::round(a.cpu * 100), a.requests) > std::pair(std::round(b.cpu * 100), b.requests);
  });
  return rows;
}

std::vector<std::string> top_lines(const load_sample& now, const std::vector<top_row>& rows) {
  double requests = 0;
  double errors = 0;
  double cpu = 0;
  std::size_t width = 20;
  for (const top_row& r : rows) {
    requests += r.requests;
    errors += r.errors;
    cpu += r.cpu;
    width = std::max(width, printable(r.name).size());
  }
  std::vector<std::string> out;
  out.push_back(fmt::format("{} services, {} cores: {:.1f} requests/s, {:.1f} errors/s, services' CPU {:.0f} % of {}",
                            rows.size(), now.cores, requests, errors, cpu * 100, now.cores * 100));
  out.push_back(fmt::format("{:<{}} {:>10} {:>9} {:>9} {:>9} {:>5} {:>5} {:>5} {:>6} {:>6}", "SERVICE", width, "REQ/S",
                            "ERR/S", "P50", "P99", "BUSY", "IDLE", "MAX", "QUEUE", "CPU %"));
  for (const top_row& r : rows)
    out.push_back(fmt::format("{:<{}} {:>10.1f} {:>9.1f} {:>9} {:>9} {:>5} {:>5} {:>5} {:>6} {:>6.1f}",
                              printable(r.name), width, r.requests, r.errors, duration_text(r.p50),
                              duration_text(r.p99), r.now.busy, r.now.idle, r.now.max, r.now.queued, r.cpu * 100));
  return out;
}

std::string top_json(const load_sample& now, const std::vector<top_row>& rows) {
  std::string services;
  for (const top_row& r : rows)
    services += fmt::format(
        R"({}{{"name":{},"requestsPerSecond":{:.3f},"errorsPerSecond":{:.3f},"p50Ms":{},"p99Ms":{},"workers":{{"busy":{},"idle":{},"max":{}}},"queued":{},"cpuPercent":{:.2f}}})",
        services.empty() ? "" : ",", json_quote(r.name), r.requests, r.errors, json_ms(r.p50), json_ms(r.p99),
        r.now.busy, r.now.idle, r.now.max, r.now.queued, r.cpu * 100);
  return fmt::format(R"({{"cores":{},"services":[{}]}})", now.cores, services);
}

}  // namespace waggle
