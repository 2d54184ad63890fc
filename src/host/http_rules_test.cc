#include "host/http_rules.h"

#include <gmock/gmock.h>

namespace waggle {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

http_url url(std::string_view text) {
  auto read = read_url(text);
  EXPECT_TRUE(read) << text << ": " << read.error().message;
  return read.value_or(http_url{});
}

TEST(HttpUrl, IsReadAsCurlReadsIt) {
  const http_url u = url("HTTPS://API.Example.com/a/../b?q=1#part");
  EXPECT_EQ(u.scheme, "https");
  EXPECT_EQ(u.host, "api.example.com");
  EXPECT_EQ(u.port, 443);
  EXPECT_TRUE(u.text.ends_with("/b?q=1")) << u.text;
  EXPECT_EQ(u.origin(), "https://api.example.com");
  EXPECT_EQ(url("http://h:8080").origin(), "http://h:8080");
  EXPECT_EQ(url("http://h:80/").origin(), "http://h");
  EXPECT_EQ(url("http://[::1]:81/").host, "[::1]");
  EXPECT_EQ(url("http://127.0.0.1").host, "127.0.0.1");
}

TEST(HttpUrl, OtherSpellingsOfAHostAreRefused) {
  for (const char* odd : {"http://2130706433/",
                          "http://0x7f000001/",
                          "http://0x7f.1/",
                          "http://0177.0.0.1/",
                          "http://127.1/",
                          "http://127.0.1/",
                          "http://127.000.000.001/",
                          "http://%31%32%37.0.0.1/",
                          "http://[0:0:0:0:0:0:0:1]/",
                          "http://[::FFFF:7F00:1]:080/",
                          "http://h:080/",
                          "http://h:/",
                          "http://h./",
                          "http:///h/",
                          "http:/h/",
                          "http:h/",
                          "//h/",
                          "h/",
                          "/h",
                          "",
                          "http://",
                          "http://h:0/",
                          "http://h:65536/",
                          "http://h:-1/",
                          "http://h:80:80/",
                          "http://[::1/",
                          "http://[fe80::1%25eth0]/",
                          "http://[fe80::1%eth0]/",
                          "http://a..b/",
                          "http://.a/",
                          "http://h,i/",
                          "http://h i/",
                          "http://h/a b",
                          "http://h/\n",
                          "http://h\\@i/",
                          "http://h\t/",
                          "http://bücher.example/",
                          "http://h%00.example/",
                          "http://①②⑦.0.0.1/"})
    EXPECT_FALSE(read_url(odd)) << odd;
}

TEST(HttpUrl, OnlyHttpAndHttpsAndNoCredentials) {
  for (const char* bad :
       {"ftp://h/", "file:///etc/passwd", "gopher://h/", "dict://h/", "httpx://h/", "javascript:alert(1)",
        "http://u@h/", "http://u:p@h/", "http://:@h/", "http://@h/", "http://granted.example@127.0.0.1/"}) {
    const auto read = read_url(bad);
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().code, error_code::invalid_argument);
    EXPECT_EQ(read.error().whose, fault::guest);
  }
}

TEST(HttpUrl, ARedirectLeadsFromWhereItWasAnswered) {
  const http_url from = url("https://a.example/x/y?z");
  const auto to = [&](const char* location) { return follow_url(from, location).value().text; };
  EXPECT_EQ(to("w"), "https://a.example/x/w");
  EXPECT_EQ(to("/w?b"), "https://a.example/w?b");
  EXPECT_EQ(to("//b.example/w"), "https://b.example/w");
  EXPECT_EQ(to("http://b.example"), "http://b.example/");
  EXPECT_EQ(to("/w w"), "https://a.example/w%20w");
  EXPECT_EQ(to("/a|b%zz%41?q={\"é\"}"), "https://a.example/a%7Cb%25zz%41?q=%7B%22%c3%a9%22%7D");
  EXPECT_EQ(follow_url(from, "http://2130706433/").value().host, "127.0.0.1");
  for (const char* bad :
       {"ftp://b.example/", "file:///etc/passwd", "http://u:p@b.example/", "http://b..example/", "http://h:0/"}) {
    const auto read = follow_url(from, bad);
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().code, error_code::unavailable) << bad;
  }
}

