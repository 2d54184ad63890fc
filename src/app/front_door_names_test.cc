#include "app/front_door_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/origin.h"

namespace waggle {
namespace {

using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::Optional;

TEST(FrontDoorNames, OriginsThatTheGatewayCanFind) {
  for (const char* fine : {"https://app.example.com", "HTTPS://App.Example.com", "http://app.example.com:8080", "null",
                           "https://[2001:db8::1]", "http://[::1]:3000", "https://10.0.0.7", "chrome-extension://abc",
                           "https://xn--bcher-kva.example", "file://"}) {
    EXPECT_THAT(unusable_origin(fine), Eq(std::nullopt));
    EXPECT_TRUE(origin_listed(fine, {fine})) << fine;
  }
  EXPECT_THAT(unusable_origin("*"), Eq(std::nullopt));
  EXPECT_TRUE(origin_listed("https://any.example", {"*"}));
}

TEST(FrontDoorNames, OriginsThatNoBrowserSays) {
  EXPECT_THAT(
      unusable_origin("https://app.example.com/"),
      Optional(std::string("\"https://app.example.com/\" ends with a slash; an origin is what a browser says in "
                           "Origin: SCHEME://HOST or SCHEME://HOST:PORT, as https://app.example.com")));
  EXPECT_THAT(unusable_origin("app.example.com"), Optional(HasSubstr("has no scheme")));
  EXPECT_THAT(unusable_origin("app.example.com:8080"), Optional(HasSubstr("has no scheme")));
  EXPECT_THAT(unusable_origin("://app.example.com"), Optional(HasSubstr("has no scheme")));
  EXPECT_THAT(unusable_origin(" https://app.example.com"), Optional(HasSubstr("has a space")));
  EXPECT_THAT(unusable_origin("https://app.example.com/page"), Optional(HasSubstr("has a path")));
  EXPECT_THAT(unusable_origin("https://app.example.com "), Optional(HasSubstr("has a space")));
  EXPECT_THAT(unusable_origin("https://*.example.com"), Optional(HasSubstr("has a *")));
  EXPECT_THAT(unusable_origin("https://bücher.example"), Optional(HasSubstr("xn--")));
  EXPECT_THAT(unusable_origin("https://me@app.example.com"), Optional(HasSubstr("more than a host")));
  EXPECT_THAT(unusable_origin("https://"), Optional(HasSubstr("has no host")));
  EXPECT_THAT(unusable_origin("https://a.example:"), Optional(HasSubstr("has no port")));
  EXPECT_THAT(unusable_origin("https://a.example:70000"), Optional(HasSubstr("has no port")));
  EXPECT_THAT(unusable_origin("https://a.example:443"), Optional(HasSubstr("scheme's own port")));
  EXPECT_THAT(unusable_origin("http://a.example:80"), Optional(HasSubstr("scheme's own port")));
  EXPECT_THAT(unusable_origin("http://a.example:443"), Eq(std::nullopt));
}

TEST(FrontDoorNames, HostsThatTheGatewayCanFind) {
  for (const char* fine : {"api.example.com", "API.example.com", "api.example.com:8080", "node_1", "10.0.0.7:80",
                           "[2001:db8::1]", "[2001:db8::1]:8080"}) {
    EXPECT_THAT(unusable_host(fine), Eq(std::nullopt));
    EXPECT_TRUE(host_allowed(fine, {fine})) << fine;
  }
}

TEST(FrontDoorNames, HostsThatNoRequestNames) {
  EXPECT_THAT(
      unusable_host("https://api.example.com"),
      Optional(std::string("\"https://api.example.com\" has a scheme; a host is a name or an address ([…] around "
                           "IPv6), and perhaps :PORT")));
  EXPECT_THAT(unusable_host("api.example.com/v1"), Optional(HasSubstr("more than a host")));
  EXPECT_THAT(unusable_host("api.example.com "), Optional(HasSubstr("has a space")));
  EXPECT_THAT(unusable_host("*"), Optional(HasSubstr("has a *")));
  EXPECT_THAT(unusable_host("*.example.com"), Optional(HasSubstr("has a *")));
  EXPECT_THAT(unusable_host("::1"), Optional(HasSubstr("has no host")));
  EXPECT_THAT(unusable_host("[::1"), Optional(HasSubstr("without its ]")));
  EXPECT_THAT(unusable_host("[::1]8080"), Optional(HasSubstr("has no port")));
  EXPECT_THAT(unusable_host("api.example.com:http"), Optional(HasSubstr("has no port")));
  EXPECT_THAT(unusable_host("[]"), Optional(HasSubstr("has no host")));
  EXPECT_THAT(unusable_host(":8080"), Optional(HasSubstr("has no host")));
}

}  // namespace
}  // namespace waggle
