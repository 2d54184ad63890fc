#include "call/call_chain.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <ranges>
#include <sstream>

#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include "call/access.h"
#include "call/caller_rates.h"

namespace waggle {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

/// Keeps what it is asked until the test answers, or answers at once.
struct inner_service final : service {
  explicit inner_service(const contract& c) : about(c) {}
  void ask(service_call& call) override {
    ++asked;
    last = call.request.method;
    input = call.request.input;
    timeout = call.request.guest_timeout;
    held = &call;
    call.stoppable(this, [](void* self, service_call& c, error why) {
      auto& me = *static_cast<inner_service*>(self);
      ++me.stopped;
      me.held = nullptr;
      c.finish(std::move(why));
    });
    if (answer) finish(*answer);
  }
  [[nodiscard]] std::optional<error> refuses() const override { return full; }
  [[nodiscard]] const contract& description() const override { return about; }
  void finish(std::string output) {
    held->response.output = std::move(output);
    std::exchange(held, nullptr)->finish();
  }
  const contract& about;
  std::optional<std::string> answer;
  std::optional<error> full;
  service_call* held = nullptr;
  int asked = 0;
  int stopped = 0;
  std::string last, input;
  duration timeout{};
};

class CallChain : public testing::Test {
 protected:
  explicit CallChain(const std::string& sdl =
                         R"(schema @service(name: "test.T", timeoutMs: 2000) { query: Query subscription: Subscription }
      type Query { greet(name: String): String count: Int quick: Int @timeout(ms: 50) slow: Int @timeout(ms: 60000) }
      type Subscription { ticks: Int })") {
    spdlog::set_level(spdlog::level::off);
    auto compiled = compile_contract(sdl, "t.graphql");
    if (!compiled.value) throw std::runtime_error(to_string(compiled.findings.front()));
    about = *std::move(compiled.value);
    inner.answer = R"("ok")";
  }
  struct reply {
    explicit reply(call_chain& chain, std::string method, std::string input = "{}",
                   std::optional<time_point> deadline = std::nullopt, request_context from = {},
                   std::optional<std::string> stream_cursor = std::nullopt) {
      call.request.context = std::move(from);
      call.request.method = std::move(method);
      call.request.input = std::move(input);
      call.request.context.deadline = deadline;
      call.request.stream_cursor = std::move(stream_cursor);
      call.then(this, [](void* self, service_call&) noexcept { ++static_cast<reply*>(self)->done; });
      chain.ask(call);
    }
    [[nodiscard]] error failure() const { return call.response.output ? error{} : call.response.output.error(); }
    service_call call;
    int done = 0;
  };

  contract about;
  manual_clock clock;
  core_loop core{0, clock};
  inner_service inner{about};
  chain_settings settings;
};

TEST_F(CallChain, AGoodCallGoesThroughAndItsAnswerComesBack) {
  call_chain chain(core, about, inner, settings);
  const reply r(chain, "greet", R"({"name":"x"})");
  EXPECT_EQ(r.done, 1);
  EXPECT_EQ(r.call.response.output, R"("ok")");
  EXPECT_EQ(inner.input, R"({"name":"x"})");
  EXPECT_EQ(chain.stats().answered(0), 1U);
}

TEST_F(CallChain, AnUnknownMethodIsUnimplementedWithTheNameThatWasPerhapsMeant) {
  call_chain chain(core, about, inner, settings);
  const reply r(chain, "great");
  EXPECT_EQ(r.failure().code, error_code::unimplemented);
  EXPECT_EQ(r.failure().whose, fault::caller);
  EXPECT_THAT(r.failure().message, AllOf(HasSubstr("test.T"), HasSubstr("great"), HasSubstr("greet")));
  const reply far(chain, "something_else\n\x1b[31m");
  EXPECT_EQ(far.failure().code, error_code::unimplemented);
  EXPECT_THAT(far.failure().message, testing::Not(HasSubstr("\x1b")));
  EXPECT_EQ(reply(chain, "").failure().code, error_code::unimplemented);
  EXPECT_LT(reply(chain, std::string(1 << 20, 'x')).failure().message.size(), 1000U);
  EXPECT_EQ(inner.asked, 0);
  EXPECT_EQ(chain.stats().answered(12), 4U);
}