TEST(HttpGrants, HostsByNamePortAndWildcard) {
  const auto is_covered = [](std::string_view pattern, std::string_view text) { return covers(pattern, url(text)); };
  EXPECT_TRUE(is_covered("api.example.com", "https://api.example.com/"));
  EXPECT_TRUE(is_covered("API.example.com", "http://api.EXAMPLE.com/"));
  EXPECT_FALSE(is_covered("api.example.com", "https://api.example.com:8443/"));
  EXPECT_FALSE(is_covered("api.example.com", "http://api.example.com:443/"));
  EXPECT_TRUE(is_covered("api.example.com:8443", "https://api.example.com:8443/"));
  EXPECT_FALSE(is_covered("api.example.com:8443", "https://api.example.com/"));
  EXPECT_TRUE(is_covered("api.example.com:443", "https://api.example.com/"));
  EXPECT_TRUE(is_covered("api.example.com:*", "http://api.example.com:9/"));
  EXPECT_FALSE(is_covered("example.com", "http://api.example.com/"));
  EXPECT_FALSE(is_covered("example.com", "http://example.com.evil.example/"));
  EXPECT_TRUE(is_covered("*.example.com", "http://api.example.com/"));
  EXPECT_TRUE(is_covered("*.example.com", "http://a.b.example.com/"));
  EXPECT_FALSE(is_covered("*.example.com", "http://example.com/"));
  EXPECT_FALSE(is_covered("*.example.com", "http://evilexample.com/"));
  EXPECT_FALSE(is_covered("*.0.0.1", "http://127.0.0.1/"));
  EXPECT_TRUE(is_covered("127.0.0.1:8080", "http://127.0.0.1:8080/"));
  EXPECT_TRUE(is_covered("[0:0::1]:8080", "http://[::1]:8080/"));
  EXPECT_FALSE(is_covered("[::1]", "http://[::2]/"));
  EXPECT_TRUE(is_covered("*", "http://anything.example/"));
  EXPECT_FALSE(is_covered("*", "http://anything.example:81/"));
  EXPECT_TRUE(is_covered("*:*", "http://10.0.0.1:81/"));
}

TEST(HttpGrants, APatternOfAnotherFormCoversNothingAndIsFound) {
  for (const char* good : {"a", "a.b", "*.a", "*", "a:1", "a:*", "*:*", "[::1]", "[::1]:80", "1.2.3.4"})
    EXPECT_TRUE(check_host_pattern(good)) << good;
  for (const char* bad : {"",   "a.*", "*a.b", "a.*.b",   "**",   "*.",   "*.*.a", ".a",  "a.",  "http://a",
                          "a/", "a:",  "a:0",  "a:99999", "a:1x", "[::1", "::1",   "[a]", "a b", "é"}) {
    EXPECT_FALSE(check_host_pattern(bad)) << bad;
    EXPECT_FALSE(covers(bad, url("http://a/"))) << bad;
  }
}

TEST(HttpGrants, ARefusalSaysWhatToWrite) {
  service_grants granted;
  granted.http.hosts = {"api.example.com"};
  EXPECT_TRUE(check_granted("shop.v1.Orders", granted, "GET", url("https://api.example.com/")));
  const auto method = check_granted("shop.v1.Orders", granted, "POST", url("https://api.example.com/secret?token=1"));
  ASSERT_FALSE(method);
  EXPECT_EQ(method.error().code, error_code::permission_denied);
  EXPECT_EQ(method.error().whose, fault::guest);
  EXPECT_THAT(method.error().message,
              AllOf(HasSubstr("shop.v1.Orders"), HasSubstr(R"(hosts = ["api.example.com"], methods = ["POST"])"),
                    HasSubstr("[[grant]]"), Not(HasSubstr("token"))));
  const auto host = check_granted("shop.v1.Orders", granted, "GET", url("http://127.0.0.1:8080/"));
  ASSERT_FALSE(host);
  EXPECT_THAT(host.error().message, HasSubstr(R"(hosts = ["127.0.0.1:8080"])"));
  EXPECT_FALSE(check_granted("shop.v1.Orders", service_grants{}, "GET", url("https://api.example.com/")));
}

