#include "gateway/jwt.h"

#include <gmock/gmock.h>

#include "gateway/token_maker_for_tests.h"

namespace waggle {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const wall_time noon = wall_time(std::chrono::sys_days(std::chrono::year(2030) / 1 / 1)) + 12h;

std::int64_t seconds_at(wall_time t) {
  return std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count();
}
std::string in(std::chrono::seconds from_noon) { return std::to_string(seconds_at(noon + from_noon)); }

std::string token_of(std::string_view header, std::string_view payload = "{}", std::string_view signature = "s") {
  return base64url(header) + "." + base64url(payload) + "." + base64url(signature);
}
std::string header_error(std::string_view header) {
  const auto parsed = parse_jwt(token_of(header));
  EXPECT_FALSE(parsed) << header;
  if (parsed) return "";
  EXPECT_EQ(parsed.error().code, error_code::unauthenticated);
  EXPECT_EQ(parsed.error().whose, fault::caller);
  return parsed.error().message;
}

TEST(Jwt, IsTakenApart) {
  const std::string token = token_of(R"({"alg":"ES256","kid":"k1","typ":"at+jwt"})", R"({"sub":"ada"})", "seal");
  const auto parsed = parse_jwt(token);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->how, signature_algorithm::es256);
  EXPECT_EQ(parsed->kid, "k1");
  EXPECT_EQ(parsed->payload, R"({"sub":"ada"})");
  EXPECT_EQ(parsed->signature, "seal");
  EXPECT_EQ(parsed->signed_part, token.substr(0, token.rfind('.')));
}

TEST(Jwt, rfc_7515_5_1_the_type_may_be_written_as_a_media_type_in_any_case) {
  for (const std::string_view typ : {"JWT", "jwt", "application/jwt", "at+JWT", "application/at+jwt"})
    EXPECT_TRUE(parse_jwt(token_of(fmt::format(R"({{"alg":"EdDSA","typ":"{}"}})", typ)))) << typ;
  EXPECT_THAT(header_error(R"({"alg":"EdDSA","typ":"secevent+jwt"})"), HasSubstr("typ is \"secevent+jwt\""));
  EXPECT_THAT(header_error(R"({"alg":"EdDSA","typ":1})"), HasSubstr("typ"));
}

TEST(Jwt, rfc_8725_3_1_only_three_algorithms_are_taken) {
  for (const std::string_view alg :
       {"none", "None", "NONE", "", "HS256", "HS512", "RS512", "PS256", "ES384", "ES256K", "eddsa", "rs256", "Ed25519"})
    EXPECT_THAT(header_error(fmt::format(R"({{"alg":"{}"}})", alg)), HasSubstr("algorithm is")) << alg;
  EXPECT_THAT(header_error(R"({"typ":"JWT"})"), HasSubstr("no alg"));
  EXPECT_THAT(header_error(R"({"alg":["RS256"]})"), HasSubstr("no alg"));
  EXPECT_THAT(header_error(R"({"alg":null})"), HasSubstr("no alg"));
}

TEST(Jwt, rfc_7515_4_1_11_what_must_be_understood_and_is_not_is_refused) {
  EXPECT_THAT(header_error(R"({"alg":"EdDSA","crit":["x"],"x":1})"), HasSubstr("crit"));
  EXPECT_THAT(header_error(R"({"alg":"EdDSA","crit":[]})"), HasSubstr("crit"));
  EXPECT_THAT(header_error(R"({"alg":"EdDSA","b64":false})"), HasSubstr("b64"));
  EXPECT_THAT(header_error(R"({"alg":"EdDSA","zip":"DEF"})"), HasSubstr("compressed"));
  EXPECT_THAT(header_error(R"({"alg":"EdDSA","cty":"JWT"})"), HasSubstr("another"));
  EXPECT_THAT(header_error(R"({"alg":"EdDSA","enc":"A128GCM"})"), HasSubstr("encrypted"));
}