TEST_F(CallChain, AnAbsentPayloadIsAnEmptyObject) {
  call_chain chain(core, about, inner, settings);
  EXPECT_TRUE(reply(chain, "greet", "").call.response.output);
  EXPECT_EQ(inner.input, "{}");
}

TEST_F(CallChain, APayloadThatDoesNotFitIsTheCallersMistake) {
  call_chain chain(core, about, inner, settings);
  for (const char* bad : {"[]", "1", "{", "{\"name\":}", "\xff", "{} x"}) {
    const reply r(chain, "greet", bad);
    EXPECT_EQ(r.failure().code, error_code::invalid_argument) << bad;
    EXPECT_EQ(r.failure().whose, fault::caller);
  }
  settings.limits.input_bytes = 10;
  settings.limits.depth = 3;
  call_chain strict(core, about, inner, settings);
  EXPECT_EQ(reply(strict, "greet", R"({"name":""})").failure().code, error_code::resource_exhausted);
  EXPECT_EQ(reply(strict, "greet", R"({"a":[[1]})").failure().code, error_code::invalid_argument);
  EXPECT_EQ(inner.asked, 0);
}

TEST_F(CallChain, ASubscriptionIsAskedForItsStreamOnly) {
  call_chain chain(core, about, inner, settings);
  const reply r(chain, "ticks");
  EXPECT_EQ(r.failure().code, error_code::unimplemented);
  EXPECT_EQ(r.failure().whose, fault::caller);
  EXPECT_THAT(r.failure().message, HasSubstr("ticks is a subscription"));
  EXPECT_EQ(inner.asked, 0);
  inner.answer = R"({"items":[1],"cursor":"c"})";
  const reply first(chain, "ticks", "{}", std::nullopt, {}, "");
  EXPECT_EQ(first.call.response.output, *inner.answer);
  const reply next(chain, "ticks", "{}", std::nullopt, {}, "c");
  EXPECT_EQ(next.call.response.output, *inner.answer);
  inner.answer = "1";
  const reply bare(chain, "ticks", "{}", std::nullopt, {}, "");
  EXPECT_EQ(bare.failure().code, error_code::internal);
  EXPECT_EQ(bare.failure().whose, fault::guest);
}

TEST_F(CallChain, ThereIsNoStreamOfAQuery) {
  call_chain chain(core, about, inner, settings);
  const reply r(chain, "greet", "{}", std::nullopt, {}, "");
  EXPECT_EQ(r.failure().code, error_code::unimplemented);
  EXPECT_EQ(r.failure().whose, fault::caller);
  EXPECT_THAT(r.failure().message, HasSubstr("greet answers once"));
  EXPECT_EQ(inner.asked, 0);
}

TEST_F(CallChain, ADeadlineThatIsOverEndsItBeforeTheServiceSeesIt) {
  call_chain chain(core, about, inner, settings);
  for (const time_point over : {clock.now(), clock.now() - 1h, time_point{}}) {
    const reply r(chain, "greet", "{}", over);
    EXPECT_EQ(r.failure().code, error_code::deadline_exceeded);
    EXPECT_EQ(r.failure().whose, fault::caller);
  }
  EXPECT_EQ(inner.asked, 0);
}

TEST_F(CallChain, ADeadlineStopsACallThatIsInsideTheService) {
  call_chain chain(core, about, inner, settings);
  inner.answer.reset();
  const reply r(chain, "greet", "{}", clock.now() + 20ms);
  clock.advance(19ms);
  core.poll();
  EXPECT_EQ(r.done, 0);
  clock.advance(1ms);
  core.poll();
  EXPECT_EQ(r.done, 1);
  EXPECT_EQ(inner.stopped, 1);
  EXPECT_EQ(r.failure().code, error_code::deadline_exceeded);
  EXPECT_EQ(r.failure().whose, fault::caller);
}

