#include "schema/rules/type_rules.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "schema/language/print.h"
#include "schema/language/text.h"
#include "schema/rules/answer_rules.h"
#include "schema/rules/directive_cycles.h"
#include "schema/rules/directives.h"
#include "schema/rules/input_cycles.h"
#include "schema/rules/interface_rules.h"

namespace waggle::graphql {
namespace {

/// What a definition of this kind needs one of, and the section that says so.
struct content {
  definition_kind kind;
  std::string_view needs;
  std::string_view section;
};
constexpr content contents[] = {
    {definition_kind::object, "field", "§3.6"},      {definition_kind::interface, "field", "§3.7"},
    {definition_kind::union_type, "member", "§3.8"}, {definition_kind::enumeration, "value", "§3.9"},
    {definition_kind::input, "field", "§3.10"},
};

/// Finds the names of one scope that are there twice.
class scope {
 public:
  void add(const name& n) { names_.push_back(&n); }
  [[nodiscard]] bool empty() const { return names_.empty(); }

  /// Calls with each name that was there before, in the text's order; then the scope is empty.
  template <class Report>
  void close(Report report) {
    if (names_.size() > 1) {
      std::ranges::sort(names_, {}, [](const name* n) { return std::pair(n->text, n->offset); });
      for (std::size_t i = 1; i < names_.size(); ++i)
        if (names_[i - 1]->text == names_[i]->text) report(*names_[i]);
    }
    names_.clear();
  }

 private:
  std::vector<const name*> names_;
};

class checker {
 public:
  checker(const schema& s, findings& found) : schema_(s), found_(found) {}

  void check_definitions(const document& doc) {
    for (const definition& d : doc.definitions) {
      if (d.kind == definition_kind::schema) continue;
      if (!d.extension) reserved(d.id, d.kind == definition_kind::directive ? "§3.13" : "§3.3");
      if (d.kind != definition_kind::directive) continue;
      check_inputs(d.inputs, "§3.13",
                   [&](std::string_view a) { return fmt::format("@{}({}:)", shown(d.id.text), shown(a)); });
    }
  }

  void check_types() {
    for (const auto& [type_name, entry] : schema_.types)
      if (entry.from == origin::file && entry.defined != nullptr && !found_.full()) check(entry);
  }

 private:
  void reserved(const name& n, std::string_view section) {
    if (n.text.starts_with("__"))
      found_.error(n.offset,
                   fmt::format("{}: names that begin with __ are GraphQL's own ({})", shown(n.text), section));
  }

  template <class Call>
  static void for_each_part(const type_entry& entry, Call call) {
    call(*entry.defined);
    for (const definition* e : entry.extensions) call(*e);
  }

  void check(const type_entry& entry) {
    const definition& d = *entry.defined;
    const auto* row = std::ranges::find(contents, d.kind, &content::kind);
    if (row == std::end(contents)) return;
    for_each_part(entry, [&](const definition& part) { check_part(entry, part, row->section); });
    if (members_.empty())
      found_.error(d.id.offset, fmt::format("{} {} has no {}; it needs at least one ({})", describe(d.kind),
                                            shown(d.id.text), row->needs, row->section));
    // Methods share one namespace, where their names are compared.
    const bool is_root = std::ranges::any_of(schema_.roots, [&](const name& root) { return root.text == d.id.text; });
    members_.close([&](const name& n) {
      if (!is_root)
        found_.error(n.offset, fmt::format("{} {} of {} is there already ({})", row->needs, shown(n.text),
                                           shown(d.id.text), row->section));
    });
    interfaces_.close([&](const name& n) {
      found_.error(n.offset,
                   fmt::format("{} implements {} already ({})", shown(d.id.text), shown(n.text), row->section));
    });
  }

  /// A type's definition or one of its extensions.
  void check_part(const type_entry& entry, const definition& part, std::string_view section) {
    for (const field& f : part.fields) {
      members_.add(f.id);
      reserved(f.id, section);
      if (!f.arguments.empty()) {
        check_inputs(f.arguments, section, [&](std::string_view a) {
          return fmt::format("{}.{}({}:)", shown(part.id.text), shown(f.id.text), shown(a));
        });
      }
    }
    for (const enum_value& v : part.values) {
      members_.add(v.id);
      reserved(v.id, section);
    }
    for (const name& n : part.names) (part.kind == definition_kind::union_type ? members_ : interfaces_).add(n);
    if (part.kind == definition_kind::union_type) check_members(part);
    if (part.kind == definition_kind::input) check_input_fields(entry, part);
  }

  void check_members(const definition& part) {
    for (const name& n : part.names) {
      const definition* member = schema_.find_type(n.text);
      if (member != nullptr && member->kind != definition_kind::object)
        found_.error(n.offset, fmt::format("{} is of the kind {}; the members of a union are object types (§3.8)",
                                           shown(n.text), describe(member->kind)));
    }
  }

  void check_input_fields(const type_entry& entry, const definition& part) {
    const auto coordinate = [&](std::string_view id) { return fmt::format("{}.{}", shown(part.id.text), shown(id)); };
    for (const input_value& v : part.inputs) {
      members_.add(v.id);
      check_input(v, "§3.10", coordinate);
      if (!entry.one_of) continue;
      if (v.type.non_null())
        found_.error(v.type.named.offset, fmt::format("{} is {}; the fields of a @oneOf input are nullable (§3.10.1)",
                                                      coordinate(v.id.text), print(v.type)));
      if (!v.default_value.empty())
        found_.error(
            v.default_value.front().offset,
            fmt::format("{} has a default; the fields of a @oneOf input have none (§3.10.1)", coordinate(v.id.text)));
    }
    if (!part.extension) return;
    for (const directive& d : part.directives)
      if (d.id.text == "oneOf")
        found_.error(d.id.offset,
                     fmt::format("@oneOf cannot stand on an extension; put it on the definition of {} (§3.10.2)",
                                 shown(part.id.text)));
  }

  /// Arguments of a field or a directive. `coordinate` makes `T.f(a:)` of `a`.
  template <class Coordinate>
  void check_inputs(const std::vector<input_value>& inputs, std::string_view section, Coordinate coordinate) {
    for (const input_value& v : inputs) {
      if (found_.full()) break;
      arguments_.add(v.id);
      check_input(v, section, coordinate);
    }
    arguments_.close([&](const name& n) {
      found_.error(n.offset, fmt::format("{} is there already ({})", coordinate(n.text), section));
    });
  }

  template <class Coordinate>
  void check_input(const input_value& v, std::string_view section, const Coordinate& coordinate) {
    reserved(v.id, section);
    if (!v.default_value.empty()) {
      check_constant(
          schema_, v.default_value.front(), v.type, [&] { return fmt::format("default of {}", coordinate(v.id.text)); },
          section, found_);
    } else if (v.type.non_null()) {
      for (const directive& d : v.directives)
        if (d.id.text == "deprecated")
          found_.error(d.id.offset,
                       fmt::format("{} is required and cannot be deprecated; make it nullable or give it a "
                                   "default first (§3.13.3)",
                                   coordinate(v.id.text)));
    }
  }

  const schema& schema_;
  findings& found_;
  scope members_;
  scope interfaces_;
  scope arguments_;
};

}  // namespace

void check_types(const schema& s, const document& doc, findings& found) {
  checker c(s, found);
  c.check_definitions(doc);
  c.check_types();
  check_interfaces(s, found);
  check_endless_inputs(s, found);
  check_default_cycles(s, found);
  check_directive_cycles(s, found);
  check_answers(s, found);
}

}  // namespace waggle::graphql
