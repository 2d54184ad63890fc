#include "gateway/authenticator.h"

#include <gmock/gmock.h>

#include "gateway/sha256.h"
#include "gateway/token_maker_for_tests.h"

namespace waggle {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class Authenticator : public testing::Test {
 protected:
  Authenticator() {
    auth.set_keys(std::make_shared<const key_set>(
        *key_set::read(jwks({rsa_key_for_tests().jwk(R"("kid":"r")"), ec_key_for_tests().jwk(R"("kid":"e")"),
                             ed_key_for_tests().jwk(R"("kid":"d")")}))));
    auth.set_api_keys(file_of("wk_till", "till pay"));
  }
  static std::shared_ptr<const api_keys> file_of(std::string_view key, std::string_view name_and_scopes) {
    std::string line(name_and_scopes.substr(0, name_and_scopes.find(' ')));
    line += ' ';
    for (const char c : sha256(key)) line += fmt::format("{:02x}", static_cast<unsigned char>(c));
    line += name_and_scopes.substr(name_and_scopes.find(' '));
    return std::make_shared<const api_keys>(*api_keys::read(line));
  }
  [[nodiscard]] std::string claims(std::string_view subject = "ada", std::chrono::seconds life = 60s) const {
    const auto exp = std::chrono::duration_cast<std::chrono::seconds>((clock.wall() + life).time_since_epoch()).count();
    return fmt::format(R"({{"iss":"https://id.example","aud":"shop","sub":"{}","exp":{},"scope":"read"}})", subject,
                       exp);
  }
  [[nodiscard]] std::string good(std::string_view subject = "ada", std::chrono::seconds life = 60s) const {
    return make_token(R"({"alg":"EdDSA","kid":"d"})", claims(subject, life), ed_key_for_tests());
  }
  result<std::shared_ptr<const caller>> ask(const std::string& token) {
    return auth.verify("Bearer " + token, "", clock.wall());
  }
  error refusal(const std::string& authorization, std::string_view api_key = "") {
    const auto who = auth.verify(authorization, api_key, clock.wall());
    EXPECT_FALSE(who) << authorization;
    if (who) return {};
    EXPECT_EQ(who.error().cause, failure_cause::credentials);
    return who.error();
  }
  std::string why_not(const std::string& token) {
    const error e = refusal("Bearer " + token);
    EXPECT_EQ(e.code, error_code::unauthenticated);
    EXPECT_EQ(e.whose, fault::caller);
    return e.message;
  }

