#include "host/admin_service.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "call/call_chain.h"
#include "host/host_call_for_tests.h"

namespace waggle {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing_host::guest;
using testing_host::guest_call;

/// Behind the call chain, which checks that the answers fit the contract; with an operator that does nothing.
struct Admin : testing::Test {
  node_operator fake() {
    node_operator does;
    does.services = [this] { return services; };
    does.schedules = [this] { return schedules; };
    does.trigger = [this](const std::string& service, const std::string& method, auto done) {
      asked = service + "/" + method;
      triggered = std::move(done);
    };
    does.reload = [this](auto done) { reloaded = std::move(done); };
    does.drain = [this] { ++drains; };
    does.cores = [] { return 2U; };
    does.recent = [this](const recent_question& q, auto done) {
      asked = fmt::format("{} {} {}", q.service, q.failed_only, q.first);
      if (recorded) return done(*recorded);
      done(fail(error_code::failed_precondition, fault::caller, "nothing is recorded"));
    };
    return does;
  }
  std::string ask(std::string method, std::string input = "{}", std::shared_ptr<guest_request> as = nullptr) {
    guest_call c(std::move(method), std::move(input), std::move(as));
    chain.ask(c.call);
    while (!c.done) core.poll();
    return c.text();
  }
  void put(const std::string& service, const std::string& key, std::string value,
           std::optional<std::int64_t> ttl = std::nullopt) {
    const auto t = keeper->begin(service, nullptr, false, nullptr);
    ASSERT_TRUE(t->put(key, std::move(value), {}, ttl));
    ASSERT_TRUE(keeper->commit_now(t));
  }

  std::vector<served_view> services;
  std::vector<scheduled_view> schedules;
  std::string asked;
  node_operator::told<std::string> triggered;
  node_operator::told<void> reloaded;
  std::optional<std::vector<recorded_request>> recorded;
  int drains = 0;

