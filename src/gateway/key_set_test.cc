#include "gateway/key_set.h"

#include <gmock/gmock.h>

#include "gateway/token_maker_for_tests.h"

namespace waggle {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using verdict = key_set::verdict;

constexpr std::string_view text = "header.payload";

key_set keys_of(const std::string& from) {
  auto read = key_set::read(from);
  EXPECT_TRUE(read) << read.error().message;
  return read ? *std::move(read) : key_set();
}
std::string why_not(const std::string& from) {
  const auto read = key_set::read(from);
  EXPECT_FALSE(read);
  return read ? "" : read.error().message;
}

TEST(KeySet, ReadsKeysOfAllThreeKindsFromAJsonWebKeySetAndFromPem) {
  const std::string all =
      jwks({rsa_key_for_tests().jwk(R"("kid":"r","use":"sig","alg":"RS256")"),
            ec_key_for_tests().jwk(R"("kid":"e","key_ops":["verify"])"), ed_key_for_tests().jwk(R"("kid":"d")")});
  const std::string pem =
      "for the shop\n" + rsa_key_for_tests().pem() + ec_key_for_tests().pem() + ed_key_for_tests().pem();
  for (const std::string& from : {all, pem}) {
    const key_set keys = keys_of(from);
    EXPECT_EQ(keys.size(), 3U);
    const auto check = [&](signature_algorithm how, const signing_key& by) {
      EXPECT_EQ(keys.check(how, std::nullopt, text, by.sign(text)), verdict::genuine) << to_string(how);
      EXPECT_EQ(keys.check(how, std::nullopt, "header.payloae", by.sign(text)), verdict::by_none) << to_string(how);
      EXPECT_EQ(keys.check(how, std::nullopt, text, ""), verdict::by_none) << to_string(how);
    };
    check(signature_algorithm::rs256, rsa_key_for_tests());
    check(signature_algorithm::es256, ec_key_for_tests());
    check(signature_algorithm::eddsa, ed_key_for_tests());
  }
}

TEST(KeySet, AKeyFitsTheAlgorithmOfItsKindOnly) {
  const key_set keys = keys_of(jwks({ec_key_for_tests().jwk(R"("kid":"e")")}));
  EXPECT_EQ(keys.check(signature_algorithm::rs256, "e", text, rsa_key_for_tests().sign(text)), verdict::other_kind);
  EXPECT_EQ(keys.check(signature_algorithm::eddsa, "e", text, ed_key_for_tests().sign(text)), verdict::other_kind);
  EXPECT_EQ(keys.check(signature_algorithm::rs256, "e", text, ec_key_for_tests().sign(text)), verdict::other_kind);
  EXPECT_EQ(keys.check(signature_algorithm::rs256, std::nullopt, text, rsa_key_for_tests().sign(text)),
            verdict::no_key);
}

TEST(KeySet, TheIdentifierChoosesTheKey) {
  const signing_key other = signing_key::ed();
  const key_set keys = keys_of(jwks({ed_key_for_tests().jwk(R"("kid":"a")"), other.jwk(R"("kid":"b")")}));
  EXPECT_EQ(keys.check(signature_algorithm::eddsa, "b", text, other.sign(text)), verdict::genuine);
  EXPECT_EQ(keys.check(signature_algorithm::eddsa, "a", text, other.sign(text)), verdict::forged);
  EXPECT_EQ(keys.check(signature_algorithm::eddsa, "c", text, other.sign(text)), verdict::no_key);
  EXPECT_EQ(keys.check(signature_algorithm::eddsa, "../../b", text, other.sign(text)), verdict::no_key);
}

TEST(KeySet, KeysWithoutAnIdentifierAreTriedForTokensWithAnyAndNoMoreThanEight) {
  std::vector<std::string> crowd;
  for (int i = 0; i < 8; ++i) crowd.push_back(signing_key::ed().jwk());
  const signing_key mine = signing_key::ed();
  auto in_time = crowd;
  in_time[7] = mine.jwk();
  EXPECT_EQ(keys_of(jwks(in_time)).check(signature_algorithm::eddsa, "any", text, mine.sign(text)), verdict::genuine);
  crowd.push_back(mine.jwk());
  EXPECT_EQ(keys_of(jwks(crowd)).check(signature_algorithm::eddsa, "any", text, mine.sign(text)), verdict::by_none);
}

TEST(KeySet, KeysThatAreForOtherThingsArePassedOver) {
  const std::string good = ed_key_for_tests().jwk();
  for (const std::string& other :
       {rsa_key_for_tests().jwk(R"("use":"enc")"), rsa_key_for_tests().jwk(R"("alg":"PS256")"),
        rsa_key_for_tests().jwk(R"("key_ops":["sign"])"), rsa_key_for_tests().jwk(R"("alg":"HS256")"),
        std::string(R"({"kty":"oct"})"), std::string(R"({"kty":"EC","crv":"P-521","x":"AA","y":"AA"})"),
        std::string(R"({"kty":"OKP","crv":"X25519","x":"AA"})"), std::string(R"({"kty":"new"})"), std::string("{}")}) {
    const key_set keys = keys_of(jwks({other, good}));
    EXPECT_EQ(keys.size(), 1U) << other;
    EXPECT_EQ(keys.passed_over(), 1U) << other;
    EXPECT_THAT(keys.unusable(), IsEmpty()) << "nothing is wrong with it: " << other;
    EXPECT_THAT(why_not(jwks({other})), HasSubstr("none of its keys is for checking")) << other;
  }
}

TEST(KeySet, AKeyOfASetThatCannotBeUsedIsPassedOverWithItsReasonAndTheOthersAreTaken) {
  struct unusable {
    std::string jwk, why;
  };
  const std::string zeros(43, 'A');
  for (const auto& [jwk, why] :
       {unusable{signing_key::rsa(1024).jwk(R"("kid":"weak")"), "key 1 (kid weak): it is an RSA key of 1024 bits"},
        unusable{R"({"kty":"RSA","e":"AQAB"})", "key 1: its numbers are missing"},
        unusable{R"({"kty":"RSA","n":"AQ==","e":"AQAB","kid":"a\n)" + zeros + zeros + "\"}",
                 "key 1 (kid a?" + zeros + std::string(19, 'A') + "…): its numbers"},
        unusable{R"({"kty":"EC","crv":"P-256","x":")" + zeros + R"("})", "key 1: its numbers"},
        unusable{R"({"kty":"EC","crv":"P-256","x":")" + zeros + R"(","y":")" + zeros + R"("})", "key 1: "},
        unusable{R"({"kty":"OKP","crv":"Ed25519","x":"AAAA","kid":7})", "key 1: its numbers"},
        unusable{"1", "key 1 is no object"}}) {
    const key_set keys = keys_of(jwks({jwk, ed_key_for_tests().jwk(R"("kid":"good")")}));
    EXPECT_EQ(keys.size(), 1U) << jwk;
    EXPECT_EQ(keys.passed_over(), 1U) << jwk;
    EXPECT_THAT(keys.unusable(), ElementsAre(testing::StartsWith(why))) << jwk;
    EXPECT_EQ(keys.check(signature_algorithm::eddsa, "good", text, ed_key_for_tests().sign(text)), verdict::genuine);
    EXPECT_THAT(why_not(jwks({R"({"kty":"new"})", jwk, "2"})),
                AllOf(testing::StartsWith("none of its keys can be used: key 2"), Not(HasSubstr("key 3"))))
        << "the first reason: " << jwk;
  }
}

