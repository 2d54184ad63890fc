#include "runtime/actor.h"

#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

#include "runtime/node_for_tests.h"

namespace waggle {
namespace {

using namespace testing_node;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;

/// A request whose end a test waits for.
struct asked {
  asked(service& s, std::string method, std::string input) {
    call.request.method = std::move(method);
    call.request.input = std::move(input);
    call.then(this, [](void* self, service_call&) noexcept { ++static_cast<asked*>(self)->done; });
    s.ask(call);
  }
  [[nodiscard]] error failure() const { return call.response.output ? error{} : call.response.output.error(); }
  service_call call;
  int done = 0;
};

const error gone{.code = error_code::canceled, .whose = fault::caller, .message = "gone"};

template <class Clock>
class on_clock : public testing::Test {
 protected:
  on_clock() { spdlog::set_level(spdlog::level::off); }
  ~on_clock() override {
    if (service_) retire();
  }
  service& deploy(const std::string& guest, const std::string& sdl = "", deployment_settings settings = {}) {
    service_ = testing_node::deploy(cores, guest, std::move(settings), sdl);
    return service_->on(0);
  }
  void retire() {
    bool gone_now = false;
    service_->retire([&] { gone_now = true; });
    for (int i = 0; i < 10'000 && !gone_now; ++i) {
      step();
      core.poll();
    }
    EXPECT_TRUE(gone_now);
    EXPECT_EQ(service_->workers(), 0U);
    service_.reset();
  }
  void step() {
    if constexpr (std::is_same_v<Clock, manual_clock>) clock.advance(10ms);
  }
  /// With a manual clock: lets `d` pass, a millisecond at a time.
  void pass(duration d) {
    core.poll();  // the ticker, which is real, may have ended a guest's slice before it waited
    for (; d > duration(0); d -= 1ms) {
      clock.advance(1ms);
      core.poll();
    }
  }

  [[nodiscard]] std::uint64_t failed() const { return testing_node::failed(*service_); }

  Clock clock;
  core_loop core{0, clock};
  core_loop* cores[1] = {&core};
  std::unique_ptr<deployment> service_;
};
using Actor = on_clock<steady_clock_source>;
using ActorOnManualClock = on_clock<manual_clock>;

/// What is logged meanwhile.
struct kept_log {
  kept_log() {
    auto made = std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::ostream_sink_st>(text));
    made->set_level(spdlog::level::trace);
    made->set_pattern("%v");
    spdlog::set_default_logger(std::move(made));
  }
  ~kept_log() { spdlog::set_default_logger(before); }
  kept_log(const kept_log&) = delete;
  kept_log& operator=(const kept_log&) = delete;
  /// How many lines have that in them.
  [[nodiscard]] int count(std::string_view what) const {
    std::istringstream in(text.str());
    int n = 0;
    for (std::string line; std::getline(in, line);) n += line.contains(what) ? 1 : 0;
    return n;
  }
  std::shared_ptr<spdlog::logger> before = spdlog::default_logger();
  std::ostringstream text;
};

/// Uses the core for a while.
struct hog final : task {
  hog(flow& of, manual_clock& time, duration d) : task(of), clock(time), each(d) {}
  slice_end run_slice(time_point, time_point& ended) override {
    if (within) within();
    clock.advance(each);
    ended = clock.now();
    return slice_end::finished;
  }
  manual_clock& clock;
  duration each;
  std::function<void()> within;
};

const std::string echo_of_one = R"(schema @service(name: "test.Echo", pool: {max: 1, queue: 5}) { query: Query }
scalar JSON
type Query { echo(text: String): JSON spin: JSON trap: JSON count: Int! burn(n: Int!): Int! })";

TEST_F(Actor, AnswersWithTheGuestsBytes) {
  service& echo = deploy("echo");
  auto r = ask(core, echo, "echo", R"({"text":"hi"})");
  ASSERT_TRUE(r.output) << r.output.error().message;
  EXPECT_EQ(*r.output, R"({"text":"hi"})");
  EXPECT_FALSE(r.cost.warm);
  r = ask(core, echo, "echo", R"({"text":"hi"})");
  EXPECT_TRUE(r.cost.warm);
  EXPECT_GT(r.cost.guest.count(), 0);
  EXPECT_GT(r.cost.memory_kb, 0U);
}

