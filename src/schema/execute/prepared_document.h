#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "schema/execute/endpoint.h"
#include "schema/language/executable.h"

namespace waggle::graphql {

class planner;
class variable_types;

/// A request's document with what follows from it and its endpoint alone, so that it is worked out once for all requests with
/// this document. To be made in three steps, and not to be changed afterwards; then it may be used from any thread:
///
///   auto d = std::make_shared<prepared_document>(endpoint, text);
///   d->doc = parse_executable(d->text, limits, found);   // no errors
///   …validate d->doc…                                    // no errors
///   d->plan();
struct prepared_document {
  prepared_document(std::shared_ptr<const endpoint> executed_by, std::string document_text);
  ~prepared_document();
  prepared_document(const prepared_document&) = delete;
  prepared_document& operator=(const prepared_document&) = delete;

  /// Works out the selections of every operation as far as no variable decides about them. Safe for documents that are not
  /// valid: what makes no sense is left out. Takes time linear in the document's size for documents without fragments on
  /// interfaces and unions, bounded for all.
  void plan();

  /// The operation of that name, or the only one where `operation_name` is empty; null where there is none such.
  [[nodiscard]] const operation_definition* find_operation(std::string_view operation_name) const;

  struct operation_plan {
    std::unique_ptr<const variable_types> variables;  ///< null: it has none
    std::unique_ptr<planner> selections;              ///< null: variables decide about them
  };

  std::shared_ptr<const endpoint> of;
  std::string text;
  executable_document doc;
  std::vector<operation_plan> plans;  ///< of `doc.operations`
  bool introspects = false;           ///< asks for `__schema` or `__type`
};

/// Does an operation or a fragment of it ask for `__schema` or `__type`?
[[nodiscard]] bool asks_for_introspection(const executable_document& doc);

}  // namespace waggle::graphql
