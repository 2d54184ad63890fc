#pragma once
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/limits.h"
#include "schema/contract.h"
#include "schema/execute/endpoint.h"
#include "schema/execute/json_tape.h"
#include "schema/execute/response_error.h"
#include "schema/language/executable.h"

namespace waggle::graphql {

/// A request's variables, coerced. Those without a value are not there.
class variable_values {
 public:
  /// The value as JSON; nothing where the variable has none.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view variable) const;
  [[nodiscard]] bool is_true(std::string_view variable) const { return find(variable) == "true"; }

 private:
  friend class variable_types;
  json_tape values_;
};

/// What the variables of one operation must be, compiled. Immutable.
class variable_types {
 public:
  /// The operation has variables.
  variable_types(const endpoint& of, const operation_definition& operation);

  /// CoerceVariableValues (§6.1.2): `json` is an object, null, or empty for none. What the operation does not define is
  /// ignored. An error for each place that does not fit, located at the variable's definition.
  [[nodiscard]] std::expected<variable_values, std::vector<response_error>> coerce(std::string_view json,
                                                                                   std::size_t most_bytes) const;

 private:
  [[nodiscard]] std::string known_ones(const json_tape& given) const;
  [[nodiscard]] response_error misfit(const error& why, const violation& v) const;

  method checked_;  ///< a method whose arguments are the variables
  std::unordered_map<std::string_view, std::size_t> offsets_;
  std::optional<error> unusable_;  ///< the definitions make no sense
};

/// A text that is not to become longer than that: a document can use a long variable very often.
struct bounded_text {
  std::string out;
  std::size_t most_bytes = 0;
  bool too_long = false;  ///< something was left out, and the text is of no use

  void put(std::string_view text) {
    if (text.size() > most_bytes || out.size() > most_bytes - text.size()) too_long = true;
    if (!too_long) out += text;
  }
};

/// A value in a document as JSON: an enum's as a string, variables by their values. A variable without a value is null in a
/// list, and leaves out an object's field (§3.10). False where the whole value is such a variable; nothing was written then.
bool append_argument(bounded_text& to, const value& v, const variable_values& variables);

}  // namespace waggle::graphql
