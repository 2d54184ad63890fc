#include "runtime/sub_calls.h"

#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include "runtime/node_for_tests.h"

namespace waggle {
namespace {

using namespace testing_node;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

TEST(UsesCycles, AreTheEdgesFromWhichOneComesBack) {
  const uses_cycles c({{"a", {"b", "x"}}, {"b", {"c"}}, {"c", {"a", "d"}}, {"d", {"d", "x"}}, {"x", {}}});
  EXPECT_TRUE(c.contains("a", "b") && c.contains("b", "c") && c.contains("c", "a"));
  EXPECT_TRUE(c.contains("d", "d"));
  EXPECT_FALSE(c.contains("a", "x") || c.contains("c", "d") || c.contains("d", "x") || c.contains("x", "a"));
  EXPECT_FALSE(uses_cycles().contains("a", "b"));
}

/// Some services on one core that this thread drives, on a manual clock.
class SubCalls : public testing::Test {
 protected:
  SubCalls() { spdlog::set_level(spdlog::level::off); }
  ~SubCalls() override {
    for (auto& [name, s] : services) {
      bool gone = false;
      s->retire([&] { gone = true; });
      for (int i = 0; i < 10'000 && !gone; ++i) pass(10ms);
      EXPECT_TRUE(gone) << name;
    }
  }

  void serve(const std::string& guest, const std::string& sdl = "", std::set<std::string, std::less<>> uses = {},
             std::uint32_t most_calls = 0) {
    deployment_settings settings;
    auto granted = std::make_shared<service_grants>();
    granted->uses = std::move(uses);
    granted->calls = most_calls;
    settings.granted = granted;
    settings.instances.call_bytes = call_bytes;
    auto made = deploy(cores, guest, settings, sdl);
    const std::string name = made->about().name;
    here.directory.put(name, made->on(0));
    services[name] = std::move(made);
  }
  void find_cycles() {
    std::map<std::string, std::vector<std::string>> uses;
    for (const auto& [name, s] : services) uses[name] = s->about().uses;
    here.calls.set_cycles(std::make_shared<uses_cycles>(uses));
  }
  void pass(duration d) {
    core.poll();  // the ticker, which is real, may have ended a guest's slice before it waited
    clock.advance(d);
    core.poll();
  }

  struct asked {
    service_call call;
    bool done = false;
    [[nodiscard]] std::string text() const {
      const auto& out = call.response.output;
      return out ? *out : std::string(to_string(out.error().code)) + ": " + out.error().message;
    }
  };
  std::unique_ptr<asked> begin(const std::string& service_name, const std::string& method, const std::string& input,
                               std::optional<duration> limit = {}) {
    auto a = std::make_unique<asked>();
    a->call.request.method = method;
    a->call.request.input = input;
    if (limit) a->call.request.context.deadline = clock.now() + *limit;
    a->call.then(a.get(), [](void* self, service_call&) noexcept { static_cast<asked*>(self)->done = true; });
    here.directory.find(service_name)->ask(a->call);
    return a;
  }
  std::string ask(const std::string& method, const std::string& input) {
    const auto a = begin("test.Caller", method, input);
    for (int i = 0; i < 10'000 && !a->done; ++i) pass(1ms);
    EXPECT_TRUE(a->done);
    return a->text();
  }

  std::size_t call_bytes = 1 << 20;
  manual_clock clock;
  core_loop core{0, clock};
  core_loop* cores[1] = {&core};
  around_core& here = around(core);
  std::map<std::string, std::unique_ptr<deployment>> services;
};

const std::set<std::string, std::less<>> all = {"test.Echo", "test.Sleepy", "test.Caller", "test.Missing"};

TEST_F(SubCalls, AGuestGetsTheAnswerOfAnotherService) {
  serve("echo");
  serve("caller", "", all);
  EXPECT_EQ(ask("call", R"({"service":"test.Echo","method":"echo","input":{"text":"hi"}})"), R"({"text":"hi"})");
  EXPECT_EQ(ask("callTimes", R"({"service":"test.Echo","method":"echo","input":{"n":1},"times":500})"), R"({"n":1})");
}

TEST_F(SubCalls, TheCalleesContractValidates) {
  serve("echo");
  serve("caller", "", all);
  EXPECT_THAT(ask("call", R"({"service":"test.Echo","method":"echo","input":{"n":"x"}})"),
              AllOf(HasSubstr("invalid_argument"), HasSubstr("n: ")));
  EXPECT_THAT(ask("call", R"({"service":"test.Echo","method":"ecco"})"),
              AllOf(HasSubstr("unimplemented"), HasSubstr("did you mean echo?")));
}

TEST_F(SubCalls, WhatIsNotAskedForOrNotGrantedIsDeniedBeforeAnythingElse) {
  serve("caller", "", {"test.Sleepy"});
  EXPECT_THAT(ask("call", R"({"service":"test.Other","method":"x"})"),
              AllOf(HasSubstr("permission_denied"), HasSubstr("@uses")));
  EXPECT_THAT(ask("call", R"({"service":"test.Echo","method":"x"})"),
              AllOf(HasSubstr("permission_denied"), HasSubstr("[[grant]]")));
  EXPECT_THAT(ask("call", R"({"service":"test.Sleepy","method":"x"})"), HasSubstr("not_found"));
}

TEST_F(SubCalls, WhetherItMayCallIsLookedAtBeforeHowLongThingsAre) {
  call_bytes = 10;
  serve("echo");
  serve("caller", "", {"test.Echo"});
  const auto call = [&](const std::string& service, const std::string& method, const std::string& input) {
    return ask("call", fmt::format(R"({{"service":"{}","method":"{}","input":{}}})", service, method, input));
  };
  const std::string name(1001, 'a');
  const std::string input = R"({"text":"more than ten"})";
  EXPECT_THAT(call(name, "x", "{}"), HasSubstr("permission_denied"));
  EXPECT_THAT(call("test.Sleepy", name, "{}"), HasSubstr("permission_denied"));
  EXPECT_THAT(call("test.Sleepy", "x", input), HasSubstr("permission_denied"));
  EXPECT_THAT(call("test.Echo", name, "{}"), AllOf(HasSubstr("not_found"), HasSubstr("at most 1000 bytes")));
  EXPECT_THAT(call("test.Echo", "echo", input),
              AllOf(HasSubstr("resource_exhausted"), HasSubstr("the input has 24 bytes, the limit is 10")));
  EXPECT_EQ(call("test.Echo", "echo", R"({"n":12})"), R"({"n":12})");
}

TEST_F(SubCalls, AQueryMayNotCallAMutation) {
  serve("caller", "", all);
  EXPECT_THAT(ask("call", R"({"service":"test.Caller","method":"change","input":{"service":"a","method":"b"}})"),
              HasSubstr("failed_precondition"));
  EXPECT_THAT(ask("change", R"({"service":"test.Caller","method":"change","input":{"service":"a","method":"b"}})"),
              HasSubstr("permission_denied"));  // it got there
}

TEST_F(SubCalls, ANumberOfCallsThatIsGrantedIsTheMostOfOneRequest) {
  serve("echo");
  serve("caller", "", all, 3);
  EXPECT_EQ(ask("callTimes", R"({"service":"test.Echo","method":"echo","times":3})"), "{}");
  EXPECT_THAT(ask("callTimes", R"({"service":"test.Echo","method":"echo","times":4})"),
              HasSubstr("resource_exhausted"));
  EXPECT_EQ(ask("callTimes", R"({"service":"test.Echo","method":"echo","times":3})"), "{}");
}

TEST_F(SubCalls, OneRequestLeadsToSoManyCallsAtMost) {
  serve("echo");
  serve("caller", "", all);
  EXPECT_THAT(ask("callTimes", R"({"service":"test.Echo","method":"echo","times":1000000})"),
              AllOf(HasSubstr("resource_exhausted"), HasSubstr("10000 calls")));
}

std::string nested(int depth) {
  std::string inner = R"({"service":"test.Echo","method":"echo"})";
  for (int i = 1; i < depth; ++i) inner = R"({"service":"test.Caller","method":"call","input":)" + inner + "}";
  return inner;
}

const std::string many_callers = R"(extend schema @service(name: "test.Caller", pool: {max: 40})
  @uses(services: ["test.Echo", "test.Caller"])
  scalar JSON
  type Query { call(service: String!, method: String!, input: JSON): JSON })";

TEST_F(SubCalls, SoManyServicesCallOneAnotherAtMost) {
  serve("echo");
  serve("caller", many_callers, all);
  EXPECT_EQ(ask("call", nested(16)), "{}");
  EXPECT_THAT(ask("call", nested(17)), AllOf(HasSubstr("resource_exhausted"), HasSubstr("test.Caller → test.Caller")));
}

TEST_F(SubCalls, InARingNobodyWaitsForAWorker) {
  serve("echo");
  serve("caller",
        R"(extend schema @service(name: "test.Caller", pool: {max: 2}) @uses(services: ["test.Echo", "test.Caller"])
    scalar JSON
    type Query { call(service: String!, method: String!, input: JSON): JSON })",
        all);
  find_cycles();
  EXPECT_EQ(ask("call", nested(2)), "{}");
  EXPECT_THAT(ask("call", nested(3)),
              AllOf(HasSubstr("resource_exhausted"), HasSubstr("on a ring of services"), HasSubstr("test.Caller → ")));
}

TEST_F(SubCalls, ACallerWaitsForAWorkerThatIsBusyWhereThereIsNoRing) {
  serve(
      "sleepy",
      R"(schema @service(name: "test.Sleepy", pool: {max: 1}) { query: Query } type Query { sleep(ms: Int!): Int! })");
  serve("caller", "", all);
  find_cycles();
  const auto a = begin("test.Caller", "call", R"({"service":"test.Sleepy","method":"sleep","input":{"ms":50}})");
  const auto b = begin("test.Caller", "call", R"({"service":"test.Sleepy","method":"sleep","input":{"ms":50}})");
  for (int i = 0; i < 200 && !(a->done && b->done); ++i) pass(1ms);
  EXPECT_EQ(a->text(), "1");
  EXPECT_EQ(b->text(), "1");
}

TEST_F(SubCalls, TheCalleeHasALittleLessTimeThanTheCaller) {
  serve("sleepy");
  serve("caller", "", all);
  const auto a =
      begin("test.Caller", "call", R"({"service":"test.Sleepy","method":"sleep","input":{"ms":500}})", 100ms);
  for (int i = 0; i < 97; ++i) pass(1ms);
  EXPECT_TRUE(a->done);
  EXPECT_THAT(a->text(), HasSubstr("deadline_exceeded"));
  EXPECT_EQ(a->call.response.output.error().whose, fault::guest);  // it gave on what it got, in time
}

TEST_F(SubCalls, TheGuestsOwnTimeoutBoundsItsWaitForOthers) {
  serve("sleepy");
  serve("caller", R"(extend schema @service(name: "test.Caller") @uses(services: ["test.Sleepy"])
    scalar JSON
    type Query { call(service: String!, method: String!, input: JSON): JSON @timeout(ms: 100) })",
        all);
  const auto a = begin("test.Caller", "call", R"({"service":"test.Sleepy","method":"sleep","input":{"ms":500}})");
  for (int i = 0; i < 101; ++i) pass(1ms);
  EXPECT_TRUE(a->done);
  EXPECT_THAT(a->text(), HasSubstr("deadline_exceeded"));
}

TEST_F(SubCalls, ACallerThatGoesTakesItsCallsWithIt) {
  serve("sleepy");
  serve("caller", "", all);
  const auto a = begin("test.Caller", "call", R"({"service":"test.Sleepy","method":"sleep","input":{"ms":60000}})");
  while (services["test.Sleepy"]->workers() == 0) core.poll();  // the ticker may end slices on the way
  a->call.stop({.code = error_code::canceled, .whose = fault::caller, .message = "gone"});
  EXPECT_TRUE(a->done);
  for (int i = 0; i < 20; ++i) core.poll();
  EXPECT_EQ(services["test.Sleepy"]->workers(), 0U);
  EXPECT_EQ(services["test.Caller"]->workers(), 0U);
}

TEST_F(SubCalls, TheVerifiedCallerGoesAlongAndIsReadByGuests) {
  serve("logger", R"(schema @service(name: "test.Echo") { query: Query } scalar JSON
      type Query { context: JSON @auth(scopes: "audit") })");
  serve("caller", "", all);
  auto who = std::make_shared<caller>();
  who->subject = "a\"da";
  who->issuer = "https://id.example";
  who->scopes = {"read"};
  who->claims = R"({"sub":"a\"da","n":1})";
  const auto ask_as = [&](std::shared_ptr<const caller> caller) {
    asked a;
    a.call.request.method = "call";
    a.call.request.input = R"({"service":"test.Echo","method":"context"})";
    a.call.request.context.caller = std::move(caller);
    a.call.then(&a, [](void* self, service_call&) noexcept { static_cast<asked*>(self)->done = true; });
    here.directory.find("test.Caller")->ask(a.call);
    for (int i = 0; i < 10'000 && !a.done; ++i) pass(1ms);
    return a.text();
  };
  EXPECT_THAT(ask_as(who),
              AllOf(HasSubstr(R"("caller":{"subject":"a\"da","issuer":"https://id.example","scopes":["read"],)"
                              R"("claims":{"sub":"a\"da","n":1}},"path":["test.Caller"],)")));
  EXPECT_THAT(ask_as(nullptr), HasSubstr(R"("caller":null,"path":["test.Caller"],)")) << "the next has nothing of it";
}

TEST_F(SubCalls, TheReceiptCountsThem) {
  serve("echo");
  serve("caller", "", all);
  const auto a = begin("test.Caller", "callTimes", R"({"service":"test.Echo","method":"echo","times":5})");
  for (int i = 0; i < 100 && !a->done; ++i) pass(1ms);
  EXPECT_EQ(a->call.response.cost.calls, 5U);
  EXPECT_EQ(a->call.effects, nullptr);  // nothing is held on to
}

}  // namespace
}  // namespace waggle
