#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

struct evp_pkey_st;

namespace waggle {

/// How a token may be signed (RFC 7518 §3.1, RFC 8037 §3.1): with keys that are public on our side. None with a shared
/// secret: whoever may check such a token may make one.
enum class signature_algorithm : std::uint8_t { rs256, es256, eddsa };
/// "RS256"
[[nodiscard]] std::string_view to_string(signature_algorithm a);
[[nodiscard]] std::optional<signature_algorithm> signature_algorithm_from(std::string_view name);

/// The public keys of those who may make tokens. Immutable; may be used from any thread, by several at a time.
class key_set {
 public:
  static constexpr std::size_t longest_text = std::size_t{256} << 10;
  static constexpr std::size_t most_keys = 100;
  /// So many keys are tried for one token: each try costs up to 0.2 ms.
  static constexpr std::size_t most_tries = 8;

  /// Reads a JSON Web Key Set (RFC 7517), which begins with a brace, or else PEM with one or several `PUBLIC KEY`s. Keys
  /// of a set that are not for checking signatures, of a kind that is not known, broken or too short are passed over
  /// (§5): a bad one must not keep out the issuer's new key beside it. A private key or a shared secret is an error
  /// that tells which, whatever it is for; in PEM, which the operator wrote, so is a broken one. And so is a text
  /// without a key that can be used. Any bytes are safe to give.
  [[nodiscard]] static result<key_set> read(std::string_view text);

  enum class verdict : std::uint8_t {
    genuine,
    no_key,      ///< no key has this identifier, or, without one, fits the algorithm
    other_kind,  ///< the key of this identifier does not fit the algorithm
    forged,      ///< the key of this identifier has not made this signature
    by_none,     ///< neither has any of those without an identifier, or, without one, of those that fit
  };
  /// Did one of the keys sign `text`? A key fits only the algorithm of its own kind. With `kid` only keys of that identifier
  /// are tried, else, and where no key has it, those that have none; without `kid` all that fit, at most `most_tries`.
  [[nodiscard]] verdict check(signature_algorithm how, const std::optional<std::string>& kid, std::string_view text,
                              std::string_view signature) const;

  [[nodiscard]] std::size_t size() const { return keys_.size(); }
  /// With those that are `unusable`.
  [[nodiscard]] std::size_t passed_over() const { return passed_over_; }
  /// Which keys were passed over for what is wrong with them, and what: "key 2 (kid r2): it is an RSA key of 1024 …".
  [[nodiscard]] const std::vector<std::string>& unusable() const { return unusable_; }

 private:
  struct key {
    std::string kid;  // empty: it has none
    signature_algorithm how = signature_algorithm::rs256;
    std::shared_ptr<evp_pkey_st> it;
  };
  friend struct key_reader;

  std::vector<key> keys_;
  std::size_t passed_over_ = 0;
  std::vector<std::string> unusable_;
};

}  // namespace waggle
