#include "core/service.h"

#include <algorithm>

namespace waggle {

service* service_directory::find(std::string_view name) const {
  const auto it = services_.find(name);
  return it == services_.end() ? nullptr : it->second;
}

void service_directory::put(std::string name, service& s) { services_.insert_or_assign(std::move(name), &s); }

void service_directory::remove(std::string_view name) {
  if (const auto it = services_.find(name); it != services_.end()) services_.erase(it);
}

std::vector<std::string> service_directory::names() const {
  std::vector<std::string> all;
  all.reserve(services_.size());
  for (const auto& [name, s] : services_) all.push_back(name);
  std::ranges::sort(all);
  return all;
}

}  // namespace waggle