  manual_clock clock;
  int looked = 0;
  bool coming = false;
  authenticator auth{{.tokens = true, .api_keys = true, .token = {.issuer = "https://id.example", .audience = "shop"}},
                     [this] {
                       ++looked;
                       return coming;
                     }};
};

TEST_F(Authenticator, ATokenOfEachKindShowsWhoItIs) {
  for (const std::string& token : {make_token(R"({"alg":"RS256","kid":"r"})", claims(), rsa_key_for_tests()),
                                   make_token(R"({"alg":"ES256","kid":"e"})", claims(), ec_key_for_tests()),
                                   make_token(R"({"alg":"ES256"})", claims(), ec_key_for_tests()), good()}) {
    const auto who = ask(token);
    ASSERT_TRUE(who) << who.error().message;
    EXPECT_EQ((*who)->subject, "ada");
    EXPECT_THAT((*who)->scopes, ElementsAre("read"));
  }
  EXPECT_TRUE(*auth.verify("bearer   " + good() + " ", "", clock.wall())) << "RFC 9110 §11.1: schemes are of any case";
}

TEST_F(Authenticator, WhoGivesNothingIsAnonymous) { EXPECT_EQ(*auth.verify("", "", clock.wall()), nullptr); }

TEST_F(Authenticator, WhereNothingIsConfiguredTheFieldsAreNotLookedAt) {
  authenticator none;
  EXPECT_FALSE(none.configured());
  EXPECT_EQ(*none.verify("Bearer rubbish", "rubbish", clock.wall()), nullptr);
}

TEST_F(Authenticator, AForgedTokenIsRefused) {
  const signing_key mallory = signing_key::ed();
  EXPECT_THAT(why_not(make_token(R"({"alg":"EdDSA","kid":"d"})", claims("root"), mallory)), HasSubstr("signature"));
  const std::string token = good();
  const std::string other = good("root");
  const auto part = [](const std::string& t, int n) {
    std::size_t begin = 0;
    for (; n > 0; --n) begin = t.find('.', begin) + 1;
    return t.substr(begin, t.find('.', begin) - begin);
  };
  EXPECT_THAT(why_not(part(token, 0) + "." + part(other, 1) + "." + part(token, 2)), HasSubstr("signature"));
  EXPECT_THAT(why_not(part(token, 0) + "." + part(token, 1) + "."), HasSubstr("signature"));
  EXPECT_THAT(why_not(part(token, 0) + "." + part(token, 1) + "." + base64url(std::string(64, '\0'))),
              HasSubstr("signature"));
}

TEST_F(Authenticator, APsychicSignatureOfZeroesIsRefused) {
  const std::string head = base64url(R"({"alg":"ES256","kid":"e"})") + "." + base64url(claims("root")) + ".";
  EXPECT_THAT(why_not(head + base64url(std::string(64, '\0'))), HasSubstr("signature"));
  EXPECT_THAT(why_not(head + base64url(std::string(63, 'x'))), HasSubstr("signature"));
  EXPECT_THAT(why_not(head + base64url(std::string(65, 'x'))), HasSubstr("signature"));
}

TEST_F(Authenticator, rfc_8725_2_1_no_key_is_taken_for_one_of_another_kind) {
  EXPECT_THAT(why_not(make_hs256_token(R"({"alg":"HS256","kid":"r"})", claims("root"), rsa_key_for_tests().pem())),
              HasSubstr("algorithm is \"HS256\""));
  EXPECT_THAT(why_not(base64url(R"({"alg":"none"})") + "." + base64url(claims("root")) + "."),
              HasSubstr("algorithm is \"none\""));
  EXPECT_THAT(why_not(make_token(R"({"alg":"RS256","kid":"e"})", claims("root"), ec_key_for_tests())),
              HasSubstr("another kind"));
  EXPECT_THAT(why_not(make_token(R"({"alg":"RS256","kid":"e"})", claims("root"), rsa_key_for_tests())),
              HasSubstr("another kind"));
  EXPECT_THAT(why_not(make_token(R"({"alg":"RS256"})", claims("root"), ec_key_for_tests())), HasSubstr("signature"));
}

TEST_F(Authenticator, AKeyInsideATokenIsNotUsed) {
  const signing_key mallory = signing_key::ed();
  EXPECT_THAT(
      why_not(make_token(R"({"alg":"EdDSA","kid":"d","jku":"https://evil.example/","jwk":)" + mallory.jwk() + "}",
                         claims("root"), mallory)),
      HasSubstr("signature"));
}

TEST_F(Authenticator, AnAnswerThatIsRememberedEndsWithItsToken) {
  const std::string token = good("ada", 60s);
  const auto first = ask(token);
  const auto second = ask(token);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, *second) << "the very same";
  clock.advance(89s);
  EXPECT_TRUE(ask(token));
  clock.advance(1s);
  EXPECT_THAT(why_not(token), HasSubstr("expired"));
}

TEST_F(Authenticator, AKeyThatIsTakenAwayTakesItsTokensAlong) {
  const std::string token = good();
  ASSERT_TRUE(ask(token));
  auth.set_keys(std::make_shared<const key_set>(*key_set::read(jwks({ec_key_for_tests().jwk(R"("kid":"e")")}))));
  EXPECT_THAT(why_not(token), HasSubstr("had not published"));
}

TEST_F(Authenticator, WhatIsRememberedIsBounded) {
  const auto first = ask(good("first"));
  for (std::size_t i = 0; i < authenticator::remembered; ++i) ASSERT_TRUE(ask(good(std::to_string(i))));
  EXPECT_NE(*ask(good("first")), *first) << "it was verified again";
  const auto last = ask(good("999"));
  EXPECT_EQ(*ask(good("999")), *last);
}

TEST_F(Authenticator, AnUnknownKeyHasNewOnesFetched) {
  const std::string token = make_token(R"({"alg":"EdDSA","kid":"new"})", claims(), ed_key_for_tests());
  coming = true;
  const error e = refusal("Bearer " + token);
  EXPECT_EQ(e.code, error_code::unavailable);
  EXPECT_EQ(e.whose, fault::host);
  EXPECT_EQ(e.retry_after, 1s);
  EXPECT_EQ(looked, 1);
  coming = false;
  EXPECT_THAT(why_not(token), HasSubstr("had not published"));
  auth.set_keys(std::make_shared<const key_set>(*key_set::read(jwks({ed_key_for_tests().jwk(R"("kid":"new")")}))));
  EXPECT_TRUE(ask(token));
  EXPECT_EQ(looked, 2);
}

