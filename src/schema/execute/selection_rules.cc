#include "schema/execute/selection_rules.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "schema/execute/argument_values.h"
#include "schema/execute/name_set.h"
#include "schema/language/text.h"

namespace waggle::graphql {
namespace {

using composite = query_schema::composite;

class walker {
 public:
  explicit walker(checked_document& d) : d_(d), schema_(d.schema), found_(d.found) {}

  void run() {
    d_.of_operations.resize(d_.doc.operations.size());
    d_.of_fragments.resize(d_.doc.fragments.size());
    for (std::size_t i = 0; i < d_.doc.operations.size(); ++i) walk(d_.doc.operations[i], d_.of_operations[i]);
    for (std::size_t i = 0; i < d_.doc.fragments.size(); ++i) walk(d_.doc.fragments[i], d_.of_fragments[i]);
    for (const std::vector<uses>* all : {&d_.of_operations, &d_.of_fragments})
      for (const uses& u : *all) d_.steps_left += 8 * (u.variables.size() + u.fragments.size());
  }

 private:
  void walk(const operation_definition& o, uses& into) {
    constexpr std::string_view locations[] = {"QUERY", "MUTATION", "SUBSCRIPTION"};
    apply(o.directives, locations[static_cast<std::size_t>(o.kind)], into);
    for (const variable_definition& v : o.variables) apply(v.directives, "VARIABLE_DEFINITION", into);
    walk(o.selections, schema_.root(o.kind), into);
  }

  void walk(const fragment_definition& f, uses& into) {
    apply(f.directives, "FRAGMENT_DEFINITION", into);
    walk(f.selections, condition(f.on), into);
  }

  /// No deeper than selections were parsed. `parent` is null where the type is not known: that was reported.
  void walk(const std::vector<selection>& all, const composite* parent, uses& into) {
    d_.steps_left += 8 * all.size();
    for (const selection& s : all) {
      switch (s.kind) {
        case selection_kind::field: walk_field(s, parent, into); break;
        case selection_kind::spread: walk_spread(s, parent, into); break;
        case selection_kind::inline_fragment: walk_inline(s, parent, into); break;
      }
    }
  }

  void walk_field(const selection& s, const composite* parent, uses& into) {
    const field* const f = parent == nullptr ? nullptr : parent->find(s.id.text);
    const owner of{"", s.id.text};
    if (f == nullptr) {
      if (parent != nullptr) unknown_field(s, *parent);
      check_untyped_arguments(d_, s.arguments, of, into);
      if (!s.directives.empty()) apply(s.directives, "FIELD", into);
      return walk(s.selections, nullptr, into);
    }
    if (!s.arguments.empty() || !f->arguments.empty())
      check_arguments(d_, s.arguments, f->arguments, of, s.id.offset, into);
    if (!s.directives.empty()) apply(s.directives, "FIELD", into);
    const composite* const type = schema_.find(f->type.named.text);
    if (type == nullptr && !s.selections.empty()) {
      error(s.id.offset, [&] {
        return fmt::format("{} is of the type {}, which has no fields; remove its selection (§5.3.3)", shown(s.id.text),
                           print(type_view(f->type)));
      });
    } else if (type != nullptr && s.selections.empty()) {
      error(s.id.offset, [&] {
        return fmt::format("{} is of the type {}; select fields of it: {} {{ … }} (§5.3.3)", shown(s.id.text),
                           print(type_view(f->type)), shown(s.id.text));
      });
    }
    walk(s.selections, type, into);
  }

  /// A root field of that name that got the name of its contract put before it, because several have it (endpoint.h).
  [[nodiscard]] std::string namespaced(std::string_view field_name, const composite& parent) const {
    constexpr std::size_t most = 3;
    if (&parent != schema_.root(operation::query) && &parent != schema_.root(operation::mutation) &&
        &parent != schema_.root(operation::subscription))
      return {};
    const std::string ending = fmt::format("_{}", field_name);
    std::vector<std::string> found;
    for (const auto& [name, f] : parent.fields)
      if (name.size() > ending.size() && name.ends_with(ending)) found.emplace_back(name);
    if (found.empty()) return {};
    std::ranges::sort(found);
    if (found.size() > most) found.resize(most);
    return fmt::format("; several services have it, so here it is {}", fmt::join(found, " or "));
  }

