#include "schema/compare/compare_parts.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "schema/compare/constraint_change.h"
#include "schema/language/places.h"
#include "schema/language/print.h"
#include "schema/language/text.h"

namespace waggle::graphql {
namespace {

using enum change_kind;

/// What to report where a directive comes, goes, or has other arguments. All others mean nothing to waggle.
struct usage_row {
  std::string_view directive;
  change_kind added, removed, changed;
};
constexpr usage_row usage_rows[] = {
    {"bare", bare_added, bare_removed, bare_added},
    {"deprecated", deprecation_changed, deprecation_changed, deprecation_changed},
    {"idempotent", idempotent_added, idempotent_removed, idempotent_added},
    {"internal", internal_added, internal_removed, internal_added},
    {"oneOf", one_of_added, one_of_removed, one_of_added},
    {"schedule", schedule_changed, schedule_changed, schedule_changed},
    {"sensitive", sensitive_changed, sensitive_changed, sensitive_changed},
};

usage_row row_of_usage(std::string_view directive) {
  const auto* row = std::ranges::find(usage_rows, directive, &usage_row::directive);
  return row != std::end(usage_rows)
             ? *row
             : usage_row{directive, directive_usage_changed, directive_usage_changed, directive_usage_changed};
}

/// All uses of one directive at one place, in a canonical form: `(reason: "old")`.
struct usage {
  std::string text;
  std::size_t offset = nowhere;
};

std::map<std::string_view, usage> usages_of(const directives_used& directives,
                                            std::initializer_list<std::string_view> handled) {
  std::map<std::string_view, usage> out;
  for (const directive* d : directives) {
    if (std::ranges::find(handled, d->id.text) != handled.end()) continue;
    std::map<std::string_view, std::string> arguments;
    for (const argument& a : d->arguments)
      arguments.emplace(a.id.text, fmt::format("{}: {}", a.id.text, canonical(a.given)));
    usage& u = out[d->id.text];
    if (u.offset == nowhere) u.offset = d->id.offset;
    u.text += '(';
    for (const auto& [id, text] : arguments) u.text += (u.text.ends_with('(') ? "" : ", ") + text;
    u.text += ')';
  }
  return out;
}

void compare_defaults(const input_kinds& kinds, const std::string& path, const input_value& before,
                      const input_value& after, change_list& into) {
  const bool was = !before.default_value.empty();
  const bool is = !after.default_value.empty();
  const place_pair at{before.id.offset, after.id.offset};
  const std::string old_text = was ? canonical(before.default_value.front()) : std::string();
  const std::string new_text = is ? canonical(after.default_value.front()) : std::string();
  if (was && is) {
    if (old_text != new_text)
      into.add(default_changed, path, fmt::format("default changed from {} to {}", shown(old_text), shown(new_text)),
               at);
  } else if (was) {
    into.add(after.type.non_null() ? kinds.became_required : default_removed, path,
             fmt::format("default {} was removed", shown(old_text)), at);
  } else if (is) {
    into.add(before.type.non_null() ? kinds.became_optional : default_added, path,
             fmt::format("default {} was added", shown(new_text)), at);
  }
}

}  // namespace

void change_list::add(change_kind kind, std::string path, std::string_view what, place_pair at) {
  contract_change& c = changes_.emplace_back();
  c.kind = kind;
  c.path = std::move(path);
  c.message = fmt::format("{}; {}", what, row_of(kind).effect);
  places_.push_back(at);
}

std::vector<contract_change> change_list::take(std::string_view text_before, std::string_view text_after) {
  std::vector<std::size_t> order(changes_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto locate = [&](std::string_view text, std::size_t place_pair::*side,
                          std::optional<text_place> contract_change::*into) {
    std::ranges::sort(order, {}, [&](std::size_t i) { return places_[i].*side; });
    place_walk walk(text);
    for (const std::size_t i : order)
      if (places_[i].*side != nowhere) changes_[i].*into = walk.at(places_[i].*side);
  };
  locate(text_before, &place_pair::before, &contract_change::before);
  locate(text_after, &place_pair::after, &contract_change::after);
  places_.clear();
  std::ranges::stable_sort(changes_, [](const contract_change& a, const contract_change& b) {
    const severity of_a = row_of(a.kind).level;
    const severity of_b = row_of(b.kind).level;
    return of_a != of_b ? of_a < of_b : a.path < b.path;
  });
  return std::move(changes_);
}

type_change compare_types(const type_ref& before, const type_ref& after) {
  if (before.named.text != after.named.text) return type_change::other;
  std::string_view old_part = before.modifiers;
  std::string_view new_part = after.modifiers;
  bool narrowed = false;
  bool widened = false;
  while (!old_part.empty() || !new_part.empty()) {
    const bool was_non_null = old_part.ends_with('!');
    const bool is_non_null = new_part.ends_with('!');
    narrowed |= is_non_null && !was_non_null;
    widened |= was_non_null && !is_non_null;
    if (was_non_null) old_part.remove_suffix(1);
    if (is_non_null) new_part.remove_suffix(1);
    if (old_part.empty() != new_part.empty()) return type_change::other;  // a list on one side only
    if (old_part.empty()) break;
    old_part.remove_suffix(1);
    new_part.remove_suffix(1);
  }
  if (narrowed && widened) return type_change::other;
  if (narrowed) return type_change::narrowed;
  return widened ? type_change::widened : type_change::none;
}

directives_used used(const std::vector<directive>& directives) {
  directives_used out;
  out.reserve(directives.size());
  for (const directive& d : directives) out.push_back(&d);
  return out;
}

const directive* find(const directives_used& directives, std::string_view directive_name) {
  const auto it = std::ranges::find(directives, directive_name, [](const directive* d) { return d->id.text; });
  return it == directives.end() ? nullptr : *it;
}

void compare_annotations(const std::string& path, const annotations& before, const annotations& after,
                         std::initializer_list<std::string_view> handled, change_list& into) {
  const place_pair at{before.offset, after.offset};
  if (before.description != after.description)
    into.add(description_changed, path,
             before.description.empty()  ? "a description was added"
             : after.description.empty() ? "the description was removed"
                                         : "the description changed",
             at);
  if (before.directives.empty() && after.directives.empty()) return;
  match(
      usages_of(before.directives, handled), usages_of(after.directives, handled),
      [&](const auto& old_one) {
        into.add(row_of_usage(old_one.first).removed, path, fmt::format("@{} was removed", shown(old_one.first)),
                 {old_one.second.offset, at.after});
      },
      [&](const auto& new_one) {
        into.add(row_of_usage(new_one.first).added, path, fmt::format("@{} was added", shown(new_one.first)),
                 {at.before, new_one.second.offset});
      },
      [&](const auto& old_one, const auto& new_one) {
        if (old_one.second.text == new_one.second.text) return;
        into.add(row_of_usage(new_one.first).changed, path,
                 fmt::format("@{} changed from {} to {}", shown(new_one.first), shown(old_one.second.text),
                             shown(new_one.second.text)),
                 {old_one.second.offset, new_one.second.offset});
      });
}

void compare_constraint(const std::string& path, const annotations& before, const annotations& after, bool answered,
                        change_list& into) {
  const directive* old_one = find(before.directives, "constraint");
  const directive* new_one = find(after.directives, "constraint");
  if (old_one == nullptr && new_one == nullptr) return;
  const constraint_change changed = compare_constraints(old_one, new_one);
  const place_pair at{old_one == nullptr ? before.offset : old_one->id.offset,
                      new_one == nullptr ? after.offset : new_one->id.offset};
  const std::string_view what = old_one == nullptr   ? "@constraint was added"
                                : new_one == nullptr ? "@constraint was removed"
                                                     : "@constraint changed";
  if (changed.narrowed) into.add(constraint_narrowed, path, what, at);
  if (changed.widened && answered) into.add(answer_constraint_widened, path, what, at);
  if (changed.widened && !answered && !changed.narrowed) into.add(constraint_widened, path, what, at);
}

const input_kinds argument_kinds = {"argument",
                                    true,
                                    argument_removed,
                                    argument_required_added,
                                    argument_optional_added,
                                    argument_type_changed,
                                    argument_type_widened,
                                    argument_became_required,
                                    argument_became_optional};
const input_kinds input_field_kinds = {"field",
                                       false,
                                       input_field_removed,
                                       input_field_required_added,
                                       input_field_optional_added,
                                       input_field_type_changed,
                                       input_field_type_widened,
                                       input_field_became_required,
                                       input_field_became_optional};
const input_kinds directive_argument_kinds = {"argument",
                                              true,
                                              directive_argument_removed,
                                              directive_argument_required_added,
                                              directive_argument_optional_added,
                                              directive_argument_type_changed,
                                              directive_argument_type_widened,
                                              directive_argument_became_required,
                                              directive_argument_became_optional};

inputs_by_name by_name(const std::vector<input_value>& inputs) {
  inputs_by_name out;
  for (const input_value& v : inputs) out.emplace(v.id.text, &v);
  return out;
}

std::string input_path(const input_kinds& kinds, const std::string& owner, std::string_view input_name) {
  return kinds.in_parentheses ? fmt::format("{}({}:)", owner, shown(input_name))
                              : fmt::format("{}.{}", owner, shown(input_name));
}

void compare_inputs(const input_kinds& kinds, const std::string& owner, const inputs_by_name& before,
                    const inputs_by_name& after, place_pair at, change_list& into) {
  match(
      before, after,
      [&](const auto& old_one) {
        into.add(kinds.removed, input_path(kinds, owner, old_one.first), fmt::format("{} was removed", kinds.noun),
                 {old_one.second->id.offset, at.after});
      },
      [&](const auto& new_one) {
        const input_value& v = *new_one.second;
        const bool required = v.type.non_null() && v.default_value.empty();
        into.add(required ? kinds.required_added : kinds.optional_added, input_path(kinds, owner, new_one.first),
                 fmt::format("{} {} of type {} was added", required ? "required" : "optional", kinds.noun,
                             shown(print(v.type))),
                 {at.before, v.id.offset});
      },
      [&](const auto& old_one, const auto& new_one) {
        compare_input(kinds, input_path(kinds, owner, new_one.first), *old_one.second, *new_one.second, into);
      });
}

void compare_input(const input_kinds& kinds, const std::string& path, const input_value& before,
                   const input_value& after, change_list& into) {
  const type_change changed = compare_types(before.type, after.type);
  const bool fits = changed == type_change::none || changed == type_change::widened;
  if (changed != type_change::none)
    into.add(fits ? kinds.type_widened : kinds.type_changed, path,
             fmt::format("type changed from {} to {}", shown(print(before.type)), shown(print(after.type))),
             {before.id.offset, after.id.offset});
  if (fits) compare_defaults(kinds, path, before, after, into);
  const annotations old_notes = annotations_of(before);
  const annotations new_notes = annotations_of(after);
  compare_constraint(path, old_notes, new_notes, false, into);
  compare_annotations(path, old_notes, new_notes, {"constraint"}, into);
}

std::string canonical(const value& v) {
  if (v.kind == value_kind::object) {
    std::map<std::string_view, std::string> items;
    for (const value& item : v.items) items.emplace(item.key.text, canonical(item));
    std::string out = "{";
    for (const auto& [key, text] : items) out += fmt::format("{}{}: {}", out.size() > 1 ? ", " : "", key, text);
    return out + "}";
  }
  if (v.kind != value_kind::list) return print(v);
  std::string out = "[";
  for (const value& item : v.items) out += (out.size() > 1 ? ", " : "") + canonical(item);
  return out + "]";
}

}  // namespace waggle::graphql
