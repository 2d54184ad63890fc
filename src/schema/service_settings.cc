#include "schema/service_settings.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "schema/cron.h"
#include "schema/language/text.h"

namespace waggle::graphql {
namespace {

constexpr std::int32_t no_limit = std::numeric_limits<std::int32_t>::max();
/// Each name is compared with those before it.
constexpr std::size_t most_uses = 1000;
constexpr std::size_t most_scopes = 100;
constexpr std::size_t longest_scope = 255;

/// What a number may be; the type Int bounds it already.
struct range {
  std::string_view setting;
  std::int32_t least;
  std::int32_t most;
};
constexpr range ranges[] = {
    {"memoryMb", 1, 2048},  // a guest's memory is at most 2 GiB
    {"timeoutMs", 1, no_limit},   {"ms", 1, no_limit},      {"min", 0, 100'000},
    {"max", 1, 100'000},          {"queue", 0, 10'000'000}, {"idleMs", 0, no_limit},
    {"maxRequests", 0, no_limit}, {"everyMs", 1, no_limit}, {"jitterMs", 0, no_limit},
};

/// The number, where it is given, is one and is in its range.
std::optional<std::uint32_t> number(std::string_view setting, const value* v, findings& found) {
  const auto parsed = v == nullptr ? std::nullopt : integer_of(*v);
  if (!parsed) return std::nullopt;
  const range& r = *std::ranges::find(ranges, setting, &range::setting);
  if (*parsed >= r.least && *parsed <= r.most) return static_cast<std::uint32_t>(*parsed);
  found.error(v->offset, r.most == no_limit
                             ? fmt::format("{} is {}; it must be at least {}", setting, *parsed, r.least)
                             : fmt::format("{} is {}; it must be from {} to {}", setting, *parsed, r.least, r.most));
  return std::nullopt;
}

const value* given(const directive& d, std::string_view argument_name) {
  const argument* a = d.find(argument_name);
  return a == nullptr ? nullptr : &a->given;
}

/// Name(.Name)*, the last part beginning with a capital.
void check_service_name(const value& v, findings& found) {
  std::string_view rest = v.text;
  for (;;) {
    const std::size_t dot = rest.find('.');
    const std::string_view part = rest.substr(0, dot);
    auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
    const bool is_name = !part.empty() && letter(part.front()) &&
                         std::ranges::all_of(part, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
    if (!is_name) {
      found.error(v.offset, fmt::format("\"{}\" is no service name: names joined by points, as in auth.users.v1.Users",
                                        shown(v.text)));
      return;
    }
    if (dot == std::string_view::npos) {
      if (part.front() < 'A' || part.front() > 'Z')
        found.error(v.offset,
                    fmt::format("service name \"{}\": its last part must begin with a capital", shown(v.text)));
      return;
    }
    rest.remove_prefix(dot + 1);
  }
}

const value* entry_of(const value& v, std::string_view key) {
  const auto it = std::ranges::find(v.items, key, [](const value& item) { return item.key.text; });
  return it == v.items.end() ? nullptr : &*it;
}

void read_pool(const value& v, pool_settings& pool, findings& found) {
  if (v.kind != value_kind::object) return;
  auto entry = [&](std::string_view key) { return entry_of(v, key); };
  auto read = [&](std::string_view key, auto& into) {
    using number_type = std::remove_reference_t<decltype(into)>;
    if (const auto n = number(key, entry(key), found)) into = number_type{*n};
  };
  read("min", pool.min);
  read("max", pool.max);
  read("queue", pool.queue);
  read("idleMs", pool.idle);
  read("maxRequests", pool.max_requests);
  if (const value* isolation = entry("isolation")) pool.fresh = isolation->text == "FRESH";
  if (pool.min > pool.max) {
    const value* at = entry("min") != nullptr ? entry("min") : &v;
    found.error(at->offset, fmt::format("min is {}, more than max, which is {}", pool.min, pool.max));
  }
}

/// One instance, for as long as it is sound: what else a pool could be told makes no sense for a singleton.
void check_singleton(const value* pool, contract& into, findings& found) {
  auto refuse = [&](std::string_view key, bool wrong, std::string_view why) {
    if (const value* v = pool == nullptr ? nullptr : entry_of(*pool, key); v != nullptr && wrong)
      found.error(v->offset, fmt::format("{} of a singleton's pool: {}", key, why));
  };
  refuse("max", into.pool.max != 1, "a singleton is one; max can only be 1");
  refuse("min", into.pool.min > 1 && into.pool.min <= into.pool.max, "a singleton is one; min can only be 0 or 1");
  refuse("isolation", into.pool.fresh, "its instance lasts between requests; FRESH would lose its memory");
  refuse("maxRequests", into.pool.max_requests != 0, "its instance is never replaced while it is sound");
  into.pool.max = 1;
  into.pool.min = std::min(into.pool.min, 1U);
}

void read_uses(const directive& d, contract& into, findings& found) {
  const value* v = given(d, "services");
  if (v == nullptr) return;
  auto add = [&](const value& name_of_service) {
    if (name_of_service.kind != value_kind::string) return;
    check_service_name(name_of_service, found);
    if (std::ranges::find(into.uses, name_of_service.text) != into.uses.end())
      found.error(name_of_service.offset, fmt::format("{} stands here twice", shown(name_of_service.text)));
    else if (into.uses.size() == most_uses)
      found.error(name_of_service.offset, fmt::format("a service can use at most {} others", most_uses));
    else
      into.uses.emplace_back(name_of_service.text);
  };
  if (v->kind != value_kind::list) return add(*v);  // a single value is a list of one (§3.11)
  for (const value& item : v->items) {
    add(item);
    if (found.has_errors() && into.uses.size() == most_uses) return;  // the rest says nothing new
  }
}

/// RFC 6749 §3.3: what may stand between the spaces of a token's scopes.
bool is_scope(std::string_view text) {
  return !text.empty() && text.size() <= longest_scope &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '\\'; });
}

/// `@auth`: its scopes in order; none where any verified caller will do.
std::vector<std::string> read_auth(const directive& d, findings& found) {
  std::vector<std::string> scopes;
  const value* v = given(d, "scopes");
  if (v == nullptr) return scopes;
  const auto add = [&](const value& scope) {
    if (scope.kind != value_kind::string) return;
    if (!is_scope(scope.text))
      found.error(scope.offset, fmt::format("\"{}\" is no scope: 1 to {} visible characters of ASCII, no quotes or "
                                            "backslashes (RFC 6749 §3.3)",
                                            shown(scope.text), longest_scope));
    else if (std::ranges::find(scopes, scope.text) != scopes.end())
      found.error(scope.offset, fmt::format("{} stands here twice", shown(scope.text)));
    else if (scopes.size() == most_scopes)
      found.error(scope.offset, fmt::format("@auth takes at most {} scopes", most_scopes));
    else
      scopes.emplace_back(scope.text);
  };
  if (v->kind != value_kind::list) {
    add(*v);  // a single value is a list of one (§3.11)
  } else {
    for (const value& item : v->items) {
      add(item);
      if (found.has_errors() && scopes.size() == most_scopes) break;  // the rest says nothing new
    }
  }
  std::ranges::sort(scopes);
  return scopes;
}

void read_schedule(const directive& d, const field& f, method& into, findings& found) {
  if (into.kind == operation::subscription)
    found.error(d.id.offset,
                fmt::format("{} is a subscription; @schedule is for queries and mutations", shown(f.id.text)));
  schedule_settings s;
  const value* cron_text = given(d, "cron");
  const value* every = given(d, "everyMs");
  const auto is_given = [](const value* v) { return v != nullptr && v->kind != value_kind::null; };
  if (is_given(cron_text) == is_given(every))
    found.error(d.id.offset, "@schedule needs exactly one of cron and everyMs");
  if (is_given(cron_text) && cron_text->kind == value_kind::string) {
    s.cron = cron_text->text;
    if (auto parsed = cron::parse(s.cron); !parsed) found.error(cron_text->offset, "cron: " + parsed.error().message);
  }
  if (const auto ms = number("everyMs", every, found)) s.every = std::chrono::milliseconds(*ms);
  if (const auto ms = number("jitterMs", given(d, "jitterMs"), found)) s.jitter = std::chrono::milliseconds(*ms);
  if (s.every.count() > 0 && s.jitter >= s.every)
    found.error(given(d, "jitterMs")->offset, fmt::format("jitterMs is {}; it must be less than everyMs, which is {}",
                                                          s.jitter.count(), s.every.count()));
  if (const value* tz = given(d, "tz"); tz != nullptr && tz->kind == value_kind::string) {
    s.time_zone = tz->text;
    if (is_given(every) && !is_given(cron_text))
      found.error(tz->offset, "tz is the time zone of cron; everyMs has none");
  }
  if (const value* missed = given(d, "missed")) s.once_when_missed = missed->text == "ONCE";
  const bool bare =
      std::ranges::find(f.directives, "bare", [](const directive& o) { return o.id.text; }) != f.directives.end();
  if (bare && !f.arguments.empty()) {
    found.error(d.id.offset,
                fmt::format("@schedule calls {} without arguments, but by @bare its payload is the argument itself",
                            shown(f.id.text)));
    return;
  }
  for (const input_value& a : f.arguments)
    if (a.type.modifiers.ends_with('!') && a.default_value.empty())
      found.error(a.id.offset, fmt::format("@schedule calls {} without arguments, but {} is required", shown(f.id.text),
                                           shown(a.id.text)));
  into.schedule = std::move(s);
}

/// The types that answers are declared to have, by fields and unions.
std::set<std::string_view> types_of_answers(const schema& s) {
  std::set<std::string_view> out;
  for (const auto& [_, entry] : s.types)
    for (const definition* part : entry.parts()) {
      for (const field& f : part->fields) out.insert(f.type.named.text);
      if (part->kind == definition_kind::union_type)
        for (const name& member : part->names) out.insert(member.text);
    }
  return out;
}

}  // namespace

void read_service(const schema& s, contract& into, findings& found) {
  bool seen = false;
  for (const definition* part : s.parts) {
    for (const directive& d : part->directives) {
      if (d.id.text == "uses") read_uses(d, into, found);
      if (d.id.text == "auth" && !into.auth) into.auth = read_auth(d, found);
      if (d.id.text != "service" || std::exchange(seen, true)) continue;  // a second one was reported
      if (const value* v = given(d, "name"); v != nullptr && v->kind == value_kind::string) {
        check_service_name(*v, found);
        into.name = v->text;
      }
      if (const value* v = given(d, "version"); v != nullptr && v->kind == value_kind::string) into.version = v->text;
      if (const value* v = given(d, "singleton")) into.singleton = v->text == "true";
      if (const value* v = given(d, "pool")) read_pool(*v, into.pool, found);
      into.memory_mb = number("memoryMb", given(d, "memoryMb"), found);
      if (const auto ms = number("timeoutMs", given(d, "timeoutMs"), found))
        into.timeout = std::chrono::milliseconds(*ms);
      if (into.singleton) check_singleton(given(d, "pool"), into, found);
    }
  }
}

void check_auth_places(const schema& s, findings& found) {
  const std::set<std::string_view> answered = types_of_answers(s);
  const auto only_has_methods = [&](std::string_view type_name, const type_entry& entry) {
    if (std::ranges::find(s.roots, type_name, &name::text) == s.roots.end() || answered.contains(type_name))
      return false;
    return std::ranges::none_of(entry.parts(), [&](const definition* part) {  // nor by an interface
      return std::ranges::any_of(part->names, [&](const name& n) { return answered.contains(n.text); });
    });
  };
  const auto look = [&found](std::string_view type_name, const field& f) {
    for (const directive& d : f.directives)
      if (d.id.text == "auth")
        found.error(
            d.id.offset,
            fmt::format("@auth is for methods; {}.{} is part of an answer, and nothing would keep it from anybody",
                        shown(type_name), shown(f.id.text)));
  };
  for (const auto& [type_name, entry] : s.types) {
    if (entry.from != origin::file || only_has_methods(type_name, entry)) continue;
    for (const definition* part : entry.parts())
      for (const field& f : part->fields) look(type_name, f);
  }
}

void read_method_directives(const field& f, method& into, findings& found) {
  for (const directive& d : f.directives) {
    if (d.id.text == "internal") into.internal = true;
    if (d.id.text == "idempotent") {
      into.idempotent = true;
      if (into.kind == operation::subscription)  // its answers are not the same twice
        found.error(d.id.offset,
                    fmt::format("{} is a subscription; @idempotent is for queries and mutations", shown(f.id.text)));
    }
    if (d.id.text == "auth") into.auth = read_auth(d, found);
    if (d.id.text == "schedule") read_schedule(d, f, into, found);
    if (d.id.text == "timeout")
      if (const auto ms = number("ms", given(d, "ms"), found)) into.timeout = std::chrono::milliseconds(*ms);
    if (d.id.text != "bare") continue;
    into.bare = true;
    if (f.arguments.size() > 1)
      found.error(d.id.offset,
                  fmt::format("@bare is for methods of one argument; {} has {}", shown(f.id.text), f.arguments.size()));
  }
}

}  // namespace waggle::graphql
