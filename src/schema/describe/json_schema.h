#pragma once
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "schema/describe/json_tree.h"
#include "schema/schema.h"
#include "schema/values/scalars.h"

namespace waggle::graphql {

/// The contract as a JSON Schema document (draft 2020-12): in `$defs` for each method `METHOD.payload` and
/// `METHOD.answer`, and every type that they use by its own name. A name of GraphQL has no point, so nothing collides.
/// The document itself accepts anything: tools point into it, `#/$defs/greet.payload`.
///
/// A payload schema accepts what `check_payload` accepts, as far as JSON Schema can say it (docs/contracts.md has the rest).
/// `parsed` must be there. Nothing where the contract is too large (`most_positions`): a text of 4 MiB could ask for gigabytes.
[[nodiscard]] std::optional<std::string> json_schema(const contract& c);

/// How many places of types a description may have: fields, arguments, each level of a list.
inline constexpr std::size_t most_positions = 50'000;

/// A method with its definition.
struct described_method {
  const method* about = nullptr;
  const field* defined = nullptr;
};
/// All methods by name.
[[nodiscard]] std::vector<described_method> methods_of(const contract& c);

/// Does the method's example fit? Where the types ask for much, or for a text of a certain form, there is none that does.
[[nodiscard]] bool has_example(const method& m);

/// `description`, where there is one or a reason of `@deprecated`, and `deprecated`.
void add_description(json_tree& to, std::string_view description, const std::vector<directive>& directives);

/// Makes schemas, and keeps in mind which types they refer to.
class schema_maker {
 public:
  enum class dialect : std::uint8_t { json_schema, openapi };
  schema_maker(const schema& s, dialect into);

  [[nodiscard]] json_tree payload(const described_method& m);
  [[nodiscard]] json_tree answer(const field& f);
  /// `{"$ref": …}` of what has this name.
  [[nodiscard]] json_tree reference(std::string_view name) const;
  /// Adds the types referred to, and those that these refer to, by name.
  void add_types(json_tree& to);
  /// Takes so many of `most_positions`. False where there are none left; then what is made is not whole.
  bool spend(std::size_t positions);
  [[nodiscard]] bool whole() const { return !over_; }
  /// Makes another schema, which has that many positions and refers to nothing yet.
  void restart(std::size_t positions);
  /// How many positions were taken since then.
  [[nodiscard]] std::size_t spent() const { return given_ - left_; }

 private:
  json_tree input(const type_ref& type, const directive* constraint);
  json_tree input_property(const input_value& v, bool one_of);
  json_tree input_object(const std::vector<const input_value*>& fields, bool one_of);
  json_tree output(const type_ref& type);
  json_tree named(std::string_view type);
  json_tree definition_of(const type_entry& type);
  json_tree scalar(const type_entry& type);
  json_tree enumeration(const type_entry& type);
  json_tree object(const type_entry& type);
  json_tree abstract(const type_entry& type);
  /// Takes a value of this type an array by itself, without being a list?
  [[nodiscard]] bool takes_arrays(std::string_view type) const;

  const schema& schema_;
  bool openapi_;
  std::size_t given_ = most_positions;
  std::size_t left_ = most_positions;
  bool over_ = false;
  std::set<std::string_view> referred_;
  std::deque<std::string_view> open_;                                ///< referred to, not yet described
  std::map<std::string_view, std::vector<std::string_view>> kinds_;  ///< the objects of each interface
};

}  // namespace waggle::graphql
