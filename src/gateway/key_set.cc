#include "gateway/key_set.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/base64.h"
#include "gateway/token_json.h"

namespace waggle {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::array<std::string_view, 3> algorithm_names = {"RS256", "ES256", "EdDSA"};
constexpr int least_rsa_bits = 2048;  // RFC 7518 §3.3
constexpr int most_rsa_bits = 8192;   // longer ones cost milliseconds a token
constexpr int most_exponent_bits = 64;
constexpr std::size_t coordinate = 32;  // bytes of P-256's
constexpr std::size_t depth = 16;
constexpr std::size_t longest_shown = 64;

template <class T, void (*Free)(T*)>
struct freed_by {
  void operator()(T* it) const { Free(it); }
};
using bio = std::unique_ptr<BIO, freed_by<BIO, BIO_free_all>>;
using number = std::unique_ptr<BIGNUM, freed_by<BIGNUM, BN_free>>;
using key_context = std::unique_ptr<EVP_PKEY_CTX, freed_by<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using digest_context = std::unique_ptr<EVP_MD_CTX, freed_by<EVP_MD_CTX, EVP_MD_CTX_free>>;
using builder = std::unique_ptr<OSSL_PARAM_BLD, freed_by<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>>;
using parameters = std::unique_ptr<OSSL_PARAM, freed_by<OSSL_PARAM, OSSL_PARAM_free>>;
using public_key = std::shared_ptr<EVP_PKEY>;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
public_key own(EVP_PKEY* it) { return it == nullptr ? nullptr : public_key(it, EVP_PKEY_free); }

/// OpenSSL would ask for it on the terminal.
int no_password(char* /*into*/, int /*size*/, int /*writing*/, void* /*unused*/) { return -1; }

std::unexpected<error> broken(std::string message) {
  return fail(error_code::invalid_argument, fault::host, std::move(message));
}

number number_of(std::string_view big_endian) {
  return number(BN_bin2bn(bytes(big_endian), static_cast<int>(big_endian.size()), nullptr));
}

public_key make(const char* type, OSSL_PARAM_BLD* of) {
  const parameters made(OSSL_PARAM_BLD_to_param(of));
  const key_context context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* it = nullptr;
  if (!made || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &it, EVP_PKEY_PUBLIC_KEY, made.get()) != 1)
    return nullptr;
  return own(it);
}

/// Which algorithm's the key is; nothing where it is nobody's. The error says why one of a kind that is taken is not.
result<std::optional<signature_algorithm>> algorithm_of(EVP_PKEY* it) {
  switch (EVP_PKEY_get_base_id(it)) {
    case EVP_PKEY_RSA: {
      if (const int bits = EVP_PKEY_get_bits(it); bits < least_rsa_bits || bits > most_rsa_bits)
        return broken(
            fmt::format("it is an RSA key of {} bits; {} to {} are taken", bits, least_rsa_bits, most_rsa_bits));
      BIGNUM* e = nullptr;
      EVP_PKEY_get_bn_param(it, OSSL_PKEY_PARAM_RSA_E, &e);
      const number exponent(e);
      if (!exponent || BN_num_bits(e) > most_exponent_bits || BN_num_bits(e) < 2 || !BN_is_odd(e))
        return broken("its exponent is even, 1, or longer than 64 bits");
      return signature_algorithm::rs256;
    }
    case EVP_PKEY_EC: {
      std::array<char, 64> group{};
      if (EVP_PKEY_get_group_name(it, group.data(), group.size(), nullptr) != 1) return std::nullopt;
      if (std::string_view(group.data()) != SN_X9_62_prime256v1) return std::nullopt;
      const key_context context(EVP_PKEY_CTX_new_from_pkey(nullptr, it, nullptr));
      if (!context || EVP_PKEY_public_check(context.get()) != 1) return broken("its point is not on the curve P-256");
      return signature_algorithm::es256;
    }
    case EVP_PKEY_ED25519: return signature_algorithm::eddsa;
    default: return std::nullopt;
  }
}

/// A member in base64url; empty where it is not there or is none.
std::string octets(const object& jwk, std::string_view name) {
  std::string_view text;
  if (jwk.at_key(name).get_string().get(text)) return {};
  return exact_base64url(text).value_or("");
}