TEST_F(Actor, AGuestGetsNoMoreMemoryThanItsServiceMayHaveTogether) {
  deployment_settings settings;
  settings.limits.total_memory_mb = 8;
  service& s = deploy("neighbour", "", settings);
  const service_response got = ask(core, s, "hoard", "{}");
  EXPECT_FALSE(got.output);
  EXPECT_GE(got.cost.memory_kb, 7 * 1024U);
  EXPECT_LE(got.cost.memory_kb, 8 * 1024U) << "not the 64 MB of an instance";
}

TEST_F(Actor, AnInstanceServesManyRequestsOneAfterTheOther) {
  service& echo = deploy("echo");
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(ask(core, echo, "count", "").output, std::to_string(i));
  EXPECT_EQ(service_->workers(), 1U);
}

TEST_F(Actor, FreshIsolationMakesANewInstanceForEachRequest) {
  service& echo = deploy("echo", R"(schema @service(name: "test.Echo", pool: {isolation: FRESH}) { query: Query }
    type Query { count: Int! })");
  for (int i = 0; i < 3; ++i) {
    const auto r = ask(core, echo, "count", "");
    EXPECT_EQ(r.output, "1");
    EXPECT_FALSE(r.cost.warm);
  }
  EXPECT_EQ(service_->workers(), 0U);
}

TEST_F(Actor, MaxRequestsReplacesAnInstance) {
  service& echo = deploy("echo", R"(schema @service(name: "test.Echo", pool: {maxRequests: 2}) { query: Query }
    type Query { count: Int! })");
  std::string counts;
  for (int i = 0; i < 5; ++i) counts += *ask(core, echo, "count", "").output;
  EXPECT_EQ(counts, "12121");
}

TEST_F(Actor, MinInstancesAreWarmBeforeTheFirstRequest) {
  service& echo = deploy("echo", R"(schema @service(name: "test.Echo", pool: {min: 2, max: 3}) { query: Query }
    type Query { count: Int! })");
  std::optional<bool> fine;
  service_->start([&](bool ok) { fine = ok; });
  while (!fine) core.poll();
  EXPECT_TRUE(*fine);
  EXPECT_EQ(service_->workers(), 2U);
  EXPECT_TRUE(ask(core, echo, "count", "").cost.warm);
  EXPECT_EQ(service_->workers(), 2U);
}

TEST_F(Actor, StartSaysWhereAnInstanceCannotBeMade) {
  deploy("hostile/start_traps", R"(schema @service(name: "test.T", pool: {min: 1}) { query: Query }
    type Query { run(text: String): String })");
  std::optional<bool> fine;
  service_->start([&](bool ok) { fine = ok; });
  while (!fine) core.poll();
  EXPECT_FALSE(*fine);
}

TEST_F(Actor, ATrapIsInternalTheGuestsFaultWithKindAndBacktraceAndTheInstanceIsReplaced) {
  service& echo = deploy("echo");
  EXPECT_EQ(ask(core, echo, "count", "").output, "1");
  const auto r = ask(core, echo, "trap", "");
  ASSERT_FALSE(r.output);
  EXPECT_EQ(r.output.error().code, error_code::internal);
  EXPECT_EQ(r.output.error().whose, fault::guest);
  EXPECT_THAT(r.output.error().message, HasSubstr("unreachable"));
  EXPECT_THAT(r.output.error().debug, HasSubstr("handle_request"));
  EXPECT_EQ(ask(core, echo, "count", "").output, "1");
  EXPECT_EQ(failed(), 1U);
  EXPECT_EQ(service_->view(0).failures[static_cast<std::size_t>(failure_cause::unreachable)].get(), 1U);
}