TEST(Jwt, rfc_7515_4_no_name_stands_twice_however_it_is_written) {
  EXPECT_THAT(header_error(R"({"alg":"EdDSA","alg":"EdDSA"})"), HasSubstr("names differ"));
  EXPECT_THAT(header_error(R"({"alg":"EdDSA","\u0061lg":"none"})"), HasSubstr("names differ"));
  EXPECT_THAT(header_error(R"({"alg":"EdDSA","x":{"a":1,"a":2}})"), HasSubstr("names differ"));
}

TEST(Jwt, AHeaderThatIsNoObjectOrTooDeepIsRefused) {
  for (const std::string_view header :
       {"", "[]", "null", "\"EdDSA\"", "{", R"({"alg":"EdDSA"} x)", "{\"alg\":\"EdDSA\xFF\"}"})
    EXPECT_THAT(header_error(header), HasSubstr("no JSON object")) << header;
  EXPECT_THAT(header_error(R"({"alg":"EdDSA","x":)" + std::string(50, '[') + std::string(50, ']') + "}"),
              HasSubstr("no JSON object"));
  EXPECT_THAT(header_error(R"({"alg":"EdDSA","kid":""})"), HasSubstr("kid"));
  EXPECT_THAT(header_error(R"({"alg":"EdDSA","kid":7})"), HasSubstr("kid"));
}

TEST(Jwt, rfc_8725_3_10_keys_that_it_brings_along_are_not_looked_at) {
  const auto parsed =
      parse_jwt(token_of(R"({"alg":"EdDSA","jwk":{"kty":"oct","k":"AA"},"jku":"https://evil.example/k",)"
                         R"("x5u":"file:///etc/passwd","x5c":["AA"],"kid":"../../dev/null"})"));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->kid, "../../dev/null") << "a name among those of the keys that we have, never a path";
}

TEST(Jwt, rfc_7515_7_1_has_exactly_three_parts_in_exact_base64) {
  const std::string good = token_of(R"({"alg":"EdDSA"})");
  ASSERT_TRUE(parse_jwt(good));
  const std::string part = good.substr(0, good.find('.'));
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), part, part + ".e30", good + ".AA", good + ".AA.AA",
        good + "=", good + " ", good + "\n", " " + good, part + ".e30.A", part + ".e31.AA", part + ".e30.AB",
        part + ".e3+.AA", part + ".e3/.AA", part + "==.e30.AA", "\"" + good + "\"", part + ".e3\0"})
    EXPECT_FALSE(parse_jwt(bad)) << bad;
}

TEST(Jwt, IsBounded) {
  const std::string longest(jwt::longest + 1, 'A');
  EXPECT_THAT(parse_jwt(longest).error().message, HasSubstr("at most 8192"));
  EXPECT_THAT(header_error(R"({"alg":"EdDSA","x":")" + std::string(4096, 'x') + "\"}"),
              HasSubstr("header has more than"));
}

TEST(Jwt, NoErrorRepeatsMoreOfATokenThanItsAlgorithmAndThatIsCut) {
  const std::string message = header_error(R"({"alg":")" + std::string(200, '\x7f') + "\"}");
  EXPECT_LT(message.size(), 160U);
  EXPECT_THAT(message, HasSubstr("????"));
}

/// Claims that are fine, with others in their place.
class Claims : public testing::Test {
 protected:
  result<verified_claims> read(std::string_view claims, wall_time now = noon) const {
    return read_claims(std::string(claims), rules, now);
  }
  [[nodiscard]] std::string why_not(std::string_view claims) const {
    const auto read_them = read(claims);
    EXPECT_FALSE(read_them) << claims;
    if (read_them) return "";
    EXPECT_EQ(read_them.error().code, error_code::unauthenticated);
    EXPECT_EQ(read_them.error().whose, fault::caller);
    EXPECT_EQ(read_them.error().cause, failure_cause::credentials);
    return read_them.error().message;
  }
  static std::string with(std::string_view more) {
    return R"({"iss":"https://id.example","aud":"shop","sub":"ada","exp":)" + in(60s) + std::string(more) + "}";
  }
  token_rules rules{.issuer = "https://id.example", .audience = "shop"};
};

