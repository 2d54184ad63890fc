#include "call/access.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace waggle {

std::optional<error> denies(const method& m, const caller* who) {
  if (!m.auth) return std::nullopt;
  error why;
  why.whose = fault::caller;
  if (who == nullptr) {
    why.code = error_code::unauthenticated;
    why.cause = failure_cause::anonymous;
    why.message = m.name + " is for callers who say who they are: send a token (Authorization: Bearer …) or an API key";
    return why;
  }
  const std::vector<std::string>& needed = *m.auth;
  const auto has = [&](const std::string& scope) { return std::ranges::binary_search(who->scopes, scope); };
  if (needed.empty() || std::ranges::any_of(needed, has)) return std::nullopt;
  why.code = error_code::permission_denied;
  why.cause = failure_cause::scope;
  why.message =
      needed.size() == 1
          ? fmt::format("{} needs the scope {}, which this caller does not have", m.name, needed.front())
          : fmt::format("{} needs one of the scopes {}; this caller has none of them", m.name, fmt::join(needed, ", "));
  return why;
}

}  // namespace waggle
