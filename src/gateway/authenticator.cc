#include "gateway/authenticator.h"

#include <utility>

#include <fmt/format.h>

#include "core/ascii.h"
#include "gateway/sha256.h"

namespace waggle {
namespace {

error refused(std::string message) {
  error e;
  e.code = error_code::unauthenticated;
  e.whose = fault::caller;
  e.cause = failure_cause::credentials;
  e.message = std::move(message);
  return e;
}

}  // namespace

authenticator::authenticator(identity_rules rules, refresher refresh)
    : rules_(std::move(rules)), refresh_(std::move(refresh)) {}

void authenticator::set_keys(std::shared_ptr<const key_set> keys) {
  keys_ = std::move(keys);
  tokens_.clear();  // one of them may have lost its key
  order_.clear();
}

void authenticator::set_api_keys(std::shared_ptr<const waggle::api_keys> keys) { api_keys_ = std::move(keys); }

result<std::shared_ptr<const caller>> authenticator::verify(std::string_view authorization, std::string_view api_key,
                                                            wall_time now) {
  if (!configured() || (authorization.empty() && api_key.empty())) return nullptr;
  if (!authorization.empty() && !api_key.empty())
    return std::unexpected(refused("there are both Authorization and X-Api-Key: send one of them"));
  if (!api_key.empty()) return verify_key(api_key);
  const std::size_t space = std::min(authorization.find(' '), authorization.size());
  if (!equal_ignoring_case(authorization.substr(0, space), "bearer"))
    return std::unexpected(refused("Authorization is of another scheme; Bearer is taken"));
  authorization.remove_prefix(space);
  const std::string_view token = trim(authorization);
  if (token.starts_with(waggle::api_keys::prefix)) return verify_key(token);
  if (!rules_.tokens) return std::unexpected(refused("this node takes API keys, no tokens"));
  return verify_token(token, now);
}

result<std::shared_ptr<const caller>> authenticator::verify_key(std::string_view key) const {
  if (!rules_.api_keys) return std::unexpected(refused("this node takes tokens, no API keys"));
  if (key.size() <= waggle::api_keys::longest_key && api_keys_)
    if (auto who = api_keys_->find(key)) return who;
  return std::unexpected(refused("the API key is not known"));
}

result<std::shared_ptr<const caller>> authenticator::verify_token(std::string_view token, wall_time now) {
  if (token.size() > jwt::longest)  // before it is hashed
    return std::unexpected(
        refused(fmt::format("the token has {} bytes, at most {} are taken", token.size(), jwt::longest)));
  std::string name = sha256(token);
  if (const auto known = tokens_.find(name); known != tokens_.end()) {
    if (std::chrono::floor<std::chrono::seconds>(now) < known->second.expires) return known->second.who;
    // What it says is told below, with the reason why it is not taken any more.
  }
  const auto parsed = parse_jwt(token);
  if (!parsed) return std::unexpected(parsed.error());
  // Before the signature, which costs a hundred times as much.
  auto claims = read_claims(parsed->payload, rules_.token, now);
  if (!claims) return std::unexpected(std::move(claims.error()));
  if (!keys_) return std::unexpected(unknown_key({}));
  switch (keys_->check(parsed->how, parsed->kid, parsed->signed_part, parsed->signature)) {
    case key_set::verdict::genuine: break;
    case key_set::verdict::no_key:
      return std::unexpected(
          unknown_key("the token names a key that its issuer had not published when its keys were read last"));
    case key_set::verdict::by_none:
      return std::unexpected(unknown_key("the token's signature is by none of its issuer's keys, or it was changed"));
    case key_set::verdict::other_kind:
      look_for_keys();
      return std::unexpected(refused("the token names a key of another kind than its algorithm is for"));
    case key_set::verdict::forged:
      look_for_keys();  // some issuers give a new key the old name
      return std::unexpected(refused("the token's signature is not by the key that it names, or it was changed"));
  }
  remember(std::move(name), {claims->who, claims->expires});
  return std::move(claims->who);
}

/// New keys may have come into use since they were fetched last. Are they on their way?
bool authenticator::look_for_keys() const { return refresh_ && refresh_(); }

/// `refusal`: what the token is told where no other keys are on their way; empty: there are none at all.
error authenticator::unknown_key(std::string_view refusal) const {
  const bool coming = look_for_keys();
  const bool any_keys = !refusal.empty();
  if (any_keys && !coming) return refused(std::string(refusal));
  error e;
  e.code = error_code::unavailable;
  e.whose = fault::host;
  e.cause = failure_cause::credentials;
  e.message = any_keys ? "the token's key is not known here; new keys are being fetched: try again"
                       : "the keys that tokens are signed with could not be fetched yet: try again";
  e.retry_after = std::chrono::seconds(1);
  return e;
}

void authenticator::remember(std::string name, remembered_token token) {
  const auto [at, added] = tokens_.insert_or_assign(name, std::move(token));
  if (!added) return;
  order_.push_back(std::move(name));
  if (order_.size() <= remembered) return;
  tokens_.erase(order_.front());
  order_.pop_front();
}

std::string challenge(const error& why, bool had_credentials, std::string_view more) {
  // RFC 6750 §3.1: who gave nothing is told no reason but how.
  std::string_view reason;
  if (why.code == error_code::unauthenticated)
    reason = had_credentials ? R"(, error="invalid_token")" : "";
  else if (why.code == error_code::permission_denied && why.cause == failure_cause::scope)
    reason = R"(, error="insufficient_scope")";
  else
    return {};
  return fmt::format(R"(Bearer realm="waggle"{}{})", reason, more);
}

}  // namespace waggle
