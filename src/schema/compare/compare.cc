#include "schema/compare/compare.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "schema/compare/compare_parts.h"
#include "schema/language/print.h"
#include "schema/language/text.h"
#include "schema/schema.h"

namespace waggle {
namespace graphql {
namespace {

using enum change_kind;

/// Of a method whose contract has no time-out, unless the operator says otherwise (docs/configuration.md).
constexpr std::int32_t default_timeout_ms = 30'000;

const value* given(const directive* d, std::string_view argument_name) {
  const argument* a = d == nullptr ? nullptr : d->find(argument_name);
  return a == nullptr || a->given.kind == value_kind::null ? nullptr : &a->given;
}

std::optional<std::int32_t> milliseconds(const directive* d, std::string_view argument_name) {
  const value* v = given(d, argument_name);
  return v == nullptr ? std::nullopt : integer_of(*v);
}

/// Strings of a list; of a single string a list of one (§3.11).
std::set<std::string_view> texts(const value* v) {
  std::set<std::string_view> out;
  if (v != nullptr && v->kind == value_kind::string) out.insert(v->text);
  if (v != nullptr && v->kind == value_kind::list)
    for (const value& item : v->items) out.insert(item.text);
  return out;
}

/// Does `@auth` in its new form let everybody in whom the old one let in? Null is everybody, no scopes any verified caller.
bool admits(const directive* after, const directive* before) {
  if (after == nullptr) return true;
  if (before == nullptr) return false;
  const auto new_scopes = texts(given(after, "scopes"));
  const auto old_scopes = texts(given(before, "scopes"));
  if (new_scopes.empty()) return true;
  return !old_scopes.empty() && std::ranges::includes(new_scopes, old_scopes);
}

struct method_part {
  operation kind = operation::query;
  std::string_view root;
  const field* defined = nullptr;
  const directive* timeout = nullptr;
  const directive* auth = nullptr;
};

/// The service's own settings, and its methods by name.
struct service_part {
  annotations notes;
  const directive* service = nullptr;
  const directive* auth = nullptr;
  std::map<std::string_view, std::size_t> uses;  ///< services and where they are named
  std::map<std::string_view, method_part> methods;

  [[nodiscard]] std::int32_t timeout_ms() const {
    return milliseconds(service, "timeoutMs").value_or(default_timeout_ms);
  }
};

service_part service_of(const schema& s) {
  service_part out;
  for (const definition* part : s.parts) {
    if (!part->description.empty()) out.notes.description = part->description;
    if (out.notes.offset == nowhere) out.notes.offset = part->offset;
    for (const directive& d : part->directives) out.notes.directives.push_back(&d);
  }
  out.service = find(out.notes.directives, "service");
  out.auth = find(out.notes.directives, "auth");
  if (const directive* d = find(out.notes.directives, "uses"))
    for (const std::string_view used_service : texts(given(d, "services")))
      out.uses.emplace(used_service, d->id.offset);
  for (std::size_t i = 0; i < s.roots.size(); ++i) {
    const auto entry = s.types.find(s.roots[i].text);
    if (entry == s.types.end()) continue;
    for (const definition* part : entry->second.parts())
      for (const field& f : part->fields) {
        const directives_used on_field = used(f.directives);
        out.methods.try_emplace(f.id.text, method_part{static_cast<operation>(i), s.roots[i].text, &f,
                                                       find(on_field, "timeout"), find(on_field, "auth")});
      }
  }
  return out;
}

class service_comparison {
 public:
  service_comparison(const service_part& before, const service_part& after, change_list& into)
      : before_(before), after_(after), into_(into) {}

