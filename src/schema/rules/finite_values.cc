#include "schema/rules/finite_values.h"

#include <fmt/format.h>

#include "schema/language/text.h"

namespace waggle::graphql {

std::size_t finite_values::add_type(std::string_view type_name, bool any) {
  types_.push_back({type_name, any, {}});
  return types_.size() - 1;
}

/// Begins with the types that need nothing and goes backwards along the needs.
std::vector<bool> finite_values::finite() const {
  std::vector<std::vector<std::size_t>> needed_by(types_.size());
  std::vector<std::size_t> missing(types_.size());
  std::vector<bool> has_value(types_.size());
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < types_.size(); ++i) {
    for (const need& n : types_[i].needs) needed_by[n.of].push_back(i);
    const node& n = types_[i];
    missing[i] = n.finite || n.needs.empty() ? 0 : n.any ? 1 : n.needs.size();
    if (missing[i] > 0) continue;
    has_value[i] = true;
    open.push_back(i);
  }
  while (!open.empty()) {
    const std::size_t next = open.back();
    open.pop_back();
    for (const std::size_t i : needed_by[next]) {
      if (has_value[i] || --missing[i] > 0) continue;
      has_value[i] = true;
      open.push_back(i);
    }
  }
  return has_value;
}

std::vector<std::vector<finite_values::step>> finite_values::endless() {
  const std::vector<bool> has_value = finite();
  std::vector<std::vector<step>> cycles;
  constexpr std::size_t unseen = static_cast<std::size_t>(-1);
  std::vector<std::size_t> walk_of(types_.size(), unseen);
  for (std::size_t start = 0; start < types_.size(); ++start) {
    if (has_value[start]) continue;
    // Each type without a value needs another such one, so that the walk along the first of them ends in a circle.
    struct taken {
      std::size_t type;
      const need* along;
    };
    std::vector<taken> walk;
    std::size_t at = start;
    while (walk_of[at] == unseen) {
      walk_of[at] = start;
      const need* along = nullptr;
      for (const need& n : types_[at].needs)
        if (along == nullptr && !has_value[n.of]) along = &n;
      walk.push_back({at, along});
      at = along->of;
    }
    if (walk_of[at] != start) continue;  // leads into a circle that is known
    std::vector<step>& cycle = cycles.emplace_back();
    bool inside = false;
    for (const taken& t : walk) {
      inside |= t.type == at;
      if (inside) cycle.push_back({types_[t.type].id, t.along->field});
    }
  }
  return cycles;
}

std::string finite_values::path(const std::vector<step>& cycle) {
  constexpr std::size_t most = 10;
  std::string out;
  for (std::size_t i = 0; i < cycle.size(); ++i) {
    if (i == most) return out + fmt::format(", … ({} more)", cycle.size() - most);
    if (i > 0) out += ", ";
    out += shown(cycle[i].type);
    if (cycle[i].field != nullptr) out += "." + shown(cycle[i].field->text);
  }
  return out;
}

}  // namespace waggle::graphql
