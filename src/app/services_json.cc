#include "app/services_json.h"

#include <fmt/format.h>

#include "app/top_table.h"
#include "core/error.h"
#include "schema/language/ast.h"

namespace waggle {
namespace {

std::string milliseconds(const duration_sum& took, double q) {
  static const std::vector<double> bounds = [] {
    std::vector<double> all(duration_histogram::buckets);
    for (std::size_t b = 0; b < all.size(); ++b) all[b] = duration_histogram::bound(b);
    return all;
  }();
  const auto seconds = quantile(bounds, {took.counts.begin(), took.counts.end()}, q);
  return seconds ? fmt::format("{:.3g}", *seconds * 1000) : "null";
}

void add(std::string& out, const request_figures& f) {
  fmt::format_to(std::back_inserter(out), R"("requests":{},"errors":{},"p50Ms":{},"p99Ms":{})", f.requests, f.errors,
                 milliseconds(f.took, 0.5), milliseconds(f.took, 0.99));
}

}  // namespace

std::string services_json(const shown_services& all) {
  std::string out = fmt::format(R"({{"version":"{}","count":{},"services":[)", WAGGLE_VERSION, all.count);
  std::size_t methods = 0;
  for (const shown_service& s : all.first) {
    if (out.back() != '[') out += ',';
    fmt::format_to(std::back_inserter(out),
                   R"({{"name":{},"version":{},"singleton":{},"workers":{{"busy":{},"idle":{},"max":{}}},"queued":{},)",
                   json_quote(s.about->name), json_quote(s.about->version), s.about->singleton, s.busy, s.idle, s.max,
                   s.queued);
    add(out, s.all);
    out += R"(,"methods":[)";
    for (const auto& [name, m] : s.about->methods) {
      if (m.internal) continue;
      if (++methods > shown_services::most_methods) break;
      if (out.back() != '[') out += ',';
      fmt::format_to(std::back_inserter(out), R"({{"name":{},"kind":"{}",)", json_quote(name),
                     graphql::to_string(m.kind));
      const auto figures = s.each.find(m.number);
      add(out, figures == s.each.end() ? request_figures{} : figures->second);
      out += '}';
    }
    out += "]}";
  }
  return out + "]}\n";
}

}  // namespace waggle
