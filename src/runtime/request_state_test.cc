#include "runtime/request_state.h"

#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include <latch>

#include "runtime/node_for_tests.h"
#include "state/keys.h"
#include "state/memory_store.h"
#include "state/state_for_tests.h"
#include "state/state_keeper.h"

namespace waggle {
namespace {

using namespace testing_node;
using namespace std::chrono_literals;
using testing::HasSubstr;

/// In memory, but kept answers lie on a slow disk: to read one takes until `ready`.
class slow_answers final : public store {
 public:
  explicit slow_answers(std::shared_ptr<std::latch> ready) : ready_(std::move(ready)) {}
  std::shared_ptr<const store_view> view() override { return std::make_shared<slow_view>(memory_->view(), ready_); }
  result<void> write(std::span<const change> changes) override { return memory_->write(changes); }
  void drop_expired(std::int64_t before) override { memory_->drop_expired(before); }

 private:
  struct slow_view final : store_view {
    slow_view(std::shared_ptr<const store_view> v, std::shared_ptr<std::latch> r) : below(std::move(v)), ready(r) {}
    result<bool> get(std::string_view key, bool may_block, std::optional<stored>& out) const override {
      if (!key.empty() && key.front() == static_cast<char>(key_kind::answer)) {
        if (!may_block) return false;
        ready->wait();
      }
      return below->get(key, may_block, out);
    }
    result<bool> scan(std::string_view from, std::string_view to, bool may_block, const visitor& show) const override {
      return below->scan(from, to, may_block, show);
    }
    std::shared_ptr<const store_view> below;
    std::shared_ptr<std::latch> ready;
  };
  std::unique_ptr<store> memory_ = make_memory_store();
  std::shared_ptr<std::latch> ready_;
};

/// In memory, on a disk that may be full, and that may be asked how full it is only while it is not `hold`.
class small_disk final : public store {
 public:
  std::shared_ptr<const store_view> view() override { return memory_->view(); }
  result<void> write(std::span<const change> changes) override { return memory_->write(changes); }
  void drop_expired(std::int64_t before) override { memory_->drop_expired(before); }
  [[nodiscard]] std::optional<std::uint64_t> free_bytes() const override {
    held_.wait(true);
    return full ? std::optional<std::uint64_t>(0) : std::nullopt;
  }
  void hold(bool yes) {
    held_ = yes;
    held_.notify_all();
  }
  std::atomic<bool> full{false};

 private:
  std::unique_ptr<store> memory_ = make_memory_store();
  std::atomic<bool> held_{false};
};

/// As much of waggle.state.v1.State as these tests need; its answers wait while `holding`.
class small_state final : public service {
 public:
  small_state(state_keeper& keeper, std::shared_ptr<const contract> about)
      : keeper_(keeper), about_(std::move(about)) {}
  void ask(service_call& call) override {
    guest_request& by = *call.request.context.calling;
    ++asked;
    if (call.request.method == "nothing") {
      call.response.output = "null";
      return holding ? held.push_back(&call) : call.finish();
    }
    if (!by.state) by.state = keeper_.begin(by.service, by.granted, by.reads_only, by.held);
    if (call.request.method == "get") {
      const auto found = by.state->get("a");
      call.response.output = found && *found ? (*found)->value : "null";
    } else if (call.request.method == "commit") {
      if (auto how = keeper_.commit_now(by.state); !how) return call.finish(std::move(how.error()));
      call.response.output = "true";
    } else if (call.request.method != "increment") {
      call.response.output = fail(error_code::unimplemented, fault::caller, "no");
    } else if (const auto now = by.state->increment("a", 1)) {
      call.response.output = std::to_string(*now);
    } else {
      call.response.output = std::unexpected(now.error());
    }
    if (!holding) return call.finish();
    held.push_back(&call);
  }
  void release() {
    for (service_call* const call : std::exchange(held, {})) call->finish();
  }
  [[nodiscard]] const contract& description() const override { return *about_; }