TEST_F(Actor, AGuestThatSpinsIsEndedByItsTimeOut) {
  service& echo = deploy("echo");
  const auto r = ask(core, echo, "spinBriefly", "");
  ASSERT_FALSE(r.output);
  EXPECT_EQ(r.output.error().code, error_code::deadline_exceeded);
  EXPECT_EQ(r.output.error().whose, fault::guest);
  EXPECT_THAT(r.output.error().message, HasSubstr("50 ms"));
  EXPECT_GE(r.cost.guest, 50ms);
  EXPECT_EQ(service_->workers(), 0U);
}

TEST_F(Actor, AnotherIsServedBetweenTheSlicesOfOneThatSpins) {
  service& echo = deploy("echo");
  const asked spin(echo, "spinBriefly", "");
  const asked other(echo, "echo", R"({"text":"hi"})");
  while (!other.done) core.poll_one();
  EXPECT_TRUE(other.call.response.output);
  EXPECT_FALSE(spin.done);
  while (!spin.done) core.poll();
}

TEST_F(Actor, ACallerThatGivesUpIsAnsweredAtOnceAndTheGuestEndsSoonAfter) {
  service& echo = deploy("echo", echo_of_one);
  asked spin(echo, "spin", "");
  asked queued(echo, "echo", "{}");
  asked stays(echo, "echo", R"({"text":"next"})");
  queued.call.stop(gone);
  EXPECT_EQ(queued.failure().code, error_code::canceled);
  EXPECT_EQ(stays.done, 0);
  spin.call.stop(gone);
  EXPECT_EQ(spin.failure().code, error_code::canceled);
  const time_point stopped = clock.now();
  while (!stays.done) core.poll();  // the only instance was unwound and made again
  EXPECT_EQ(stays.call.response.output, R"({"text":"next"})");
  EXPECT_GE(clock.now() - stopped, 10ms) << "it had 10 ms of its own left";
  EXPECT_EQ(spin.done, 1);
  EXPECT_EQ(queued.done, 1);
  EXPECT_EQ(failed(), 0U) << "that was not the guest's fault";
}

TEST_F(Actor, AGuestThatFinishesAfterItsCallerLeftKeepsItsInstance) {
  service& echo = deploy("echo", echo_of_one);
  EXPECT_EQ(ask(core, echo, "count", "").output, "1");
  asked burn(echo, "burn", R"({"n":5000000})");  // a few slices
  burn.call.stop(gone);
  EXPECT_EQ(ask(core, echo, "count", "").output, "2");
}

TEST_F(Actor, TheCallersDeadlineEndsItsWaitWhileTheGuestRuns) {
  service& echo = deploy("echo", echo_of_one);
  service_call call;
  bool done = false;
  call.request.method = "spin";
  call.request.context.deadline = clock.now() + 200ms;
  call.then(&done, [](void* self, service_call&) noexcept { *static_cast<bool*>(self) = true; });
  echo.ask(call);
  while (!done) core.poll_one();
  EXPECT_EQ(call.response.output.error().code, error_code::deadline_exceeded);
  EXPECT_EQ(call.response.output.error().whose, fault::caller);
  EXPECT_EQ(service_->workers(), 1U);
  EXPECT_GT(call.response.cost.guest, 0ms);
  EXPECT_LE(call.response.cost.validate, 100ms) << "what the guest used is not ours";
  EXPECT_TRUE(ask(core, echo, "echo", "{}").output);
}

TEST_F(ActorOnManualClock, WaitsCountForTheGuestsOwnTimeOut) {
  service& sleepy = deploy("sleepy");
  EXPECT_TRUE(ask(core, sleepy, "count", "").output);
  asked sleep(sleepy, "sleepBriefly", "");
  pass(49ms);
  EXPECT_FALSE(sleep.done);
  pass(2ms);
  ASSERT_TRUE(sleep.done);
  EXPECT_EQ(sleep.failure().code, error_code::deadline_exceeded);
  EXPECT_EQ(sleep.failure().whose, fault::guest);
  EXPECT_EQ(service_->workers(), 0U);
  EXPECT_EQ(failed(), 1U);
}

