#include "schema/execute/planner.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include <fmt/format.h>

namespace waggle::graphql {
namespace {

/// Objects with more names than this are looked up by hash.
constexpr std::size_t many_sources = 12;
/// So much is planned before anybody asks; fragments on interfaces can lead to exponentially many plans.
constexpr std::size_t most_plans = 256;
constexpr std::size_t most_possible_types = 16;

leaf leaf_of(const type_entry& entry) {
  constexpr std::array<std::pair<std::string_view, leaf>, 5> specified = {{{"Int", leaf::integer},
                                                                           {"Float", leaf::floating},
                                                                           {"String", leaf::string},
                                                                           {"Boolean", leaf::boolean},
                                                                           {"ID", leaf::id}}};
  if (entry.defined == nullptr) return leaf::scalar;
  switch (entry.defined->kind) {
    case definition_kind::enumeration: return leaf::enumeration;
    case definition_kind::scalar: {
      const auto* const at =
          std::ranges::find(specified, entry.defined->id.text, &std::pair<std::string_view, leaf>::first);
      return at == specified.end() ? leaf::scalar : at->second;
    }
    default: return leaf::none;
  }
}

}  // namespace

planner::planner(const query_schema& schema, const executable_document& doc, condition_value condition)
    : schema_(schema), condition_(std::move(condition)) {
  for (const fragment_definition& f : doc.fragments) fragments_.emplace(f.id.text, &f);
}

bool planner::included(const selection& s) const {
  for (const directive& d : s.directives) {
    const bool skip = d.id.text == "skip";
    if (!skip && d.id.text != "include") continue;
    const argument* const condition = d.find("if");
    if (condition == nullptr) continue;
    const value& v = condition->given;
    const bool on = v.kind == value_kind::variable ? condition_(v.text) : v.text == "true";
    if (on == skip) return false;
  }
  return true;
}

bool planner::applies(std::string_view type, const query_schema::composite& object) const {
  if (type.empty() || type == object.name()) return true;
  const query_schema::composite* const of = schema_.find(type);
  return of != nullptr && query_schema::is_possible(*of, object);
}

const selection_group* planner::group(const query_schema::composite& type,
                                      std::vector<const std::vector<selection>*> sets) {
  const auto [at, added] = by_sets_.try_emplace({&type, sets}, nullptr);
  if (added) {
    groups_.push_back({&type, std::move(sets), nullptr});
    at->second = &groups_.back();
  }
  return at->second;
}

const selection_group* planner::root(const operation_definition& operation) {
  const query_schema::composite* const type = schema_.root(operation.kind);
  root_ = type == nullptr ? nullptr : group(*type, {&operation.selections});
  return root_;
}

const object_plan* planner::find(const selection_group& group, const query_schema::composite& object) const {
  if (group.only != nullptr) return group.only;
  const auto at = by_type_.find({&group, &object});
  return at == by_type_.end() ? nullptr : at->second;
}

/// CollectFields (§6.3.2), without recursion: a chain of fragments can be as long as the document.
const object_plan& planner::plan(const selection_group& group, const query_schema::composite& object) {
  if (const object_plan* known = find(group, object)) return *known;
  struct place {
    const std::vector<selection>* set;
    std::size_t next;
  };
  std::vector<collected> fields;
  std::unordered_map<std::string_view, std::size_t> by_name;
  std::unordered_set<std::string_view> visited;
  std::vector<place> open;
  for (const std::vector<selection>* set : group.sets) {
    open.push_back({set, 0});
    while (!open.empty()) {
      place& at = open.back();
      if (at.next == at.set->size()) {
        open.pop_back();
        continue;
      }
      const selection& s = (*at.set)[at.next++];
      if (!s.directives.empty() && !included(s)) continue;
      if (s.kind == selection_kind::field) {
        const auto [found, added] = by_name.try_emplace(s.response_name().text, fields.size());
        if (added) fields.push_back({&s, {}});
        if (!s.selections.empty()) fields[found->second].sets.push_back(&s.selections);
      } else if (s.kind == selection_kind::inline_fragment) {
        if (applies(s.id.text, object)) open.push_back({&s.selections, 0});
      } else if (visited.insert(s.id.text).second) {
        const auto fragment = fragments_.find(s.id.text);
        if (fragment != fragments_.end() && applies(fragment->second->on.text, object))
          open.push_back({&fragment->second->selections, 0});
      }
    }
  }
  object_plan& made = plans_.emplace_back();
  made.type = &object;
  std::unordered_map<std::string_view, std::uint32_t> numbers;
  for (collected& from : fields) {
    planned_field f;
    f.first = from.first;
    finish(f, object, from);
    if (f.definition == nullptr) continue;  // the document is not valid
    const auto [number, added] = numbers.try_emplace(f.name(), static_cast<std::uint32_t>(made.sources.size()));
    if (added) made.sources.push_back(f.name());
    f.source = number->second;
    made.fields.push_back(std::move(f));
  }
  if (made.sources.size() > many_sources) made.source_numbers = std::move(numbers);
  by_type_[{&group, &object}] = &made;
  // A group of another planner stays as it is: it may be in use on other threads.
  if (const auto own = by_sets_.find({group.type, group.sets});
      group.type == &object && own != by_sets_.end() && own->second == &group)
    own->second->only = &made;
  return made;
}

void planner::finish(planned_field& f, const query_schema::composite& object, collected& from) {
  f.definition = object.find(f.name());
  if (f.definition == nullptr) return;
  f.type = schema_.find_entry(f.definition->type.named.text);
  if (f.type == nullptr) {
    f.definition = nullptr;
    return;
  }
  f.key = fmt::format("\"{}\":", f.response_name());
  f.values = leaf_of(*f.type);
  if (f.values != leaf::none) return;
  const query_schema::composite* const type = schema_.find(f.definition->type.named.text);
  if (type == nullptr || from.sets.empty())
    f.definition = nullptr;
  else
    f.sub = group(*type, std::move(from.sets));
}

void planner::plan_all(const selection_group& from) {
  std::unordered_set<const selection_group*> seen{&from};
  std::vector<const selection_group*> open{&from};
  while (!open.empty()) {
    const selection_group& next = *open.back();
    open.pop_back();
    if (next.type->possible.size() > most_possible_types) continue;
    for (const query_schema::composite* type : next.type->possible) {
      if (plans_.size() >= most_plans) return;
      for (const planned_field& f : plan(next, *type).fields)
        if (f.sub != nullptr && seen.insert(f.sub).second) open.push_back(f.sub);
    }
  }
}

}  // namespace waggle::graphql
