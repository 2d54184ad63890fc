#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "schema/execute/query_schema.h"
#include "schema/language/executable.h"
#include "schema/language/findings.h"

namespace waggle::graphql {

/// A type as it stands at a place: the whole of a definition's, or an item of its lists.
struct type_view {
  std::string_view named;      ///< empty: not known, and everything fits
  std::string_view modifiers;  ///< as in `type_ref`

  type_view() = default;
  type_view(const type_ref& t) : named(t.named.text), modifiers(t.modifiers) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool known() const { return !named.empty(); }
  [[nodiscard]] bool non_null() const { return modifiers.ends_with('!'); }
  [[nodiscard]] bool list() const { return modifiers.ends_with('['); }
  /// Without its outermost `!` or `[`.
  [[nodiscard]] type_view inner() const {
    type_view t = *this;
    t.modifiers.remove_suffix(1);
    return t;
  }
};

/// `[String!]!`
[[nodiscard]] std::string print(const type_view& t);

/// A variable where it is used.
struct variable_use {
  std::string_view id;
  std::size_t offset = 0;
  type_view expected;
  bool has_default = false;  ///< the argument or input field has one
  bool one_of = false;       ///< it is the field of a @oneOf input
};

/// A fragment where it is spread.
struct fragment_use {
  std::uint32_t number = 0;  ///< in `executable_document::fragments`
  std::size_t offset = 0;
};

/// What stands in an operation or a fragment, without what its fragments add.
struct uses {
  std::vector<variable_use> variables;
  std::vector<fragment_use> fragments;
};

/// A document that is being validated: what the rules share.
struct checked_document {
  const query_schema& schema;
  const executable_document& doc;
  findings& found;
  std::map<std::string_view, std::uint32_t> fragments{};  ///< by name; of equal names the first
  std::vector<uses> of_operations{};                      ///< filled by `check_selections`
  std::vector<uses> of_fragments{};

  /// One step of what operations and fragments may multiply. False where there were too many; the first time that is reported.
  [[nodiscard]] bool step();
  std::size_t steps_left = 200'000;  ///< and eight for each selection and each use, which `check_selections` adds

  /// The fragment of that name or null.
  [[nodiscard]] const fragment_definition* find_fragment(std::string_view fragment_name) const {
    const auto at = fragments.find(fragment_name);
    return at == fragments.end() ? nullptr : &doc.fragments[at->second];
  }
};

/// "query Q" or "the query"
[[nodiscard]] std::string describe(const operation_definition& o);

}  // namespace waggle::graphql