TEST_F(ActorOnManualClock, ASleepEndsInItsTimeAndTheReceiptAddsUp) {
  service& sleepy = deploy("sleepy");
  EXPECT_TRUE(ask(core, sleepy, "count", "").output);
  asked sleep(sleepy, "sleep", R"({"ms":70})");
  pass(69ms);
  EXPECT_FALSE(sleep.done);
  pass(2ms);
  ASSERT_TRUE(sleep.done);
  EXPECT_EQ(sleep.call.response.output, "1");
  EXPECT_THAT(sleep.call.response.cost.waited, AllOf(Ge(70ms), Le(71ms)));
  EXPECT_EQ(sleep.call.response.cost.queue, 0ms);
  EXPECT_EQ(sleep.call.response.cost.validate, 0ms);
}

TEST_F(ActorOnManualClock, WhileItIsReadyAndOthersRunTheGuestIsNotCharged) {
  service& sleepy = deploy("sleepy");
  EXPECT_TRUE(ask(core, sleepy, "count", "").output);
  asked sleep(sleepy, "sleep", R"({"ms":50})");
  core.poll();  // the ticker, which is real, may have ended its slice before it slept
  flow others(core.slices());
  hog first(others, clock, 0ms);
  flow more(core.slices());
  hog second(more, clock, 80ms);
  first.within = [&] { core.slices().ready(second); };
  clock.advance(51ms);
  core.slices().ready(first);  // the second waits for its turn when the guest's time is up
  core.poll();
  ASSERT_TRUE(sleep.done);
  EXPECT_EQ(sleep.call.response.cost.waited, 51ms);
  EXPECT_EQ(sleep.call.response.cost.queue, 80ms);
}

TEST_F(ActorOnManualClock, AGuestThatWaitsIsUnwoundAtOnceWhenItsCallerGivesUp) {
  service& sleepy = deploy("sleepy");
  asked sleep(sleepy, "sleep", R"({"ms":3600000})");
  core.poll();
  EXPECT_EQ(service_->workers(), 1U);
  pass(20ms);
  sleep.call.stop(gone);
  EXPECT_EQ(sleep.done, 1);
  EXPECT_EQ(sleep.failure().code, error_code::canceled);
  EXPECT_EQ(sleep.call.response.cost.waited, 20ms);
  core.poll();
  EXPECT_EQ(service_->workers(), 0U);
}

TEST_F(ActorOnManualClock, AGuestThatBeginsToWaitAfterItsCallerGaveUpIsUnwoundToo) {
  service& sleepy = deploy("sleepy");
  {
    const asked first(sleepy, "yield", R"({"n":100})");
    const asked second(sleepy, "yield", R"({"n":100})");
    core.poll();
    ASSERT_EQ(service_->workers(), 2U);
  }
  const asked busy(sleepy, "yield", R"({"n":1000})");
  asked sleep(sleepy, "sleep", R"({"ms":3600000})");  // waits for its first turn
  sleep.call.stop(gone);
  EXPECT_EQ(sleep.done, 1);
  while (!busy.done) core.poll();
  EXPECT_EQ(service_->workers(), 1U) << "nobody waits for it, and it keeps its instance for an hour";
}

/// Its start takes 200 ms, its requests nothing.
const std::string starts_slowly = R"((module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01\00\00\00\00\00\00\00\00\c2\eb\0b")
  (data (i32.const 1000) "1")
  (func (export "_initialize") (drop (call $poll (i32.const 0) (i32.const 100) (i32.const 1) (i32.const 200))))
  (func (export "allocate") (param i32) (result i32) (i32.const 2000))
  (func (export "deallocate") (param i32))
  (func (export "handle_request") (param i32 i32 i32 i32) (result i64)
    (i64.or (i64.shl (i64.const 1000) (i64.const 32)) (i64.const 1)))))";