TEST_F(CallChain, AnAnswerInTimeStopsTheClock) {
  call_chain chain(core, about, inner, settings);
  inner.answer.reset();
  const reply first(chain, "greet", "{}", clock.now() + 20ms);
  inner.finish("null");
  const reply second(chain, "greet");  // perhaps in the same place, and without a deadline
  clock.advance(1h);
  core.poll();
  EXPECT_EQ(first.done, 1);
  EXPECT_EQ(second.done, 0);
  EXPECT_EQ(inner.stopped, 0);
  inner.finish("null");
  EXPECT_TRUE(second.call.response.output);
}

TEST_F(CallChain, TheGuestsTimeOutIsTheMethodsElseTheServicesElseTheDefaultAndNeverOverTheOperators) {
  settings.default_timeout = 7s;
  settings.max_timeout = 10s;
  call_chain chain(core, about, inner, settings);
  const reply quick(chain, "quick");
  EXPECT_EQ(inner.timeout, 50ms);
  const reply count(chain, "count");
  EXPECT_EQ(inner.timeout, 2s);
  const reply slow(chain, "slow");
  EXPECT_EQ(inner.timeout, 10s);
  about.timeout.reset();
  const reply other(chain, "count");
  EXPECT_EQ(inner.timeout, 7s);
}

TEST_F(CallChain, AnAnswerThatDoesNotFitIsTheGuestsFault) {
  call_chain chain(core, about, inner, settings);
  for (const char* bad : {"{}", "1", "\"", "", "\"a\" \"b\"", "\"\xff\""}) {
    inner.answer = bad;
    const reply r(chain, "greet");
    EXPECT_EQ(r.failure().code, error_code::internal) << bad;
    EXPECT_EQ(r.failure().whose, fault::guest) << bad;
  }
}

TEST_F(CallChain, TheOperatorMayHaveSuchAnswersOnlyLoggedOrNotLookedAt) {
  for (const output_check how : {output_check::log, output_check::off}) {
    settings.outputs = how;
    call_chain chain(core, about, inner, settings);
    inner.answer = "{}";
    EXPECT_EQ(reply(chain, "greet").call.response.output, "{}");
  }
}

TEST_F(CallChain, AnAnswerThatDoesNotFitIsLoggedButNotWithoutEnd) {
  std::ostringstream lines;
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(lines)));
  call_chain chain(core, about, inner, settings);
  inner.answer = "{}";
  for (int i = 0; i < 100; ++i) const reply r(chain, "greet");
  EXPECT_THAT(lines.str(), HasSubstr("[test.T/greet] the answer of greet does not fit the contract"));
  EXPECT_EQ(std::ranges::count(lines.str(), '\n'), 10);
  clock.advance(1s);
  const reply later(chain, "greet");
  EXPECT_EQ(std::ranges::count(lines.str(), '\n'), 11);
  spdlog::set_default_logger(before);
}

TEST_F(CallChain, AnErrorOfTheServiceIsPassedOn) {
  call_chain chain(core, about, inner, settings);
  inner.answer.reset();
  const reply r(chain, "greet");
  std::exchange(inner.held, nullptr)->finish(error{.code = error_code::aborted, .whose = fault::guest, .message = "m"});
  EXPECT_EQ(r.failure().code, error_code::aborted);
  EXPECT_EQ(chain.stats().answered(10), 1U);
}