  manual_clock clock;
  core_loop core{0, clock};
  std::unique_ptr<state_keeper> keeper = state_keeper::in_memory(clock);
  blocking_pool disk{1};
  admin_service admin{core, *keeper, disk, fake()};
  call_chain chain{core, admin.description(), admin, {.limits = {}}};
};

TEST_F(Admin, ShowsTheServicesWithWhatTheyAskForAndGet) {
  EXPECT_EQ(ask("services"), "[]");
  services = {{.name = "shop.v1.Orders",
               .version = "1.2.0",
               .busy = 1,
               .idle = 2,
               .max = 8,
               .queued = 3,
               .requests = 40,
               .errors = 5,
               .uses = {{"waggle.state.v1.State", true}, {"shop.v1.Mailer", false}}},
              {.name = "shop.v1.Zoo", .uses = {}}};
  EXPECT_EQ(ask("services"),
            R"([{"name":"shop.v1.Orders","version":"1.2.0","workers":{"busy":1,"idle":2,"max":8},"queued":3,)"
            R"("requests":40,"errors":5,"uses":[{"service":"waggle.state.v1.State","granted":true},)"
            R"({"service":"shop.v1.Mailer","granted":false}]},{"name":"shop.v1.Zoo","version":"",)"
            R"("workers":{"busy":0,"idle":0,"max":0},"queued":0,"requests":0,"errors":0,"uses":[]}])");
}

TEST_F(Admin, ShowsTheSchedules) {
  schedules = {{.service = "shop.v1.Mailer",
                .method = "poll",
                .timetable = "every 60000 ms",
                .next = {},
                .last_run = {},
                .last_error = {}},
               {.service = "shop.v1.Orders",
                .method = "sweep",
                .timetable = "cron",
                .next = wall_time(std::chrono::milliseconds(1'700'000'000'123)),
                .last_run = wall_time(std::chrono::seconds(1'600'000'000)),
                .last_error = fail(error_code::internal, fault::guest, "it \"trapped\"").error(),
                .running = true,
                .runs = 7,
                .failed = 2,
                .missed = 1}};
  EXPECT_EQ(ask("schedules"),
            R"([{"service":"shop.v1.Mailer","method":"poll","timetable":"every 60000 ms","next":null,"lastRun":null,)"
            R"("lastError":null,"running":false,"runs":0,"failed":0,"missed":0},)"
            R"({"service":"shop.v1.Orders","method":"sweep","timetable":"cron","next":"2023-11-14T22:13:20.123Z",)"
            R"("lastRun":"2020-09-13T12:26:40.000Z","lastError":{"code":"internal","message":"it \"trapped\""},)"
            R"("running":true,"runs":7,"failed":2,"missed":1}])");
}

TEST_F(Admin, ShowsTheStateOfEachService) {
  put("shop.v1.Orders", "order/1", R"({"total":1.50})");
  put("shop.v1.Orders", "order/2", "null");
  put("shop.v1.Orders", "zebra", "3", 60'000);
  put("shop.v1.Mailer", "order/1", "\"other\"");
  EXPECT_EQ(ask("stateServices"), R"(["shop.v1.Mailer","shop.v1.Orders"])");
  EXPECT_EQ(ask("stateEntry", R"({"service":"shop.v1.Orders","key":"order/1"})"),
            R"({"key":"order/1","value":{"total":1.50},"version":1})");
  EXPECT_EQ(ask("stateEntry", R"({"service":"shop.v1.Orders","key":"none"})"), "null");
  EXPECT_THAT(ask("stateEntry", R"({"service":"shop.v1.Orders","key":"zebra"})"), HasSubstr("\"expiresAt\":\""));
  EXPECT_EQ(ask("state", R"({"service":"shop.v1.Orders","prefix":"order/","first":1})"),
            R"({"entries":[{"key":"order/1","value":{"total":1.50},"version":1}],"next":"order/1"})");
  EXPECT_EQ(ask("state", R"({"service":"shop.v1.Orders","prefix":"order/","after":"order/1"})"),
            R"({"entries":[{"key":"order/2","value":null,"version":2}],"next":null})");
  EXPECT_EQ(ask("state", R"({"service":"nobody.Here"})"), R"({"entries":[],"next":null})");
}

TEST_F(Admin, ATriggeredMethodsAnswerOrErrorIsTheAnswer) {
  const std::string input = R"({"service":"shop.v1.Orders","method":"sweep"})";
  guest_call fine("trigger", input, nullptr);
  chain.ask(fine.call);
  EXPECT_EQ(asked, "shop.v1.Orders/sweep");
  EXPECT_FALSE(fine.done);
  triggered(R"({"swept":3})");
  ASSERT_TRUE(fine.done);
  EXPECT_EQ(fine.text(), R"({"swept":3})");

  guest_call bad("trigger", input, nullptr);
  chain.ask(bad.call);
  triggered(fail(error_code::not_found, fault::caller, "no such schedule"));
  ASSERT_TRUE(bad.done);
  EXPECT_EQ(bad.text(), R"({"code":"not_found","message":"no such schedule"})");
}

TEST_F(Admin, WhoeverTriggeredMayGoAndTheAnswerIsForNobody) {
  auto c = std::make_unique<guest_call>("trigger", R"({"service":"a.A","method":"m"})", nullptr);
  chain.ask(c->call);
  c->call.stop({.code = error_code::canceled, .message = "gone"});
  EXPECT_TRUE(c->done);
  c.reset();
  triggered("1");
}

TEST_F(Admin, ShowsTheLastRequestsOfAService) {
  recorded_request fine{.id = 7,
                        .method = "place",
                        .ended = wall_time(std::chrono::milliseconds(1'700'000'000'123)),
                        .input_bytes = 12,
                        .output_bytes = 34,
                        .total = std::chrono::microseconds(56),
                        .cost = {.queue = std::chrono::microseconds(1), .calls = 2, .memory_kb = 1088, .warm = true},
                        .failure = {}};
  recorded_request refused{.method = "place", .code = 8, .whose = fault::overload, .failure = {}};
  recorded_request failed{.method = "place", .code = 13, .whose = fault::guest, .failure = {}};
  failed.failure = std::make_shared<const recorded_failure>(recorded_failure{.message = "it \"trapped\"",
                                                                             .details = R"({"n":1})",
                                                                             .input = R"({"a":1,"b…)",
                                                                             .answer = "",
                                                                             .log = "info one\nwarn two\n",
                                                                             .backtrace = "unreachable\n 0: f",
                                                                             .callers = "a.A → b.B",
                                                                             .traceparent = ""});
  recorded = {fine};
  EXPECT_EQ(ask("recent", R"({"service":"shop.v1.Orders"})"),
            R"([{"id":"7","method":"place","at":"2023-11-14T22:13:20.123Z","inputBytes":12,"outputBytes":34,)"
            R"("receipt":{"totalUs":56,"queueUs":1,"validateUs":0,"guestUs":0,"waitedUs":0,"commitUs":0,"calls":2,)"
            R"("memoryKb":1088,"warm":true},"failure":null}])");
  EXPECT_EQ(asked, "shop.v1.Orders false 20");
  recorded = {refused, failed};
  const std::string text = ask("recent", R"({"service":"a.A","failedOnly":true,"first":3})");
  EXPECT_EQ(asked, "a.A true 3");
  EXPECT_THAT(text, HasSubstr(R"("failure":{"code":"resource_exhausted","fault":"overload","message":null,)"
                              R"("details":null,"input":null,"answer":null,"log":[],"backtrace":null,"callers":null,)"
                              R"("traceparent":null}})"));
  EXPECT_THAT(text, HasSubstr(R"({"code":"internal","fault":"guest","message":"it \"trapped\"","details":{"n":1},)"
                              R"("input":"{\"a\":1,\"b…","answer":null,"log":["info one","warn two"],)"
                              R"("backtrace":"unreachable\n 0: f","callers":"a.A → b.B","traceparent":null})"));
  recorded.reset();
  EXPECT_THAT(ask("recent", R"({"service":"a.A"})"), HasSubstr("failed_precondition"));
}

