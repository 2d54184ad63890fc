#pragma once
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/caller.h"
#include "core/error.h"
#include "gateway/api_keys.h"
#include "gateway/jwt.h"
#include "gateway/key_set.h"
#include "loop/clock.h"

namespace waggle {

/// How callers show who they are (docs/identity.md).
struct identity_rules {
  bool tokens = false;    ///< tokens are taken, by `token`
  bool api_keys = false;  ///< API keys are taken
  token_rules token;
};

/// Finds out who asks, from the fields of a request. One per core, used on that core only; what it is given is immutable and
/// shared with other cores.
class authenticator {
 public:
  /// Verified tokens that are remembered: a signature costs 30 to 150 µs, a look-up one.
  static constexpr std::size_t remembered = 1000;

  /// Asks for new keys, because a token names one that is not there. Returns at once; true where they are on their way, false
  /// where it is too early to ask again. May be called as often as tokens come.
  using refresher = std::function<bool()>;

  /// With neither tokens nor API keys everybody is anonymous, and the fields are not looked at.
  explicit authenticator(identity_rules rules = {}, refresher refresh = {});

  [[nodiscard]] bool configured() const { return rules_.tokens || rules_.api_keys; }
  /// Whose tokens are taken; empty where none are.
  [[nodiscard]] std::string_view issuer() const { return rules_.tokens ? rules_.token.issuer : std::string_view(); }

  /// From now on these count. Null: they are not here yet, and no token can be judged.
  void set_keys(std::shared_ptr<const key_set> keys);
  void set_api_keys(std::shared_ptr<const waggle::api_keys> keys);

  /// The caller of a request with these fields, `Authorization` and `X-Api-Key`, empty where it has none; null where nothing was
  /// given: anonymous. `now` is the calendar's time.
  /// Errors: `unauthenticated`, the caller's fault, where what was given does not show who it is: the answer needs
  /// `WWW-Authenticate` (`challenge`). `unavailable`, the host's, with a time to try again, where keys are missing that are
  /// being fetched.
  [[nodiscard]] result<std::shared_ptr<const caller>> verify(std::string_view authorization, std::string_view api_key,
                                                             wall_time now);

 private:
  struct remembered_token {
    std::shared_ptr<const caller> who;
    std::chrono::sys_seconds expires;
  };
  [[nodiscard]] result<std::shared_ptr<const caller>> verify_token(std::string_view token, wall_time now);
  [[nodiscard]] result<std::shared_ptr<const caller>> verify_key(std::string_view key) const;
  bool look_for_keys() const;
  [[nodiscard]] error unknown_key(std::string_view refusal) const;
  void remember(std::string name, remembered_token token);

  const identity_rules rules_;
  const refresher refresh_;
  std::shared_ptr<const key_set> keys_;
  std::shared_ptr<const waggle::api_keys> api_keys_;
  std::unordered_map<std::string, remembered_token> tokens_;  // by the SHA-256 of the whole token
  std::deque<std::string> order_;                             // in which they came
};

/// The value of `WWW-Authenticate` (RFC 6750 §3) beside `why`, for an answer of 401 or 403; empty for other errors. `had_credentials`:
/// the request had some. `more`: parameters behind the others, `, name="value"`.
[[nodiscard]] std::string challenge(const error& why, bool had_credentials, std::string_view more = {});

}  // namespace waggle