TEST_F(CallChain, WhatIsNeitherWaitingNorTheGuestsIsValidation) {
  call_chain chain(core, about, inner, settings);
  inner.answer.reset();
  const reply r(chain, "greet", R"({"name":")" + std::string(2000, 'x') + "\"}");
  inner.held->response.cost.queue = 3ms;
  inner.held->response.cost.guest = 20ms;
  inner.held->response.cost.waited = 100ms;
  clock.advance(125ms);
  inner.finish("null");
  EXPECT_EQ(r.call.response.cost.validate, 2ms);
  chain.stats().each([](const method* m, const method_stats& s) {
    EXPECT_EQ(m->name, "greet");
    EXPECT_EQ(s.total.nanoseconds(), 125'000'000U);
    EXPECT_EQ(s.queue.nanoseconds(), 3'000'000U);
    EXPECT_EQ(s.validate.nanoseconds(), 2'000'000U);
    EXPECT_EQ(s.guest.nanoseconds(), 20'000'000U);
    EXPECT_EQ(s.waited.nanoseconds(), 100'000'000U);
    EXPECT_EQ(s.commit.nanoseconds(), 0U);
  });
}

TEST_F(CallChain, ManyAtATimeAreKeptApart) {
  call_chain chain(core, about, inner, settings);
  inner.answer.reset();
  std::vector<std::unique_ptr<reply>> all;
  std::vector<service_call*> calls;
  for (int i = 0; i < 100; ++i) {
    const auto deadline = i % 2 == 0 ? std::optional(clock.now() + 1ms * (i + 1)) : std::nullopt;
    all.push_back(std::make_unique<reply>(chain, i % 3 == 0 ? "count" : "greet", "{}", deadline));
    calls.push_back(inner.held);
  }
  for (int ms = 0; ms < 200; ++ms) {
    clock.advance(1ms);
    core.poll();
  }
  EXPECT_EQ(inner.stopped, 50);
  for (std::size_t i = 0; i < 100; ++i) {
    if (i % 2 == 0) continue;
    inner.held = calls[i];
    inner.finish(i % 3 == 0 ? "1" : "\"a\"");
  }
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(all[i]->done, 1);
    EXPECT_EQ(all[i]->call.response.output.has_value(), i % 2 == 1) << i;
  }
}

TEST_F(CallChain, FiguresAreOfEachMethodThatWasAskedFor) {
  call_chain chain(core, about, inner, settings);
  const auto rows = [&] {
    std::map<std::string, std::uint64_t> found;
    chain.stats().each([&](const method* m, const method_stats& s) {
      found[m == nullptr ? "other" : m->name] = std::transform_reduce(
          s.by_code.begin(), s.by_code.end(), std::uint64_t{0}, std::plus(), [](const counter& c) { return c.get(); });
    });
    return found;
  };
  EXPECT_TRUE(rows().empty()) << "nobody has asked for anything";
  const reply a(chain, "greet");
  const reply b(chain, "greet", "[");
  const reply c(chain, "count");
  const reply d(chain, "unheard_of");
  EXPECT_THAT(rows(),
              testing::ElementsAre(testing::Pair("count", 1), testing::Pair("greet", 2), testing::Pair("other", 1)));
  EXPECT_EQ(b.failure().cause, failure_cause::payload);
  EXPECT_EQ(d.failure().cause, failure_cause::unknown_method);
}

TEST_F(CallChain, WithoutHistogramsOnlyAnswersAreCounted) {
  settings.histograms = false;
  call_chain chain(core, about, inner, settings);
  inner.answer.reset();
  const reply r(chain, "greet", "{}", clock.now() + 1s);
  clock.advance(1ms);
  inner.finish("null");
  EXPECT_EQ(chain.stats().answered(0), 1U);
  chain.stats().each([](const method*, const method_stats& s) { EXPECT_EQ(s.total.nanoseconds(), 0U); });
}

/// A call that comes as a part of a trace.
struct TracedCall : CallChain {
  TracedCall() {
    settings.traces = &lane;
    inner.answer.reset();
    call.request.method = "greet";
    call.request.context.trace = {.trace_high = 1, .trace_low = 2, .span = 3, .flags = 1};
    call.then(nullptr, [](void*, service_call&) noexcept {});
  }
  trace_lane lane{0, 8, 1};
  service_call call;
};

