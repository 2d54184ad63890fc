#pragma once
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "schema/language/ast.h"
#include "schema/language/findings.h"
#include "schema/values/scalars.h"

namespace waggle::graphql {

/// Whose a definition is.
enum class origin : std::uint8_t { built_in, prelude, file };

/// Arguments or input fields by name.
struct input_index {
  std::map<std::string_view, const input_value*> by_name;
  std::vector<const input_value*> required;  ///< non-null and without a default

  void add(const std::vector<input_value>& inputs);
  /// `; did you mean …?` from these names.
  [[nodiscard]] std::string near(std::string_view word) const;
};

struct type_entry {
  const definition* defined = nullptr;  ///< null: only extended, which was reported
  std::vector<const definition*> extensions;
  origin from = origin::file;
  bool one_of = false;                    ///< an input type with @oneOf on its definition (§3.10.1)
  input_index inputs;                     ///< an input type's fields, those of extensions too
  std::set<std::string_view> values;      ///< an enum's, those of extensions too
  std::optional<known_scalar> specified;  ///< what a scalar's @specifiedBy says

  /// The definition and its extensions, in this order.
  [[nodiscard]] std::vector<const definition*> parts() const;
};

struct directive_entry {
  const definition* defined = nullptr;
  origin from = origin::file;
  input_index arguments;
  std::set<std::string_view> locations;
};

/// A document's definitions by name, with what is implied. Points into the document, which must outlive it.
struct schema {
  schema() = default;
  // `entries` points into `types`, whose nodes stay where they are when it is moved.
  schema(schema&&) = default;
  schema& operator=(schema&&) = default;

  std::map<std::string_view, type_entry> types;
  std::map<std::string_view, directive_entry> directives;
  std::vector<const definition*> parts;  ///< the schema's definition and its extensions, in the text's order
  std::array<name, 3> roots;             ///< by operation; without a text where there is none
  std::unordered_map<std::string_view, const type_entry*> entries;  ///< of `types`
  bool scalars_by_name = false;  ///< Long, Date and the others need no @specifiedBy: okra's files, host contracts

  /// The type's entry or null, faster than `types.find`.
  [[nodiscard]] const type_entry* find_entry(std::string_view type_name) const;
  /// The type's definition or null.
  [[nodiscard]] const definition* find_type(std::string_view type_name) const;
  /// `; did you mean …?` from the names of types that a file may use.
  [[nodiscard]] std::string near_type(std::string_view type_name) const;
};

/// A text with what was read from it. A contract keeps it: what is described, compared and introspected comes from here.
/// The parts point into each other, so it stays where it was made.
struct parsed_schema {
  explicit parsed_schema(std::string_view sdl) : text(sdl) {}
  parsed_schema(const parsed_schema&) = delete;
  parsed_schema& operator=(const parsed_schema&) = delete;

  std::string text;
  document doc;
  schema index;
};

/// Which known scalar it is (design: docs/contracts.md), by its @specifiedBy or, where the schema allows it, by its name.
[[nodiscard]] known_scalar form_of_scalar(const schema& s, const type_entry& scalar);

/// Collects definitions and reports those that are there twice, that take waggle's or built-in names, extensions of nothing
/// or of another kind, and wrong roots. What is reported is left out of the index.
/// The other rules of §3's Type Validation lists are not checked here (schema/rules/type_rules.h).
[[nodiscard]] schema index_schema(const document& doc, bool okra, findings& found);

/// Reports every use of a type that is not defined, or that stands where its kind cannot (IsInputType and IsOutputType, §3.4.2).
void check_references(const schema& s, const document& doc, findings& found);

}  // namespace waggle::graphql
