#pragma once
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base64.h"

namespace waggle {

/// Base64 as tokens have it.
inline std::string base64url(std::string_view bytes) {
  std::string out = base64_encode(bytes);
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

/// A private key of whoever makes tokens.
class signing_key {
 public:
  static signing_key rsa(unsigned bits = 2048) { return signing_key(EVP_RSA_gen(bits)); }
  static signing_key ec(const char* curve = "P-256") { return signing_key(EVP_EC_gen(curve)); }
  static signing_key ed() { return signing_key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }

  [[nodiscard]] std::string sign(std::string_view text) const {
    const bool edwards = EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_ED25519;
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_DigestSignInit(context.get(), nullptr, edwards ? nullptr : EVP_sha256(), nullptr, key_.get());
    std::size_t size = 0;
    const auto* data = reinterpret_cast<const unsigned char*>(text.data());
    EVP_DigestSign(context.get(), nullptr, &size, data, text.size());
    std::string out(size, '\0');
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, data, text.size()) != 1)
      throw std::runtime_error("cannot sign");
    out.resize(size);
    return EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_EC ? raw(out) : out;
  }

  /// `extra`: more members, `"kid":"a","use":"sig"`.
  [[nodiscard]] std::string jwk(std::string_view extra = "") const {
    std::string members;
    switch (EVP_PKEY_get_base_id(key_.get())) {
      case EVP_PKEY_RSA:
        members = fmt::format(R"("kty":"RSA","n":"{}","e":"{}")", number(OSSL_PKEY_PARAM_RSA_N, 0),
                              number(OSSL_PKEY_PARAM_RSA_E, 0));
        break;
      case EVP_PKEY_EC:
        members = fmt::format(R"("kty":"EC","crv":"P-256","x":"{}","y":"{}")", number(OSSL_PKEY_PARAM_EC_PUB_X, 32),
                              number(OSSL_PKEY_PARAM_EC_PUB_Y, 32));
        break;
      default: {
        std::string point(32, '\0');
        std::size_t size = point.size();
        EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(point.data()), &size);
        members = fmt::format(R"("kty":"OKP","crv":"Ed25519","x":"{}")", base64url(point));
      }
    }
    return "{" + members + (extra.empty() ? "" : ",") + std::string(extra) + "}";
  }

  [[nodiscard]] std::string pem() const { return written(PEM_write_bio_PUBKEY); }
  [[nodiscard]] std::string private_pem() const {
    return written(+[](BIO* to, const EVP_PKEY* key) {
      return PEM_write_bio_PrivateKey(to, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
  }

 private:
  explicit signing_key(EVP_PKEY* made) : key_(made, EVP_PKEY_free) {
    if (!key_) throw std::runtime_error("cannot make a key");
  }
  [[nodiscard]] std::string number(const char* name, int size) const {
    BIGNUM* n = nullptr;
    EVP_PKEY_get_bn_param(key_.get(), name, &n);
    std::string out(static_cast<std::size_t>(size > 0 ? size : BN_num_bytes(n)), '\0');
    BN_bn2binpad(n, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size()));
    BN_free(n);
    return base64url(out);
  }
  template <class Write>
  [[nodiscard]] std::string written(Write write) const {
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> to(BIO_new(BIO_s_mem()), BIO_free_all);
    write(to.get(), key_.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(to.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }
  static std::string raw(const std::string& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* const both = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    std::string out(64, '\0');
    BN_bn2binpad(ECDSA_SIG_get0_r(both), reinterpret_cast<unsigned char*>(out.data()), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(both), reinterpret_cast<unsigned char*>(out.data()) + 32, 32);
    ECDSA_SIG_free(both);
    return out;
  }

  std::shared_ptr<EVP_PKEY> key_;
};

/// Made once: an RSA key takes a tenth of a second.
inline const signing_key& rsa_key_for_tests() {
  static const signing_key made = signing_key::rsa();
  return made;
}
inline const signing_key& ec_key_for_tests() {
  static const signing_key made = signing_key::ec();
  return made;
}
inline const signing_key& ed_key_for_tests() {
  static const signing_key made = signing_key::ed();
  return made;
}

inline std::string jwks(const std::vector<std::string>& keys) {
  return fmt::format(R"({{"keys":[{}]}})", fmt::join(keys, ","));
}

/// A token with this header and these claims, whatever they are.
inline std::string make_token(std::string_view header, std::string_view claims, const signing_key& by) {
  const std::string text = base64url(header) + "." + base64url(claims);
  return text + "." + base64url(by.sign(text));
}

/// HMAC with SHA-256: how a forger signs with what is public.
inline std::string make_hs256_token(std::string_view header, std::string_view claims, std::string_view secret) {
  const std::string text = base64url(header) + "." + base64url(claims);
  std::string mac(32, '\0');
  unsigned size = 32;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), reinterpret_cast<unsigned char*>(mac.data()),
       &size);
  return text + "." + base64url(mac);
}

}  // namespace waggle
