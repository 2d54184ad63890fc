#pragma once
#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "schema/contract.h"
#include "schema/execute/query_schema.h"

namespace waggle::graphql {

/// One or several contracts as one GraphQL schema: what clients of `/graphql` see. It has what they can call (no method that
/// is `@internal`) and the types that this leads to, with descriptions, `@deprecated`, `@specifiedBy` and `@oneOf`, nothing else.
/// Immutable; may be read from any thread.
///
/// Of one contract all names stay as they are. Of several, root fields and types whose names collide are namespaced by the
/// contract's name (`shop.v1.Orders` and `get`: `shop_v1_Orders_get`), all of them; types that are the same in all contracts that
/// have them, with everything that they lead to, are one type. Where a made-up name is taken it gets underscores behind it.
/// GraphQL demands a query root: where no contract has a query it has the one field `_services`, their names.
class endpoint {
 public:
  /// A contract that is a part of this.
  struct part {
    std::shared_ptr<const contract> described;
    /// The endpoint's types by the names that the contract has for them. A guest answers `__typename` with its own names.
    std::unordered_map<std::string_view, const query_schema::composite*> types;
  };
  /// Where a root field leads.
  struct target {
    const part* of = nullptr;
    const method* callee = nullptr;
    const field* definition = nullptr;  ///< the endpoint's
  };

  /// Contracts without a syntax tree are left out. `combined`: as the endpoint of all services, whose descriptions say which
  /// service a thing is of. An error is ours, and says so: what was composed is no schema.
  [[nodiscard]] static result<std::shared_ptr<const endpoint>> make(
      std::span<const std::shared_ptr<const contract>> services, bool combined);

  endpoint(const endpoint&) = delete;
  endpoint& operator=(const endpoint&) = delete;

  [[nodiscard]] const query_schema& schema() const { return *schema_; }
  /// The schema's text in standard SDL.
  [[nodiscard]] const std::string& sdl() const { return sdl_; }
  [[nodiscard]] const std::string& description() const { return description_; }
  /// Where that root field leads, or null: it is not there, or answered by the endpoint itself.
  [[nodiscard]] const target* find(operation kind, std::string_view root_field) const;
  [[nodiscard]] const std::vector<std::unique_ptr<part>>& parts() const { return parts_; }
  /// Does a contract have values that must not be quoted (`@sensitive`)?
  [[nodiscard]] bool sensitive() const { return schema_->sensitive(); }

  /// The field that stands in for missing queries.
  static constexpr std::string_view services_field = "_services";

 private:
  endpoint() = default;

  std::string sdl_;
  std::string description_;
  std::shared_ptr<const parsed_schema> parsed_;
  std::unique_ptr<const query_schema> schema_;
  std::vector<std::unique_ptr<part>> parts_;
  std::array<std::unordered_map<std::string, target>, 3> targets_;
};

}  // namespace waggle::graphql
