#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/caller.h"
#include "core/error.h"
#include "gateway/key_set.h"
#include "loop/clock.h"

namespace waggle {

/// A JSON Web Token taken apart (RFC 7519; RFC 7515 §7.1, compact). Nothing of it is verified yet.
struct jwt {
  static constexpr std::size_t longest = std::size_t{8} << 10;

  signature_algorithm how = signature_algorithm::rs256;
  std::optional<std::string> kid;
  std::string_view signed_part;  ///< points into the token
  std::string signature;
  std::string payload;  ///< bytes, perhaps JSON
};

/// Takes `token` apart. What is not exactly a token of a kind that is taken is `unauthenticated`, the caller's fault: another
/// algorithm, `crit`, a name that stands twice, base64 that is not canonical, a token inside a token. Keys that it brings along
/// (`jwk`, `jku`, `x5c`, `x5u`) are not looked at (RFC 8725). No error tells more of a token than its algorithm.
[[nodiscard]] result<jwt> parse_jwt(std::string_view token);

/// What a token must say.
struct token_rules {
  std::string issuer;
  std::string audience;
  std::chrono::seconds leeway{30};  ///< by which clocks may differ
};

/// Whom a token is about, and until when that holds.
struct verified_claims {
  std::shared_ptr<const caller> who;
  std::chrono::sys_seconds expires;  ///< leeway included; perhaps later than `wall_time` can say
};

/// Reads the claims of a token whose signature is looked at elsewhere: `iss` and `aud` are ours, `exp` is there and not over,
/// `nbf` and `iat` are not in the future, `sub` is there. Errors: `unauthenticated`, the caller's fault, each with its reason.
[[nodiscard]] result<verified_claims> read_claims(const std::string& payload, const token_rules& rules, wall_time now);

}  // namespace waggle
