#include "schema/execute/prepared_document.h"

#include <algorithm>

#include "schema/execute/planner.h"
#include "schema/execute/variables.h"

namespace waggle::graphql {
namespace {

/// Calls `visit` with every selection of the document until it answers true. Without recursion beyond the parser's depth.
template <class Visit>
bool any_selection(const std::vector<selection>& selections, Visit visit) {
  return std::ranges::any_of(selections,
                             [&](const selection& s) { return visit(s) || any_selection(s.selections, visit); });
}

template <class Visit>
bool any_selection(const executable_document& doc, Visit visit) {
  const auto here = [&](const auto& part) { return any_selection(part.selections, visit); };
  return std::ranges::any_of(doc.operations, here) || std::ranges::any_of(doc.fragments, here);
}

/// Does a variable decide whether something is there?
bool conditional(const selection& s) {
  return std::ranges::any_of(s.directives, [](const directive& d) {
    const argument* const condition = d.find("if");
    return condition != nullptr && condition->given.kind == value_kind::variable;
  });
}

}  // namespace

bool asks_for_introspection(const executable_document& doc) {
  return any_selection(doc, [](const selection& s) {
    return s.kind == selection_kind::field && (s.id.text == "__schema" || s.id.text == "__type");
  });
}

prepared_document::prepared_document(std::shared_ptr<const endpoint> executed_by, std::string document_text)
    : of(std::move(executed_by)), text(std::move(document_text)) {}
prepared_document::~prepared_document() = default;

void prepared_document::plan() {
  introspects = asks_for_introspection(doc);
  const bool depends = any_selection(doc, conditional);
  plans.clear();
  for (const operation_definition& o : doc.operations) {
    operation_plan& p = plans.emplace_back();
    if (!o.variables.empty()) p.variables = std::make_unique<const variable_types>(*of, o);
    if (depends) continue;
    p.selections = std::make_unique<planner>(of->schema(), doc, [](std::string_view) { return false; });
    if (const selection_group* const root = p.selections->root(o)) p.selections->plan_all(*root);
  }
}

const operation_definition* prepared_document::find_operation(std::string_view operation_name) const {
  if (operation_name.empty()) return doc.operations.size() == 1 ? &doc.operations.front() : nullptr;
  const auto at =
      std::ranges::find(doc.operations, operation_name, [](const operation_definition& o) { return o.id.text; });
  return at == doc.operations.end() ? nullptr : &*at;
}

}  // namespace waggle::graphql