  bool holding = false;
  std::vector<service_call*> held;
  int asked = 0;

 private:
  state_keeper& keeper_;
  std::shared_ptr<const contract> about_;
};

std::shared_ptr<const contract> compiled(const std::string& sdl) {
  auto c = compile_contract(sdl, "f");
  if (!c.value) throw std::runtime_error(to_string(c.findings.front()));
  return std::make_shared<const contract>(*std::move(c.value));
}

const std::string methods = R"( @uses(services: ["waggle.state.v1.State", "test.Echo"])
  scalar JSON
  type Query { call(service: String!, method: String!, input: JSON): JSON }
  type Mutation { change(service: String!, method: String!, input: JSON): JSON @idempotent @timeout(ms: 60000)
                  callTimes(service: String!, method: String!, input: JSON, times: Int!): Int })";
const std::string pool_sdl = R"(extend schema @service(name: "test.Caller", pool: {max: 4}))" + methods;
const std::string singleton_sdl =
    R"(extend schema @service(name: "test.Caller", singleton: true, pool: {queue: 9000}))" + methods;

class RequestState : public testing::TestWithParam<bool> {
 protected:
  explicit RequestState(std::unique_ptr<store> on = make_memory_store())
      : keeper(*state_keeper::on(std::move(on), clock)) {
    spdlog::set_level(spdlog::level::off);
    here.directory.put("waggle.state.v1.State", state);
    deployment_settings settings;
    auto granted = std::make_shared<service_grants>();
    granted->uses = {"waggle.state.v1.State", "test.Echo"};
    settings.granted = granted;
    settings.state = keeper.get();
    settings.blocking = &blocking;
    service_ = deploy(cores, "caller", settings, GetParam() ? singleton_sdl : pool_sdl);
    if (!GetParam()) return;
    bool warm = false;
    service_->start([&](bool fine) { warm = fine; });
    while (!warm) core.poll();
    held_ = *keeper->acquire("test.Caller");
    service_->take_over(held_);
    core.poll();
  }
  ~RequestState() override {
    state.holding = false;
    state.release();
    if (!service_) return;
    bool gone = false;
    service_->retire([&] { gone = true; });
    while (!gone) core.poll();
  }

  struct asked {
    service_call call;
    bool done = false;
    [[nodiscard]] std::string text() const {
      const auto& out = call.response.output;
      return out ? *out : std::string(to_string(out.error().code)) + ": " + out.error().message;
    }
  };
  std::unique_ptr<asked> begin(const std::string& method, const std::string& of_state, const std::string& key = "",
                               const std::string& more = "", const std::string& caller_key = "") {
    auto a = std::make_unique<asked>();
    if (!caller_key.empty()) {
      auto who = std::make_shared<caller>();
      who->key = caller_key;
      a->call.request.context.caller = std::move(who);
    }
    a->call.request.method = method;
    a->call.request.input = R"({"service":"waggle.state.v1.State","method":")" + of_state + "\"" + more + "}";
    if (!key.empty()) a->call.request.context.headers = {{"idempotency-key", key}};
    a->call.then(a.get(), [](void* self, service_call&) noexcept { static_cast<asked*>(self)->done = true; });
    service_->on(0).ask(a->call);
    return a;
  }
  /// So many requests wait for an answer of the state's. The ticker may end a slice anywhere: no number of polls is enough.
  void until_held(std::size_t count) {
    while (state.held.size() < count) core.poll();
  }
  std::string end(asked& a) {
    while (!a.done) core.poll();
    return a.text();
  }
  std::string ask(const std::string& method, const std::string& of_state, const std::string& key = "",
                  const std::string& more = "") {
    return end(*begin(method, of_state, key, more));
  }
  std::string kept() {
    const auto t = keeper->begin("test.Caller", nullptr, true, nullptr);
    const auto found = t->get("a");
    return found && *found ? (*found)->value : "null";
  }