TEST_F(TracedCall, OfAServiceIsNoneFromOutsideWhereTheRequestWasTakenAway) {
  call_chain chain(core, about, inner, settings);
  call.request.context.path =
      std::make_shared<const call_path>(call_path{.service = "a.Caller", .from = {}, .calls = {}});
  chain.ask(call);
  const service_request taken = std::move(inner.held->request);
  inner.finish("null");
  EXPECT_EQ(lane.take(8, [](const span& s) { EXPECT_FALSE(s.from_outside); }), 1U);
}

struct SecretChain : CallChain {
  SecretChain()
      : CallChain(R"(schema @service(name: "test.T") { query: Query }
          type Query { login(user: String, word: String @sensitive): String })") {}
};

TEST_F(SecretChain, WhatAGuestSaysOfAFailureIsInNoSpanWhereTheContractHasSecrets) {
  trace_lane lane(1, 8, 1);
  settings.traces = &lane;
  call_chain chain(core, about, inner, settings);
  inner.answer.reset();
  const reply r(chain, "login", R"({"user":"bob","word":"hunter2secret"})");
  std::exchange(inner.held, nullptr)
      ->finish(fail(error_code::internal, fault::guest, "login of bob with hunter2secret").error());
  EXPECT_EQ(lane.take(8,
                      [](const span& s) {
                        EXPECT_EQ(s.code, error_code::internal);
                        EXPECT_EQ(s.message, "");
                      }),
            1U);
}

TEST_F(TracedCall, IsASpanUnderTheOneThatLedToIt) {
  call_chain chain(core, about, inner, settings);
  call.request.id = 17;
  call.request.context.deadline = clock.now() + 1s;
  const time_point began = clock.now();
  chain.ask(call);
  const trace_context inside = inner.held->request.context.trace;
  EXPECT_EQ(inside.trace_low, 2U);
  EXPECT_NE(inside.span, 3U) << "what the service calls is under its own span";
  clock.advance(5ms);
  inner.held->ended = clock.now();
  std::exchange(inner.held, nullptr)->finish(error{.code = error_code::aborted, .whose = fault::guest, .message = "m"});
  const reply untraced(chain, "greet");
  EXPECT_EQ(lane.take(8,
                      [&](const span& s) {
                        EXPECT_EQ(s.at, inside);
                        EXPECT_EQ(s.parent, 3U);
                        EXPECT_TRUE(s.from_outside);
                        EXPECT_EQ(s.began, began);
                        EXPECT_EQ(s.ended - s.began, 5ms);
                        EXPECT_EQ(s.request, 17U);
                        EXPECT_EQ(s.service, "test.T");
                        EXPECT_EQ(s.method, "greet");
                        EXPECT_EQ(s.code, error_code::aborted);
                        EXPECT_EQ(s.message, "m");
                      }),
            1U);
  inner.finish("null");
}

TEST(CallStats, MethodsBeyondTheBoundShareARow) {
  call_stats stats;
  std::vector<method> methods(call_stats::most_methods + 10);
  for (std::uint32_t i = 0; i < methods.size(); ++i) methods[i].number = i;
  for (const method& m : methods | std::views::reverse) stats.of(&m).by_code[0].add();
  stats.of(nullptr).by_code[0].add();
  std::size_t own = 0;
  std::uint64_t shared = 0;
  stats.each([&](const method* m, const method_stats& s) {
    if (m != nullptr)
      ++own;
    else
      shared += s.by_code[0].get();
  });
  EXPECT_EQ(own, call_stats::most_methods);
  EXPECT_EQ(shared, 11U);
  EXPECT_EQ(stats.answered(0), methods.size() + 1);
}

TEST(DurationHistogram, WhatTookNoTimeIsInTheFirstBucket) {
  duration_histogram h;
  h.add(0ns);
  h.add(-1h);
  EXPECT_EQ(h.count(0), 2U);
  EXPECT_EQ(h.nanoseconds(), 0U);
}

