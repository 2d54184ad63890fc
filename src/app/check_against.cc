#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/targets.h"
#include "schema/compare/compare.h"

namespace waggle {
namespace {

/// A contract with the file that its text is in.
struct side {
  std::string file;
  contract about;
};

/// Several services are put together by their names.
void check_names(const std::vector<side>& sides, std::vector<diagnostic>& findings) {
  std::set<std::string_view> seen;
  for (const side& s : sides)
    if (s.about.name.empty() || !seen.insert(s.about.name).second)
      findings.push_back({s.file, 0, 0, diagnostic::severity::error,
                          s.about.name.empty() ? "has no @service, so it is not known what to compare it with"
                                               : fmt::format("is a second service {}", s.about.name)});
}

/// The contracts of a schema or a TARGET, whose modules are not looked into. Appends what is found, errors included.
std::vector<side> read_side(const std::string& path, std::vector<diagnostic>& findings) {
  std::vector<side> out;
  const auto add = [&](const std::string& text, const std::string& file) {
    compiled_contract compiled = compile_contract(text, file);
    std::ranges::move(compiled.findings, std::back_inserter(findings));
    if (compiled.value) out.push_back({file, *std::move(compiled.value)});
  };
  if (path.ends_with(".graphql") || path.ends_with(".gql")) {
    if (auto text = read_schema_file(path))
      add(*text, path);
    else
      findings.push_back(std::move(text.error()));
    return out;
  }
  found_targets found = read_targets(std::span(&path, 1));
  std::ranges::move(found.errors, std::back_inserter(findings));
  for (target& t : found.targets) {
    std::ranges::move(t.warnings, std::back_inserter(findings));
    add(t.schema, t.schema_file);
  }
  if (found.targets.size() > 1) check_names(out, findings);
  return out;
}

/// A change with the files it is in.
struct told_change {
  contract_change what;
  std::string_view old_file;
  std::string_view new_file;
};

void compare_sides(const side& before, const side& after, std::vector<told_change>& into) {
  for (contract_change& c : compare(before.about, after.about)) into.push_back({std::move(c), before.file, after.file});
}

/// One service on each side is compared whatever its name; several are put together by their names.
std::vector<told_change> compare_all(const std::vector<side>& before, const std::vector<side>& after,
                                     const std::string& new_path) {
  std::vector<told_change> out;
  if (before.size() == 1 && after.size() == 1) {
    compare_sides(before.front(), after.front(), out);
    return out;
  }
  std::map<std::string_view, std::pair<const side*, const side*>> by_name;
  for (const side& s : before) by_name[s.about.name].first = &s;
  for (const side& s : after) by_name[s.about.name].second = &s;
  for (const auto& [name, both] : by_name) {
    const auto& [was, is] = both;
    if (was != nullptr && is != nullptr) {
      compare_sides(*was, *is, out);
      continue;
    }
    const change_kind kind = was != nullptr ? change_kind::service_removed : change_kind::service_added;
    contract_change c;
    c.kind = kind;
    c.path = name.empty() ? "(no @service)" : std::string(name);
    c.message = fmt::format("service was {}; {}", was != nullptr ? "removed" : "added", row_of(kind).effect);
    out.push_back({std::move(c), was != nullptr ? was->file : std::string_view(),
                   is != nullptr ? std::string_view(is->file) : std::string_view(new_path)});
  }
  std::ranges::stable_sort(out, {}, [](const told_change& t) { return row_of(t.what.kind).level; });
  return out;
}

/// The place in the new text where there is one, else that in the old one.
std::string print(const told_change& t) {
  const auto& place = t.what.after ? t.what.after : t.what.before;
  const std::string_view file = t.what.after || t.old_file.empty() ? t.new_file : t.old_file;
  const change_kind_row& row = row_of(t.what.kind);
  return fmt::format("{}{}: {}: {}: {} [{}]\n", file,
                     place ? fmt::format(":{}:{}", place->line, place->column) : std::string(), to_string(row.level),
                     t.what.path, t.what.message, row.id);
}

std::string json_of(const std::optional<text_place>& place) {
  return place ? fmt::format(R"({{"line":{},"column":{}}})", place->line, place->column) : "null";
}

}  // namespace

int check_against(const std::string& before, const std::string& after, bool json) {
  std::vector<diagnostic> findings;
  const std::vector<side> old_side = read_side(before, findings);
  const std::vector<side> new_side = read_side(after, findings);
  std::erase_if(findings, [](const diagnostic& d) { return d.level == diagnostic::severity::note; });
  if (print(findings)) return exit_failed;

  const std::vector<told_change> changes = compare_all(old_side, new_side, after);
  std::array<std::size_t, 3> counts{};
  std::string out;
  for (const told_change& t : changes) {
    const change_kind_row& row = row_of(t.what.kind);
    ++counts[static_cast<std::size_t>(row.level)];
    if (json)
      out += fmt::format(R"({}{{"severity":"{}","kind":"{}","path":{},"message":{},"old":{},"new":{}}})",
                         out.empty() ? "" : ",", to_string(row.level), row.id, json_quote(t.what.path),
                         json_quote(t.what.message), json_of(t.what.before), json_of(t.what.after));
    else
      out += print(t);
  }
  const auto [breaking, dangerous, safe] = counts;
  if (json)
    fmt::print(R"({{"changes":[{}],"breaking":{},"dangerous":{},"safe":{}}})"
               "\n",
               out, breaking, dangerous, safe);
  else
    fmt::print("{}{} breaking, {} dangerous, {} safe\n", out, breaking, dangerous, safe);
  return breaking > 0 ? exit_failed : exit_fine;
}

}  // namespace waggle