TEST_F(ActorOnManualClock, TheTimeItTookToStartIsNotTheRequests) {
  auto about = compile_contract(R"(schema @service(name: "test.Slow") { query: Query }
    type Query { one: Int! @timeout(ms: 100) })",
                                "slow.graphql");
  wasm_byte_vec_t binary;
  ASSERT_EQ(wasmtime_wat2wasm(starts_slowly.data(), starts_slowly.size(), &binary), nullptr);
  load_report report;
  const auto code = module::load(shared_engines(), std::as_bytes(std::span(binary.data, binary.size)), 1 << 20, report);
  wasm_byte_vec_delete(&binary);
  ASSERT_TRUE(code) << code.error().message;
  service_ = std::make_unique<deployment>(testing_node::with_calls(cores),
                                          std::make_shared<const contract>(*std::move(about.value)), *code,
                                          deployment_settings{});
  const asked one(service_->on(0), "one", "");
  core.poll();
  pass(199ms);
  EXPECT_FALSE(one.done);
  pass(2ms);
  ASSERT_TRUE(one.done);
  EXPECT_EQ(one.call.response.output, "1");
  EXPECT_GE(one.call.response.cost.waited, 200ms);
}

TEST_F(ActorOnManualClock, TwentyTrapsInARowKeepRequestsAwayUntilAPauseIsOver) {
  service& echo = deploy("echo", echo_of_one);
  for (int i = 0; i < 20; ++i) {
    const asked trap(echo, "trap", "");
    while (!trap.done) pass(1ms);  // a new instance comes later and later
    ASSERT_EQ(trap.failure().code, error_code::internal) << i;
  }
  auto r = ask(core, echo, "echo", "{}");
  ASSERT_FALSE(r.output);
  EXPECT_EQ(r.output.error().code, error_code::unavailable);
  EXPECT_EQ(r.output.error().whose, fault::guest);
  ASSERT_TRUE(r.output.error().retry_after);
  EXPECT_THAT(*r.output.error().retry_after, AllOf(Ge(990ms), Le(1000ms)));
  pass(*r.output.error().retry_after);
  EXPECT_TRUE(ask(core, echo, "echo", "{}").output);
  EXPECT_TRUE(ask(core, echo, "echo", "{}").output);
}

TEST_F(ActorOnManualClock, AnErrorOfTheGuestsOwnIsNoFailure) {
  service& echo = deploy("echo");
  for (int i = 0; i < 30; ++i) {
    const auto r = ask(core, echo, "fail", "");
    ASSERT_FALSE(r.output);
    EXPECT_EQ(r.output.error().code, error_code::not_found);
    EXPECT_EQ(r.output.error().whose, fault::guest);
    EXPECT_EQ(r.output.error().details, R"({"thing":"echo"})");
  }
  const auto plain = ask(core, echo, "failPlain", "");
  ASSERT_FALSE(plain.output);
  EXPECT_EQ(plain.output.error().code, error_code::unknown);
  EXPECT_EQ(failed(), 0U);
  EXPECT_EQ(service_->view(0).pool.started.get(), 1U);
}

TEST_F(ActorOnManualClock, AnAnswerOverTheLimitIsRefusedAndTheInstanceLives) {
  deployment_settings settings;
  settings.instances.output_bytes = 1000;
  service& echo = deploy("echo", "", settings);
  EXPECT_TRUE(ask(core, echo, "big", R"({"n":1000})").output);
  const auto r = ask(core, echo, "big", R"({"n":1001})");
  ASSERT_FALSE(r.output);
  EXPECT_EQ(r.output.error().code, error_code::resource_exhausted);
  EXPECT_EQ(r.output.error().whose, fault::guest);
  EXPECT_EQ(ask(core, echo, "count", "").output, "1");
  EXPECT_EQ(service_->view(0).pool.started.get(), 1U);
}

TEST_F(ActorOnManualClock, TheContextSaysWhatTheGuestMayKnow) {
  service& logger = deploy("logger");
  service_call call;
  bool done = false;
  call.request.id = 7;
  call.request.method = "context";
  call.request.context.deadline = clock.now() + 1500ms;
  call.request.context.trace = {.trace_high = 1, .trace_low = 2, .span = 0xabc, .flags = 1};
  call.request.context.headers = {{"x-tenant", "a\nb"}};
  call.then(&done, [](void* self, service_call&) noexcept { *static_cast<bool*>(self) = true; });
  logger.ask(call);
  while (!done) core.poll();
  EXPECT_EQ(
      call.response.output,
      R"({"id":"7","service":"test.Logger","method":"context","caller":null,"path":[],"remainingMs":1500,)"
      R"("traceparent":"00-00000000000000010000000000000002-0000000000000abc-01","metadata":{"x-tenant":"a\nb"}})");
}

