// Instances run by hand: no pool, no scheduler.
#include "wasm/instance.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

namespace waggle {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::string translated(const std::string& wat) {
  wasm_byte_vec_t binary;
  if (auto* e = wasmtime_wat2wasm(wat.data(), wat.size(), &binary)) throw std::runtime_error(message_of(*error_ptr(e)));
  std::string out(binary.data, binary.size);
  wasm_byte_vec_delete(&binary);
  return out;
}

std::string guest(const std::string& name) {
  std::ifstream in(std::string(WAGGLE_GUESTS) + "/" + name + ".wasm", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

engines& shared_engines() {
  static const std::unique_ptr<engines> all = [] {
    auto made = engines::make({.slots = 4}, std::nullopt);
    if (!made) throw std::runtime_error(made.error().message);
    return *std::move(made);
  }();
  return *all;
}

std::shared_ptr<const module> load(const std::string& bytes) {
  load_report report;
  auto loaded = module::load(shared_engines(), std::as_bytes(std::span(bytes)), 64 << 20, report);
  if (!loaded) throw std::runtime_error(loaded.error().message);
  return *loaded;
}

struct Instance : testing::Test, instance_host {
  time_point now() override { return clock.now(); }
  void guest_log(int level, std::string_view line) override { logged.emplace_back(level, line); }
  void guest_output(int fd, std::string_view bytes) override { printed.emplace_back(fd, bytes); }
  std::string guest_context() override { return R"({"a":1})"; }
  void wake_at(time_point when) override { woken_at = when; }
  void begin_call(guest_call& call) override {
    called.push_back(call);
    if (answer_at_once) it->answered(call_status, call_answer);
  }

  /// Loads it and runs it up to its first request.
  void begin(std::shared_ptr<const module> m) {
    code = std::move(m);
    it.emplace(*code, settings, *this);
    it->start();
    finish();
  }
  /// The ticker may end a slice anywhere, so no test may ask that one poll is enough.
  slice_end run() {
    slice_end end = it->poll();
    for (; end == slice_end::yielded; end = it->poll()) ++yields;
    return end;
  }
  void finish() { run(); }
  /// The answer; "!" and the error's message where it broke.
  std::string request(const std::string& method, const std::string& input) {
    it->request(method, input);
    finish();
    return it->broken() ? "!" + it->what_went_wrong().message : it->answer().output;
  }

  manual_clock clock;
  std::vector<guest_call> called;
  bool answer_at_once = true;
  std::uint32_t call_status = 0;
  std::string call_answer;
  instance_settings settings;
  std::vector<std::pair<int, std::string>> logged;
  std::vector<std::pair<int, std::string>> printed;
  time_point woken_at{};
  int yields = 0;
  std::shared_ptr<const module> code;
  std::optional<instance> it;
};

/// A guest whose `handle_request`, start function or imports a test writes.
std::string wat(const std::string& imports, const std::string& rest) {
  return translated("(module " + imports + R"( (memory (export "memory") 1 2)
    (func (export "allocate") (param i32) (result i32) (i32.const 1024))
    (func (export "deallocate") (param i32)) )" +
                    rest + ")");
}
std::string handles(const std::string& body) {
  return "(func (export \"handle_request\") (param i32 i32 i32 i32) (result i64) " + body + ")";
}

TEST_F(Instance, AnswersAndKeepsItsState) {
  begin(load(guest("echo")));
  EXPECT_GT(it->memory_bytes(), 0U);
  EXPECT_EQ(request("echo", R"({"text":"hi"})"), R"({"text":"hi"})");
  EXPECT_EQ(request("count", "{}"), "1");
  EXPECT_EQ(request("count", "{}"), "2");
  EXPECT_FALSE(it->broken());
}

TEST_F(Instance, CarriesAMegabyteThereAndBack) {
  begin(load(guest("echo")));
  const std::string large = "\"" + std::string((1 << 20) - 2, 'x') + "\"";
  EXPECT_EQ(request("echo", large), large);
  EXPECT_EQ(request("echo", "1"), "1");
}

TEST_F(Instance, AnErrorAndAFailureWithoutAMessageAreToldApart) {
  begin(load(guest("echo")));
  request("fail", "{}");
  EXPECT_TRUE(it->answer().failed);
  EXPECT_FALSE(it->answer().said_nothing);
  EXPECT_THAT(it->answer().output, HasSubstr("not_found"));
  request("failPlain", "{}");
  EXPECT_TRUE(it->answer().said_nothing);
  request("echo", "1");
  EXPECT_FALSE(it->answer().failed);
  EXPECT_FALSE(it->answer().said_nothing);
}

TEST_F(Instance, AGuestThatSpinsYieldsAgainAndAgainUntilItIsUnwound) {
  begin(load(guest("echo")));
  it->request("spin", "{}");
  for (int i = 0; i < 5; ++i) ASSERT_EQ(it->poll(), slice_end::yielded);
  it->cancel();
  EXPECT_TRUE(it->broken());
  EXPECT_EQ(it->what_went_wrong().message, "the guest was unwound");
}

TEST_F(Instance, MayBeDestroyedInTheMiddleOfARequest) {
  for (int i = 0; i < 20; ++i) {  // more than there are slots
    begin(load(guest("echo")));
    it->request("spin", "{}");
    ASSERT_EQ(it->poll(), slice_end::yielded);
    it.reset();
  }
}

TEST_F(Instance, MayBeDestroyedBeforeItHasBegun) {
  code = load(guest("echo"));
  it.emplace(*code, settings, *this);
  it.reset();
  it.emplace(*code, settings, *this);
  it->start();
  it.reset();
}

TEST_F(Instance, ATrapBreaksItAndSaysWhatAndWhere) {
  begin(load(guest("echo")));
  EXPECT_THAT(request("trap", "{}"), HasSubstr("unreachable"));
  const error e = it->what_went_wrong();
  EXPECT_EQ(e.code, error_code::internal);
  EXPECT_EQ(e.whose, fault::guest);
  EXPECT_THAT(e.debug, AllOf(HasSubstr("wasm backtrace"), HasSubstr("handle_request")));
}

TEST_F(Instance, TrapsHaveNames) {
  const std::pair<const char*, const char*> table[] = {
      {"(i64.div_s (i64.const 1) (i64.const 0))", "integer division by zero"},
      {"(i64.load (i32.const -8))", "out of bounds memory access"},
      {"(i64.trunc_f64_s (f64.const 1e300))", "integer overflow"},
      {"(i64.trunc_f64_s (f64.const nan))", "does not fit an integer"},
      {"unreachable", "unreachable"},
      {"(call $deep)", "out of stack"},
  };
  for (const auto& [body, name] : table) {
    begin(load(wat("", "(func $deep (result i64) (i64.add (call $deep) (call $deep)))" + handles(body))));
    EXPECT_THAT(request("m", "{}"), HasSubstr(name)) << body;
  }
}

TEST_F(Instance, ANameThatDemanglesToMegabytesDoesNotMakeTheBacktraceLong) {
  std::string name = "$_Z1fSt4pairIiiE";
  for (const char pair : std::string_view("0123456789ABCDEF"))
    name += fmt::format("S_IS{0}_S{0}_E", pair);  // twice the last
  const std::string imports = R"((import "waggle" "log" (func $log (param i32 i32 i32))))";
  for (const char* end : {"unreachable", "(call $log (i32.const 2) (i32.const -1) (i32.const -1))"}) {
    begin(load(wat(imports, "(func " + name + " " + end + ")" + handles("(call " + name + ") (i64.const 0)"))));
    request("m", "{}");
    const error e = it->what_went_wrong();
    EXPECT_EQ(e.whose, fault::guest);
    EXPECT_THAT(e.debug, HasSubstr("_Z1fSt4pairIiiE")) << end;
    EXPECT_LT(e.debug.size(), 2000U) << end;
  }
}

TEST_F(Instance, MemoryGrowsToItsLimitAndNotOver) {
  settings.memory_bytes = 3 << 16;
  const std::string grows = translated(R"((module (memory (export "memory") 1)
    (func (export "allocate") (param i32) (result i32) (i32.const 1024))
    (func (export "deallocate") (param i32))
    (func (export "handle_request") (param i32 i32 i32 i32) (result i64)
      (i32.store8 (i32.const 0) (i32.add (i32.const 49) (memory.grow (i32.const 1))))
      (i64.const 1))))");
  begin(load(grows));
  // The old size in pages and one more; "0" is -1: refused.
  EXPECT_EQ(request("m", "{}"), "2");
  EXPECT_EQ(request("m", "{}"), "3");
  EXPECT_EQ(it->memory_bytes(), 3U << 16);
  EXPECT_EQ(request("m", "{}"), "0");
  EXPECT_EQ(it->memory_bytes(), 3U << 16);
}

TEST_F(Instance, AnAnswerInMemoryThatWasJustGrownIsFound) {
  begin(load(translated(R"((module (memory (export "memory") 1)
    (func (export "allocate") (param i32) (result i32) (i32.const 1024))
    (func (export "deallocate") (param i32))
    (func (export "handle_request") (param i32 i32 i32 i32) (result i64) (local i32)
      (local.set 4 (i32.shl (memory.grow (i32.const 1)) (i32.const 16)))
      (i32.store8 (local.get 4) (i32.const 55))
      (i64.or (i64.shl (i64.extend_i32_u (local.get 4)) (i64.const 32)) (i64.const 1)))))")));
  EXPECT_EQ(request("m", "{}"), "7");
  EXPECT_EQ(request("m", "{}"), "7");
}

TEST_F(Instance, AnAnswerOverTheLimitLeavesItSound) {
  settings.output_bytes = 10;
  begin(load(guest("echo")));
  request("big", R"({"n":11})");
  EXPECT_TRUE(it->answer().too_long);
  EXPECT_FALSE(it->broken());
  EXPECT_EQ(request("big", R"({"n":10})").size(), 10U);
  EXPECT_FALSE(it->answer().too_long);
}

TEST_F(Instance, ProcExitEndsIt) {
  begin(load(guest("wasi_probe")));
  EXPECT_EQ(request("exit", R"({"code":3})"), "!the guest ended itself with proc_exit(3)");
}

TEST_F(Instance, WaitsOnItsFiberUntilItsTime) {
  begin(load(guest("sleepy")));
  it->request("sleep", R"({"ms":30})");
  EXPECT_EQ(run(), slice_end::waiting);
  EXPECT_EQ(woken_at, clock.now() + 30ms);
  EXPECT_EQ(run(), slice_end::waiting);  // too early
  clock.advance(29ms);
  EXPECT_EQ(run(), slice_end::waiting);
  clock.advance(1ms);
  EXPECT_EQ(run(), slice_end::finished);
  EXPECT_EQ(it->answer().output, "1");
}

TEST_F(Instance, IsUnwoundWhileItWaits) {
  begin(load(guest("sleepy")));
  it->request("sleep", R"({"ms":3600000})");
  ASSERT_EQ(run(), slice_end::waiting);
  it->cancel();
  EXPECT_TRUE(it->broken());
}

TEST_F(Instance, SchedYieldEndsASlice) {
  begin(load(guest("sleepy")));
  it->request("yield", R"({"n":3})");
  for (int i = 0; i < 3; ++i) ASSERT_EQ(it->poll(), slice_end::yielded) << i;
  finish();
  EXPECT_EQ(it->answer().output, "3");
}

/// `allocate` yields the first time, so the input may move before it is copied.
TEST_F(Instance, ARequestMayMoveWhileTheGuestIsSuspended) {
  begin(load(translated(R"((module
    (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
    (memory (export "memory") 1)
    (global $at (mut i32) (i32.const 1024))
    (func (export "allocate") (param i32) (result i32)
      (drop (call $yield)) (global.set $at (i32.add (global.get $at) (i32.const 1024))) (global.get $at))
    (func (export "deallocate") (param i32))
    (func (export "handle_request") (param i32 i32 i32 i32) (result i64)
      (i64.or (i64.shl (i64.extend_i32_u (local.get 2)) (i64.const 32)) (i64.extend_i32_u (local.get 3))))))")));
  auto method = std::make_unique<std::string>(100, 'm');
  auto input = std::make_unique<std::string>(100, '7');
  it->request(*method, *input);
  ASSERT_EQ(it->poll(), slice_end::yielded);
  const std::string method_now = *method;
  const std::string input_now = *input;
  it->moved(method_now, input_now);
  method.reset();
  input.reset();
  finish();
  EXPECT_EQ(it->answer().output, std::string(100, '7'));
}

TEST_F(Instance, AStartFunctionThatTrapsOrLoopsIsTheGuestsFaultWhileItWasInstantiated) {
  code = load(guest("hostile/start_traps"));
  it.emplace(*code, settings, *this);
  it->start();
  finish();
  ASSERT_TRUE(it->broken());
  EXPECT_THAT(it->what_went_wrong().message, HasSubstr("while it was instantiated"));
  EXPECT_EQ(it->memory_bytes(), 0U);

  code = load(guest("hostile/start_loops"));
  it.emplace(*code, settings, *this);
  it->start();
  for (int i = 0; i < 3; ++i) ASSERT_EQ(it->poll(), slice_end::yielded);
  it->cancel();
  EXPECT_TRUE(it->broken());
}

TEST_F(Instance, AnInitializeThatTrapsBreaksIt) {
  begin(load(guest("hostile/initialize_traps")));
  EXPECT_TRUE(it->broken());
}

TEST_F(Instance, AStartFunctionMayCallImportsThoughItHasNoMemoryToPointIntoYet) {
  begin(load(wat(R"((import "waggle" "log" (func $log (param i32 i32 i32)))
                    (import "waggle" "context" (func $context (param i32 i32) (result i32))))",
                 "(start $s) (func $s (call $log (i32.const 2) (i32.const 0) (i32.const 0))"
                 " (drop (call $context (i32.const 0) (i32.const 0))))" +
                     handles("(i64.const 0)"))));
  EXPECT_FALSE(it->broken());
  EXPECT_THAT(logged, ElementsAre(Pair(2, "")));
}

TEST_F(Instance, LogPassesLinesAndClampsLevels) {
  begin(load(guest("logger")));
  EXPECT_EQ(request("log", R"({"text":"hello","level":4})"), "true");
  request("log", R"({"text":"odd","level":99})");
  request("log", R"({"text":"odd","level":-99})");
  EXPECT_THAT(logged, ElementsAre(Pair(4, "hello"), Pair(4, "odd"), Pair(0, "odd")));
}

TEST_F(Instance, ContextTellsItsLengthAndWritesWhatFits) {
  begin(load(guest("logger")));
  EXPECT_EQ(request("context", "{}"), R"({"a":1})");
  const std::string imports = R"((import "waggle" "context" (func $context (param i32 i32) (result i32))))";
  begin(load(wat(imports, handles(R"((i32.store (i32.const 0) (i32.const 0x2e2e2e2e))
    (if (i32.ne (call $context (i32.const 0) (i32.const 2)) (i32.const 7)) (then unreachable))
    (i64.const 4))"))));
  EXPECT_EQ(request("m", "{}"), R"({"..)");
}

TEST_F(Instance, BadPointersToImportsTrap) {
  const std::string imports = R"((import "waggle" "log" (func $log (param i32 i32 i32)))
    (import "waggle" "context" (func $context (param i32 i32) (result i32))))";
  for (const char* call : {"(call $log (i32.const 2) (i32.const 65536) (i32.const 1))",
                           "(call $log (i32.const 2) (i32.const -1) (i32.const -1))",
                           "(call $log (i32.const 2) (i32.const 0) (i32.const -1))",
                           "(drop (call $context (i32.const 65530) (i32.const 7)))",
                           "(drop (call $context (i32.const -1) (i32.const 2)))"}) {
    begin(load(wat(imports, handles(std::string(call) + " (i64.const 0)"))));
    EXPECT_THAT(request("m", "{}"), HasSubstr("memory that the guest does not have")) << call;
  }
  begin(load(wat(imports, handles("(call $log (i32.const 2) (i32.const 65536) (i32.const 0)) (i64.const 0)"))));
  request("m", "{}");
  EXPECT_FALSE(it->broken()) << "nothing at the end is inside";
}

TEST_F(Instance, OutputComesAsItWasWritten) {
  begin(load(guest("wasi_probe")));
  request("print", R"({"text":"no line","fd":2})");
  EXPECT_THAT(printed, ElementsAre(Pair(2, "no line")));
}

TEST_F(Instance, BothEnginesWorkInOneProcess) {
  begin(load(guest("hostile/table_large")));
#ifndef WAGGLE_TSAN
  EXPECT_EQ(&code->engine(), &shared_engines().on_demand());
#endif
  EXPECT_EQ(request("run", R"({"text":"hello"})"), R"({"text":"ok"})");
  begin(load(guest("echo")));
  EXPECT_EQ(&code->engine(), &shared_engines().pooled());
  EXPECT_EQ(request("echo", "1"), "1");
  it->request("spin", "{}");
  EXPECT_EQ(it->poll(), slice_end::yielded) << "the ticker ends slices on both";
}

constexpr std::string_view a_call = R"({"service":"a.B","method":"m","input":{"x":1}})";

TEST_F(Instance, CallsCopyWhatTheGuestSaysAndGiveItTheAnswer) {
  begin(load(guest("caller")));
  call_answer = R"({"y":2})";
  EXPECT_EQ(request("call", std::string(a_call)), R"({"y":2})");
  ASSERT_EQ(called.size(), 1U);
  EXPECT_EQ(called[0].service, "a.B");
  EXPECT_EQ(called[0].method, "m");
  EXPECT_EQ(called[0].input, R"({"x":1})");
}

TEST_F(Instance, CallsCopyNoMoreThanALittleOfWhatIsTooLong) {
  settings.call_bytes = 6;
  begin(load(guest("caller")));
  call_answer = "1";
  EXPECT_EQ(request("call", R"({"service":")" + std::string(5000, 'a') + R"(","method":")" + std::string(5000, 'm') +
                                R"(","input":{"x":1}})"),
            "1");
  ASSERT_EQ(called.size(), 1U);
  EXPECT_EQ(called[0].service, std::string(1001, 'a'));
  EXPECT_EQ(called[0].method, std::string(1001, 'm'));
  EXPECT_EQ(called[0].input, "");
  EXPECT_EQ(called[0].input_bytes, 7U);
}

TEST_F(Instance, AnAnswerThatIsLongerThanTheGuestsRoomIsThereOnceMore) {
  begin(load(guest("caller")));
  call_answer = "\"" + std::string(5000, 'a') + "\"";
  EXPECT_EQ(request("call", std::string(a_call)), call_answer);
}

TEST_F(Instance, AFailedCallGivesTheErrorsCodeAndItsJson) {
  begin(load(guest("caller")));
  call_status = 5;
  call_answer = R"({"code":"not_found","message":"no"})";
  EXPECT_EQ(request("call", std::string(a_call)), R"({"error":{"code":"not_found","message":"no"}})");
  EXPECT_TRUE(it->answer().failed);
}

TEST_F(Instance, WaitsForAnAnswerWithoutRunning) {
  begin(load(guest("caller")));
  answer_at_once = false;
  it->request("call", a_call);
  EXPECT_EQ(run(), slice_end::waiting);
  EXPECT_EQ(run(), slice_end::waiting);  // not earlier for being asked
  EXPECT_EQ(called.size(), 1U);
  it->answered(0, "7");
  EXPECT_EQ(run(), slice_end::finished);
  EXPECT_EQ(it->answer().output, "7");
}

TEST_F(Instance, ThatIsUnwoundWhileItWaitsForAnAnswerIsBroken) {
  begin(load(guest("caller")));
  answer_at_once = false;
  it->request("call", a_call);
  EXPECT_EQ(run(), slice_end::waiting);
  it->cancel();
  EXPECT_TRUE(it->broken());
}

TEST_F(Instance, CallsOnlyWhileItHandlesARequest) {
  // `allocate` calls, and answers the status as its address.
  begin(load(translated(R"((module
    (import "waggle" "call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i64)))
    (memory (export "memory") 1)
    (func (export "allocate") (param i32) (result i32)
      (i64.store (i32.const 1000) (call $call (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 2000) (i32.const 1000)))
      (i32.const 4000))
    (func (export "deallocate") (param i32))
    (func (export "handle_request") (param i32 i32 i32 i32) (result i64)
      (i64.or (i64.shl (i64.const 2000) (i64.const 32)) (i64.and (i64.load (i32.const 1000)) (i64.const 0xffffffff))))))")));
  EXPECT_THAT(request("a", "{}"), HasSubstr(R"({"code":"failed_precondition")"));
  EXPECT_TRUE(called.empty());
}

TEST_F(Instance, CallsWithPointersOutsideOfItsMemoryTrap) {
  for (const int bad : {0, 2, 4, 6}) {
    std::string args;
    for (int i = 0; i < 8; i += 2)
      args += i == bad ? "(i32.const 65530) (i32.const -1) " : "(i32.const 0) (i32.const 1) ";
    begin(load(translated(R"((module
    (import "waggle" "call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i64)))
    (memory (export "memory") 1)
    (func (export "allocate") (param i32) (result i32) (i32.const 4000))
    (func (export "deallocate") (param i32))
    (func (export "handle_request") (param i32 i32 i32 i32) (result i64) (call $call )" +
                          args + ")))")));
    EXPECT_THAT(request("a", "{}"), HasSubstr("waggle.call was given memory that the guest does not have"));
  }
  EXPECT_TRUE(called.empty());
}

}  // namespace
}  // namespace waggle
