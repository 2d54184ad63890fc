#include "host/http_service.h"

#include <cstdlib>
#include <list>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "call/call_chain.h"
#include "core/base64.h"
#include "host/host_call_for_tests.h"
#include "host/http_server_for_tests.h"

namespace waggle {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::AnyOf;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using testing_host::guest;
using testing_host::guest_call;
using testing_host::moved;
using testing_host::ok;
using testing_host::served;
using testing_host::test_server;

/// What a service is granted that may do anything.
service_grants anything() {
  service_grants g;
  g.http.hosts = {"*:*"};
  g.http.methods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
  g.http.private_addresses = true;
  return g;
}

/// A guest's requests through the call chain, on a core with a manual clock.
struct Http : testing::Test {
  explicit Http(http_client_settings settings = {}) : client(std::move(settings)) {}

  std::unique_ptr<guest_call> begin(std::string method, std::string input, service_grants granted = anything(),
                                    std::string service = "shop.v1.Orders") {
    auto c = std::make_unique<guest_call>(std::move(method), std::move(input),
                                          guest(std::move(service), std::move(granted)));
    chain.ask(c->call);
    return c;
  }
  std::string finish(guest_call& c) {
    while (!c.done)
      if (core.poll() == 0) std::this_thread::yield();
    return c.text();
  }
  std::string ask(std::string method, std::string input, service_grants granted = anything()) {
    return finish(*begin(std::move(method), std::move(input), std::move(granted)));
  }
  std::string get(const std::string& url, service_grants granted = anything()) {
    return ask("get", "{\"url\":" + json_quote(url) + "}", std::move(granted));
  }
  /// Places are given back on the client's thread, a little later.
  std::string get_when_there_is_room(const std::string& url) {
    std::string text;
    do text = get(url);
    while (text.contains("run already"));
    return text;
  }

  manual_clock clock;
  core_loop core{0, clock};
  http_client client;
  http_service http{core, client};
  call_chain chain{core, http.description(), http, {}};
};

std::string at(const test_server& server, std::string_view path = "/", std::string_view host = "127.0.0.1") {
  return fmt::format("http://{}:{}{}", host, server.port, path);
}
std::string error_of(std::string_view code, std::string_view whose = "") {
  return fmt::format(R"("code":"{}")", code) + std::string(whose);
}

TEST_F(Http, AGetAndItsAnswer) {
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);  // not looked at
  test_server server(
      [](const std::string&) { return ok("caf\xc3\xa9", "X-One: 1\r\nSet-Cookie: a=b\r\nX-ONE:  2 \r\n"); });
  const std::string url = at(server, "/a?b=c");
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(ask("get", fmt::format(R"({{"url":"{}","headers":[{{"name":"Accept","value":"text/plain"}}]}})", url)),
              R"({"status":200,"headers":[{"name":"content-length","value":"5"},{"name":"x-one","value":"1"},)"
              R"({"name":"set-cookie","value":"a=b"},{"name":"x-one","value":"2"}],)"
              R"("text":"café","bytes":null,"url":")" +
                  url + "\"}");
  ::unsetenv("http_proxy");
  EXPECT_THAT(server.requests(), Each(AllOf(StartsWith("GET /a?b=c HTTP/1.1\r\n"), HasSubstr("Accept: text/plain\r\n"),
                                            HasSubstr("User-Agent: waggle/"), Not(HasSubstr("Cookie")),
                                            Not(HasSubstr("Accept-Encoding")), Not(HasSubstr("Content-")))));
  EXPECT_EQ(server.connections(), 1U) << "the connection is used again";
}

TEST_F(Http, ABodyThatIsNoTextIsBase64AndNothingIsDecompressed) {
  const std::string bytes("\x1f\x8b\xff\0", 4);
  test_server server([&](const std::string&) { return ok(bytes, "Content-Encoding: gzip\r\n"); });
  EXPECT_THAT(get(at(server)), HasSubstr(R"("text":null,"bytes":")" + base64_encode_padded(bytes) + "\""));
}

