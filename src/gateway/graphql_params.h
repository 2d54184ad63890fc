#pragma once
#include <string>
#include <string_view>

#include "core/error.h"

namespace waggle {

/// What a client of GraphQL over HTTP asks for (GraphQL over HTTP, "Request Parameters").
struct graphql_params {
  std::string query;           ///< the document; empty where it is named instead
  std::string operation_name;  ///< empty: none
  std::string variables;       ///< JSON, an object or null; empty: none
  std::string document_id;     ///< of a stored document
  std::string cursor;          ///< where a stream is to go on (`extensions.cursor`); empty: at its beginning
  std::string sha256;          ///< of the document, 64 lower-case hex digits (Apollo's `extensions.persistedQuery`)
};

/// Out of a JSON body, or a message of graphql-transport-ws. Unknown members are ignored, as the specification wants it.
/// Errors: `invalid_argument`, the caller's, where it is no JSON object, a member has the wrong type, or comes twice.
[[nodiscard]] result<graphql_params> read_graphql_json(std::string_view json);
/// Out of a URL's parameters: `query=…&variables=…&operationName=…&extensions=…&documentId=…`.
[[nodiscard]] result<graphql_params> read_graphql_url(std::string_view parameters);

}  // namespace waggle
