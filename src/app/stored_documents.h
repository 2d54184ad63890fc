#pragma once
#include <map>
#include <memory>
#include <string>

#include "core/error.h"

namespace waggle {

/// Reads a file of stored GraphQL documents: a JSON object of ids and documents (as Relay's compiler writes it), or Apollo's
/// manifest, `{"format": "apollo-persisted-query-manifest", "operations": [{"id", "body"}]}`. Blocks.
/// Errors: `invalid_argument` with what is wrong in it.
[[nodiscard]] result<std::shared_ptr<const std::map<std::string, std::string, std::less<>>>> read_stored_documents(
    const std::string& path);

}  // namespace waggle