TEST_F(Claims, BecomeACaller) {
  const auto read_them = read(with(R"(, "scope": "b a  b", "tenant": {"id": 7.50} )"));
  ASSERT_TRUE(read_them) << read_them.error().message;
  const caller& who = *read_them->who;
  EXPECT_EQ(who.subject, "ada");
  EXPECT_EQ(who.issuer, "https://id.example");
  EXPECT_THAT(who.scopes, ElementsAre("a", "b"));
  EXPECT_EQ(who.claims, with(R"(,"scope":"b a  b","tenant":{"id":7.50})"));
  EXPECT_EQ(read_them->expires.time_since_epoch().count(), seconds_at(noon) + 60 + 30);
  EXPECT_EQ(to_json(who),
            R"({"subject":"ada","issuer":"https://id.example","scopes":["a","b"],"claims":)" + who.claims + "}");
}

TEST_F(Claims, TheCallersKeyTellsIssuersAndSubjectsApart) {
  const auto key = [](std::string_view issuer, std::string_view subject) {
    return read_claims(fmt::format(R"({{"iss":"{}","aud":"a","sub":"{}","exp":{}}})", issuer, subject, in(60s)),
                       {.issuer = std::string(issuer), .audience = "a"}, noon)
        ->who->key;
  };
  EXPECT_EQ(key("i", "ab"), key("i", "ab"));
  EXPECT_NE(key("i", "ab"), key("ia", "b"));
  EXPECT_NE(key("i", "ab"), key("i", "ac"));
}

TEST_F(Claims, ScopesAreInOneOfThreeClaims) {
  EXPECT_THAT(read(with(R"(,"scp":["y","x",""])"))->who->scopes, ElementsAre("x", "y"));
  EXPECT_THAT(read(with(R"(,"scopes":["z"],"scope":"x")"))->who->scopes, ElementsAre("x", "z"));
  EXPECT_THAT(read(with(R"(,"scp":"x y")"))->who->scopes, ElementsAre("x", "y"));
  EXPECT_THAT(read(with(R"(,"scope":7,"scp":[1,null]  )"))->who->scopes, IsEmpty());
  EXPECT_THAT(read(with(""))->who->scopes, IsEmpty());
  std::string many;
  for (int i = 0; i < 201; ++i) many += fmt::format("s{} ", i);
  EXPECT_THAT(why_not(with(",\"scope\":\"" + many + "\"")), HasSubstr("201 scopes"));
}

TEST_F(Claims, rfc_7519_4_1_1_the_issuer_must_be_ours_byte_for_byte) {
  const auto of = [](std::string_view issuer) {
    return fmt::format(R"({{"iss":{},"aud":"shop","sub":"ada","exp":{}}})", issuer, in(60s));
  };
  EXPECT_THAT(why_not(of(R"("https://id.example/")")), HasSubstr("iss is"));
  EXPECT_THAT(why_not(of(R"("HTTPS://id.example")")), HasSubstr("iss is"));
  EXPECT_THAT(why_not(of(R"(["https://id.example"])")), HasSubstr("no iss"));
  EXPECT_THAT(why_not(of("null")), HasSubstr("no iss"));
}

TEST_F(Claims, rfc_7519_4_1_3_the_audience_must_be_or_hold_ours) {
  const auto of = [](std::string_view audience) {
    return fmt::format(R"({{"iss":"https://id.example","aud":{},"sub":"ada","exp":{}}})", audience, in(60s));
  };
  EXPECT_TRUE(read(of(R"("shop")")));
  EXPECT_TRUE(read(of(R"(["other","shop"])")));
  for (const std::string_view wrong : {R"("shopping")", R"("Shop")", R"([])", R"(["other"])", R"([["shop"]])",
                                       R"(["shop",1])", R"({"shop":1})", "null", "true"})
    EXPECT_THAT(why_not(of(wrong)), HasSubstr("aud")) << wrong;
}

TEST_F(Claims, rfc_7519_4_1_4_to_6_dates_hold_with_half_a_minute_of_leeway) {
  const auto of = [](std::string_view dates) {
    return R"({"iss":"https://id.example","aud":"shop","sub":"ada")" + std::string(dates) + "}";
  };
  EXPECT_THAT(why_not(of("")), HasSubstr("no exp"));
  EXPECT_TRUE(read(of(",\"exp\":" + in(-29s))));
  EXPECT_THAT(why_not(of(",\"exp\":" + in(-30s))), HasSubstr("expired at 2030-01-01T11:59:30Z"));
  EXPECT_THAT(why_not(of(",\"exp\":" + in(-1h))), HasSubstr("expired at 2030-01-01T11:00:00Z"));
  EXPECT_TRUE(read(of(",\"nbf\":" + in(30s) + ",\"exp\":" + in(60s))));
  EXPECT_THAT(why_not(of(",\"nbf\":" + in(31s) + ",\"exp\":" + in(60s))),
              HasSubstr("its nbf is 2030-01-01T12:00:31Z, here it is 2030-01-01T12:00:00Z"));
  EXPECT_THAT(why_not(of(",\"iat\":" + in(31s) + ",\"exp\":" + in(60s))), HasSubstr("its iat is"));
  EXPECT_TRUE(read(of(",\"exp\":" + in(0s) + ".75")));
  EXPECT_TRUE(read(of(",\"exp\":253402300799"))) << "never, as some write it";
  for (const std::string_view wrong : {R"("1893499260")", "null", "[]", "-1", "1e300", "253402300800", "true"}) {
    EXPECT_THAT(why_not(of(fmt::format(",\"exp\":{}", wrong))), HasSubstr("exp is no date")) << wrong;
    EXPECT_THAT(why_not(of(fmt::format(",\"exp\":{},\"nbf\":{}", in(60s), wrong))), HasSubstr("nbf is no date"))
        << wrong;
  }
}

TEST_F(Claims, WithoutASubjectNobodyIsMeant) {
  for (const std::string_view sub : {"", R"(,"sub":"")", R"(,"sub":7)", R"(,"sub":null)"})
    EXPECT_THAT(why_not(R"({"iss":"https://id.example","aud":"shop","exp":)" + in(60s) + std::string(sub) + "}"),
                HasSubstr("no sub"));
}

TEST_F(Claims, rfc_7519_4_no_claim_stands_twice) {
  EXPECT_THAT(why_not(with(R"(,"sub":"root")")), HasSubstr("names differ"));
  EXPECT_THAT(why_not(with(R"(,"\u0073ub":"root")")), HasSubstr("names differ"));
  EXPECT_THAT(why_not(with(R"(,"realm":[{"roles":1,"roles":2}])")), HasSubstr("names differ"));
}

TEST_F(Claims, AreAnObjectThatIsBounded) {
  for (const std::string_view claims : {"", "[]", "1", "null", "{", "{}x", "{\"a\":\"\xC0\"}"})
    EXPECT_THAT(why_not(claims), HasSubstr("no JSON object")) << claims;
  EXPECT_THAT(why_not(with(",\"x\":\"" + std::string(caller::longest_claims, 'x') + "\"")),
              HasSubstr("more than 8192 bytes"));
  EXPECT_THAT(why_not(with(",\"x\":" + std::string(16, '[') + std::string(16, ']'))), HasSubstr("at most 16 deep"));
  EXPECT_TRUE(read(with(",\"x\":" + std::string(14, '[') + std::string(14, ']'))));
}

}  // namespace
}  // namespace waggle