  void run() {
    compare_name();
    for (const setting& s : settings) compare_setting(s);
    compare_timeouts("@service(timeoutMs:)", before_.timeout_ms(), after_.timeout_ms(),
                     at(before_.service, after_.service));
    compare_auth("@auth", before_.auth, after_.auth, at(before_.auth, after_.auth));
    compare_uses();
    compare_annotations("schema", before_.notes, after_.notes, {"service", "auth", "uses", "okra"}, into_);
    match(
        before_.methods, after_.methods,
        [&](const auto& old_one) {
          into_.add(method_removed, path_of(old_one.second), "method was removed",
                    {old_one.second.defined->id.offset, nowhere});
        },
        [&](const auto& new_one) {
          into_.add(method_added, path_of(new_one.second), "method was added",
                    {nowhere, new_one.second.defined->id.offset});
        },
        [&](const auto& old_one, const auto& new_one) { compare_method(old_one.second, new_one.second); });
  }

 private:
  /// An argument of `@service` that no call depends on.
  struct setting {
    std::string_view id;
    std::string_view missing;  ///< its default
    change_kind kind;
  };
  static constexpr setting settings[] = {
      {"version", "", version_changed},
      {"singleton", "false", singleton_changed},
      {"pool", "", pool_changed},
      {"memoryMb", "", memory_changed},
  };

  static std::string path_of(const method_part& m) {
    return fmt::format("{}.{}", shown(m.root), shown(m.defined->id.text));
  }
  [[nodiscard]] place_pair at(const directive* old_one, const directive* new_one) const {
    return {old_one == nullptr ? before_.notes.offset : old_one->id.offset,
            new_one == nullptr ? after_.notes.offset : new_one->id.offset};
  }

  void compare_name() {
    const value* old_name = given(before_.service, "name");
    const value* new_name = given(after_.service, "name");
    const std::string_view was = old_name == nullptr ? std::string_view() : old_name->text;
    const std::string_view is = new_name == nullptr ? std::string_view() : new_name->text;
    if (was == is) return;
    into_.add(was.empty() ? service_name_added : service_name_changed, "@service(name:)",
              was.empty()  ? fmt::format("the service is named {}", shown(is))
              : is.empty() ? fmt::format("the name {} was removed", shown(was))
                           : fmt::format("the service's name changed from {} to {}", shown(was), shown(is)),
              at(before_.service, after_.service));
  }

  void compare_setting(const setting& s) {
    const auto text = [&](const directive* d) {
      const value* v = given(d, s.id);
      return v == nullptr ? std::string(s.missing) : canonical(*v);
    };
    const std::string was = text(before_.service);
    const std::string is = text(after_.service);
    if (was == is) return;
    const auto quoted = [](const std::string& t) { return t.empty() ? "nothing" : shown(t); };
    into_.add(s.kind, fmt::format("@service({}:)", s.id),
              fmt::format("{} changed from {} to {}", s.id, quoted(was), quoted(is)),
              at(before_.service, after_.service));
  }

  void compare_timeouts(std::string path, std::int32_t was, std::int32_t is, place_pair where) {
    if (was != is)
      into_.add(is < was ? timeout_lowered : timeout_raised, std::move(path),
                fmt::format("the time-out changed from {} ms to {} ms", was, is), where);
  }

  void compare_auth(const std::string& path, const directive* was, const directive* is, place_pair where) {
    if (!admits(is, was)) {
      into_.add(auth_narrowed, path, was == nullptr ? "@auth was added" : "@auth asks for more", where);
    } else if (!admits(was, is)) {
      into_.add(auth_widened, path, is == nullptr ? "@auth was removed" : "@auth asks for less", where);
    }
  }

  void compare_uses() {
    match(
        before_.uses, after_.uses,
        [&](const auto& old_one) {
          into_.add(uses_removed, "@uses", fmt::format("{} is no longer used", shown(old_one.first)),
                    {old_one.second, after_.notes.offset});
        },
        [&](const auto& new_one) {
          into_.add(uses_added, "@uses", fmt::format("{} is used", shown(new_one.first)),
                    {before_.notes.offset, new_one.second});
        },
        [](const auto&, const auto&) {});
  }

  void compare_kinds(const method_part& was, const method_part& is, const std::string& path, place_pair where) {
    if (was.kind == is.kind) return;
    change_kind kind = subscription_changed;
    if (was.kind == operation::query && is.kind == operation::mutation) kind = query_became_mutation;
    if (was.kind == operation::mutation && is.kind == operation::query) kind = mutation_became_query;
    into_.add(kind, path, fmt::format("{} became {}", to_string(was.kind), to_string(is.kind)), where);
  }