TEST_F(Authenticator, OnlyWhatIsOtherwiseRightHasKeysFetched) {
  (void)refusal("Bearer " + make_token(R"({"alg":"EdDSA","kid":"new"})", claims("ada", -60s), ed_key_for_tests()));
  (void)refusal("Bearer " +
                make_token(R"({"alg":"EdDSA","kid":"new"})", R"({"iss":"https://evil.example"})", ed_key_for_tests()));
  (void)refusal("Bearer " + make_token(R"({"alg":"HS256","kid":"new"})", claims(), ed_key_for_tests()));
  EXPECT_EQ(looked, 0);
}

// Issuers that name no keys, or give a new one the old name.
TEST_F(Authenticator, AKeyThatWasReplacedWithoutANewNameHasNewOnesFetched) {
  const signing_key before = signing_key::ed();
  const signing_key after = signing_key::ed();
  const auto published = [&](const signing_key& by, std::string_view members) {
    auth.set_keys(std::make_shared<const key_set>(*key_set::read(jwks({by.jwk(members)}))));
  };
  coming = true;
  for (const char* head : {R"({"alg":"EdDSA"})", R"({"alg":"EdDSA","kid":"b"})"}) {
    published(before, "");
    const std::string token = make_token(head, claims(), after);
    EXPECT_EQ(refusal("Bearer " + token).code, error_code::unavailable) << head;
    published(after, "");
    EXPECT_TRUE(ask(token)) << head;
  }
  EXPECT_EQ(looked, 2);
  published(before, R"("kid":"1")");
  for (const char* alg : {"EdDSA", "RS256"})
    EXPECT_EQ(refusal("Bearer " + make_token(fmt::format(R"({{"alg":"{}","kid":"1"}})", alg), claims(), after)).code,
              error_code::unauthenticated)
        << alg;
  EXPECT_EQ(looked, 4);
}

TEST_F(Authenticator, WithoutKeysNoTokenCanBeJudged) {
  auth.set_keys(nullptr);
  const error e = refusal("Bearer " + good());
  EXPECT_EQ(e.code, error_code::unavailable);
  EXPECT_THAT(e.message, HasSubstr("could not be fetched yet"));
  EXPECT_EQ(looked, 1);
}

TEST_F(Authenticator, AnApiKeyShowsWhoItIs) {
  for (const auto& [authorization, field] :
       {std::pair<std::string, std::string>{"", "wk_till"}, {"Bearer wk_till", ""}}) {
    const auto who = auth.verify(authorization, field, clock.wall());
    ASSERT_TRUE(who) << who.error().message;
    EXPECT_EQ((*who)->subject, "till");
    EXPECT_THAT((*who)->scopes, ElementsAre("pay"));
  }
  EXPECT_THAT(refusal("", "wk_other").message, HasSubstr("not known"));
  EXPECT_THAT(refusal("", std::string(100'000, 'x')).message, HasSubstr("not known"));
  EXPECT_THAT(refusal("Bearer wk_other").message, HasSubstr("not known"));
  auth.set_api_keys(file_of("wk_new", "till pay"));
  EXPECT_THAT(refusal("", "wk_till").message, HasSubstr("not known")) << "it was replaced";
}

TEST_F(Authenticator, WhatIsNeitherTokenNorKeyIsRefusedAndNotRepeated) {
  for (const std::string& odd :
       {std::string("Basic YTpi"), std::string("Bearer"), std::string("Bearer "), std::string("Bearer a b"),
        "Bearer " + good() + ", Bearer " + good(), std::string("hush"), std::string(" Bearer x"),
        "Bearer " + std::string(1 << 16, 'x')}) {
    const error e = refusal(odd);
    EXPECT_EQ(e.code, error_code::unauthenticated);
    EXPECT_THAT(e.message, testing::Not(HasSubstr("hush")));
    EXPECT_LT(e.message.size(), 200U);
  }
  EXPECT_THAT(refusal("Bearer " + good(), "wk_till").message, HasSubstr("one of them"));
}

TEST_F(Authenticator, OnlyWhatIsConfiguredIsTaken) {
  authenticator tokens({.tokens = true, .token = {.issuer = "https://id.example", .audience = "shop"}});
  EXPECT_THAT(tokens.verify("", "wk_till", clock.wall()).error().message, HasSubstr("no API keys"));
  EXPECT_THAT(tokens.verify("Bearer wk_till", "", clock.wall()).error().message, HasSubstr("no API keys"));
  authenticator keys({.api_keys = true});
  EXPECT_THAT(keys.verify("Bearer " + good(), "", clock.wall()).error().message, HasSubstr("no tokens"));
}

TEST(Challenge, rfc_6750_3_says_how_to_come_in_and_why_not) {
  error e;
  e.code = error_code::unauthenticated;
  EXPECT_EQ(challenge(e, false), R"(Bearer realm="waggle")");
  EXPECT_EQ(challenge(e, true), R"(Bearer realm="waggle", error="invalid_token")");
  e.code = error_code::permission_denied;
  EXPECT_EQ(challenge(e, true), "") << "not for want of a scope";
  e.cause = failure_cause::scope;
  EXPECT_EQ(challenge(e, true), R"(Bearer realm="waggle", error="insufficient_scope")");
  e.code = error_code::unavailable;
  EXPECT_EQ(challenge(e, true), "");
}

}  // namespace
}  // namespace waggle
