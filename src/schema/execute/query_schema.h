#pragma once
#include <array>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "schema/schema.h"

namespace waggle::graphql {

/// The types of introspection (§4.2): `__Schema` and those that it leads to.
[[nodiscard]] const schema& introspection_types();

/// A schema as the executable language sees it (§5, §6): fields by name, object types of interfaces and unions, introspection
/// included. Made once for each endpoint; immutable, may be read from any thread.
class query_schema {
 public:
  /// An object, interface or union.
  struct composite {
    const definition* defined = nullptr;
    /// Those of extensions too, and `__typename`; of the query root also `__schema` and `__type`. A union has `__typename` only.
    std::unordered_map<std::string_view, const field*> fields;
    std::vector<const composite*> possible;  ///< the object types that it stands for, by number; an object: itself
    std::size_t number = 0;                  ///< in the order of `composites()`

    [[nodiscard]] std::string_view name() const { return defined->id.text; }
    [[nodiscard]] bool is_object() const { return defined->kind == definition_kind::object; }
    /// The field's definition or null.
    [[nodiscard]] const field* find(std::string_view field_name) const;
  };

  /// `of` is a schema without errors. `sensitive`: it has values that must not be quoted (`@sensitive`).
  explicit query_schema(std::shared_ptr<const parsed_schema> of, bool sensitive = false);
  query_schema(const query_schema&) = delete;
  query_schema& operator=(const query_schema&) = delete;

  /// No value that a client sends is to be quoted to it: nobody knows where one would stand that does not fit.
  [[nodiscard]] bool sensitive() const { return sensitive_; }
  [[nodiscard]] const schema& definitions() const { return of_->index; }
  /// The composite type of that name, introspection's too, or null.
  [[nodiscard]] const composite* find(std::string_view type_name) const;
  /// The operation's root type or null.
  [[nodiscard]] const composite* root(operation kind) const { return roots_[static_cast<std::size_t>(kind)]; }
  /// A type of any kind, introspection's too, or null.
  [[nodiscard]] const type_entry* find_entry(std::string_view type_name) const;
  /// May a value be both (GetPossibleTypes, §5.5.2.3)?
  [[nodiscard]] static bool overlap(const composite& a, const composite& b);
  /// Is `object` one of `of`'s possible types?
  [[nodiscard]] static bool is_possible(const composite& of, const composite& object);
  [[nodiscard]] const std::vector<std::unique_ptr<composite>>& composites() const { return composites_; }

  /// `__typename: String!`, `__schema: __Schema!`, `__type(name: String!): __Type` (§4.1, §4.2).
  [[nodiscard]] static const field& typename_field();
  [[nodiscard]] static const field& schema_field();
  [[nodiscard]] static const field& type_field();

 private:
  void add(const schema& s);

  std::shared_ptr<const parsed_schema> of_;
  bool sensitive_;
  std::vector<std::unique_ptr<composite>> composites_;
  std::unordered_map<std::string_view, composite*> by_name_;
  std::array<const composite*, 3> roots_{};
};

}  // namespace waggle::graphql