  manual_clock clock;
  core_loop core{0, clock};
  std::unique_ptr<state_keeper> keeper;
  blocking_pool blocking{1};
  core_loop* cores[1] = {&core};
  around_core& here = around(core);
  small_state state{*keeper,
                    compiled(R"(schema @service(name: "waggle.state.v1.State") { query: Query mutation: Mutation }
    scalar JSON type Query { get: JSON } type Mutation { increment: JSON commit: JSON })")};
  std::unique_ptr<deployment> service_;
  std::shared_ptr<lease> held_;  // a singleton's first
};
INSTANTIATE_TEST_SUITE_P(Of, RequestState, testing::Bool(),
                         [](const auto& of) { return of.param ? "ASingleton" : "APool"; });

TEST_P(RequestState, WhatARequestWroteIsThereWhenItIsAnswered) {
  EXPECT_EQ(ask("change", "increment"), "1");
  EXPECT_EQ(kept(), "1");
  EXPECT_EQ(ask("change", "increment"), "2");
  EXPECT_EQ(ask("call", "get"), "2");
}

TEST_P(RequestState, AnAnswerThatDoesNotFitLeavesNothing) {
  EXPECT_THAT(ask("callTimes", "get", "", R"(,"times":1)"), "null");
  EXPECT_THAT(ask("callTimes", "increment", "", R"(,"times":2)"), "2");
  EXPECT_EQ(kept(), "2");
}

TEST_P(RequestState, AQueryMayNotWrite) {
  EXPECT_THAT(ask("call", "increment"), HasSubstr("failed_precondition"));
  EXPECT_EQ(kept(), "null");
}

TEST_P(RequestState, ManyAtOnceAreAsOneAfterTheOther) {
  std::vector<std::unique_ptr<asked>> all;
  for (int i = 0; i < 40; ++i) all.push_back(begin("change", "increment"));
  std::set<std::string> answers;
  for (auto& a : all) answers.insert(end(*a));
  EXPECT_EQ(answers.size(), 40U);
  EXPECT_EQ(kept(), "40");
}

TEST_P(RequestState, ARepeatGetsTheAnswerThatWasKept) {
  EXPECT_EQ(ask("change", "increment", "k1"), "1");
  EXPECT_EQ(ask("change", "increment", "k1"), "1");
  EXPECT_EQ(ask("change", "increment", "k2"), "2");
  EXPECT_EQ(ask("change", "increment"), "3");
  EXPECT_EQ(kept(), "3");
}

TEST_P(RequestState, AKeyThatWasUsedWithAnotherInputIsRefused) {
  EXPECT_EQ(ask("change", "increment", "k1"), "1");
  EXPECT_THAT(ask("change", "increment", "k1", R"(,"input":{})"), HasSubstr("invalid_argument"));
  EXPECT_THAT(ask("change", "increment", std::string(256, 'k')), HasSubstr("invalid_argument"));
  EXPECT_EQ(kept(), "1");
}

TEST_P(RequestState, AKeyIsTheCallersOwn) {
  const auto ask_as = [this](const std::string& who) { return end(*begin("change", "increment", "k1", "", who)); };
  EXPECT_EQ(ask_as("jwt:ada"), "1");
  EXPECT_EQ(ask_as("jwt:bob"), "2");
  EXPECT_EQ(ask_as(""), "3");
  EXPECT_EQ(ask_as("jwt:ada"), "1");
  EXPECT_EQ(ask_as("jwt:bob"), "2");
  EXPECT_EQ(ask_as(""), "3");
}

TEST_P(RequestState, ARepeatWaitsWhileTheFirstRuns) {
  state.holding = true;
  const auto first = begin("change", "increment", "k1");
  const auto second = begin("change", "increment", "k1");
  until_held(1);
  for (int i = 0; i < 20; ++i) core.poll();  // no more of them
  EXPECT_EQ(state.held.size(), 1U);
  EXPECT_FALSE(second->done);
  state.release();
  EXPECT_EQ(end(*first), "1");
  EXPECT_EQ(end(*second), "1");
  EXPECT_EQ(kept(), "1");
}

TEST_P(RequestState, ARepeatThatGoesWhileItWaitsIsForgotten) {
  state.holding = true;
  const auto first = begin("change", "increment", "k1");
  auto second = begin("change", "increment", "k1");
  until_held(1);
  second->call.stop({.code = error_code::canceled, .whose = fault::caller, .message = "gone"});
  EXPECT_TRUE(second->done);
  second.reset();
  state.release();
  EXPECT_EQ(end(*first), "1");
  for (int i = 0; i < 20; ++i) core.poll();
}

TEST_P(RequestState, AnErrorIsNotKept) {
  EXPECT_THAT(ask("change", "missing", "k1"), HasSubstr("unimplemented"));
  EXPECT_THAT(ask("change", "missing", "k1"), HasSubstr("unimplemented"));
}

class CallsOfRequests : public RequestState {};
INSTANTIATE_TEST_SUITE_P(Of, CallsOfRequests, testing::Values(false));

TEST_P(CallsOfRequests, DoNotKeepRepeatsWaitingWhenTheirCallerHasGone) {
  const auto sleepy =
      deploy(cores, "sleepy", {}, R"(schema @service(name: "test.Echo", singleton: true) { query: Query }
    type Query { sleep(ms: Int!): Int! })");
  sleepy->take_over(nullptr);
  here.directory.put("test.Echo", sleepy->on(0));
  asked first;
  first.call.request.method = "change";
  first.call.request.input = R"({"service":"test.Echo","method":"sleep","input":{"ms":8000}})";
  first.call.request.context.headers = {{"idempotency-key", "k1"}};
  first.call.then(&first, [](void* self, service_call&) noexcept { static_cast<asked*>(self)->done = true; });
  service_->on(0).ask(first.call);
  const auto poll = [&](int times) {
    for (int i = 0; i < times; ++i) {
      clock.advance(1ms);
      core.poll();
    }
  };
  for (int i = 0; i < 10'000 && sleepy->view(0).pool.busy.get() == 0; ++i) poll(1);
  ASSERT_EQ(sleepy->view(0).pool.busy.get(), 1);
  first.call.stop({.code = error_code::canceled, .whose = fault::caller, .message = "gone"});
  ASSERT_TRUE(first.done);
  const auto repeat = begin("change", "increment", "k1");
  poll(100);
  EXPECT_EQ(end(*repeat), "1");
  EXPECT_EQ(sleepy->view(0).pool.busy.get(), 1) << "what it called goes on";
  bool gone = false;
  sleepy->retire([&] { gone = true; });
  while (!gone) poll(1);
}

TEST_P(RequestState, AnAnswerIsKeptHoweverLongTheGuestRanThatNeverUsedState) {
  state.holding = true;
  const auto first = begin("change", "nothing", "k1");
  until_held(1);
  clock.advance(31s);
  state.holding = false;
  state.release();
  EXPECT_EQ(end(*first), "null");
  EXPECT_EQ(ask("change", "nothing", "k1"), "null");
  EXPECT_EQ(state.asked, 1);
}

TEST_P(RequestState, AnAnswerThatCameFromElsewhereMeanwhileIsNotReplaced) {
  if (GetParam()) return;  // its lease would be gone
  state.holding = true;
  const auto first = begin("change", "nothing", "k1");
  until_held(1);
  const auto t = keeper->begin("test.Caller", nullptr, false, nullptr);
  ASSERT_TRUE(t->keep_answer("change\n\nk1", {"of another input", "5"}));  // as a node's older version would
  ASSERT_TRUE(keeper->commit_now(t));
  state.holding = false;
  state.release();
  EXPECT_THAT(end(*first), HasSubstr("invalid_argument"));
}

class SlowAnswers : public RequestState {
 protected:
  SlowAnswers() : SlowAnswers(std::make_shared<std::latch>(1)) {}
  explicit SlowAnswers(std::shared_ptr<std::latch> r)
      : RequestState(std::make_unique<slow_answers>(r)), ready(std::move(r)) {}
  ~SlowAnswers() override {
    if (!ready->try_wait()) ready->count_down();
  }
  std::shared_ptr<std::latch> ready;
};
INSTANTIATE_TEST_SUITE_P(Of, SlowAnswers, testing::Bool(),
                         [](const auto& of) { return of.param ? "ASingleton" : "APool"; });

TEST_P(SlowAnswers, HoldUpNobodyWhoseTimeIsOver) {
  const auto a = begin("change", "increment", "k1");
  for (int i = 0; i < 20; ++i) core.poll();
  EXPECT_FALSE(a->done);
  a->call.stop({.code = error_code::canceled, .whose = fault::caller, .message = "gone"});
  EXPECT_TRUE(a->done);
  ready->count_down();
  EXPECT_EQ(ask("change", "increment", "k1"), ask("change", "increment", "k1"));
}

TEST_P(SlowAnswers, AreWaitedForWhenTheServiceIsDrained) {
  ready->count_down();
  EXPECT_EQ(ask("change", "increment", "k1"), "1");
  const auto repeat = begin("change", "increment", "k1");
  bool gone = false;
  service_->retire([&] { gone = true; });
  for (int i = 0; i < 1000 && !gone; ++i) {
    core.poll();
    std::this_thread::yield();
  }
  for (int i = 0; i < 1'000'000 && !gone; ++i) core.poll();
  EXPECT_TRUE(gone);
  EXPECT_EQ(repeat->text(), "1");
  if (gone) service_.reset();
}

/// What is written becomes durable when `disk` is open.
class SlowCommits : public RequestState {
 protected:
  SlowCommits() : SlowCommits(new testing_state::gated_store) {}
  explicit SlowCommits(testing_state::gated_store* s) : RequestState(std::unique_ptr<store>(s)), disk(*s) {}
  ~SlowCommits() override { disk.open(); }
  /// One whose commit is under way.
  std::unique_ptr<asked> begin_commit(const std::string& key = "") {
    disk.shut();
    auto a = begin("change", "increment", key);
    for (int i = 0; i < 20; ++i) core.poll();
    disk.wait_for_writer();
    return a;
  }
  static error over() {
    return {.code = error_code::deadline_exceeded, .whose = fault::caller, .message = "the caller's deadline is over"};
  }
  testing_state::gated_store& disk;
};
INSTANTIATE_TEST_SUITE_P(Of, SlowCommits, testing::Bool(),
                         [](const auto& of) { return of.param ? "ASingleton" : "APool"; });

TEST_P(SlowCommits, HoldUpNobodyWhoseTimeIsOver) {
  auto a = begin_commit();
  EXPECT_FALSE(a->done);
  a->call.stop(over());
  ASSERT_TRUE(a->done);
  EXPECT_THAT(a->text(), HasSubstr("deadline_exceeded"));
  EXPECT_THAT(a->text(), HasSubstr(GetParam() ? "" : "may have been kept"));
  a.reset();  // nothing touches it any more
  disk.open();
  EXPECT_EQ(ask("change", "increment"), "2");
}

TEST_P(SlowCommits, AreWaitedForByARepeat) {
  auto a = begin_commit("k1");
  a->call.stop(over());
  a.reset();
  const auto repeat = begin("change", "increment", "k1");
  for (int i = 0; i < 20; ++i) core.poll();
  EXPECT_FALSE(repeat->done);
  disk.open();
  EXPECT_EQ(end(*repeat), "1");
  EXPECT_EQ(kept(), "1");
}

TEST_P(SlowCommits, AreNotRepeatedForNobody) {
  if (GetParam()) return;  // it meets no conflict
  state.holding = true;
  const auto first = begin("change", "increment");
  auto second = begin("change", "increment");
  core.poll();
  ASSERT_EQ(state.held.size(), 2U);  // both have read the same moment
  disk.shut();
  state.holding = false;
  state.release();
  for (int i = 0; i < 20; ++i) core.poll();
  second->call.stop(over());
  ASSERT_TRUE(second->done);
  second.reset();
  disk.open();
  EXPECT_EQ(end(*first), "1");
  EXPECT_EQ(ask("change", "increment"), "2");
  EXPECT_EQ(state.asked, 3);
}

class ConflictOfRequests : public RequestState {};
INSTANTIATE_TEST_SUITE_P(Of, ConflictOfRequests, testing::Values(false));

TEST_P(ConflictOfRequests, IsRunAgainInANewInstance) {
  state.holding = true;
  const auto first = begin("change", "increment");
  const auto second = begin("change", "increment");
  core.poll();
  ASSERT_EQ(state.held.size(), 2U);  // both have read the same moment
  state.holding = false;
  state.release();
  std::set<std::string> answers = {end(*first), end(*second)};
  EXPECT_EQ(answers, (std::set<std::string>{"1", "2"}));
  EXPECT_EQ(kept(), "2");
}

TEST_P(ConflictOfRequests, OneThatIsAlwaysOvertakenGetsItsTurnAlone) {
  state.holding = true;
  const auto slow = begin("change", "increment");
  for (int round = 0; round < 4; ++round) {
    while (state.held.empty()) core.poll();
    const std::vector<service_call*> mine = std::exchange(state.held, {});
    state.holding = false;
    const auto other = begin("change", "increment");
    if (round < 3) {
      EXPECT_EQ(end(*other), std::to_string(round + 1));
    } else {  // now it is alone: others wait with what they wrote
      for (int i = 0; i < 100; ++i) core.poll();
      EXPECT_FALSE(other->done);
    }
    state.holding = round < 3;
    for (service_call* const call : mine) call->finish();
    if (round < 3) continue;
    EXPECT_EQ(end(*slow), "4");
    EXPECT_EQ(end(*other), "5");
  }
}

TEST_P(ConflictOfRequests, KeepsAServiceThatIsDrained) {
  state.holding = true;
  const auto first = begin("change", "increment");
  const auto second = begin("change", "increment");
  const auto third = begin("call", "get");
  until_held(3);
  bool gone = false;
  service_->retire([&] { gone = true; });
  for (int i = 0; i < 20; ++i) core.poll();
  const auto held = std::exchange(state.held, {});
  held[0]->finish();
  held[1]->finish();
  // The conflict has been found, and the core is told, before the third leaves the pool empty.
  for (int i = 0; i < 2; ++i) {
    const auto t = keeper->begin("other", nullptr, false, nullptr);
    ASSERT_TRUE(t->put("x", "1"));
    ASSERT_TRUE(keeper->commit_now(t));
  }
  held[2]->finish();
  while (state.held.empty() && !gone) core.poll();  // it runs again
  EXPECT_FALSE(gone);
  state.holding = false;
  state.release();
  EXPECT_EQ(end(*second), "2");
  while (!gone) core.poll();
  service_.reset();
}

TEST_P(ConflictOfRequests, IsNotToHaveTakenTooLong) {
  state.holding = true;
  const auto a = begin("change", "increment");
  core.poll();
  clock.advance(31s);
  core.poll();
  state.release();
  EXPECT_THAT(end(*a), HasSubstr("aborted"));
  EXPECT_EQ(state.asked, 1);
}

class SingletonOfRequests : public RequestState {};
INSTANTIATE_TEST_SUITE_P(Of, SingletonOfRequests, testing::Values(true));

TEST_P(SingletonOfRequests, RunsOneAtATimeInOrder) {
  state.holding = true;
  const auto first = begin("change", "increment");
  const auto second = begin("change", "increment");
  until_held(1);
  for (int i = 0; i < 20; ++i) core.poll();  // no more of them
  EXPECT_EQ(state.held.size(), 1U);
  state.holding = false;
  state.release();
  EXPECT_EQ(end(*first), "1");
  EXPECT_EQ(end(*second), "2");
  EXPECT_EQ(service_->workers(), 1U);
}

TEST_P(SingletonOfRequests, GoesOnWhenTheCallerIsGone) {
  state.holding = true;
  const auto first = begin("change", "increment");
  until_held(1);
  first->call.stop({.code = error_code::canceled, .whose = fault::caller, .message = "gone"});
  EXPECT_TRUE(first->done);
  state.holding = false;
  state.release();
  EXPECT_EQ(ask("change", "increment"), "2");
}

TEST_P(SingletonOfRequests, IsFencedWhenSomebodyElseTakesItsStateAndNeverTakesItBack) {
  EXPECT_EQ(ask("change", "increment"), "1");
  const auto thief = keeper->acquire("test.Caller");
  ASSERT_TRUE(thief);
  EXPECT_THAT(ask("change", "increment"), HasSubstr("aborted"));
  EXPECT_EQ(kept(), "1");
  EXPECT_THAT(ask("change", "increment"), HasSubstr("unavailable: test.Caller is run by another owner now"));
  EXPECT_FALSE((*thief)->broken());
}

TEST_P(SingletonOfRequests, GetsItsStateBackWhenACommitWithinARequestFailed) {
  EXPECT_EQ(ask("change", "increment"), "1");
  held_->break_it();
  EXPECT_THAT(ask("change", "commit"), HasSubstr("aborted"));
  EXPECT_EQ(ask("change", "increment"), "2");
}

TEST_P(SingletonOfRequests, ManyThatEndAtOnceAreNoDeepStack) {
  state.holding = true;
  const auto first = begin("change", "increment");
  std::vector<std::unique_ptr<asked>> rest;
  for (int i = 0; i < 9000; ++i) rest.push_back(begin("change", "increment", std::string(256, 'k')));
  state.holding = false;
  state.release();
  EXPECT_EQ(end(*first), "1");
  for (const auto& a : rest) EXPECT_THAT(end(*a), HasSubstr("invalid_argument"));
}

/// A singleton whose commits can be held up and made to fail.
class SingletonOnASmallDisk : public RequestState {
 protected:
  SingletonOnASmallDisk() : SingletonOnASmallDisk(new small_disk) {}
  ~SingletonOnASmallDisk() override { disk.hold(false); }
  small_disk& disk;

 private:
  explicit SingletonOnASmallDisk(small_disk* d) : RequestState(std::unique_ptr<store>(d)), disk(*d) {}
};
INSTANTIATE_TEST_SUITE_P(Of, SingletonOnASmallDisk, testing::Values(true));

TEST_P(SingletonOnASmallDisk, OneThatComesWhileAnotherRunsOnWhatCameToNothingIsNotHarmed) {
  disk.hold(true);
  const auto first = begin("change", "increment");
  for (int i = 0; i < 20; ++i) core.poll();
  state.holding = true;
  const auto second = begin("change", "increment");
  while (state.held.empty()) core.poll();
  disk.full = true;
  disk.hold(false);
  EXPECT_THAT(end(*first), HasSubstr("resource_exhausted"));
  const auto third = begin("change", "increment");
  for (int i = 0; i < 20; ++i) core.poll();
  disk.full = false;
  state.holding = false;
  state.release();
  EXPECT_THAT(end(*second), HasSubstr("aborted"));
  EXPECT_EQ(end(*third), "1");
  EXPECT_EQ(ask("change", "increment"), "2");
}

TEST_P(SingletonOnASmallDisk, RunsOnlySoFarAheadOfItsCommits) {
  disk.hold(true);
  std::vector<std::unique_ptr<asked>> all;
  for (int i = 0; i < 2000; ++i) all.push_back(begin("change", "increment"));
  for (int i = 0; i < 5000; ++i) core.poll();
  EXPECT_EQ(state.asked, 1024);
  disk.hold(false);
  for (const auto& a : all) end(*a);
  EXPECT_EQ(kept(), "2000");
}

}  // namespace
}  // namespace waggle
