#pragma once
#include <string>

#include "gateway/http_parser.h"
#include "gateway/http_settings.h"

namespace waggle {

/// The lines by which a page of another origin may read the reply (Fetch standard, "CORS protocol"); empty where the request
/// has no Origin, or one that may not. Never with credentials: a browser's cookies mean nothing here.
[[nodiscard]] std::string cors_fields(const http_head& head, const http_settings& settings, bool loopback);

/// Does the page come from the host that it asks?
[[nodiscard]] bool is_same_origin(const http_head& head);

/// Is it the question whether a request may be sent (OPTIONS with Access-Control-Request-Method)?
[[nodiscard]] bool is_preflight(const http_head& head);
/// Its answer, beside `cors_fields`.
[[nodiscard]] std::string preflight_fields(const http_head& head);

}  // namespace waggle
