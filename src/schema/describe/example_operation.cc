#include "schema/describe/example_operation.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include <fmt/format.h>

#include "schema/example.h"
#include "schema/language/print.h"
#include "schema/schema.h"

namespace waggle::graphql {
namespace {

constexpr unsigned most_levels = 4;
constexpr unsigned most_fields = 60;    // of the whole operation
constexpr unsigned most_fragments = 8;  // of a union or an interface

bool has(const std::vector<directive>& directives, std::string_view name) {
  return std::ranges::any_of(directives, [name](const directive& d) { return d.id.text == name; });
}

bool needs_arguments(const field& f) {
  return std::ranges::any_of(f.arguments,
                             [](const input_value& v) { return v.type.non_null() && v.default_value.empty(); });
}

bool is_composite(const type_entry* t) {
  if (t == nullptr || t->defined == nullptr) return false;
  const definition_kind kind = t->defined->kind;
  return kind == definition_kind::object || kind == definition_kind::interface || kind == definition_kind::union_type;
}

class writer {
 public:
  explicit writer(const schema& s) : schema_(s) {}

  /// `{ … }` for a value of this type; nothing for a leaf.
  void selection(const type_entry* type, unsigned level) {
    if (!is_composite(type)) return;
    out_ += " {\n";
    const std::size_t begin = out_.size();
    taken_by_level_[level].clear();
    if (type->defined->kind != definition_kind::object) {
      line(level);
      out_ += "__typename\n";
    }
    fields(*type, level, nullptr);
    if (type->defined->kind != definition_kind::object) fragments(*type, level);
    if (out_.size() == begin) {  // a selection set is never empty
      line(level);
      out_ += "__typename\n";
    }
    line(level - 1);
    out_ += '}';
  }

  std::string take() { return std::move(out_); }

 private:
  void line(unsigned level) { out_.append(2UL * level + 2, ' '); }

  /// In one selection set a name must mean the same in all fragments (§5.3.2): the first type that has it decides.
  bool take_name(unsigned level, const field& f) {
    const auto [at, fresh] = taken_by_level_[level].try_emplace(f.id.text, print(f.type));
    return fresh || at->second == print(f.type);
  }

  /// The fields of a selection set, or, with `in_fragment`, those of a fragment in it that the interface does not have.
  void fields(const type_entry& type, unsigned level, const std::set<std::string_view>* in_fragment) {
    for (const definition* part : type.parts()) {
      for (const field& f : part->fields) {
        const type_entry* const inner = schema_.find_entry(f.type.named.text);
        if (needs_arguments(f) || has(f.directives, "deprecated")) continue;
        if (in_fragment != nullptr && in_fragment->contains(f.id.text)) continue;
        if (is_composite(inner) && (in_fragment != nullptr || level + 1 >= most_levels)) continue;
        if (fields_ >= most_fields) return;
        if (!take_name(level, f)) continue;
        ++fields_;
        line(in_fragment != nullptr ? level + 1 : level);
        out_ += f.id.text;
        selection(inner, level + 1);
        out_ += '\n';
      }
    }
  }

  /// What the object types have besides: their leaves.
  void fragments(const type_entry& abstract, unsigned level) {
    std::set<std::string_view> shared;
    for (const definition* part : abstract.parts())
      for (const field& f : part->fields) shared.insert(f.id.text);
    unsigned n = 0;
    for (const type_entry* object : possible(abstract)) {
      if (fields_ >= most_fields || ++n > most_fragments) return;
      const std::size_t before = out_.size();
      line(level);
      fmt::format_to(std::back_inserter(out_), "... on {} {{\n", object->defined->id.text);
      const std::size_t inside = out_.size();
      fields(*object, level, &shared);
      if (out_.size() == inside) {
        out_.resize(before);
        continue;
      }
      line(level);
      out_ += "}\n";
    }
  }

  [[nodiscard]] std::vector<const type_entry*> possible(const type_entry& abstract) const {
    std::set<std::string_view> names;
    if (abstract.defined->kind == definition_kind::union_type) {
      for (const definition* part : abstract.parts())
        for (const name& n : part->names) names.insert(n.text);
    } else {
      for (const auto& [type, entry] : schema_.types)
        if (entry.defined != nullptr && entry.defined->kind == definition_kind::object)
          for (const definition* part : entry.parts())
            if (std::ranges::find(part->names, abstract.defined->id.text, &name::text) != part->names.end())
              names.insert(type);
    }
    std::vector<const type_entry*> all;
    for (const std::string_view n : names)
      if (const type_entry* e = schema_.find_entry(n); is_composite(e)) all.push_back(e);
    return all;
  }

  const schema& schema_;
  std::string out_;
  unsigned fields_ = 0;
  std::map<unsigned, std::map<std::string_view, std::string>> taken_by_level_;
};

}  // namespace

example_operation operation_for(const contract& c, const described_method& m) {
  const schema& s = c.parsed->index;
  const bool bare = m.about->bare && !m.defined->arguments.empty();
  example_operation out;
  std::string variables;
  std::string arguments;
  for (const input_value* v : example_arguments(*m.defined, m.about->bare)) {
    variables += fmt::format("{}${}: {}", variables.empty() ? "" : ", ", v->id.text, print(v->type));
    arguments += fmt::format("{0}{1}: ${1}", arguments.empty() ? "" : ", ", v->id.text);
    if (bare) out.variables = fmt::format(R"({{"{}":{}}})", v->id.text, m.about->example);
  }
  if (!bare) out.variables = m.about->example;
  std::string name(m.defined->id.text);
  name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
  writer to(s);
  to.selection(s.find_entry(m.defined->type.named.text), 1);
  out.text = fmt::format("{} {}{} {{\n  {}{}{}\n}}", to_string(m.about->kind), name,
                         variables.empty() ? "" : "(" + variables + ")", m.defined->id.text,
                         arguments.empty() ? "" : "(" + arguments + ")", to.take());
  return out;
}

}  // namespace waggle::graphql