TEST_F(ActorOnManualClock, AFloodOfTheGuestsLinesDoesNotHideHowItFailed) {
  const kept_log log;
  service& logger = deploy("logger");
  EXPECT_EQ(ask(core, logger, "flood", R"({"n":3000})").output, "3000");
  EXPECT_EQ(log.count("flood"), 2000);
  EXPECT_FALSE(ask(core, logger, "badPointer", "").output);
  EXPECT_EQ(log.count("[test.Logger/badPointer] the guest"), 1) << log.text.str().substr(0, 1000);
  EXPECT_GT(log.count("backtrace"), 0);
}

TEST_F(ActorOnManualClock, AStormOfFailuresDoesNotFloodTheLog) {
  load_report report;
  const std::string bytes = file(std::string(WAGGLE_GUESTS) + "/echo.wasm");
  const auto code = module::load(shared_engines(), std::as_bytes(std::span(bytes)), 64 << 20, report);
  ASSERT_TRUE(code) << code.error().message;
  auto about = std::make_shared<contract>();
  about->name = "test.Echo";
  actor_common common(
      core, around(core).calls,
      {.about = about, .code = *code, .trips = std::make_shared<breaker>(), .granted = {}, .settings = {}});
  const kept_log log;
  error e;
  e.message = "the guest trapped";
  e.debug = "where\nit\ntrapped";
  for (int i = 0; i < 10'000; ++i) common.around.failed(e);
  EXPECT_THAT(log.count("[test.Echo] the guest trapped"), AllOf(Ge(50), Le(200)));
  EXPECT_LE(log.count("[test.Echo]"), 600);
  clock.advance(1s);
  common.around.failed(e);
  EXPECT_EQ(log.count("dropped: the node says more than"), 1) << log.text.str();
}

TEST_F(ActorOnManualClock, RetiringFinishesWhatIsThereAndRefusesTheRest) {
  service& sleepy = deploy("sleepy", R"(schema @service(name: "test.Sleepy", pool: {max: 1}) { query: Query }
    type Query { sleep(ms: Int!): Int! })");
  asked running(sleepy, "sleep", R"({"ms":50})");
  asked waiting(sleepy, "sleep", R"({"ms":50})");
  bool retired = false;
  service_->retire([&] { retired = true; });
  core.poll();
  const asked late(sleepy, "sleep", R"({"ms":50})");
  EXPECT_EQ(late.failure().code, error_code::unavailable);
  EXPECT_EQ(late.failure().whose, fault::host);
  pass(60ms);
  EXPECT_TRUE(running.done);
  EXPECT_FALSE(retired);
  pass(60ms);
  EXPECT_TRUE(waiting.done);
  EXPECT_TRUE(waiting.call.response.output);
  EXPECT_TRUE(retired);
  EXPECT_EQ(service_->workers(), 0U);
  service_.reset();
}

TEST_F(ActorOnManualClock, CuttingOffEndsWhatRunsAndWhatWaits) {
  service& sleepy = deploy("sleepy", R"(schema @service(name: "test.Sleepy", pool: {max: 1}) { query: Query }
    type Query { sleep(ms: Int!): Int! })");
  const asked running(sleepy, "sleep", R"({"ms":3600000})");
  const asked waiting(sleepy, "sleep", R"({"ms":3600000})");
  service_->cut_off();
  core.poll();
  for (const asked* a : {&running, &waiting}) {
    EXPECT_EQ(a->done, 1);
    EXPECT_EQ(a->failure().code, error_code::unavailable);
    EXPECT_TRUE(a->failure().retry_after);
  }
  core.poll();
  EXPECT_EQ(service_->workers(), 0U);
}

}  // namespace
}  // namespace waggle
