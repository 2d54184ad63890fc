#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "schema/execute/response_text.h"

namespace waggle::graphql {

/// Introspection (§4): what an endpoint's schema holds, its own types with the specification's scalars that it uses and
/// introspection's, none of waggle's directives.
class introspection {
 public:
  /// All must outlive this. `most_depth`: nested fields.
  introspection(const endpoint& of, plan_source& plans, response_text& text, const variable_values& variables,
                std::size_t most_depth)
      : endpoint_(of), plans_(plans), text_(text), variables_(variables), most_depth_(most_depth) {}

  /// Writes the value of `__schema` or `__type`.
  void root(const planned_field& f);

 private:
  /// A type, with what is around it still to be taken off.
  struct type_view {
    const type_entry* entry = nullptr;
    std::string_view modifiers;
  };

  template <class Write>
  void object(const planned_field& of, Write write);
  template <class Range, class Write>
  void list(const Range& items, Write write);
  void schema_of(const planned_field& f);
  void type(const planned_field& f, const type_view& t);
  void type_part(const planned_field& f, const type_view& t);
  void wrapped(const planned_field& f, const type_view& t);
  void named(const planned_field& f, const type_ref& t);
  void fields(const planned_field& f, const type_entry& t);
  void implemented(const planned_field& f, const type_entry& t);
  void possible(const planned_field& f, const type_entry& t);
  void enum_values(const planned_field& f, const type_entry& t);
  void field_part(const planned_field& f, const field& of);
  void inputs(const planned_field& f, const std::vector<const input_value*>& all);
  void input_part(const planned_field& f, const input_value& v);
  void directive_part(const planned_field& f, const definition& d);
  void deprecation(const planned_field& f, const std::vector<directive>& directives);

  [[nodiscard]] const std::vector<const type_entry*>& types();
  [[nodiscard]] const type_entry* visible(std::string_view type_name);
  [[nodiscard]] bool include_deprecated(const planned_field& f) const;
  void text(std::string_view s);
  void optional_text(std::string_view s);
  void boolean(bool b) { text_.out += b ? "true" : "false"; }
  void null() { text_.out += "null"; }

  const endpoint& endpoint_;
  plan_source& plans_;
  response_text& text_;
  const variable_values& variables_;
  std::size_t most_depth_;
  std::size_t depth_ = 0;
  std::vector<const type_entry*> types_;
};

}  // namespace waggle::graphql
