#pragma once
#include <optional>
#include <string>
#include <vector>

#include "schema/compare/change_kinds.h"
#include "schema/contract.h"
#include "schema/language/places.h"

namespace waggle {

/// One difference between two contracts.
struct contract_change {
  change_kind kind = change_kind::description_changed;
  std::string path;                  ///< `Query.getUser(id:)`, `User.name`, `Color.RED`, `@service(name:)`
  std::string message;               ///< what it is and what a caller would notice, without the path
  std::optional<text_place> before;  ///< in the old text, where it stands there
  std::optional<text_place> after;   ///< in the new text, where it stands there
};

/// What a caller of `before` would notice of `after`: all differences, breaking ones first, then by path. What is not told,
/// because it means nothing: order, comments, how a value or a string is written, whether a type is extended.
/// Both must have been compiled from texts; without one there is no change.
[[nodiscard]] std::vector<contract_change> compare(const contract& before, const contract& after);

namespace graphql {
/// The same for texts that were parsed, lowered and indexed.
[[nodiscard]] std::vector<contract_change> compare(const parsed_schema& before, const parsed_schema& after);
}  // namespace graphql

}  // namespace waggle
