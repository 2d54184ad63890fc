#pragma once
#include <string>

#include "schema/language/ast.h"

namespace waggle::graphql {

/// The canonical SDL of a whole document, in its own order: descriptions, directives, extensions and defaults included,
/// comments not (the tree has none). Two spaces of indentation, an empty line between definitions.
/// A description is quoted on one line where that needs no escapes, else a block string where one can hold it (§2.9.4).
/// Arguments stand on one line where none has a description and 120 columns are enough, else one a line; so do the members
/// of a union and a directive's locations.
/// What it prints of a document that was parsed without errors is parsed without errors and prints the same again.
[[nodiscard]] std::string print_document(const document& doc);

/// One definition or extension of it, ending in a line feed.
[[nodiscard]] std::string print_definition(const definition& d);

}  // namespace waggle::graphql
