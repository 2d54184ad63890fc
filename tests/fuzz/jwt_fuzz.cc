// Any bytes as a token, as its claims, as a key set, as a file of API keys and as the field Authorization. What must hold: no
// crash; nobody comes in, because no key that is known here has signed anything; what is taken apart is exactly the token.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "gateway/authenticator.h"

namespace {

/// The public key of RFC 8037, appendix A.2.
constexpr std::string_view known_keys =
    R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";

const waggle::wall_time now = waggle::wall_time(std::chrono::sys_days(std::chrono::year(2030) / 1 / 1));
const waggle::token_rules rules{.issuer = "i", .audience = "a"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const auto keys = std::make_shared<const waggle::key_set>(*waggle::key_set::read(known_keys));
  if (const auto token = waggle::parse_jwt(text)) {
    if (!text.starts_with(token->signed_part) || text[token->signed_part.size()] != '.') std::abort();
    (void)keys->check(token->how, token->kid, token->signed_part, token->signature);
  }
  if (const auto claims = waggle::read_claims(std::string(text), rules, now)) {
    if (claims->who->issuer != rules.issuer || claims->who->subject.empty() ||
        claims->expires <= std::chrono::floor<std::chrono::seconds>(now))
      std::abort();
    // Without white space it still says the same.
    const auto again = waggle::read_claims(claims->who->claims, rules, now);
    if (!again || again->who->claims != claims->who->claims || again->who->key != claims->who->key) std::abort();
  }
  if (const auto set = waggle::key_set::read(text); set && set->size() == 0) std::abort();
  (void)waggle::api_keys::read(text);
  waggle::authenticator auth({.tokens = true, .api_keys = true, .token = rules});
  auth.set_keys(keys);
  if (const auto who = auth.verify(text, "", now); who && *who != nullptr) std::abort();
  if (const auto who = auth.verify("Bearer " + std::string(text), "", now); who) std::abort();
  return 0;
}