/// So many requests counted as refused for this.
std::uint64_t refused(const call_chain& chain, failure_cause why) {
  std::uint64_t n = 0;
  chain.stats().each(
      [&](const method*, const method_stats& s) { n += s.by_cause[static_cast<std::size_t>(why)].get(); });
  return n;
}

TEST_F(CallChain, AServiceWithoutRoomRefusesBeforeThePayloadIsLookedAt) {
  call_chain chain(core, about, inner, settings);
  inner.full = overloaded(failure_cause::wait, "too many", 20ms);
  const reply r(chain, "greet", "not JSON");
  EXPECT_EQ(r.failure().code, error_code::resource_exhausted);
  EXPECT_EQ(r.failure().whose, fault::overload);
  EXPECT_EQ(r.failure().retry_after, 20ms);
  EXPECT_EQ(inner.asked, 0);
  EXPECT_EQ(refused(chain, failure_cause::wait), 1U);
}

TEST_F(CallChain, WhoIsTurnedAwayBeforeThePayloadHasComeCountsAsIfItHadAskedAndIsNotRecorded) {
  flight_recorder recorder(clock, {});
  call_chain chain(core, about, inner, settings, &recorder);
  inner.full = overloaded(failure_cause::wait, "too many", 20ms);
  auto why = chain.refuses();
  ASSERT_TRUE(why);
  EXPECT_EQ(refused(chain, failure_cause::wait), 0U) << "to look changes nothing";
  service_call call;
  call.request.method = "greet";
  bool back = false;
  call.then(&back, [](void* self, service_call&) noexcept { *static_cast<bool*>(self) = true; });
  chain.refuse(call, *std::move(why));
  EXPECT_TRUE(back);
  EXPECT_EQ(call.response.output.error().message, "too many");
  EXPECT_EQ(chain.stats().answered(static_cast<std::size_t>(error_code::resource_exhausted)), 1U);
  EXPECT_EQ(refused(chain, failure_cause::wait), 1U);
  EXPECT_TRUE(recorder.recent("test.T", true, 10).empty());
}

TEST_F(CallChain, TheOperatorsRateHoldsAndSaysWhenToComeBack) {
  settings.admits = admission::make("test.T", {.rate = 10, .burst = 2});
  call_chain chain(core, about, inner, settings);
  EXPECT_TRUE(reply(chain, "greet").call.response.output);
  EXPECT_TRUE(reply(chain, "greet").call.response.output);
  EXPECT_TRUE(chain.refuses()) << "told without taking anything";
  const error e = reply(chain, "greet").failure();
  EXPECT_EQ(e.code, error_code::resource_exhausted);
  EXPECT_EQ(e.whose, fault::overload);
  EXPECT_EQ(e.retry_after, 100ms);
  EXPECT_THAT(e.message, AllOf(HasSubstr("test.T"), HasSubstr("10 requests a second")));
  EXPECT_EQ(refused(chain, failure_cause::rate), 1U);
  clock.advance(100ms);
  EXPECT_FALSE(chain.refuses());
  EXPECT_TRUE(reply(chain, "greet").call.response.output);
  EXPECT_FALSE(reply(chain, "greet").call.response.output);
}

TEST_F(CallChain, TheOperatorsConcurrencyHoldsOverAllCoresAndComesBackWithEachAnswer) {
  settings.admits = admission::make("test.T", {.concurrency = 2});
  call_chain chain(core, about, inner, settings);
  inner_service elsewhere(about);
  call_chain other(core, about, elsewhere, settings);
  inner.answer.reset();
  const reply first(chain, "greet");
  const reply second(other, "greet");
  service_call* const of_second = elsewhere.held;
  for (int i = 0; i < 3; ++i) {  // a refused one takes nobody's place
    const error e = reply(other, "greet").failure();
    EXPECT_EQ(e.code, error_code::resource_exhausted);
    EXPECT_THAT(e.message, HasSubstr("2 requests at a time"));
  }
  EXPECT_EQ(refused(other, failure_cause::concurrency), 3U);
  inner.finish("null");
  inner.answer = "null";
  elsewhere.answer = "null";
  EXPECT_TRUE(reply(other, "greet").call.response.output);
  EXPECT_FALSE(reply(chain, "nope").call.response.output);
  EXPECT_FALSE(reply(chain, "greet", "no").call.response.output);
  EXPECT_TRUE(reply(chain, "greet").call.response.output) << "one that failed has left too";
  elsewhere.held = of_second;
  elsewhere.finish("null");
}

