#include "gateway/cors.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/ascii.h"
#include "gateway/origin.h"

namespace waggle {
namespace {

/// For how long a browser need not ask again: what Chromium takes at most.
constexpr int max_age_seconds = 7200;

/// The field comes from the client and goes back: names and commas only.
bool is_list_of_names(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~, ";
  return text.size() <= 1024 && std::ranges::all_of(text, [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  others.find(c) != std::string_view::npos;
         });
}

}  // namespace

bool is_same_origin(const http_head& head) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (head.origin.starts_with(scheme) && equal_ignoring_case(head.origin.substr(scheme.size()), head.host))
      return true;
  return false;
}

bool is_preflight(const http_head& head) {
  return head.verb == http_verb::options && head.has_origin && !head.cors_method.empty();
}

std::string cors_fields(const http_head& head, const http_settings& settings, bool loopback) {
  // Caches are told also by answers that were asked for without an Origin (Fetch standard, "CORS protocol and HTTP caches").
  if (!head.has_origin) return settings.allowed_origins.empty() ? "" : "Vary: Origin\r\n";
  // On other listeners "localhost" is the machine of whoever looks, not this one.
  auto* const fits = loopback ? &origin_allowed : &origin_listed;
  if (!fits(head.origin, settings.allowed_origins)) return "Vary: Origin\r\n";
  return fmt::format(
      "Access-Control-Allow-Origin: {}\r\nVary: Origin\r\n"
      "Access-Control-Expose-Headers: waggle-receipt, waggle-fault, Server-Timing, Retry-After, WWW-Authenticate\r\n",
      head.origin);
}

std::string preflight_fields(const http_head& head) {
  std::string out =
      fmt::format("Access-Control-Allow-Methods: GET, HEAD, POST\r\nAccess-Control-Max-Age: {}\r\n", max_age_seconds);
  if (!head.cors_headers.empty() && is_list_of_names(head.cors_headers))
    out += fmt::format("Access-Control-Allow-Headers: {}\r\n", head.cors_headers);
  return out;
}

}  // namespace waggle