TEST_F(Http, SendHasItsMethodHeadersAndBody) {
  test_server server([](const std::string&) { return ok(""); });
  const auto send = [&](std::string_view rest) {
    EXPECT_THAT(ask("send", fmt::format(R"({{"url":"{}",{}}})", at(server), rest)), HasSubstr(R"("status":200)"));
    return server.requests().back();
  };
  EXPECT_THAT(
      send(
          R"("method":"POST","body":"a=1","headers":[{"name":"Content-Type","value":"x/y"},{"name":"X-Empty","value":""}])"),
      AllOf(StartsWith("POST / HTTP/1.1\r\n"), HasSubstr("Content-Type: x/y\r\n"), HasSubstr("X-Empty:"),
            HasSubstr("Content-Length: 3\r\n"), testing::EndsWith("\r\n\r\na=1")));
  EXPECT_THAT(send(R"("method":"PUT","bytes":"/wA=")"),
              AllOf(testing::EndsWith(std::string("\r\n\r\n\xff\0", 6)), Not(HasSubstr("Content-Type"))));
  EXPECT_THAT(send(R"("method":"POST")"), HasSubstr("Content-Length: 0\r\n"));
  EXPECT_THAT(send(R"("method":"DELETE")"), StartsWith("DELETE / HTTP/1.1\r\n"));
  const std::string large(200'000, 'x');
  EXPECT_THAT(send(R"("method":"PATCH","body":")" + large + "\""), AllOf(HasSubstr(large), Not(HasSubstr("Expect"))));
}

TEST_F(Http, ARequestOfATraceTellsOthersOfItUnlessTheServiceDoesSoItself) {
  test_server server([](const std::string&) { return ok(""); });
  const auto send = [&](const std::string& headers) {
    guest_call c("get", fmt::format(R"({{"url":"{}","headers":[{}]}})", at(server), headers),
                 guest("shop.v1.Orders", anything()));
    c.call.request.context.trace = {.trace_high = 1, .trace_low = 2, .span = 3, .flags = 1};
    chain.ask(c.call);
    EXPECT_THAT(finish(c), HasSubstr(R"("status":200)"));
    return server.requests().back();
  };
  EXPECT_THAT(send(""), HasSubstr("traceparent: 00-00000000000000010000000000000002-0000000000000003-01\r\n"));
  EXPECT_THAT(send(R"({"name":"Traceparent","value":"mine"})"),
              AllOf(HasSubstr("Traceparent: mine\r\n"), Not(HasSubstr("traceparent: "))));
  (void)get(at(server));
  EXPECT_THAT(server.requests().back(), Not(HasSubstr("traceparent")));
}

TEST_F(Http, AnAnswerOfAnyStatusIsAnAnswer) {
  std::string status = "404 Not Found";
  test_server server(
      [&](const std::string&) -> served { return {"HTTP/1.1 " + status + "\r\nContent-Length: 2\r\n\r\nno"}; });
  EXPECT_THAT(get(at(server)), AllOf(HasSubstr(R"("status":404)"), HasSubstr(R"("text":"no")")));
  status = "500 x";
  EXPECT_THAT(get(at(server)), HasSubstr(R"("status":500)"));
  EXPECT_THAT(ask("send", fmt::format(R"({{"method":"HEAD","url":"{}"}})", at(server))), HasSubstr(R"("status":500)"));
}