class InternalChain : public CallChain {
 protected:
  InternalChain()
      : CallChain(R"(schema @service(name: "test.T") { query: Query } type Query { hidden: String @internal })") {}
};

TEST_F(InternalChain, AnInternalMethodIsNotForCallersFromOutsideWhateverRouteTheyFound) {
  call_chain chain{core, about, inner, settings};
  const reply outside(chain, "hidden");
  EXPECT_EQ(outside.failure().code, error_code::permission_denied);
  EXPECT_EQ(inner.asked, 0);
  request_context inside;
  inside.path = std::make_shared<call_path>(call_path{.service = "a.B", .from = nullptr, .calls = nullptr});
  EXPECT_TRUE(reply(chain, "hidden", {}, {}, inside).call.response.output);
  EXPECT_TRUE(reply(chain, "hidden", {}, {}, {.trusted = true}).call.response.output) << "schedules";
}

/// A method for anybody, one for verified callers, two for some of them.
class ProtectedChain : public CallChain {
 protected:
  ProtectedChain()
      : CallChain(R"(schema @auth @service(name: "test.T") { query: Query subscription: Subscription }
      type Query { greet(name: String): String pay: String @auth(scopes: "pay") see: String @auth(scopes: ["read", "pay"]) }
      type Subscription { ticks: Int @auth(scopes: "pay") })") {}
  static std::shared_ptr<const caller> who(std::vector<std::string> scopes, const std::string& key = "k") {
    auto made = std::make_shared<caller>();
    made->scopes = std::move(scopes);
    made->key = key;
    return made;
  }
  static std::string code_of(const reply& r) {
    const auto& out = r.call.response.output;
    return out ? "ok" : std::string(to_string(out.error().code));
  }
  call_chain chain{core, about, inner, settings};
};

TEST_F(ProtectedChain, OnlyWhoSaysWhoItIsComesInFromOutside) {
  const reply nobody(chain, "greet", R"({"nam":1})");
  EXPECT_EQ(code_of(nobody), "unauthenticated");
  EXPECT_EQ(nobody.failure().whose, fault::caller);
  EXPECT_THAT(nobody.failure().message, HasSubstr("greet is for callers who say who they are"));
  EXPECT_EQ(refused(chain, failure_cause::anonymous), 1U);
  EXPECT_EQ(inner.asked, 0);
  EXPECT_EQ(code_of(reply(chain, "nope")), "unimplemented") << "what there is, is no secret: contracts are public";
  EXPECT_EQ(code_of(reply(chain, "greet", {}, {}, {.caller = who({})})), "ok");
}

TEST_F(ProtectedChain, OneOfTheScopesIsEnough) {
  const reply without(chain, "pay", "rubbish", {}, {.caller = who({"read"})});
  EXPECT_EQ(code_of(without), "permission_denied");
  EXPECT_EQ(without.failure().message, "pay needs the scope pay, which this caller does not have");
  EXPECT_EQ(refused(chain, failure_cause::scope), 1U);
  EXPECT_EQ(code_of(reply(chain, "see", {}, {}, {.caller = who({"pay"})})), "ok");
  EXPECT_EQ(code_of(reply(chain, "see", {}, {}, {.caller = who({"a", "read", "z"})})), "ok");
  const reply other(chain, "see", {}, {}, {.caller = who({"Pay", "re"})});
  EXPECT_EQ(other.failure().message, "see needs one of the scopes pay, read; this caller has none of them");
}