TEST_F(Admin, ShowsFiguresThatOnlyGrow) {
  services = {{.name = "a.A",
               .busy = 1,
               .idle = 2,
               .max = 8,
               .queued = 3,
               .requests = 40,
               .errors = 5,
               .uses = {},
               .cpu = std::chrono::milliseconds(1500),
               .took = {1, 2}}};
  const std::string text = ask("load");
  EXPECT_THAT(text, HasSubstr(R"({"cores":2,"seconds":1.000000,"bounds":[1e-06,2e-06,)"));
  EXPECT_THAT(text, HasSubstr(R"("services":[{"name":"a.A","workers":{"busy":1,"idle":2,"max":8},"queued":3,)"
                              R"("requests":40,"errors":5,"cpuSeconds":1.500000,"took":[1,2]}]})"));
}

TEST_F(Admin, ReloadIsAnsweredWhenItIsDone) {
  guest_call c("reload", "{}", nullptr);
  chain.ask(c.call);
  EXPECT_FALSE(c.done);
  reloaded({});
  EXPECT_EQ(c.text(), "true");
  guest_call bad("reload", "{}", nullptr);
  chain.ask(bad.call);
  reloaded(fail(error_code::failed_precondition, fault::host, "some targets did not load"));
  EXPECT_THAT(bad.text(), HasSubstr("failed_precondition"));
}

TEST_F(Admin, DrainBegins) {
  EXPECT_EQ(ask("drain"), "true");
  EXPECT_EQ(drains, 1);
}

TEST_F(Admin, NoGuestMayCallItWhateverItIsGranted) {
  service_grants all;
  all.uses = {std::string(admin_service::name)};
  for (const char* method : {"services", "schedules", "stateServices", "load", "reload", "drain"})
    EXPECT_THAT(ask(method, "{}", guest("shop.v1.Orders", all)),
                AllOf(HasSubstr("permission_denied"), HasSubstr("operator")))
        << method;
  EXPECT_EQ(drains, 0);
  guest_call on_the_way("drain", "{}", nullptr);  // asked by somebody whose path shows services
  on_the_way.call.request.context.path =
      std::make_shared<const call_path>(call_path{.service = "a.A", .from = {}, .calls = {}});
  chain.ask(on_the_way.call);
  EXPECT_THAT(on_the_way.text(), HasSubstr("permission_denied"));
}

}  // namespace
}  // namespace waggle
