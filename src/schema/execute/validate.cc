#include "schema/execute/validate.h"

#include <fmt/format.h>

#include "schema/execute/checked_document.h"
#include "schema/execute/field_merging.h"
#include "schema/execute/fragment_rules.h"
#include "schema/execute/operation_rules.h"
#include "schema/execute/selection_rules.h"
#include "schema/execute/variable_rules.h"
#include "schema/language/print.h"
#include "schema/language/text.h"

namespace waggle::graphql {

std::string print(const type_view& t) {
  type_ref whole;
  whole.named.text = t.named;
  whole.modifiers = t.modifiers;
  return print(whole);
}

std::string describe(const operation_definition& o) {
  return o.id.text.empty() ? fmt::format("the {}", to_string(o.kind))
                           : fmt::format("{} {}", to_string(o.kind), shown(o.id.text));
}

bool checked_document::step() {
  if (steps_left == 0) return false;
  if (--steps_left > 0) return true;
  found.error(
      0,
      "the operations and fragments of this document go through each other in too many ways to be checked; send "
      "fewer of them at once");
  return false;
}

void validate(const query_schema& s, const executable_document& doc, findings& found) {
  checked_document d{s, doc, found};
  index_fragments(d);
  check_selections(d);
  check_operations(d);
  check_fragment_uses(d);
  check_variables(d);
  check_field_merging(d);
}

}  // namespace waggle::graphql
