// Names that take as long to look up as the test likes: libcurl's calls of getaddrinfo end here.
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

#include <dlfcn.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <netdb.h>

#include "host/host_call_for_tests.h"
#include "host/http_server_for_tests.h"
#include "host/http_service.h"

namespace waggle {
namespace {

/// Holds the lookups of `slow.example` until it is opened; then that name is 127.0.0.1.
struct lookup_gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  int waiting = 0;

  void pass() {
    std::unique_lock lock(mutex);
    ++waiting;
    changed.notify_all();
    changed.wait(lock, [this] { return open; });
  }
  void wait_for(int lookups) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return waiting >= lookups; });
  }
  void let_go() {
    const std::lock_guard lock(mutex);
    open = true;
    changed.notify_all();
  }
  void close() {
    const std::lock_guard lock(mutex);
    open = false;
    waiting = 0;
  }
};

lookup_gate& gate() {
  static lookup_gate g;
  return g;
}

}  // namespace
}  // namespace waggle

extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** out) {
  using function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  if (name == nullptr || std::strcmp(name, "slow.example") != 0) return real(name, service, hints, out);
  waggle::gate().pass();
  return real("127.0.0.1", service, hints, out);
}

namespace waggle {
namespace {

using testing::HasSubstr;
using testing_host::guest_call;
using testing_host::ok;
using testing_host::test_server;

TEST(HttpLookup, OneThatIsGivenUpHoldsNobodyUpButKeepsItsPlace) {
  test_server server([](const std::string&) { return ok("x"); });
  manual_clock clock;
  core_loop core(0, clock);
  http_client client({.per_service = 2});
  http_service http(core, client);
  service_grants g;
  g.http.hosts = {"*:*"};
  g.http.private_addresses = true;
  const auto begin = [&](const char* service, const char* host) {
    auto c = std::make_unique<guest_call>(
        "get", fmt::format(R"({{"url":"http://{}:{}/","timeoutMs":100}})", host, server.port),
        testing_host::guest(service, g));
    http.ask(c->call);
    return c;
  };
  const auto text = [&](const char* service) {
    const auto c = begin(service, "127.0.0.1");
    while (!c->done)
      if (core.poll() == 0) std::this_thread::yield();
    return c->text();
  };
  gate().close();
  const auto stopped = begin("A", "slow.example");
  const auto late = begin("A", "slow.example");
  gate().wait_for(2);
  stopped->call.stop({.code = error_code::canceled, .message = "gone"});
  EXPECT_TRUE(stopped->done);
  clock.advance(std::chrono::milliseconds(102));
  core.poll();
  EXPECT_THAT(late->text(), HasSubstr("deadline_exceeded"));
  EXPECT_THAT(text("A"), HasSubstr("resource_exhausted")) << "else a guest could have any number of lookups";
  EXPECT_THAT(text("B"), HasSubstr(R"("status":200)"));
  EXPECT_EQ(server.connections(), 1U);
  gate().let_go();
  std::string again;
  do again = text("A");
  while (again.contains("resource_exhausted"));
  EXPECT_THAT(again, HasSubstr(R"("status":200)"));
  EXPECT_LE(server.connections(), 2U) << "nobody waits for them any more, so they connect to nothing";
}

TEST(HttpLookup, TheClientEndsWithoutWaitingForOne) {
  manual_clock clock;
  core_loop core(0, clock);
  service_grants g;
  g.http.hosts = {"*"};
  guest_call c("get", R"({"url":"http://slow.example/"})", testing_host::guest("A", g));
  gate().close();
  {
    http_client client({});
    http_service http(core, client);
    http.ask(c.call);
    gate().wait_for(1);
  }
  core.poll();
  EXPECT_FALSE(c.done);
  gate().let_go();
}

}  // namespace
}  // namespace waggle
