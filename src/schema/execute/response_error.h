#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace waggle::graphql {

/// One of a response's `errors` (§7.1.2).
struct response_error {
  error why;
  std::vector<std::size_t> offsets;  ///< of its locations, in the document's text
  std::string path;                  ///< a JSON array; empty where it belongs to no field
};

/// `[{"message":…,"locations":[…],"path":[…],"extensions":{"code":"not_found","fault":"caller",…}},…]`. `text` is the document's.
/// The extensions hold `details` (a guest's own), `violations` and `count`, `retryAfterMs`; `debug` only where it is asked for.
[[nodiscard]] std::string errors_json(std::span<const response_error> errors, std::string_view text, bool with_debug);

/// `{"errors":[…]}`: a request error's response (§7.1.2), without `data`.
[[nodiscard]] std::string error_response(std::span<const response_error> errors, std::string_view text,
                                         bool with_debug);

}  // namespace waggle::graphql
