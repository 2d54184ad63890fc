#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace waggle {

/// Who asks, as the node has verified it: from a token, or from an API key. Immutable once it is made; shared by a request
/// and all its sub-calls, on any core.
struct caller {
  /// Of `claims`, in bytes, and how deep they may be nested: a guest gets them with each request that asks for its context.
  static constexpr std::size_t longest_claims = 8192;
  static constexpr std::size_t deepest_claims = 16;

  std::string subject;              ///< claim `sub`, empty where the token has none; the API key's name
  std::string issuer;               ///< claim `iss`; empty for an API key
  std::vector<std::string> scopes;  ///< in order, none twice
  std::string claims = "{}";        ///< all verified claims: a JSON object without white space
  /// Names this caller and no other, for rates and `Idempotency-Key`. Not for people.
  std::string key;
};

/// `{"subject":"ada","issuer":"https://…","scopes":["a"],"claims":{…}}`: as a guest sees it. `issuer` is null for an API key.
[[nodiscard]] std::string to_json(const caller& who);

}  // namespace waggle
