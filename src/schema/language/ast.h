#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/contract.h"

/// The syntax tree of the type-system language. Every `string_view` in it is a part of the text that was parsed or of
/// `document::owned`; every `offset` is a byte offset in that text.
namespace waggle::graphql {

struct name {
  std::string_view text;
  std::size_t offset = 0;
};

/// `[String!]!`, kept flat so that no depth of lists needs recursion.
struct type_ref {
  name named;
  /// What is put around the name, from the inside out: '!' non-null, '[' list. `[String!]!` is `![!`.
  std::string modifiers;

  [[nodiscard]] bool non_null() const { return modifiers.ends_with('!'); }
  [[nodiscard]] bool list() const { return modifiers.ends_with('[') || modifiers.ends_with("[!"); }
};

enum class value_kind : std::uint8_t { null, boolean, integer, floating, string, enumeration, list, object, variable };

/// A value; a constant in schemas. Nested at most as deep as `source_limits::depth`.
struct value {
  value_kind kind = value_kind::null;
  std::string_view text;  ///< a scalar's: the string's value, a variable's name without $, otherwise as written
  std::size_t offset = 0;
  name key;                  ///< where it is a field of an object
  std::vector<value> items;  ///< of a list or an object
};

/// The value as an Int, where it is one: 32 bits (§3.5.1).
[[nodiscard]] std::optional<std::int32_t> integer_of(const value& v);

struct argument {
  name id;
  value given;
};

/// A directive where it is used.
struct directive {
  name id;  ///< without the @, placed at it
  std::vector<argument> arguments;

  [[nodiscard]] const argument* find(std::string_view argument_name) const;
};

/// An argument's or an input field's definition.
struct input_value {
  std::string_view description;
  name id;
  type_ref type;
  std::vector<value> default_value;  ///< one or none
  std::vector<directive> directives;
};

struct field {
  std::string_view description;
  name id;
  std::vector<input_value> arguments;
  type_ref type;
  std::vector<directive> directives;
};

struct enum_value {
  std::string_view description;
  name id;
  std::vector<directive> directives;
};

struct root_type {
  operation kind = operation::query;
  std::size_t offset = 0;
  name type;
};

enum class definition_kind : std::uint8_t {
  schema,
  scalar,
  object,
  interface,
  union_type,
  enumeration,
  input,
  directive,
  service
};

/// A definition or an extension of any kind; the members that its kind does not have stay empty.
struct definition {
  definition_kind kind = definition_kind::schema;
  bool extension = false;
  bool repeatable = false;
  std::size_t offset = 0;  ///< of its keyword
  std::string_view description;
  name id;                            ///< a schema has none
  std::vector<directive> directives;  ///< used on it
  std::vector<name> names;            ///< interfaces, union members or a directive's locations
  std::vector<field> fields;          ///< of object, interface, service
  std::vector<enum_value> values;
  std::vector<input_value> inputs;  ///< input fields or a directive's arguments
  std::vector<root_type> roots;
};

struct document {
  std::vector<definition> definitions;
  std::vector<directive> okra;    ///< `@okra(…)` standing alone or before a service block
  std::deque<std::string> owned;  ///< decoded strings and made-up names

  /// Keeps a text for as long as the document lives.
  std::string_view own(std::string text) { return owned.emplace_back(std::move(text)); }
};

/// "object type", as in messages
[[nodiscard]] std::string_view describe(definition_kind kind);
/// "mutation"
[[nodiscard]] std::string_view to_string(operation kind);

}  // namespace waggle::graphql
