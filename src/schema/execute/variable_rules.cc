#include "schema/execute/variable_rules.h"

#include <map>

#include <fmt/format.h>

#include "schema/execute/argument_values.h"
#include "schema/language/text.h"

namespace waggle::graphql {
namespace {

/// AreTypesCompatible (§5.8.5)
bool compatible(type_view variable, type_view location) {
  while (true) {
    if (location.non_null()) {
      if (!variable.non_null()) return false;
      location = location.inner();
    }
    if (variable.non_null()) variable = variable.inner();
    if (!location.list()) return !variable.list() && variable.named == location.named;
    if (!variable.list()) return false;
    location = location.inner();
    variable = variable.inner();
  }
}

/// IsVariableUsageAllowed (§5.8.5)
bool allowed(const variable_definition& v, const variable_use& use) {
  const type_view variable = v.type;
  type_view location = use.expected;
  if ((location.non_null() || use.one_of) && !variable.non_null()) {
    const bool has_default = !v.default_value.empty() && v.default_value.front().kind != value_kind::null;
    if (!has_default && !use.has_default) return false;
    if (location.non_null()) location = location.inner();
  }
  return compatible(variable, location);
}

class checker {
 public:
  explicit checker(checked_document& d) : d_(d), entered_(d.doc.fragments.size(), 0) {}

  void check(const operation_definition& o, const uses& of_operation) {
    define(o);
    ++operation_;
    open_.clear();
    follow(o, of_operation);
    while (!open_.empty() && !d_.found.full()) {
      const uses& next = d_.of_fragments[open_.back()];
      open_.pop_back();
      follow(o, next);
    }
    if (d_.steps_left == 0) return;  // not all uses were seen
    for (const auto& [id, v] : defined_)
      if (!v.used)
        error(v.definition->id.offset,
              [&] { return fmt::format("${} is not used in {} (§5.8.4)", shown(id), describe(o)); });
  }

 private:
  struct entry {
    const variable_definition* definition = nullptr;
    bool typed = false;
    bool used = false;
  };

  void define(const operation_definition& o) {
    defined_.clear();
    for (const variable_definition& v : o.variables) {
      if (!defined_.try_emplace(v.id.text, entry{&v, check_type(v), false}).second)
        error(v.id.offset,
              [&] { return fmt::format("${} is defined twice in {} (§5.8.1)", shown(v.id.text), describe(o)); });
      check_default(d_, v);
    }
  }

  /// True where the type is known, so that uses can be compared with it.
  bool check_type(const variable_definition& v) {
    const type_entry* const type = d_.schema.find_entry(v.type.named.text);
    if (type == nullptr || type->defined == nullptr) {
      error(v.type.named.offset, [&] {
        near_name near(v.type.named.text);
        for (const auto& [candidate, of] : d_.schema.definitions().types)
          if (of.defined != nullptr && is_input(of.defined->kind)) near.offer(candidate);
        return fmt::format("${}: type {} is not defined{} (§5.8.2)", shown(v.id.text), shown(v.type.named.text),
                           near.hint());
      });
      return false;
    }
    if (is_input(type->defined->kind)) return true;
    error(v.type.named.offset, [&] {
      return fmt::format("${}: {} is of the kind {}; a variable is a scalar, enum or input type (§5.8.2)",
                         shown(v.id.text), shown(v.type.named.text), describe(type->defined->kind));
    });
    return true;
  }
  static bool is_input(definition_kind kind) {
    return kind == definition_kind::scalar || kind == definition_kind::enumeration || kind == definition_kind::input;
  }

  void follow(const operation_definition& o, const uses& from) {
    for (const variable_use& use : from.variables) {
      if (!d_.step()) return;
      check(o, use);
    }
    for (const fragment_use& f : from.fragments) {
      if (!d_.step()) return;
      if (entered_[f.number] == operation_) continue;
      entered_[f.number] = operation_;
      open_.push_back(f.number);
    }
  }

  void check(const operation_definition& o, const variable_use& use) {
    const auto at = defined_.find(use.id);
    if (at == defined_.end())
      return error(use.offset, [&] {
        near_name near(use.id);
        for (const variable_definition& v : o.variables) near.offer(v.id.text);
        return fmt::format("${} is not defined by {}{} (§5.8.3)", shown(use.id), describe(o), near.hint("$"));
      });
    at->second.used = true;
    if (!at->second.typed || !use.expected.known() || allowed(*at->second.definition, use)) return;
    error(use.offset, [&] {
      const std::string_view why = use.one_of ? ", as the field of a @oneOf input it must not be null" : "";
      return fmt::format("${} is of the type {} and stands where {} is expected{} (§5.8.5)", shown(use.id),
                         print(type_view(at->second.definition->type)), print(use.expected), why);
    });
  }

  template <class Message>
  void error(std::size_t offset, Message message) {
    if (!d_.found.full()) d_.found.error(offset, message());
  }

  checked_document& d_;
  std::map<std::string_view, entry> defined_;
  std::vector<std::uint32_t> entered_;  ///< by fragment: the last operation that came there
  std::vector<std::uint32_t> open_;
  std::uint32_t operation_ = 0;
};

}  // namespace

void check_variables(checked_document& d) {
  checker c(d);
  for (std::size_t i = 0; i < d.doc.operations.size() && d.steps_left > 0; ++i)
    c.check(d.doc.operations[i], d.of_operations[i]);
}

}  // namespace waggle::graphql