TEST_F(Http, WhatIsNotGrantedIsNotEvenConnectedTo) {
  test_server server([](const std::string&) { return ok("x"); });
  service_grants g = anything();
  g.http.hosts = {"api.example.com"};
  EXPECT_THAT(get(at(server), g), AllOf(HasSubstr(error_of("permission_denied")), HasSubstr("[[grant]]")));
  g = anything();
  g.http.methods = {"GET"};
  EXPECT_THAT(ask("send", fmt::format(R"({{"method":"POST","url":"{}"}})", at(server)), g),
              HasSubstr(error_of("permission_denied")));
  EXPECT_THAT(finish(*begin("get", R"({"url":"http://a/"})", service_grants{})),
              HasSubstr(error_of("permission_denied")));
  guest_call outside("get", R"({"url":"http://a/"})", nullptr);
  chain.ask(outside.call);
  EXPECT_THAT(outside.text(), HasSubstr(error_of("permission_denied")));
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(Http, MalformedRequestsAreTheGuestsFault) {
  for (const char* bad :
       {R"({"url":"http://u:p@h/"})", R"({"url":"file:///etc/passwd"})", R"({"url":"http://0x7f.1/"})",
        R"({"url":"http://h/","headers":[{"name":"Host","value":"i"}]})",
        R"({"url":"http://h/","headers":[{"name":"x","value":"a\r\nb: c"}]})"}) {
    const auto c = begin("get", bad);
    EXPECT_THAT(finish(*c), HasSubstr(error_of("invalid_argument"))) << bad;
    EXPECT_EQ(c->output().error().whose, fault::guest) << bad;
    EXPECT_FALSE(c->call.request.context.calling->repeatable);
  }
  for (const char* bad : {R"("method":"POST","body":"a","bytes":"YQ==")", R"("method":"POST","bytes":"YQ")",
                          R"("method":"GET","body":"a")", R"("method":"CONNECT")", R"("method":"TRACE")"})
    EXPECT_THAT(ask("send", fmt::format(R"({{"url":"http://h/",{}}})", bad)), HasSubstr(error_of("invalid_argument")))
        << bad;
}

TEST_F(Http, NoSpellingOfAPrivateAddressIsConnectedTo) {
  test_server server([](const std::string&) { return ok("internal"); });
  service_grants g = anything();
  g.http.private_addresses = false;
  for (const char* host : {"127.0.0.1",       "localhost",     "LOCALHOST",
                           "127.1",           "2130706433",    "0x7f000001",
                           "0x7f.0.0.1",      "017700000001",  "0177.0.0.1",
                           "127.0.0.2",       "0.0.0.0",       "0",
                           "[::1]",           "[::]",          "[::ffff:127.0.0.1]",
                           "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]",
                           "[2002:7f00:1::]", "127.0.0.1.",    "%31%32%37.0.0.1",
                           "169.254.169.254", "10.0.0.1",      "255.255.255.255",
                           "224.0.0.1"})
    EXPECT_THAT(get(at(server, "/", host), g),
                AnyOf(HasSubstr(error_of("permission_denied")), HasSubstr(error_of("invalid_argument"))))
        << host;
  const std::string denied = get(at(server), g);
  EXPECT_THAT(denied, AllOf(HasSubstr(error_of("permission_denied")), HasSubstr("loopback"),
                            HasSubstr("private_addresses = true")));
  EXPECT_EQ(server.connections(), 0U);
}

TEST(HttpRebinding, ANameIsCheckedByTheAddressThatIsConnectedTo) {
  test_server server([](const std::string&) { return ok("internal"); });
  struct fixture : Http {
    explicit fixture(http_client_settings s) : Http(std::move(s)) {}
    void TestBody() override {}
  } f({.resolve = {fmt::format("rebound.example:{}:127.0.0.1", server.port)}});
  service_grants g = anything();
  g.http.hosts = {"rebound.example:*"};
  EXPECT_THAT(f.get(at(server, "/", "rebound.example"), g), HasSubstr("internal"));
  g.http.private_addresses = false;
  EXPECT_THAT(f.get(at(server, "/", "rebound.example"), g), HasSubstr(error_of("permission_denied")))
      << "nor is the connection used that was made when it was granted";
  EXPECT_EQ(server.connections(), 1U);
}

/// 127.0.0.2 counts as public.
struct HttpRedirects : Http {
  HttpRedirects() : Http({.count_as_public = {"127.0.0.2"}}) {}
  std::string get_with(const test_server& from, int redirects, service_grants granted = anything(),
                       const char* headers = "") {
    return ask("get", fmt::format(R"({{"url":"{}","redirects":{}{}}})", at(from, "/", "127.0.0.2"), redirects, headers),
               std::move(granted));
  }
};

TEST_F(HttpRedirects, NoneLeadsToAPrivateAddress) {
  test_server inside([](const std::string&) { return ok("internal"); });
  std::string host;
  test_server open([&](const std::string&) { return moved(302, at(inside, "/", host)); }, "127.0.0.2");
  service_grants g = anything();
  g.http.private_addresses = false;
  for (const char* spelled :
       {"127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "[::1]",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0", "0", "%31%32%37.0.0.1", "127.0.0.1%2f"}) {
    host = spelled;
    EXPECT_THAT(get_with(open, 5, g),
                AnyOf(HasSubstr(error_of("permission_denied")), HasSubstr(error_of("unavailable"))))
        << host;
  }
  EXPECT_EQ(inside.connections(), 0U);
}

TEST_F(HttpRedirects, EachIsGrantedLikeTheFirst) {
  test_server other([](const std::string&) { return ok("there"); });
  int status = 302;
  test_server open([&](const std::string&) { return moved(status, at(other)); }, "127.0.0.2");
  service_grants g = anything();
  g.http.hosts = {"127.0.0.2:*"};
  EXPECT_THAT(get_with(open, 5, g), AllOf(HasSubstr(error_of("permission_denied")), HasSubstr("redirects")));
  EXPECT_EQ(other.connections(), 0U);
  g.http.hosts = {"127.0.0.2:*", "127.0.0.1:*"};
  EXPECT_THAT(get_with(open, 5, g), AllOf(HasSubstr("there"), HasSubstr(R"("url":")" + at(other))));
  g.http.methods = {"POST"};
  status = 303;
  EXPECT_THAT(
      ask("send", fmt::format(R"({{"method":"POST","redirects":1,"url":"{}"}})", at(open, "/", "127.0.0.2")), g),
      AllOf(HasSubstr(error_of("permission_denied")), HasSubstr("GET")));
}

TEST_F(HttpRedirects, SoManyAreFollowedAndTheNextIsTheAnswer) {
  test_server open([](const std::string& r) { return moved(302, r.starts_with("GET /a") ? "/b" : "/a"); }, "127.0.0.2");
  EXPECT_THAT(get_with(open, 4),
              AllOf(HasSubstr(R"("status":302)"), HasSubstr(R"("url":")" + at(open, "/b", "127.0.0.2"))));
  EXPECT_THAT(open.requests(), SizeIs(5));
  EXPECT_THAT(get_with(open, 0), HasSubstr(R"("status":302)"));
  EXPECT_THAT(open.requests(), SizeIs(6));
  EXPECT_EQ(open.connections(), 1U);
}

TEST_F(HttpRedirects, CredentialsAreNotSentToAnotherOrigin) {
  test_server other([](const std::string&) { return ok("there"); });
  test_server open(
      [&](const std::string& r) { return r.starts_with("GET /same") ? moved(307, at(other)) : moved(307, "/same"); },
      "127.0.0.2");
  EXPECT_THAT(get_with(open, 5, anything(),
                       R"(,"headers":[{"name":"Authorization","value":"Bearer hush"},{"name":"X","value":"y"}])"),
              HasSubstr("there"));
  EXPECT_THAT(open.requests(), Each(HasSubstr("hush")));
  EXPECT_THAT(other.requests(), Each(AllOf(Not(HasSubstr("hush")), HasSubstr("X: y"))));
}

TEST_F(Http, BodiesHaveALimit) {
  service_grants g = anything();
  g.http.bytes = 1000;
  test_server server([](const std::string& r) -> served {
    if (r.starts_with("GET /fits")) return ok(std::string(1000, 'x'));
    if (r.starts_with("GET /over")) return ok(std::string(1001, 'x'));
    return {.bytes = "HTTP/1.1 200 OK\r\n\r\n", .endless = std::string(4096, 'x')};
  });
  EXPECT_THAT(get(at(server, "/fits"), g), HasSubstr(std::string(1000, 'x')));
  EXPECT_THAT(get(at(server, "/over"), g), AllOf(HasSubstr(error_of("resource_exhausted")), HasSubstr("1000 bytes")));
  EXPECT_THAT(get(at(server, "/endless"), g), HasSubstr(error_of("resource_exhausted")));
  server.wait_for_closed(2);
  const auto body = [&](std::size_t n) {
    return ask("send",
               fmt::format(R"({{"method":"POST","url":"{}","body":"{}"}})", at(server, "/fits"), std::string(n, 'b')),
               g);
  };
  const std::size_t before = server.requests().size();
  EXPECT_THAT(body(1001), HasSubstr(error_of("resource_exhausted")));
  EXPECT_EQ(server.requests().size(), before);
}

TEST_F(Http, ATransferCodingThatUnpacksToMuchIsLimitedToo) {
  const std::string bomb = *base64_decode(  // gzip of 100,000 bytes
      "H4sIAAAAAAACA+3BMQEAAADCoNqLbw0PoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIBXA3ERB/6ghgEA");
  test_server server([&](const std::string&) -> served {
    return {.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n" + bomb, .close = true};
  });
  service_grants g = anything();
  g.http.bytes = 99'999;
  EXPECT_THAT(get(at(server), g), HasSubstr(error_of("resource_exhausted")));
  g.http.bytes = 100'000;
  EXPECT_THAT(get(at(server), g), HasSubstr(std::string(100'000, 'x')));
}

TEST_F(Http, AnAnswerThatIsTooLongAsJsonIsSaidToBe) {
  service_grants g = anything();
  g.http.bytes = 1U << 20;
  test_server server([](const std::string&) { return ok(std::string(300'000, '\x01')); });
  const auto c = begin("get", fmt::format(R"({{"url":"{}"}})", at(server)), g);
  EXPECT_THAT(finish(*c), AllOf(HasSubstr(error_of("resource_exhausted")), HasSubstr("as JSON")));
}

TEST_F(Http, HeadersHaveALimit) {
  test_server server([](const std::string& r) -> served {
    const std::size_t n = r.starts_with("GET /200") ? 199 : r.starts_with("GET /201") ? 200 : 0;
    std::string many;
    for (std::size_t i = 0; i < n; ++i) many += "X: y\r\n";
    if (n != 0) return ok("", many);
    if (r.starts_with("GET /large")) return ok("", "X: " + std::string(65536, 'x') + "\r\n");
    if (r.starts_with("GET /continue")) return {.endless = "HTTP/1.1 100 Continue\r\n\r\n"};
    return {.bytes = "HTTP/1.1 200 OK\r\n", .endless = "X: y\r\n"};
  });
  EXPECT_THAT(get(at(server, "/200")), HasSubstr(R"("status":200)"));
  for (const char* path : {"/201", "/large", "/endless", "/continue"})
    EXPECT_THAT(get(at(server, path)), HasSubstr(error_of("resource_exhausted"))) << path;
}

TEST_F(Http, WhatIsNoHttpIsUnavailable) {
  std::string bytes;
  test_server server([&](const std::string&) -> served { return {.bytes = bytes, .close = true}; });
  using namespace std::string_literals;
  for (const std::string& bad :
       {"\r\n\r\n"s, "hello\r\n\r\n"s, "<html>"s, "HTTP/9.9 200 OK\r\n\r\n"s,
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"s, "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc"s,
        "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n"s,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc"s,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"s,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: what\r\n\r\nabc"s, "HTTP/1.1 200 OK\r\n"s}) {
    bytes = bad;
    const auto c = begin("get", fmt::format(R"({{"url":"{}"}})", at(server)));
    EXPECT_THAT(finish(*c), AnyOf(HasSubstr(error_of("unavailable")), HasSubstr(error_of("resource_exhausted"))))
        << bad;
    ASSERT_FALSE(c->output());
    EXPECT_NE(c->output().error().whose, fault::caller);
  }
  bytes = "";  // it only closes
  EXPECT_THAT(get(at(server)), HasSubstr(error_of("unavailable")));
}

TEST_F(Http, NobodyThereIsUnavailableWithCurlsWords) {
  std::uint16_t port = 0;
  {
    port = test_server([](const std::string&) { return ok(""); }).port;
  }
  const auto c = begin("get", fmt::format(R"({{"url":"http://127.0.0.1:{}/secret?token=hush"}})", port));
  EXPECT_THAT(finish(*c), AllOf(HasSubstr(error_of("unavailable")), HasSubstr("onnect"), Not(HasSubstr("hush"))));
  EXPECT_EQ(c->output().error().whose, fault::host);
}

TEST_F(Http, ASlowServerIsGivenUpWhenTheTimeIsOver) {
  test_server server([](const std::string&) { return served{}; });
  const auto own = begin("get", fmt::format(R"({{"url":"{}","timeoutMs":1500}})", at(server)));
  const auto most = begin("get", fmt::format(R"({{"url":"{}","timeoutMs":2000000000}})", at(server)));
  server.wait_for_requests(2);
  core.poll();
  clock.advance(std::chrono::milliseconds(1499));
  core.poll();
  EXPECT_FALSE(own->done);
  clock.advance(std::chrono::milliseconds(2));
  core.poll();
  EXPECT_TRUE(own->done);
  EXPECT_THAT(own->text(), AllOf(HasSubstr(error_of("deadline_exceeded")), HasSubstr("1500 ms")));
  EXPECT_EQ(own->output().error().whose, fault::host);
  server.wait_for_closed(1);
  clock.advance(http_service::longest);
  core.poll();
  EXPECT_THAT(most->text(), HasSubstr("30000 ms"));
  server.wait_for_closed(2);
}

TEST_F(Http, TheCallsDeadlineIsTheCallers) {
  test_server server([](const std::string&) { return served{}; });
  guest_call c("get", fmt::format(R"({{"url":"{}"}})", at(server)), guest("A", anything()));
  c.call.request.context.deadline = clock.now() + seconds(2);
  chain.ask(c.call);
  server.wait_for_requests(1);
  clock.advance(std::chrono::milliseconds(2002));
  core.poll();
  ASSERT_TRUE(c.done);
  EXPECT_EQ(c.output().error().code, error_code::deadline_exceeded);
  EXPECT_EQ(c.output().error().whose, fault::caller);
  server.wait_for_closed(1);
}

TEST_F(Http, ACallThatIsStoppedIsAnsweredAtOnceAndItsConnectionClosed) {
  test_server server([](const std::string& r) { return r.starts_with("GET /slow") ? served{} : ok("x"); });
  auto c = begin("get", fmt::format(R"({{"url":"{}"}})", at(server, "/slow")));
  server.wait_for_requests(1);
  c->call.stop({.code = error_code::canceled, .whose = fault::caller, .message = "gone"});
  EXPECT_TRUE(c->done);
  EXPECT_THAT(c->text(), HasSubstr(error_of("canceled")));
  c.reset();
  server.wait_for_closed(1);
  // Its answer may have been on its way: a hundred that are stopped at any moment touch nothing that is gone.
  for (int i = 0; i < 100; ++i) {
    auto hasty = begin("get", fmt::format(R"({{"url":"{}"}})", at(server)));
    for (int turn = 0; turn < i % 10; ++turn) core.poll();
    if (!hasty->done) hasty->call.stop({.code = error_code::canceled, .message = "gone"});
    EXPECT_TRUE(hasty->done);
  }
  EXPECT_THAT(get_when_there_is_room(at(server)), HasSubstr(R"("status":200)"));
}

TEST_F(Http, AServiceMayGoWhileItsRequestsRun) {
  test_server server([](const std::string&) { return served{}; });
  std::list<guest_call> calls;
  {
    http_service short_lived(core, client);
    for (int i = 0; i < 10; ++i) {
      calls.emplace_back("get", fmt::format(R"({{"url":"{}"}})", at(server)), guest("A", anything()));
      short_lived.ask(calls.back().call);
    }
    server.wait_for_requests(10);
  }
  server.wait_for_closed(10);
  core.poll();
  EXPECT_FALSE(calls.front().done);
}

TEST_F(Http, SoManyAtATime) {
  test_server server([](const std::string& r) { return r.starts_with("GET /slow") ? served{} : ok("x"); });
  std::vector<std::unique_ptr<guest_call>> slow;
  for (int i = 0; i < 64; ++i) slow.push_back(begin("get", fmt::format(R"({{"url":"{}"}})", at(server, "/slow"))));
  server.wait_for_requests(64);
  EXPECT_THAT(get(at(server)), HasSubstr(error_of("resource_exhausted")));
  EXPECT_THAT(finish(*begin("get", fmt::format(R"({{"url":"{}"}})", at(server)), anything(), "shop.v1.Mailer")),
              HasSubstr(R"("status":200)"));
  for (auto& c : slow) c->call.stop({.code = error_code::canceled, .message = "gone"});
  server.wait_for_closed(64);
  EXPECT_THAT(get_when_there_is_room(at(server)), HasSubstr(R"("status":200)"));
}

struct HttpOfTwo : Http {
  HttpOfTwo() : Http({.in_all = 2}) {}
};
TEST_F(HttpOfTwo, TheNodeHasALimitToo) {
  test_server server([](const std::string&) { return served{}; });
  const auto a = begin("get", fmt::format(R"({{"url":"{}"}})", at(server)), anything(), "A");
  const auto b = begin("get", fmt::format(R"({{"url":"{}"}})", at(server)), anything(), "B");
  const auto c = begin("get", fmt::format(R"({{"url":"{}"}})", at(server)), anything(), "C");
  ASSERT_TRUE(c->done);
  EXPECT_EQ(c->output().error().code, error_code::resource_exhausted);
  EXPECT_EQ(c->output().error().whose, fault::overload);
  EXPECT_TRUE(c->output().error().retry_after);
  for (const auto& one : {a.get(), b.get()}) one->call.stop({.code = error_code::canceled, .message = "gone"});
}

TEST_F(Http, ConnectionsAreSharedWithinAServiceOnly) {
  test_server server([](const std::string&) { return ok("x"); });
  for (int i = 0; i < 5; ++i)
    for (const char* service : {"A", "B"})
      EXPECT_THAT(finish(*begin("get", fmt::format(R"({{"url":"{}"}})", at(server)), anything(), service)),
                  HasSubstr("200"));
  EXPECT_EQ(server.connections(), 2U);
  EXPECT_EQ(client.connections(), 2U);
}

TEST_F(Http, WhatMayHaveBeenCarriedOutIsNotSentAgain) {
  // The connection is kept after the first answer, and closed without one when it is used again.
  std::size_t seen = 0;
  test_server server([&](const std::string&) { return ++seen == 2 ? served{.close = true} : ok("x"); });
  const auto send = [&](std::string_view method) {
    return ask("send", fmt::format(R"({{"method":"{}","url":"{}"}})", method, at(server)));
  };
  EXPECT_THAT(send("POST"), HasSubstr(R"("status":200)"));
  EXPECT_THAT(send("POST"), AllOf(HasSubstr(error_of("unavailable")), HasSubstr("not known")));
  EXPECT_THAT(server.requests(), SizeIs(2));
  seen = 0;
  EXPECT_THAT(send("PUT"), HasSubstr(R"("status":200)"));
  EXPECT_THAT(send("PUT"), HasSubstr(R"("status":200)"));
  EXPECT_THAT(server.requests(), SizeIs(5)) << "a PUT is sent again";
}

}  // namespace
}  // namespace waggle
