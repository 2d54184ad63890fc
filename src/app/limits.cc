#include "app/limits.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/config_keys.h"

namespace waggle {
namespace {

constexpr std::uint32_t most = 1'000'000'000;

/// A key and where its number lives; 0 is not written down.
struct row {
  std::string_view key;
  std::uint32_t service_limits::*at;
  std::uint32_t most;
};
constexpr std::array rows = {
    row{"rate", &service_limits::rate, most},
    row{"burst", &service_limits::burst, most},
    row{"rate_per_caller", &service_limits::rate_per_caller, most},
    row{"concurrency", &service_limits::concurrency, 1'000'000},
    row{"cpu_ms", &service_limits::cpu_ms, 1'000'000},
    row{"memory_mb", &service_limits::memory_mb, 2048},
    row{"total_memory_mb", &service_limits::total_memory_mb, 1U << 30},
};
constexpr std::string_view queue_key = "queue_ms";
constexpr std::uint32_t longest_queue = 86'400'000;

}  // namespace

limit_entry read_limit(const toml::table& t,
                       const std::function<void(const toml::source_region&, std::string)>& complain) {
  limit_entry made;
  const auto number = [&](const toml::node& node, std::string_view key, std::uint32_t least, std::uint32_t highest) {
    const auto* n = node.as_integer();
    if (n != nullptr && n->get() >= least && n->get() <= highest) return static_cast<std::uint32_t>(n->get());
    complain(node.source(), fmt::format("{} takes a whole number from {} to {}", key, least, highest));
    return least;
  };
  for (const auto& [key, node] : t) {
    const std::string_view name = key.str();
    const auto known = std::ranges::find(rows, name, &row::key);
    if (known != rows.end()) {
      made.allows.*known->at = number(node, name, 1, known->most);
    } else if (name == queue_key) {
      made.allows.queue = std::chrono::milliseconds(number(node, name, 0, longest_queue));
    } else if (name == "service") {
      if (const auto* text = node.as_string(); text != nullptr && !text->get().empty())
        made.service = text->get();
      else
        complain(node.source(), "service takes a service's full name, like shop.v1.Orders");
    } else {
      std::vector<std::string_view> names = {"service"};
      for (const row& r : rows) names.push_back(r.key);
      names.push_back(queue_key);
      complain(key.source(), fmt::format("unknown key {} in [[limit]], which has {}", name, fmt::join(names, ", ")));
    }
  }
  if (made.service.starts_with("waggle."))
    complain(t.source(),
             fmt::format("{} is the node's own: [[limit]] is for services that it loads; what they may ask of "
                         "it is a matter of [[grant]]",
                         made.service));
  if (!t.contains("service")) complain(t.source(), "[[limit]] lacks service: whom it limits");
  if (made.allows.burst > 0 && made.allows.rate == 0) complain(t.source(), "burst is of a rate, and there is none");
  return made;
}

std::string print(const limit_entry& l) {
  std::string out = fmt::format("[[limit]]\nservice = {}\n", toml_quote(l.service));
  for (const row& r : rows)
    if (const std::uint32_t value = l.allows.*r.at; value > 0) out += fmt::format("{} = {}\n", r.key, value);
  if (l.allows.queue) out += fmt::format("{} = {}\n", queue_key, l.allows.queue->count());
  return out;
}

service_limits limits_for(std::string_view service, const configuration& c) {
  const auto at = std::ranges::find(c.limited, service, &limit_entry::service);
  return at == c.limited.end() ? service_limits{} : at->allows;
}

}  // namespace waggle