  void unknown_field(const selection& s, const composite& parent) {
    error(s.id.offset, [&] {
      std::string hint;
      for (const composite* c : parent.possible) {
        if (parent.is_object() || c->find(s.id.text) == nullptr) continue;
        hint = fmt::format("; use a fragment on {}", shown(c->name()));
        break;
      }
      if (hint.empty()) hint = namespaced(s.id.text, parent);
      if (hint.empty()) {
        near_name near(s.id.text);
        // In an order that does not depend on hashes.
        std::vector<std::string_view> names;
        for (const auto& [field_name, f] : parent.fields) names.push_back(field_name);
        std::ranges::sort(names);
        for (const std::string_view n : names) near.offer(n);
        hint = near.hint();
      }
      return fmt::format("{} has no field {}{} (§5.3.1)", shown(parent.name()), shown(s.id.text), hint);
    });
  }

  void walk_spread(const selection& s, const composite* parent, uses& into) {
    apply(s.directives, "FRAGMENT_SPREAD", into);
    const auto at = d_.fragments.find(s.id.text);
    if (at == d_.fragments.end()) {
      error(s.id.offset, [&] {
        near_name near(s.id.text);
        for (const fragment_definition& f : d_.doc.fragments) near.offer(f.id.text);
        return fmt::format("fragment {} is not defined{} (§5.5.2.1)", shown(s.id.text), near.hint());
      });
      return;
    }
    into.fragments.push_back({at->second, s.offset});
    const composite* const type = schema_.find(d_.doc.fragments[at->second].on.text);
    if (parent != nullptr && type != nullptr && !overlap(*parent, *type))
      error(s.offset, [&] {
        return fmt::format("fragment {} is on {}, and no {} is one (§5.5.2.3)", shown(s.id.text), shown(type->name()),
                           shown(parent->name()));
      });
  }

  void walk_inline(const selection& s, const composite* parent, uses& into) {
    apply(s.directives, "INLINE_FRAGMENT", into);
    const composite* type = parent;
    if (!s.id.text.empty()) {
      type = condition(s.id);
      if (parent != nullptr && type != nullptr && !overlap(*parent, *type))
        error(s.offset, [&] {
          return fmt::format("this fragment is on {}, and no {} is one (§5.5.2.3)", shown(type->name()),
                             shown(parent->name()));
        });
    }
    walk(s.selections, type, into);
  }

  /// The type that a fragment is on, or null: then that is reported.
  const composite* condition(const name& on) {
    const composite* const type = schema_.find(on.text);
    if (type != nullptr) return type;
    error(on.offset, [&] {
      const type_entry* const entry = schema_.find_entry(on.text);
      if (entry != nullptr && entry->defined != nullptr)
        return fmt::format("{} is of the kind {}; a fragment is on an object type, interface or union (§5.5.1.3)",
                           shown(on.text), describe(entry->defined->kind));
      near_name near(on.text);
      for (const auto& c : schema_.composites()) near.offer(c->name());
      return fmt::format("type {} is not defined{} (§5.5.1.2)", shown(on.text), near.hint());
    });
    return nullptr;
  }

  /// `query_schema::overlap`, asked once for each pair that takes long.
  bool overlap(const composite& a, const composite& b) {
    if (a.is_object() || b.is_object()) return query_schema::overlap(a, b);
    const std::size_t key = std::min(a.number, b.number) * schema_.composites().size() + std::max(a.number, b.number);
    const auto [at, added] = overlaps_.try_emplace(key, false);
    if (added) at->second = query_schema::overlap(a, b);
    return at->second;
  }

  void apply(const std::vector<directive>& all, std::string_view location, uses& into) {
    if (all.empty()) return;
    const auto& known = schema_.definitions().directives;
    name_set seen;
    for (const directive& one : all) {
      const owner of{"@", one.id.text};
      const auto at = known.find(one.id.text);
      if (at == known.end() || at->second.defined == nullptr) {
        error(one.id.offset, [&] {
          near_name near(one.id.text);
          for (const auto& [candidate, entry] : known) near.offer(candidate);
          return fmt::format("directive @{} is not defined{} (§5.7.1)", shown(one.id.text), near.hint("@"));
        });
        check_untyped_arguments(d_, one.arguments, of, into);
        continue;
      }
      const definition& defined = *at->second.defined;
      if (!at->second.locations.contains(location))
        error(one.id.offset,
              [&] { return fmt::format("@{} cannot stand on {} (§5.7.2)", shown(one.id.text), location); });
      if (!seen.insert(one.id.text) && !defined.repeatable)
        error(one.id.offset, [&] { return fmt::format("@{} stands here twice (§5.7.3)", shown(one.id.text)); });
      check_arguments(d_, one.arguments, defined.inputs, of, one.id.offset, into);
    }
  }

  template <class Message>
  void error(std::size_t offset, Message message) {
    if (!found_.full()) found_.error(offset, message());
  }

  checked_document& d_;
  const query_schema& schema_;
  findings& found_;
  std::unordered_map<std::size_t, bool> overlaps_;
};

}  // namespace

void check_selections(checked_document& d) { walker(d).run(); }

}  // namespace waggle::graphql
