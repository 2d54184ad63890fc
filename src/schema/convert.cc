#include "schema/convert.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "schema/language/print_document.h"
#include "schema/language/text.h"
#include "schema/prelude.h"
#include "schema/schema.h"
#include "schema/values/scalars.h"

namespace waggle {
namespace graphql {

bool matches(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;  // the last one, and how far what it stands for reaches
  std::size_t reach = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      reach = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++reach;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

namespace {

/// What okra's dialect implies under this name; null where the schema is standard or has its own.
const definition* implied_by_okra(const schema& s, const definition& implied) {
  const bool is_directive = implied.kind == definition_kind::directive;
  const auto directive = s.directives.find(implied.id.text);
  const definition* known = !is_directive                     ? s.find_type(implied.id.text)
                            : directive == s.directives.end() ? nullptr
                                                              : directive->second.defined;
  return known == &implied ? known : nullptr;
}

bool is_okra(const schema& s) {
  return std::ranges::any_of(okra_prelude().definitions,
                             [&](const definition& d) { return implied_by_okra(s, d) != nullptr; });
}

bool is_empty(const definition& d) {
  return d.directives.empty() && d.roots.empty() && d.fields.empty() && d.names.empty();
}

/// `@okra` says nothing that `@service` does not say.
void drop_okra_directive(document& doc) {
  for (definition& d : doc.definitions)
    if (d.kind == definition_kind::schema)
      std::erase_if(d.directives, [](const directive& used) { return used.id.text == "okra"; });
  std::erase_if(doc.definitions,
                [](const definition& d) { return d.kind == definition_kind::schema && d.extension && is_empty(d); });
}

std::set<std::string_view> used_types(const document& doc) {
  std::set<std::string_view> used;
  auto use = [&](const std::vector<input_value>& inputs) {
    for (const input_value& v : inputs) used.insert(v.type.named.text);
  };
  for (const definition& d : doc.definitions) {
    if (d.extension) used.insert(d.id.text);
    use(d.inputs);
    for (const field& f : d.fields) {
      use(f.arguments);
      used.insert(f.type.named.text);
    }
  }
  return used;
}

/// Gives a scalar that okra's files know by name the address by which all know it.
void specify(definition& scalar, const schema& s) {
  const std::string_view url = specification_of(scalar_named(scalar.id.text));
  if (url.empty()) return;
  for (const definition* part : s.types.find(scalar.id.text)->second.parts())
    for (const directive& d : part->directives)
      if (d.id.text == "specifiedBy") return;
  argument address;
  address.id.text = "url";
  address.given.kind = value_kind::string;
  address.given.text = url;
  scalar.directives.push_back({{"specifiedBy", 0}, {std::move(address)}});
}

void declare_scalars(document& doc, const schema& s) {
  for (definition& d : doc.definitions)
    if (d.kind == definition_kind::scalar && !d.extension) specify(d, s);
  const std::set<std::string_view> used = used_types(doc);
  for (const definition& implied : okra_prelude().definitions) {
    if (implied.kind != definition_kind::scalar || !used.contains(implied.id.text)) continue;
    if (implied_by_okra(s, implied) == nullptr) continue;
    doc.definitions.push_back(implied);
    specify(doc.definitions.back(), s);
  }
}

void put_first(document& doc, const schema& s) {
  auto rank = [&](const definition& d) {
    if (d.kind == definition_kind::schema) return 0;
    return std::ranges::find(s.roots, d.id.text, &name::text) != s.roots.end() ? 1 : 2;
  };
  std::ranges::stable_sort(doc.definitions, {}, rank);
}

/// Makes queries of the mutations that match a pattern.
class reading {
 public:
  reading(document& doc, const schema& s, findings& found) : doc_(doc), schema_(s), found_(found) {}

  void run(std::string_view patterns) {
    read_patterns(patterns);
    std::vector<field> moved;
    for (definition& d : doc_.definitions) {
      if (!is_root(d, operation::query) && !is_root(d, operation::mutation)) continue;
      for (const field& f : d.fields) names_.push_back(f.id.text);
      if (is_root(d, operation::mutation)) {
        const auto matching =
            std::ranges::stable_partition(d.fields, [&](const field& f) { return !matches_one(f.id.text); });
        std::ranges::move(matching, std::back_inserter(moved));
        d.fields.erase(matching.begin(), matching.end());
      } else {
        for (const field& f : d.fields) matches_one(f.id.text);
      }
    }
    for (const wanted& w : patterns_)
      if (!w.matched)
        found_.error(findings::whole_file, fmt::format("--reads: {} matches no query or mutation{}", shown(w.pattern),
                                                       did_you_mean(w.pattern, names_)));
    if (moved.empty() || found_.has_errors()) return;
    add_queries(std::move(moved));
    drop_empty_mutation();
  }

 private:
  struct wanted {
    std::string_view pattern;
    bool matched = false;
  };

  void read_patterns(std::string_view patterns) {
    for (std::size_t at = 0; at <= patterns.size();) {
      const std::size_t end = std::min(patterns.find(',', at), patterns.size());
      std::string_view one = patterns.substr(at, end - at);
      one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
      one = one.substr(0, one.find_last_not_of(' ') + 1);
      if (one.empty()) found_.error(findings::whole_file, "--reads: an empty pattern; write get*,list*");
      patterns_.push_back({one, one.empty()});
      at = end + 1;
    }
  }
  /// Notes each pattern that does.
  bool matches_one(std::string_view method) {
    bool any = false;
    for (wanted& w : patterns_)
      if (matches(w.pattern, method)) any = w.matched = true;
    return any;
  }

  [[nodiscard]] bool is_root(const definition& d, operation kind) const {
    const std::string_view root = schema_.roots[static_cast<std::size_t>(kind)].text;
    return d.kind == definition_kind::object && !root.empty() && d.id.text == root;
  }

  void add_queries(std::vector<field> moved) {
    const auto existing = std::ranges::find_if(
        doc_.definitions, [&](const definition& d) { return !d.extension && is_root(d, operation::query); });
    if (existing != doc_.definitions.end()) {
      std::ranges::move(moved, std::back_inserter(existing->fields));
      return;
    }
    std::string id = "Query";
    while (schema_.types.contains(id)) id = "Read" + id;
    definition query;
    query.kind = definition_kind::object;
    query.id.text = doc_.own(std::move(id));
    query.fields = std::move(moved);
    name_root(query.id);
    const auto mutations =
        std::ranges::find_if(doc_.definitions, [&](const definition& d) { return is_root(d, operation::mutation); });
    doc_.definitions.insert(mutations, std::move(query));
  }
  /// Says in the schema's definition what the query type is, where its name alone does not say it.
  void name_root(const name& query) {
    auto schemas = [&](bool extension) {
      return std::ranges::find_if(doc_.definitions, [&](const definition& d) {
        return d.kind == definition_kind::schema && d.extension == extension;
      });
    };
    auto part = schemas(false);
    if (part == doc_.definitions.end()) {
      if (query.text == "Query") return;
      part = schemas(true);
    }
    if (part == doc_.definitions.end()) {
      part = doc_.definitions.insert(doc_.definitions.begin(), definition{});
      part->extension = true;
    }
    part->roots.insert(part->roots.begin(), {operation::query, 0, query});
  }

  void drop_empty_mutation() {
    auto holds = [](const definition& d) { return !d.fields.empty(); };
    auto is_mutation = [&](const definition& d) { return is_root(d, operation::mutation); };
    const bool any =
        std::ranges::any_of(doc_.definitions, [&](const definition& d) { return is_mutation(d) && holds(d); });
    if (!any) {
      for (definition& d : doc_.definitions)
        std::erase_if(d.roots, [](const root_type& r) { return r.kind == operation::mutation; });
    }
    std::erase_if(doc_.definitions, [&](const definition& d) {
      if (is_mutation(d)) return !any || (d.extension && is_empty(d));
      return d.kind == definition_kind::schema && d.extension && is_empty(d);
    });
  }

  document& doc_;
  const schema& schema_;
  findings& found_;
  std::vector<wanted> patterns_;
  std::vector<std::string_view> names_;
};

}  // namespace
}  // namespace graphql

converted_schema convert_schema(std::string_view sdl, std::string_view file, std::string_view reads) {
  using namespace graphql;
  compiled_contract compiled = compile_contract(sdl, file);
  converted_schema out{{}, std::move(compiled.findings)};
  if (!compiled.value) return out;
  const parsed_schema& parsed = *compiled.value->parsed;
  document doc = parsed.doc;  // its texts stay with `parsed`
  findings found(sdl, file);
  if (is_okra(parsed.index)) {
    drop_okra_directive(doc);
    declare_scalars(doc, parsed.index);
    put_first(doc, parsed.index);
  }
  if (!reads.empty()) reading(doc, parsed.index, found).run(reads);
  if (!found.has_errors()) {
    out.text = print_document(doc);
    for (const diagnostic& d : compile_contract(out.text, file).findings)
      if (d.level == diagnostic::severity::error)
        found.error(findings::whole_file, fmt::format("in the standard form: {}", d.message));
  }
  if (found.has_errors()) out.text.clear();
  std::ranges::move(found.take(), std::back_inserter(out.findings));
  return out;
}

}  // namespace waggle
