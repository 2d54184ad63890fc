#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

#include "schema/language/ast.h"

namespace waggle::graphql {

/// What a value of a type cannot be without: which types have a finite value at all, and where the others go round in circles.
class finite_values {
 public:
  struct need {
    std::size_t of = 0;           ///< the other type
    const name* field = nullptr;  ///< the field that needs it; null for a member of a union or interface
  };

  /// Adds a type and returns its number, counted from 0. `any`: one of its needs is enough; otherwise it has all of them.
  std::size_t add_type(std::string_view type_name, bool any);
  void add_need(std::size_t type, need n) { types_[type].needs.push_back(n); }
  /// Of a type with `any`: one of the ways to make a value needs no other type.
  void set_finite(std::size_t type) { types_[type].finite = true; }

  struct step {
    std::string_view type;
    const name* field;
  };
  /// A cycle for each group of types that need each other without an end. Linear in types and needs.
  [[nodiscard]] std::vector<std::vector<step>> endless();

  /// `A.b, B.a`, cut where it is long.
  [[nodiscard]] static std::string path(const std::vector<step>& cycle);

 private:
  struct node {
    std::string_view id;
    bool any = false;
    bool finite = false;
    std::vector<need> needs;
  };
  [[nodiscard]] std::vector<bool> finite() const;

  std::vector<node> types_;
};

}  // namespace waggle::graphql