TEST(KeySet, PemIsAllOrNothing) {
  EXPECT_THAT(why_not(ed_key_for_tests().pem() + signing_key::rsa(1024).pem()),
              testing::StartsWith("key 2: it is an RSA key of 1024 bits"));
}

TEST(KeySet, ASecretInASetIsAnErrorWhateverItIsFor) {
  const std::string good = ed_key_for_tests().jwk();
  for (const std::string& secret :
       {ed_key_for_tests().jwk(R"("kid":"s","d":"AAAA")"), rsa_key_for_tests().jwk(R"("kid":"s","use":"enc","d":"AA")"),
        rsa_key_for_tests().jwk(R"("kid":"s","alg":"PS256","d":"AA")"),
        ec_key_for_tests().jwk(R"("kid":"s","key_ops":["sign"],"d":"AA")"),
        std::string(R"({"kid":"s","kty":"EC","crv":"P-521","x":"AA","y":"AA","d":"AA"})"),
        std::string(R"({"kid":"s","kty":"OKP","crv":"X25519","x":"AA","d":"AA"})"),
        std::string(R"({"kid":"s","kty":"RSA","d":"AA"})"), std::string(R"({"kid":"s","kty":"new","d":"AA"})")})
    EXPECT_THAT(why_not(jwks({good, "1", secret})), testing::StartsWith("key 3 (kid s) is a private key: ")) << secret;
  for (const std::string_view use : {"", R"(,"use":"sig","alg":"HS256")", R"(,"use":"enc")"})
    EXPECT_THAT(why_not(jwks({good, fmt::format(R"({{"kty":"oct","k":"c2VjcmV0"{}}})", use)})),
                AllOf(testing::StartsWith("key 2 is a shared secret"), Not(HasSubstr("c2VjcmV0"))))
        << use;
}