TEST(HttpHeaders, NothingThatFramesTheMessageOrEndsALine) {
  EXPECT_TRUE(check_headers({{"Accept", "a/b"}, {"x-1", ""}, {"Cookie", "a=b"}, {"X", "caf\xc3\xa9\t!"}}));
  for (const char* name :
       {"", "a b", "a:", ":path", "a\r\nb", "é", "Host", "HOST", "Content-Length", "transfer-encoding", "Connection",
        "Keep-Alive", "TE", "Trailer", "Upgrade", "Expect", "Proxy-Authorization", "proxy-connection"})
    EXPECT_FALSE(check_headers({{name, "x"}})) << name;
  using namespace std::string_literals;
  for (const std::string& value : {"a\r\nb"s, "a\nb"s, "a\rb"s, "a\0b"s, "\x7f"s, "\x01"s}) {
    const auto no = check_headers({{"x", value}});
    ASSERT_FALSE(no);
    EXPECT_EQ(no.error().code, error_code::invalid_argument);
  }
  EXPECT_THAT(check_headers({{"authorization", "hush\n"}}).error().message, Not(HasSubstr("hush")));
  EXPECT_FALSE(check_headers(http_headers(10, {"x", std::string(8000, 'x')})));
}

struct Redirects : testing::Test {
  outbound_request sent{.method = "POST",
                        .url = url("https://a.example/x"),
                        .headers = {{"Authorization", "s"}, {"Cookie", "c"}, {"Content-Type", "t"}, {"X", "x"}},
                        .body = std::make_shared<const std::string>("b")};
  outbound_request next(int status, std::string location = "/y") {
    auto to = redirected(sent, {.status = status, .headers = {{"location", std::move(location)}}});
    EXPECT_TRUE(to && *to) << status;
    return std::move(**to);
  }
};

TEST_F(Redirects, MethodAndBodyByStatus) {
  for (const int status : {301, 302, 303}) {
    EXPECT_EQ(next(status).method, "GET");
    EXPECT_EQ(next(status).body, nullptr);
    EXPECT_THAT(next(status).headers, ElementsAre(Pair("Authorization", "s"), Pair("Cookie", "c"), Pair("X", "x")));
  }
  for (const int status : {307, 308}) {
    EXPECT_EQ(next(status).method, "POST");
    EXPECT_EQ(next(status).body, sent.body);
  }
  sent.method = "PUT";
  EXPECT_EQ(next(301).method, "PUT");
  EXPECT_EQ(next(302).method, "PUT");
  EXPECT_EQ(next(303).method, "GET");
  sent.method = "HEAD";
  for (const int status : {301, 302, 303, 307, 308}) EXPECT_EQ(next(status).method, "HEAD");
}

TEST_F(Redirects, AnotherOriginDoesNotGetTheCredentials) {
  for (const char* other :
       {"https://b.example/", "http://a.example/", "https://a.example:444/", "https://sub.a.example/"})
    EXPECT_THAT(next(307, other).headers, ElementsAre(Pair("Content-Type", "t"), Pair("X", "x"))) << other;
  EXPECT_EQ(next(307, "https://A.example:443/y").headers, sent.headers);
}

TEST_F(Redirects, OtherStatusesAndAMissingLocationAreAnswers) {
  for (const int status : {200, 201, 300, 304, 305, 306, 399, 404})
    EXPECT_FALSE(redirected(sent, {.status = status, .headers = {{"location", "/y"}}}).value()) << status;
  EXPECT_FALSE(redirected(sent, {.status = 302}).value());
  EXPECT_FALSE(redirected(sent, {.status = 302, .headers = {{"location", "file:///etc/passwd"}}}));
}

}  // namespace
}  // namespace waggle
