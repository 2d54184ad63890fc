#pragma once
#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/contract.h"
#include "schema/language/ast.h"

namespace waggle::graphql {

/// Contracts put together to one schema (schema/execute/endpoint.h says how), as a syntax tree that points into theirs.
struct composition {
  struct root {
    operation kind = operation::query;
    std::string_view name;  ///< in the composed schema
    std::size_t source = 0;
    std::string_view method;
  };
  struct renamed {
    std::size_t source = 0;
    std::string_view name;  ///< in the contract
    std::string_view here;  ///< in the composed schema
  };
  document doc;
  std::vector<root> roots;
  std::vector<renamed> types;  ///< all that are there, those that keep their names too
  bool sensitive = false;      ///< has a @sensitive, which stays in the tree
};

/// Every contract has a syntax tree.
[[nodiscard]] composition compose(std::span<const std::shared_ptr<const contract>> sources, bool combined);

/// Takes the `@sensitive` out: clients do not see it.
void drop_sensitive(document& doc);

}  // namespace waggle::graphql