TEST_F(ProtectedChain, OtherServicesSchedulesAndTheOperatorAreNotAsked) {
  request_context inside;
  inside.path = std::make_shared<call_path>(call_path{.service = "a.B", .from = nullptr, .calls = nullptr});
  EXPECT_EQ(code_of(reply(chain, "pay", {}, {}, inside)), "ok");
  EXPECT_EQ(code_of(reply(chain, "pay", {}, {}, {.trusted = true})), "ok");
}

TEST_F(ProtectedChain, TheGatewayCanAskBeforeThePayloadHasCome) {
  const method& pay = *about.find("pay");
  EXPECT_EQ(denies(pay, nullptr)->code, error_code::unauthenticated);
  EXPECT_EQ(denies(pay, who({}).get())->code, error_code::permission_denied);
  EXPECT_FALSE(denies(pay, who({"pay"}).get()));
}

TEST_F(ProtectedChain, EachCallersRateIsItsOwn) {
  settings.admits = admission::make("test.T", {.rate_per_caller = 2});
  call_chain limited(core, about, inner, settings);
  const auto ask = [&](const request_context& from) { return code_of(reply(limited, "greet", {}, {}, from)); };
  const request_context ada{.caller = who({}, "ada")};
  const request_context bob{.caller = who({}, "bob")};
  EXPECT_EQ(ask(ada), "ok");
  EXPECT_EQ(ask(ada), "ok");
  const reply third(limited, "greet", {}, {}, ada);
  EXPECT_EQ(third.failure().code, error_code::resource_exhausted);
  EXPECT_EQ(third.failure().retry_after, 500ms);
  EXPECT_THAT(third.failure().message, HasSubstr("2 requests a second of each caller"));
  EXPECT_EQ(refused(limited, failure_cause::rate), 1U);
  EXPECT_EQ(ask(bob), "ok");
  EXPECT_FALSE(limited.refuses()) << "it is not known yet who comes";
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask({.trusted = true}), "ok");
  clock.advance(500ms);
  EXPECT_EQ(ask(ada), "ok");
  EXPECT_EQ(ask(ada), "resource_exhausted");
}

TEST_F(CallChain, WhoDoNotSayWhoTheyAreShareARate) {
  settings.admits = admission::make("test.T", {.rate_per_caller = 1});
  call_chain chain(core, about, inner, settings);
  EXPECT_TRUE(reply(chain, "greet").call.response.output);
  EXPECT_THAT(reply(chain, "greet").failure().message, HasSubstr("of all callers together who do not say"));
}

TEST(CallerRates, ForgetWhoHasNotAskedForLongest) {
  caller_rates rates(1);
  const time_point now{1h};
  for (std::size_t i = 0; i < 4 * caller_rates::most_callers; ++i) {
    EXPECT_EQ(rates.take(std::to_string(i), now), 0s);
    EXPECT_GT(rates.take("busy", now) + rates.take("busy", now), 0s) << "who asks all the time is not forgotten";
  }
  EXPECT_EQ(rates.take("0", now), 0s) << "it was forgotten";
}

TEST(DurationHistogram, CountsInPowersOfTwoMicroseconds) {
  duration_histogram h;
  const std::pair<duration, std::size_t> table[] = {{1ns, 0},  {1us, 0},  {1001ns, 1},    {2us, 1},
                                                    {3us, 2},  {4us, 2},  {1024us, 10},   {1025us, 11},
                                                    {67s, 26}, {68s, 27}, {24h * 365, 27}};
  for (const auto& [d, bucket] : table) {
    const auto before = h.count(bucket);
    h.add(d);
    EXPECT_EQ(h.count(bucket), before + 1) << d.count() << " ns";
    if (bucket + 1 < duration_histogram::buckets) {
      EXPECT_LE(std::chrono::duration<double>(d).count(), duration_histogram::bound(bucket));
    }
  }
}

}  // namespace
}  // namespace waggle