  void compare_method(const method_part& was, const method_part& is) {
    const field& old_field = *was.defined;
    const field& new_field = *is.defined;
    const std::string path = path_of(was);
    const place_pair where{old_field.id.offset, new_field.id.offset};
    compare_kinds(was, is, path, where);
    if (const type_change changed = compare_types(old_field.type, new_field.type); changed != type_change::none)
      into_.add(changed == type_change::narrowed ? method_answer_narrowed : method_answer_changed, path,
                fmt::format("answer changed from {} to {}", shown(print(old_field.type)), shown(print(new_field.type))),
                where);
    compare_arguments(path, old_field, new_field, where);
    // What a method does not say itself it has from the service, whose changes are told once.
    if (was.timeout != nullptr || is.timeout != nullptr)
      compare_timeouts(path, milliseconds(was.timeout, "ms").value_or(before_.timeout_ms()),
                       milliseconds(is.timeout, "ms").value_or(after_.timeout_ms()), where);
    if (was.auth != nullptr || is.auth != nullptr)
      compare_auth(path, was.auth == nullptr ? before_.auth : was.auth, is.auth == nullptr ? after_.auth : is.auth,
                   where);
    compare_annotations(path, annotations_of(old_field), annotations_of(new_field), {"timeout", "auth"}, into_);
  }

  void compare_arguments(const std::string& path, const field& old_field, const field& new_field, place_pair where) {
    const bool bare =
        find(used(old_field.directives), "bare") != nullptr && find(used(new_field.directives), "bare") != nullptr;
    const auto& old_arguments = old_field.arguments;
    const auto& new_arguments = new_field.arguments;
    if (bare && old_arguments.empty() && !new_arguments.empty()) {
      const name& id = new_arguments.front().id;
      into_.add(bare_argument_added, input_path(argument_kinds, path, id.text), "argument was added",
                {where.before, id.offset});
    } else if (bare && old_arguments.size() == 1 && new_arguments.size() == 1 &&
               old_arguments[0].id.text != new_arguments[0].id.text) {
      const std::string argument_path = input_path(argument_kinds, path, old_arguments[0].id.text);
      into_.add(bare_argument_renamed, argument_path,
                fmt::format("argument was renamed to {}", shown(new_arguments[0].id.text)),
                {old_arguments[0].id.offset, new_arguments[0].id.offset});
      compare_input(argument_kinds, argument_path, old_arguments[0], new_arguments[0], into_);
    } else {
      compare_inputs(argument_kinds, path, by_name(old_arguments), by_name(new_arguments), where, into_);
    }
  }

  const service_part& before_;
  const service_part& after_;
  change_list& into_;
};

void compare_roots(const schema& before, const schema& after, change_list& into) {
  for (std::size_t i = 0; i < before.roots.size(); ++i) {
    const name& was = before.roots[i];
    const name& is = after.roots[i];
    if (!was.text.empty() && !is.text.empty() && was.text != is.text)
      into.add(root_type_renamed, shown(was.text), fmt::format("the root type is {} now", shown(is.text)),
               {was.offset, is.offset});
  }
}

}  // namespace

std::vector<contract_change> compare(const parsed_schema& before, const parsed_schema& after) {
  change_list found;
  const service_part old_service = service_of(before.index);
  const service_part new_service = service_of(after.index);
  service_comparison(old_service, new_service, found).run();
  compare_roots(before.index, after.index, found);
  compare_types(before.index, after.index, found);
  compare_directive_definitions(before.index, after.index, found);
  return found.take(before.text, after.text);
}

}  // namespace graphql

std::vector<contract_change> compare(const contract& before, const contract& after) {
  if (before.parsed == nullptr || after.parsed == nullptr) return {};
  return graphql::compare(*before.parsed, *after.parsed);
}

}  // namespace waggle