TEST(KeySet, WhatIsBrokenIsSaid) {
  const std::string x(43, 'A');
  EXPECT_THAT(why_not(""), HasSubstr("has no key"));
  EXPECT_THAT(why_not("hello"), HasSubstr("neither a JSON Web Key Set nor PEM"));
  EXPECT_THAT(why_not("{}"), HasSubstr("no list keys"));
  EXPECT_THAT(why_not(R"({"keys":[],"keys":[]})"), HasSubstr("names differ"));
  EXPECT_THAT(why_not(R"({"keys":[1]})"), HasSubstr("key 1 is no object"));
  EXPECT_THAT(why_not(R"({"keys":[{"kty":"RSA"}]})"), HasSubstr("key 1: its numbers"));
  EXPECT_THAT(why_not(R"({"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]})"), HasSubstr("RSA key of 17 bits"));
  EXPECT_THAT(why_not(R"({"keys":[{"kty":"EC","crv":"P-256","x":")" + x + R"(","y":")" + x + R"("}]})"),
              HasSubstr("key 1: "));
  EXPECT_THAT(why_not(R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAA"}]})"), HasSubstr("key 1: its numbers"));
  EXPECT_THAT(why_not(jwks({signing_key::rsa(1024).jwk()})), HasSubstr("RSA key of 1024 bits; 2048 to 8192"));
  EXPECT_THAT(why_not(signing_key::rsa(1024).pem()), HasSubstr("key 1: it is an RSA key of 1024 bits"));
  EXPECT_THAT(why_not(jwks({ed_key_for_tests().jwk(R"("d":"AAAA")")})), HasSubstr("private key"));
  EXPECT_THAT(why_not(ec_key_for_tests().private_pem()), HasSubstr("private key"));
  EXPECT_THAT(why_not("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
              HasSubstr("block 1 is no PUBLIC KEY"));
  EXPECT_THAT(why_not("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), HasSubstr("key 1: "));
  EXPECT_THAT(why_not("-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
                      "00000000000000000000000000000000\n\nAAAA\n-----END PUBLIC KEY-----\n"),
              HasSubstr("key 1: "));
  EXPECT_THAT(why_not(signing_key::ec("P-384").pem()), HasSubstr("none of its keys"));
}

TEST(KeySet, IsBounded) {
  EXPECT_THAT(why_not(std::string(key_set::longest_text + 1, ' ')), HasSubstr("at most"));
  EXPECT_THAT(why_not(jwks(std::vector<std::string>(key_set::most_keys + 1, "{}"))), HasSubstr("more than 100 keys"));
  std::string deep = R"({"keys":)";
  for (int i = 0; i < 1000; ++i) deep += '[';
  EXPECT_THAT(why_not(deep), HasSubstr("no JSON object"));
}

}  // namespace
}  // namespace waggle
