#include "core/caller.h"

#include <fmt/format.h>

#include "core/error.h"

namespace waggle {

std::string to_json(const caller& who) {
  std::string scopes;
  for (const std::string& s : who.scopes) scopes += (scopes.empty() ? "" : ",") + json_quote(s);
  return fmt::format(R"({{"subject":{},"issuer":{},"scopes":[{}],"claims":{}}})", json_quote(who.subject),
                     who.issuer.empty() ? "null" : json_quote(who.issuer), scopes, who.claims);
}

}  // namespace waggle