/// RFC 7518 §6.3.1
public_key rsa_key(const object& jwk) {
  const std::string n = octets(jwk, "n");
  const std::string e = octets(jwk, "e");
  // Looked at before anything is made of it.
  if (n.empty() || e.empty() || n.size() > most_rsa_bits / 8 || e.size() > most_exponent_bits / 8) return nullptr;
  const number modulus = number_of(n);
  const number exponent = number_of(e);
  const builder of(OSSL_PARAM_BLD_new());
  if (!modulus || !exponent || !of || OSSL_PARAM_BLD_push_BN(of.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(of.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1)
    return nullptr;
  return make("RSA", of.get());
}

/// RFC 7518 §6.2.1
public_key ec_key(const object& jwk) {
  const std::string x = octets(jwk, "x");
  const std::string y = octets(jwk, "y");
  if (x.size() != coordinate || y.size() != coordinate) return nullptr;
  const std::string point = "\x04" + x + y;
  const builder of(OSSL_PARAM_BLD_new());
  if (!of || OSSL_PARAM_BLD_push_utf8_string(of.get(), OSSL_PKEY_PARAM_GROUP_NAME, SN_X9_62_prime256v1, 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(of.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1)
    return nullptr;
  return make("EC", of.get());
}

/// RFC 8037 §2
public_key ed_key(const object& jwk) {
  const std::string x = octets(jwk, "x");
  return own(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(x), x.size()));
}

struct kind_of_key {
  std::string_view kty;
  std::string_view curve;  ///< empty: it has none
  signature_algorithm how;
  public_key (*read)(const object&);
};
constexpr std::array<kind_of_key, 3> kinds = {{{"RSA", "", signature_algorithm::rs256, rsa_key},
                                               {"EC", "P-256", signature_algorithm::es256, ec_key},
                                               {"OKP", "Ed25519", signature_algorithm::eddsa, ed_key}}};

std::string_view text_of(const object& o, std::string_view name) {
  std::string_view text;
  return o.at_key(name).get_string().get(text) ? std::string_view{} : text;
}

/// The key in a message: `kid` is anybody's text, so short and printable.
std::string name_of(std::size_t place, std::string_view kid) {
  if (kid.empty()) return fmt::format("key {}", place);
  std::string shown;
  for (const char c : kid.substr(0, longest_shown)) shown += c > ' ' && c < 0x7F ? c : '?';
  return fmt::format("key {} (kid {}{})", place, shown, kid.size() > longest_shown ? "…" : "");
}

/// May it check signatures by that algorithm, by its own word (RFC 7517 §4.2–4.4)?
bool is_meant_for(const object& jwk, signature_algorithm how) {
  element e;
  if (!jwk.at_key("use").get(e) && text_of(jwk, "use") != "sig") return false;
  if (!jwk.at_key("alg").get(e) && text_of(jwk, "alg") != to_string(how)) return false;
  if (jwk.at_key("key_ops").get(e)) return true;
  simdjson::dom::array operations;
  if (e.get_array().get(operations)) return false;
  return std::ranges::any_of(operations, [](element o) {
    std::string_view text;
    return !o.get_string().get(text) && text == "verify";
  });
}

/// r and s, 32 bytes each (RFC 7518 §3.4), in the form that OpenSSL takes.
std::string der_of(std::string_view signature) {
  if (signature.size() != 2 * coordinate) return {};
  const std::unique_ptr<ECDSA_SIG, freed_by<ECDSA_SIG, ECDSA_SIG_free>> both(ECDSA_SIG_new());
  number r = number_of(signature.substr(0, coordinate));
  number s = number_of(signature.substr(coordinate));
  if (!both || !r || !s || ECDSA_SIG_set0(both.get(), r.get(), s.get()) != 1) return {};
  (void)r.release();  // they are `both`'s now
  (void)s.release();
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(both.get(), &der);
  if (size <= 0) return {};
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

bool signed_by(EVP_PKEY* key, signature_algorithm how, std::string_view text, std::string_view signature) {
  const digest_context context(EVP_MD_CTX_new());
  // Of RSA the padding is PKCS #1 v1.5, OpenSSL's own default, which is what RS256 has. EdDSA hashes by itself.
  const EVP_MD* const hash = how == signature_algorithm::eddsa ? nullptr : EVP_sha256();
  return context && EVP_DigestVerifyInit(context.get(), nullptr, hash, nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(text), text.size()) == 1;
}

}  // namespace

std::string_view to_string(signature_algorithm a) { return algorithm_names[static_cast<std::size_t>(a)]; }

std::optional<signature_algorithm> signature_algorithm_from(std::string_view name) {
  const auto* const at = std::ranges::find(algorithm_names, name);
  if (at == algorithm_names.end()) return std::nullopt;
  return static_cast<signature_algorithm>(at - algorithm_names.begin());
}

struct key_reader {
  key_set made;

  result<void> add(public_key it, std::string_view kid, const std::string& which) {
    const auto how = it ? algorithm_of(it.get()) : broken("its numbers are missing or are no key");
    if (!how) return broken(fmt::format("{}: {}", which, how.error().message));
    if (*how)
      made.keys_.push_back({std::string(kid), **how, std::move(it)});
    else
      ++made.passed_over_;
    return {};
  }

  void pass_over(std::string why) {
    ++made.passed_over_;
    made.unusable_.push_back(std::move(why));
  }

  result<void> add_jwk(element e, std::size_t place) {
    object jwk;
    if (e.get_object().get(jwk)) {
      pass_over(fmt::format("key {} is no object", place));
      return {};
    }
    const std::string_view kid = text_of(jwk, "kid");
    const std::string_view kty = text_of(jwk, "kty");
    const std::string_view curve = text_of(jwk, "crv");
    const std::string which = name_of(place, kid);
    // Before its kind and its use: a secret has leaked whatever it is for, and who published it should hear of it.
    if (!jwk.at_key("d").get(e))
      return broken(which + " is a private key: whoever reads it can make tokens; give the public one only");
    if (kty == "oct" && !jwk.at_key("k").get(e))
      return broken(which + " is a shared secret (kty oct): whoever reads it can make tokens; give public keys only");
    const auto* const kind = std::ranges::find_if(
        kinds, [&](const kind_of_key& k) { return k.kty == kty && (k.curve.empty() || k.curve == curve); });
    if (kind == kinds.end() || !is_meant_for(jwk, kind->how)) {
      ++made.passed_over_;
      return {};
    }
    // One that cannot be used says nothing about the others (RFC 7517 §5).
    if (auto added = add(kind->read(jwk), kid, which); !added) pass_over(std::move(added.error().message));
    return {};
  }

  result<void> read_jwks(std::string_view text) {
    simdjson::dom::parser parser;
    object set;
    if (!parse_strict_object(parser, std::string(text), depth, set))
      return broken("it is no JSON object whose names differ");
    simdjson::dom::array keys;
    if (set.at_key("keys").get_array().get(keys)) return broken("it has no list keys (RFC 7517 §5)");
    std::size_t place = 0;
    for (const element e : keys) {
      if (++place > key_set::most_keys) return broken(fmt::format("it has more than {} keys", key_set::most_keys));
      if (auto ok = add_jwk(e, place); !ok) return ok;
    }
    return {};
  }

  result<void> read_pem(std::string_view text) {
    if (text.find("PRIVATE KEY-----") != std::string_view::npos)
      return broken("it holds a private key: whoever reads it can make tokens; give the public one only");
    const bio from(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    std::size_t place = 0;
    for (std::size_t at = 0; (at = text.find("-----BEGIN ", at)) != std::string_view::npos; ++at) {
      if (++place > key_set::most_keys) return broken(fmt::format("it has more than {} keys", key_set::most_keys));
      if (!text.substr(at).starts_with("-----BEGIN PUBLIC KEY-----"))
        return broken(fmt::format("block {} is no PUBLIC KEY", place));
      if (auto ok = add(from ? own(PEM_read_bio_PUBKEY(from.get(), nullptr, no_password, nullptr)) : nullptr, "",
                        name_of(place, ""));
          !ok)
        return ok;
    }
    return {};
  }
};

result<key_set> key_set::read(std::string_view text) {
  if (text.size() > longest_text)
    return broken(fmt::format("it has {} bytes, at most {} are read", text.size(), longest_text));
  key_reader reader;
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  const bool json = begin != std::string_view::npos && text[begin] == '{';
  auto ok = json ? reader.read_jwks(text) : reader.read_pem(text);
  ERR_clear_error();
  if (!ok) return std::unexpected(std::move(ok.error()));
  if (!reader.made.keys_.empty()) return std::move(reader.made);
  if (!reader.made.unusable_.empty()) return broken("none of its keys can be used: " + reader.made.unusable_.front());
  return broken(reader.made.passed_over_ > 0
                    ? "none of its keys is for checking signatures by RS256, ES256 or EdDSA (Ed25519)"
                    : "it has no key: it is neither a JSON Web Key Set nor PEM with PUBLIC KEYs");
}

key_set::verdict key_set::check(signature_algorithm how, const std::optional<std::string>& kid, std::string_view text,
                                std::string_view signature) const {
  const std::string converted = how == signature_algorithm::es256 ? der_of(signature) : std::string();
  if (how == signature_algorithm::es256) signature = converted;
  const bool by_name = kid && std::ranges::find(keys_, *kid, &key::kid) != keys_.end();
  std::size_t tried = 0;
  for (const key& k : keys_) {
    if (k.how != how || (kid && k.kid != (by_name ? *kid : std::string_view{}))) continue;
    if (tried++ == most_tries) break;
    if (!signature.empty() && signed_by(k.it.get(), how, text, signature)) return verdict::genuine;
  }
  ERR_clear_error();
  if (tried > 0) return by_name ? verdict::forged : verdict::by_none;
  return by_name ? verdict::other_kind : verdict::no_key;
}

}  // namespace waggle
