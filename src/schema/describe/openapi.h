#pragma once
#include <optional>
#include <string>

#include "schema/contract.h"

namespace waggle::graphql {

/// The service as others may call it over HTTP (docs/http.md), as an OpenAPI 3.1.0 document: a path for each method that is
/// neither @internal nor a subscription, queries by GET too. Its schemas have the names of `json_schema`, under
/// `#/components/schemas/`. `parsed` and `name` must be there.
/// Nothing where the contract is too large, as `json_schema` has it; a method counts as 50 places.
[[nodiscard]] std::optional<std::string> openapi(const contract& c);

}  // namespace waggle::graphql
