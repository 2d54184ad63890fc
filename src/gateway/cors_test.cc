#include "gateway/cors.h"

#include <gmock/gmock.h>

namespace waggle {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct Cors : testing::Test {
  std::string fields(std::string origin, bool loopback = false) {
    head.has_origin = true;
    head.origin = std::move(origin);
    return cors_fields(head, settings, loopback);
  }
  http_head head;
  http_settings settings;
};

constexpr std::string_view refused = "Vary: Origin\r\n";

TEST_F(Cors, without_an_origin_nothing_is_said) { EXPECT_EQ(cors_fields(head, settings, true), ""); }

TEST_F(Cors, an_allowed_origin_comes_back) {
  settings.allowed_origins = {"https://app.example"};
  const std::string said = fields("https://app.example");
  EXPECT_THAT(said, StartsWith("Access-Control-Allow-Origin: https://app.example\r\nVary: Origin\r\n"));
  EXPECT_THAT(said, HasSubstr("Access-Control-Expose-Headers: waggle-receipt"));
  EXPECT_THAT(said, Not(HasSubstr("Credentials")));
  EXPECT_EQ(fields("https://app.example.evil"), refused);
  EXPECT_EQ(fields("http://app.example"), refused);
  EXPECT_EQ(fields("https://app.example, https://app.example"), refused);
  EXPECT_EQ(fields("null"), refused);
  EXPECT_EQ(fields(""), refused);
}

TEST_F(Cors, caches_are_told_that_answers_differ_by_origin) {
  settings.allowed_origins = {"https://app.example"};
  head.has_origin = false;
  EXPECT_EQ(cors_fields(head, settings, false), "Vary: Origin\r\n");
  settings.allowed_origins.clear();
  EXPECT_EQ(cors_fields(head, settings, false), "");
}

TEST_F(Cors, a_star_allows_all) {
  settings.allowed_origins = {"*"};
  EXPECT_THAT(fields("https://any.example"), StartsWith("Access-Control-Allow-Origin: https://any.example\r\n"));
  EXPECT_THAT(fields("null"), StartsWith("Access-Control-Allow-Origin: null\r\n"));
}

TEST_F(Cors, loopbacks_own_names_on_loopback_only) {
  for (const char* own : {"http://localhost:5173", "https://127.0.0.1", "http://[::1]:80"}) {
    EXPECT_THAT(fields(own, true), StartsWith("Access-Control-Allow-Origin: ")) << own;
    EXPECT_EQ(fields(own, false), refused) << own;
  }
  for (const char* not_own : {"http://localhost.evil", "http://localhost:80.evil", "ftp://localhost", "localhost"})
    EXPECT_EQ(fields(not_own, true), refused) << not_own;
}

TEST_F(Cors, what_is_a_preflight) {
  EXPECT_FALSE(is_preflight(head));
  head.verb = http_verb::options;
  head.cors_method = "POST";
  EXPECT_FALSE(is_preflight(head));
  head.has_origin = true;
  EXPECT_TRUE(is_preflight(head));
  head.cors_method.clear();
  EXPECT_FALSE(is_preflight(head));
}

TEST_F(Cors, a_preflights_answer) {
  EXPECT_EQ(preflight_fields(head),
            "Access-Control-Allow-Methods: GET, HEAD, POST\r\nAccess-Control-Max-Age: 7200\r\n");
  head.cors_headers = "content-type, x-Api-key,traceparent";
  EXPECT_THAT(preflight_fields(head),
              HasSubstr("\r\nAccess-Control-Allow-Headers: content-type, x-Api-key,traceparent\r\n"));
}

TEST_F(Cors, what_is_no_list_of_names_does_not_come_back) {
  for (const std::string& bad : {std::string("a\r\nSet-Cookie: b"), std::string("a: b"), std::string("a;b"),
                                 std::string("a\x80"), std::string("a\0b", 3), std::string(1025, 'a')}) {
    head.cors_headers = bad;
    EXPECT_THAT(preflight_fields(head), Not(HasSubstr("Allow-Headers"))) << bad;
  }
}

}  // namespace
}  // namespace waggle
