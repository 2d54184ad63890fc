// The pool under every order of what can happen, up to a bound: requests, answers, traps, callers that give up,
// messages between cores, time, and the end. No engine: workers are fakes that the test ends by hand.
#include "runtime/pool.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <string>

namespace waggle {
namespace {

struct world;

struct fake_worker final : worker {
  fake_worker(world& in, worker_events& to, memory_account in_which);
  ~fake_worker() override;
  void warm() override;
  void run(service_call& c) override;
  void abandon() override {
    call = nullptr;
    abandoned = true;
  }
  void end(worker_events::outcome how) {
    if (warming) {
      warming = false;
      fresh_bytes = in_each;
      busy = how == worker_events::outcome::fine ? false : busy;
      pool.on_warm(*this, how);
      return;
    }
    busy = abandoned = false;
    if (fresh_bytes == 0) fresh_bytes = in_each;
    pool.on_done(*this, std::exchange(call, nullptr), how);
  }

  /// Its instance grows, or shrinks.
  void has(std::uint64_t now) {
    memory.changed(static_cast<std::int64_t>(now - has_bytes));
    has_bytes = now;
  }

  world& in_;
  std::uint64_t in_each;  // what a new one has
  worker_events& pool;
  memory_account memory;
  service_call* call = nullptr;
  bool busy = false;
  bool warming = false;
  bool abandoned = false;
};

struct request_state {
  service_call call;
  unsigned core = 0;
  int finished = 0;
  bool asked = false;
  bool stopped = false;
  bool started = false;
  std::size_t order = 0;  // among those of its core
};

/// Keeps its core busy for some turns.
struct long_runner final : task {
  long_runner(flow& of, unsigned turns) : task(of), turns_(turns) {}
  slice_end run_slice(time_point started, time_point& ended) override {
    ended = started + scheduler::slice;
    return turns_-- > 0 ? slice_end::yielded : slice_end::finished;
  }
  unsigned turns_;
};

struct shape {
  unsigned cores = 1;
  std::uint32_t max = 1;
  std::uint32_t min = 0;
  std::uint32_t queue = 10;
  std::size_t requests = 3;
  bool fresh = false;
  std::uint32_t max_requests = 0;
  std::size_t depth = 7;
  std::uint64_t memory = 0;  // of the node, and what each instance takes
  std::uint64_t each = 0;
  std::uint64_t own_memory = 0;  // of the service
  std::uint32_t slots = 0;       // of the engine
  duration queue_wait{0};
  unsigned busy_turns = 0;  // the first core has something else to run
};

struct world {
  explicit world(const shape& s)
      : form(s), permits(std::make_shared<pool_permits>(s.max, s.cores)), requests(s.requests) {
    for (unsigned i = 0; i < s.cores; ++i) loops.push_back(std::make_unique<core_loop>(i, clock));
    std::vector<wasm_worker_pool*> all;
    std::vector<core_memory*> every;
    for (unsigned i = 0; i < s.cores; ++i) {
      memories.push_back(std::make_unique<core_memory>(*loops[i], node_memory));
      every.push_back(memories.back().get());
    }
    for (core_memory* const m : every) m->connect(every);
    for (unsigned i = 0; i < s.cores; ++i) {
      pools.push_back(std::make_unique<wasm_worker_pool>(
          *loops[i], permits,
          pool_limits{.min = i == 0 ? s.min : 0,
                      .queue = s.queue,
                      .queue_wait = s.queue_wait,
                      .idle = std::chrono::seconds(1),
                      .max_requests = s.max_requests,
                      .fresh = s.fresh,
                      .needs = {.bytes = s.each, .slots = s.slots}},
          trips, [this, i](worker_events& to) { return std::make_unique<fake_worker>(*this, to, account(i)); },
          account(i)));
      all.push_back(pools.back().get());
    }
    for (auto& p : pools) p->connect(all);
    if (s.busy_turns == 0) return;
    others.emplace(loops[0]->slices());
    long_one.emplace(*others, s.busy_turns);
    loops[0]->slices().ready(*long_one);
  }

  memory_account account(unsigned core) {
    if (form.memory == 0 && form.own_memory == 0 && form.slots == 0) return {};
    return {.core = memories[core].get(), .service = own_memory};
  }

  void ask(std::size_t i) {
    request_state& r = requests[i];
    r.asked = true;
    r.core = static_cast<unsigned>(i % form.cores);
    r.order = asked_on[r.core]++;
    r.call.then(&r, [](void* self, service_call&) noexcept { ++static_cast<request_state*>(self)->finished; });
    r.call.request.id = i;
    pools[r.core]->invoke(r.call);
  }

  void stop(std::size_t i) {
    requests[i].stopped = true;
    requests[i].call.stop(error{.code = error_code::canceled, .whose = fault::caller, .message = "gone"});
  }

  /// First in, first out: whoever of the same core came earlier and neither ran nor gave up must not be overtaken.
  void expect_not_overtaken(const request_state& other, const request_state& by) {
    if (&other == &by || !other.asked || other.core != by.core || other.order > by.order) return;
    if (other.finished > 0 || other.stopped || other.call.held.state == 3) return;  // 3: handed to another core
    EXPECT_TRUE(other.started) << "request " << by.order << " overtook " << other.order;
  }

  void note_start(service_call& c) {
    request_state& r = requests[c.request.id];
    EXPECT_FALSE(r.started) << "run twice";
    EXPECT_EQ(r.finished, 0) << "run after it was answered";
    r.started = true;
    for (const request_state& other : requests) expect_not_overtaken(other, r);
  }

  void check() {
    EXPECT_LE(workers.size(), form.max) << "more workers than max";
    EXPECT_LE(permits->live(), form.max);
    if (form.memory > 0) {
      EXPECT_LE(node_memory.used(), form.memory) << "more memory than there is";
    }
    if (form.slots > 0) {
      EXPECT_LE(workers.size(), form.slots) << "more instances than slots";
    }
    for (const request_state& r : requests) EXPECT_LE(r.finished, 1) << "answered twice";
  }

  // What can happen next: each is an index for `act`.
  struct action {
    enum class kind { ask, stop, fine, trap, message, time, drain } what;
    std::size_t which = 0;
  };
  std::vector<action> possible() {
    std::vector<action> out;
    // Requests come in order: other orders are the same up to their names.
    for (std::size_t i = 0; i < requests.size(); ++i)
      if (!requests[i].asked) {
        if (!draining) out.push_back({action::kind::ask, i});
        break;
      }
    for (std::size_t i = 0; i < requests.size(); ++i)
      if (requests[i].asked && requests[i].finished == 0 && !requests[i].stopped)
        out.push_back({action::kind::stop, i});
    for (std::size_t i = 0; i < workers.size(); ++i)
      if (workers[i]->busy || workers[i]->warming) {
        out.push_back({action::kind::fine, i});
        out.push_back({action::kind::trap, i});
      }
    if (form.cores > 1)
      for (std::size_t i = 0; i < form.cores; ++i) out.push_back({action::kind::message, i});
    if (!timed) out.push_back({action::kind::time, 0});
    if (!draining) out.push_back({action::kind::drain, 0});
    return out;
  }

  void act(const action& a) {
    switch (a.what) {
      case action::kind::ask: ask(a.which); break;
      case action::kind::stop: stop(a.which); break;
      case action::kind::fine: workers[a.which]->end(worker_events::outcome::fine); break;
      case action::kind::trap: workers[a.which]->end(worker_events::outcome::broken); break;
      case action::kind::message: loops[a.which]->poll_one(); break;
      case action::kind::time:
        timed = true;
        clock.advance(std::chrono::seconds(2));
        for (auto& l : loops) l->poll();
        break;
      case action::kind::drain:
        draining = true;
        for (auto& p : pools) p->drain([this] { ++drained; });
        break;
    }
    check();
  }

  /// Lets everything come to rest: guests answer, messages arrive, time passes.
  void settle() {
    for (int quiet = 0; quiet < 3; ++quiet) {
      for (auto& l : loops)
        if (l->poll() > 0) quiet = 0;
      for (std::size_t w = 0; w < workers.size(); ++w) {
        if (!workers[w]->busy && !workers[w]->warming) continue;
        workers[w]->end(worker_events::outcome::fine);
        w = static_cast<std::size_t>(-1);
        quiet = 0;
      }
      clock.advance(std::chrono::milliseconds(20));  // longer than any back-off here
      check();
    }
  }

  shape form;
  manual_clock clock;
  memory_budget node_memory{form.memory};
  std::shared_ptr<memory_budget> own_memory = std::make_shared<memory_budget>(form.own_memory);
  std::vector<std::unique_ptr<core_memory>> memories;
  breaker trips;
  std::shared_ptr<pool_permits> permits;
  std::vector<std::unique_ptr<core_loop>> loops;
  std::vector<request_state> requests;
  std::vector<fake_worker*> workers;  // live, oldest first
  std::map<unsigned, std::size_t> asked_on;
  bool draining = false;
  bool timed = false;
  unsigned drained = 0;
  std::vector<std::unique_ptr<wasm_worker_pool>> pools;
  std::optional<flow> others;
  std::optional<long_runner> long_one;
};

fake_worker::fake_worker(world& in, worker_events& to, memory_account in_which)
    : in_(in), in_each(in.form.each), pool(to), memory(std::move(in_which)) {
  has(in_.form.each);
}
fake_worker::~fake_worker() {
  has(0);
  std::erase(in_.workers, this);
}
void fake_worker::warm() {
  warming = true;
  in_.workers.push_back(this);
}
void fake_worker::run(service_call& c) {
  if (std::ranges::find(in_.workers, this) == in_.workers.end()) in_.workers.push_back(this);
  EXPECT_FALSE(busy) << "a busy worker was given a request";
  call = &c;
  busy = true;
  in_.note_start(c);
}

/// Runs every sequence of at most `form.depth` actions, each from the start, and lets it settle. How many there were.
std::size_t explore(const shape& form) {
  std::size_t runs = 0;
  std::vector<std::size_t> path;     // which of the possible actions, at each step
  std::vector<std::size_t> choices;  // of how many
  for (;;) {
    {
      world w(form);
      for (auto& p : w.pools) p->warm([](bool) {});
      choices.clear();
      for (std::size_t step = 0; step < form.depth; ++step) {
        const auto next = w.possible();
        if (next.empty()) break;
        if (step == path.size()) path.push_back(0);
        choices.push_back(next.size());
        w.act(next[path[step]]);
      }
      w.settle();
      for (const request_state& r : w.requests) EXPECT_EQ(r.finished, r.asked ? 1 : 0) << "no answer, or two";
      if (w.draining) {
        EXPECT_EQ(w.drained, form.cores) << "not drained";
        EXPECT_EQ(w.permits->live(), 0U);
      } else {
        EXPECT_GE(w.permits->live(), form.min);
        for (auto& p : w.pools) p->drain([] {});
        w.settle();
        EXPECT_EQ(w.permits->live(), 0U);
      }
      ++runs;
      if (testing::Test::HasFailure()) {
        std::string trace;
        for (const std::size_t i : path) trace += std::to_string(i) + " ";
        ADD_FAILURE() << "after the actions " << trace << "of cores " << form.cores << " max " << form.max;
        return runs;
      }
    }
    path.resize(choices.size());
    while (!path.empty() && path.back() + 1 == choices[path.size() - 1]) path.pop_back();
    if (path.empty()) return runs;
    ++path.back();
  }
}

TEST(PoolExhaustive, OneCoreOneWorker) { EXPECT_GT(explore({.max = 1, .requests = 3, .depth = 7}), 1000U); }
TEST(PoolExhaustive, OneCoreTwoWorkersOneKeptWarm) {
  EXPECT_GT(explore({.max = 2, .min = 1, .requests = 3, .depth = 6}), 1000U);
}
TEST(PoolExhaustive, AFullQueueRefuses) {
  EXPECT_GT(explore({.max = 1, .queue = 1, .requests = 4, .depth = 7}), 1000U);
}
TEST(PoolExhaustive, FreshWorkers) { EXPECT_GT(explore({.max = 1, .requests = 3, .fresh = true, .depth = 7}), 1000U); }
TEST(PoolExhaustive, WorkersAreReplacedAfterSomeRequests) {
  EXPECT_GT(explore({.max = 1, .requests = 4, .max_requests = 2, .depth = 7}), 1000U);
}
// With more cores there are more orders: one step less, and another one less under the sanitizers, ten times as slow.
#if defined(WAGGLE_ASAN) || defined(WAGGLE_TSAN)
constexpr std::size_t deep = 5;
#else
constexpr std::size_t deep = 6;
#endif

TEST(PoolExhaustive, TwoCoresShareOneWorker) {
  EXPECT_GT(explore({.cores = 2, .max = 1, .requests = 3, .depth = deep}), 1000U);
}
TEST(PoolExhaustive, TwoCoresTwoWorkersOneKeptWarm) {
  EXPECT_GT(explore({.cores = 2, .max = 2, .min = 1, .requests = 3, .depth = deep}), 1000U);
}
TEST(PoolExhaustive, TwoCoresFresh) {
  EXPECT_GT(explore({.cores = 2, .max = 1, .requests = 3, .fresh = true, .depth = deep}), 1000U);
}

TEST(PoolExhaustive, ThreeCoresShareOneWorker) {
  EXPECT_GT(explore({.cores = 3, .max = 1, .requests = 3, .depth = deep}), 1000U);
}

TEST(PoolExhaustive, TwoCoresOfWhichOneHasTooMuchToRun) {
  EXPECT_GT(explore({.cores = 2, .max = 2, .requests = 3, .depth = deep, .busy_turns = 3}), 1000U);
}

TEST(PoolExhaustive, MemoryForOneInstanceOnly) {
  EXPECT_GT(explore({.max = 2, .min = 1, .requests = 3, .depth = 6, .memory = 15, .each = 10}), 1000U);
}
TEST(PoolExhaustive, TwoCoresWithMemoryForOneInstanceOnly) {
  EXPECT_GT(explore({.cores = 2, .max = 2, .requests = 3, .depth = deep, .memory = 15, .each = 10}), 1000U);
}
TEST(PoolExhaustive, TheServicesOwnMemoryIsForOneInstance) {
  EXPECT_GT(explore({.cores = 2, .max = 2, .requests = 3, .depth = deep, .each = 10, .own_memory = 15}), 1000U);
}

TEST(PoolExhaustive, TwoCoresWithOneSlot) {
  EXPECT_GT(explore({.cores = 2, .max = 2, .requests = 3, .depth = deep, .each = 10, .slots = 1}), 1000U);
}
TEST(PoolExhaustive, OneSlotAndOneKeptWarm) {
  EXPECT_GT(explore({.max = 2, .min = 1, .requests = 3, .depth = 6, .each = 10, .slots = 1}), 1000U);
}

TEST(Pool, WithoutMemoryForAnInstanceRequestsAreRefusedAtOnce) {
  world w({.max = 2, .requests = 1, .memory = 5, .each = 10});
  w.ask(0);
  ASSERT_EQ(w.requests[0].finished, 1);
  const error& e = w.requests[0].call.response.output.error();
  EXPECT_EQ(e.code, error_code::resource_exhausted);
  EXPECT_EQ(e.whose, fault::overload);
  EXPECT_TRUE(e.retry_after);
  EXPECT_EQ(e.cause, failure_cause::memory);
}

TEST(Pool, WhatOneInstanceGrewToKeepsNoOtherFromBeingMade) {
  world w({.max = 2, .requests = 3, .memory = 15, .each = 10});
  w.ask(0);
  w.workers.at(0)->has(40);
  w.workers.at(0)->end(worker_events::outcome::broken);
  EXPECT_EQ(w.node_memory.used(), 0U);
  w.ask(1);
  w.settle();
  EXPECT_TRUE(w.requests[1].started) << "a new one has 10";
}

TEST(Pool, NoIdleInstanceGoesWhereAllTogetherWouldNotBeEnough) {
  world w({.max = 2, .requests = 3, .memory = 15, .each = 10});
  w.ask(0);
  w.workers.at(0)->end(worker_events::outcome::fine);
  ASSERT_EQ(w.workers.size(), 1U);
  EXPECT_EQ(w.memories[0]->make_room({.bytes = 16}, [] {}), core_memory::made::none);
  EXPECT_EQ(w.workers.size(), 1U);
  EXPECT_EQ(w.memories[0]->make_room({.bytes = 15}, [] {}), core_memory::made::here);
  EXPECT_EQ(w.workers.size(), 0U);
  w.settle();
}

/// Several services on the cores of a world; its own pools serve nothing.
struct services {
  services(world& of, int count, pool_limits limits) : w(of) {
    limits.idle = {};
    for (int i = 0; i < count; ++i) {
      permits.push_back(std::make_shared<pool_permits>(8, w.form.cores));
      std::vector<wasm_worker_pool*> all;
      for (unsigned core = 0; core < w.form.cores; ++core) {
        const memory_account account{.core = w.memories[core].get(),
                                     .service = nullptr,
                                     .say = [this](std::string_view line) { ++lines, last = line; }};
        pools.push_back(std::make_unique<wasm_worker_pool>(
            *w.loops[core], permits.back(), limits, w.trips,
            [this, account](worker_events& to) {
              ++made;
              return std::make_unique<fake_worker>(w, to, account);
            },
            account));
        all.push_back(pools.back().get());
      }
      for (wasm_worker_pool* const each : all) each->connect(all);
    }
  }
  ~services() {
    for (auto& p : pools) p->drain([] {});
    w.settle();
  }
  service_call& ask(std::size_t service, unsigned core) {
    request_state& r = w.requests[next];
    r.call.request.id = next++;
    r.core = core;
    r.call.then(&r, [](void* self, service_call&) noexcept { ++static_cast<request_state*>(self)->finished; });
    pools[service * w.form.cores + core]->invoke(r.call);
    return r.call;
  }

  world& w;
  std::size_t next = 0;
  int lines = 0;
  std::string last;  // of them
  int made = 0;
  std::vector<std::shared_ptr<pool_permits>> permits;
  std::vector<std::unique_ptr<wasm_worker_pool>> pools;
};

TEST(Pool, ARequestWaitsWhileOtherCoresMakeRoomAndIsRefusedOnlyWhereTheyCannot) {
  world w({.cores = 2, .max = 8, .requests = 6, .memory = 15, .each = 10});
  services s(w, 3, {.needs = {.bytes = 10}});
  s.ask(0, 0);
  w.settle();
  s.ask(1, 1);
  EXPECT_EQ(w.requests[1].finished, 0) << "the idle one on the other core is to go";
  for (auto& l : w.loops) l->poll();
  for (auto& l : w.loops) l->poll();
  EXPECT_TRUE(w.requests[1].started);
  s.ask(2, 0);
  EXPECT_EQ(w.requests[2].finished, 1) << "the only one is busy";
  w.settle();
  s.ask(2, 0);
  s.ask(1, 1);  // the idle one is busy again when it is asked to go
  for (int i = 0; i < 3; ++i)
    for (auto& l : w.loops) l->poll();
  EXPECT_EQ(w.requests[3].finished, 1);
}

TEST(Pool, TheLogSaysNowAndThenWhoHasTheMemoryForWhichRequestsAreRefused) {
  world w({.requests = 6, .memory = 15, .each = 10});
  services s(w, 1, {.needs = {.bytes = 10}});
  const auto large = std::make_shared<memory_budget>();
  w.node_memory.holders().add("a.Small", std::make_shared<memory_budget>());
  w.node_memory.holders().add("a.Large", large);
  large->add(9 << 20);
  w.node_memory.add(10);
  for (int i = 0; i < 3; ++i) s.ask(0, 0);
  EXPECT_EQ(s.lines, 1);
  w.clock.advance(std::chrono::seconds(10));
  s.ask(0, 0);
  EXPECT_EQ(s.lines, 2);
  EXPECT_THAT(s.last, testing::HasSubstr("a.Large has most: 9 MB"));
  w.node_memory.add(-10);
}

TEST(Pool, IdleInstancesGoForTheirSlotsToo) {
  world w({.max = 8, .requests = 20, .each = 10, .slots = 4});
  services s(w, 6, {.needs = {.bytes = 10, .slots = 4}});
  for (std::size_t i = 0; i < 12; ++i) {
    s.ask(i % 6, 0);
    EXPECT_TRUE(w.requests[i].started) << i;
    w.settle();
  }
  for (std::size_t i = 0; i < 4; ++i) s.ask(0, 0);
  service_call& other = s.ask(1, 0);
  ASSERT_FALSE(other.response.output);
  EXPECT_EQ(other.response.output.error().cause, failure_cause::instances) << "all four are busy";
  EXPECT_EQ(s.lines, 0);
  s.ask(0, 0);
  EXPECT_EQ(w.requests[17].finished, 0) << "it waits for one that lives";
}

TEST(Pool, AnInstanceToBeKeptWarmForWhichThereIsNoMemoryIsNotMadeOverAndOver) {
  world w({.requests = 2, .memory = 15, .each = 20});
  services s(w, 1, {.min = 1, .needs = {.bytes = 5}});
  s.pools[0]->warm([](bool) {});
  for (int i = 0; i < 50; ++i) w.settle();  // some seconds
  EXPECT_EQ(s.made, 1) << "what it takes was seen";
  EXPECT_EQ(s.lines, 1);
}

TEST(Pool, AnInstanceToBeKeptWarmIsMadeAgainWhenThereIsRoom) {
  world w({.requests = 2, .memory = 15, .each = 10});
  services s(w, 1, {.min = 1, .needs = {.bytes = 10}});
  s.pools[0]->warm([](bool) {});
  w.settle();
  w.memories[0]->changed(10);
  EXPECT_EQ(s.permits[0]->live(), 0U);
  w.settle();
  EXPECT_EQ(s.made, 1);
  w.memories[0]->changed(-10);
  w.clock.advance(std::chrono::seconds(1));
  w.settle();
  EXPECT_EQ(s.made, 2);
  EXPECT_EQ(s.permits[0]->live(), 1U);
}

TEST(Pool, IdleInstancesOfAServiceThatHasMoreThanItMayGo) {
  world w({.cores = 2, .max = 4, .requests = 4, .each = 10, .own_memory = 45});
  for (std::size_t i = 0; i < 4; ++i) w.ask(i);
  ASSERT_EQ(w.workers.size(), 4U);
  EXPECT_EQ(w.own_memory->left(), 5U);
  const std::vector<fake_worker*> all = w.workers;  // of core 0, 1, 0, 1
  for (int i = 1; i < 4; ++i) all[i]->end(worker_events::outcome::fine);
  EXPECT_EQ(w.own_memory->left(), 35U) << "three are idle";
  all[0]->has(30);
  w.pools[0]->shed();
  EXPECT_EQ(w.own_memory->used(), 50U);
  for (auto& l : w.loops) l->poll_one();
  EXPECT_EQ(w.own_memory->used(), 40U);
  w.settle();
}

TEST(Pool, WhereAnInstanceLivesOthersWaitForItInsteadOfTakingMemoryThatIsNotThere) {
  world w({.max = 2, .requests = 2, .memory = 15, .each = 10});
  w.ask(0);
  w.ask(1);
  EXPECT_EQ(w.workers.size(), 1U);
  EXPECT_EQ(w.requests[1].finished, 0);
  w.settle();
  EXPECT_TRUE(w.requests[1].started);
}

TEST(Pool, WhenMemoryIsShortTheInstanceThatIsIdleForLongestGoesWhosoeverItIsAndItsServiceIsWokenByTheNextRequest) {
  // Three services on one core, each with one instance kept warm; there is memory for three.
  manual_clock clock;
  core_loop core(0, clock);
  memory_budget node(35);
  core_memory here(core, node);
  here.connect({&here});
  world w({.requests = 8, .memory = 35, .each = 10});  // only for its requests
  breaker trips;
  std::vector<std::unique_ptr<wasm_worker_pool>> pools;
  std::vector<std::shared_ptr<pool_permits>> permits;
  for (int i = 0; i < 4; ++i) {
    permits.push_back(std::make_shared<pool_permits>(2, 1));
    const memory_account account{.core = &here, .service = nullptr};
    pools.push_back(std::make_unique<wasm_worker_pool>(
        core, permits.back(), pool_limits{.min = i < 3 ? 1U : 0U, .needs = {.bytes = 10}}, trips,
        [&w, account](worker_events& to) { return std::make_unique<fake_worker>(w, to, account); }, account));
    pools.back()->connect({pools.back().get()});
  }
  std::size_t next = 0;
  const auto serve = [&](std::size_t which) {
    service_call& c = w.requests[next].call;
    c.request.id = next++;
    c.then(&c, [](void*, service_call&) noexcept {});
    pools[which]->invoke(c);
    for (fake_worker* const each : std::vector(w.workers))
      if (each->busy) each->end(worker_events::outcome::fine);
    core.poll();
    clock.advance(std::chrono::milliseconds(1));
  };
  for (const std::size_t i : {1, 2, 0}) serve(i);
  EXPECT_EQ(w.workers.size(), 3U);
  serve(3);
  EXPECT_EQ(permits[1]->live(), 0U) << "the one that was idle for longest, though it is to be kept warm";
  EXPECT_EQ(permits[0]->live() + permits[2]->live() + permits[3]->live(), 3U);
  serve(1);  // it is woken, and the next goes
  EXPECT_EQ(permits[1]->live(), 1U);
  EXPECT_EQ(permits[2]->live(), 0U);
  EXPECT_LE(node.used(), 35U);
  for (auto& p : pools) p->drain([] {});
  core.poll();
  EXPECT_EQ(node.used(), 0U);
}

TEST(Pool, UnderOverloadTheQueueIsAsLongAsItsWaitMayBe) {
  world w({.max = 1, .queue = 1'000'000, .requests = 4'000, .queue_wait = std::chrono::milliseconds(20)});
  std::size_t asked = 0;
  int refused = 0;
  duration longest{0};
  for (int ms = 0; ms < 800; ++ms) {  // five requests a millisecond, of which one can be answered
    for (int i = 0; i < 5; ++i) {
      w.ask(asked);
      const request_state& r = w.requests[asked++];
      if (r.finished > 0) {
        ++refused;
        EXPECT_EQ(r.call.response.output.error().code, error_code::resource_exhausted);
        EXPECT_TRUE(r.call.response.output.error().retry_after);
      }
    }
    w.clock.advance(std::chrono::milliseconds(1));
    fake_worker& one = *w.workers.at(0);
    service_call& c = *one.call;
    c.response.output = "1";
    c.response.cost.guest = std::chrono::milliseconds(1);
    c.ended = w.clock.now();
    c.began = c.began == time_point{} ? c.ended : c.began;
    if (ms > 100 && c.held.begun != time_point{}) longest = std::max(longest, c.held.begun - c.began);
    one.end(worker_events::outcome::fine);
  }
  EXPECT_GT(refused, 3'000);
  EXPECT_LE(longest, std::chrono::milliseconds(30)) << "about what it may";
  EXPECT_GE(longest, std::chrono::milliseconds(10)) << "and the worker never lacks work";
  w.settle();
}

TEST(Pool, ADeadlineThatCannotBeMetIsRefusedAtOnceAsNobodysFault) {
  world w({.max = 1, .queue = 100, .requests = 20, .queue_wait = std::chrono::milliseconds(100)});
  w.clock.advance(std::chrono::seconds(1));
  for (std::size_t i = 0; i < 10; ++i) w.ask(i);
  for (int i = 0; i < 5; ++i) {
    w.clock.advance(std::chrono::milliseconds(10));
    fake_worker& one = *w.workers.at(0);
    one.call->response.output = "1";
    one.call->response.cost.guest = std::chrono::milliseconds(10);
    one.call->ended = w.clock.now();
    if (one.call->began == time_point{}) one.call->began = w.clock.now() - std::chrono::milliseconds(10);
    one.end(worker_events::outcome::fine);
  }
  const auto ask_within = [&](std::size_t i, int ms) {
    w.requests[i].call.began = w.clock.now();
    w.requests[i].call.request.context.deadline = w.clock.now() + std::chrono::milliseconds(ms);
    w.ask(i);
  };
  ask_within(10, 200);
  EXPECT_EQ(w.requests[10].finished, 0);
  ask_within(11, 30);
  ASSERT_EQ(w.requests[11].finished, 1);
  EXPECT_EQ(w.requests[11].call.response.output.error().code, error_code::deadline_exceeded);
  EXPECT_EQ(w.requests[11].call.response.output.error().whose, fault::overload);
  EXPECT_EQ(w.requests[11].call.response.output.error().cause, failure_cause::deadline);
  w.settle();
}

TEST(Pool, AShortDeadlineIsNoReasonToRefuseWhereAWorkerIsFree) {
  world w({.max = 1, .requests = 4});
  const auto answer_after = [&](duration took) {
    w.clock.advance(took);
    service_call& c = *w.workers.at(0)->call;
    c.response.output = "1";
    c.response.cost.guest = took;
    c.ended = w.clock.now();
    w.workers.at(0)->end(worker_events::outcome::fine);
  };
  for (std::size_t i = 0; i < 2; ++i) {
    w.requests[i].call.began = w.clock.now();
    w.ask(i);
    answer_after(std::chrono::seconds(1));
  }
  w.requests[2].call.began = w.clock.now();
  w.requests[2].call.request.context.deadline = w.clock.now() + std::chrono::milliseconds(500);
  w.ask(2);
  EXPECT_TRUE(w.requests[2].started) << "only slow ones were answered lately; this one may be quick";
  w.settle();
}

TEST(Pool, AServiceThatFailsIsJudgedByItsWaitToo) {
  world w({.max = 1, .queue = 1000, .requests = 400, .queue_wait = std::chrono::milliseconds(20)});
  std::size_t asked = 0;
  for (int i = 0; i < 30; ++i) w.ask(asked++);
  for (int i = 0; i < 20; ++i) {
    w.clock.advance(std::chrono::milliseconds(1));
    service_call& c = *w.workers.at(0)->call;
    c.response.output = std::unexpected(error{.code = error_code::internal, .whose = fault::guest, .message = "no"});
    c.response.cost.guest = std::chrono::milliseconds(1);
    c.ended = w.clock.now();
    w.workers.at(0)->end(worker_events::outcome::fine);
  }
  while (asked < 100) w.ask(asked++);
  EXPECT_EQ(w.requests[99].finished, 1) << "99 ms are more than 20";
  w.settle();
}

TEST(Pool, APermitThatTheFirstWaiterNeedsNoMoreGoesToTheNext) {
  world w({.cores = 3, .max = 1, .requests = 3});
  for (std::size_t i = 0; i < 3; ++i) w.ask(i);  // one runs on core 0, one waits on each of the others
  w.workers[0]->end(worker_events::outcome::broken);
  w.stop(1);
  w.settle();
  EXPECT_EQ(w.requests[2].finished, 1);
}

TEST(Pool, AShardThatWaitsGetsAPermitThoughTheOthersWorkersAreMadeAfreshAllTheTime) {
  world w({.cores = 2, .max = 1, .queue = 100, .requests = 60, .fresh = true});
  for (std::size_t i = 0; i < 60; ++i)
    if (i % 2 == 0 || i == 1) w.ask(i);
  for (int turns = 0; turns < 25 && w.requests[1].finished == 0; ++turns) {
    for (fake_worker* const worker : std::vector(w.workers))
      if (worker->busy) worker->end(worker_events::outcome::fine);
    for (auto& l : w.loops) l->poll();
  }
  EXPECT_EQ(w.requests[1].finished, 1);
  w.settle();
}

TEST(Pool, ShutdownEndsAlsoWhatIsOnItsWayToAnotherCore) {
  world w({.cores = 2, .max = 1, .requests = 4});
  w.ask(1);
  w.workers[0]->end(worker_events::outcome::fine);  // idle on core 1
  w.ask(0);                                         // handed over; the message is on its way
  const error why{.code = error_code::unavailable, .message = "the node is shutting down"};
  for (auto& p : w.pools) p->shutdown(why);
  for (auto& l : w.loops) l->poll();
  for (auto& l : w.loops) l->poll();
  ASSERT_EQ(w.requests[0].finished, 1);
  EXPECT_EQ(w.requests[0].call.response.output.error().code, error_code::unavailable);
  w.settle();
}

TEST(Pool, TheReceiptOfARequestThatGaveUpInTheQueueSaysHowLongItWaited) {
  world w({.max = 1, .requests = 2});
  w.ask(0);
  w.ask(1);
  w.clock.advance(std::chrono::milliseconds(70));
  w.stop(1);
  EXPECT_EQ(w.requests[1].call.response.cost.queue, std::chrono::milliseconds(70));
  w.settle();
}

TEST(Pool, RefusesWhenTheQueueIsFullAndSaysWhenToComeBack) {
  world w({.max = 1, .queue = 1, .requests = 3});
  for (std::size_t i = 0; i < 3; ++i) w.ask(i);
  ASSERT_EQ(w.requests[2].finished, 1);
  const error& e = w.requests[2].call.response.output.error();
  EXPECT_EQ(e.code, error_code::resource_exhausted);
  EXPECT_EQ(e.whose, fault::overload);
  EXPECT_TRUE(e.retry_after);
  w.settle();
}

TEST(Pool, IdleWorkersGoDownToTheMinimumTheColdestFirst) {
  world w({.max = 3, .min = 1, .requests = 3});
  w.pools[0]->warm([](bool) {});
  for (std::size_t i = 0; i < 3; ++i) w.ask(i);
  EXPECT_EQ(w.permits->live(), 3U);
  w.settle();  // 1 s passes
  w.clock.advance(std::chrono::seconds(2));
  w.loops[0]->poll();
  EXPECT_EQ(w.permits->live(), 1U);
}

TEST(Pool, AWorkerThatAnswersGetsTheNextRequestBeforeItsAnswerLeaves) {
  world w({.max = 1, .requests = 2});
  w.ask(0);
  w.ask(1);
  w.workers[0]->end(worker_events::outcome::fine);
  EXPECT_TRUE(w.requests[1].started);
  EXPECT_EQ(w.requests[0].finished, 1);
  w.settle();
}

TEST(Pool, AWaitingRequestIsNotOvertakenWhileItsWakeUpIsOnItsWay) {
  world w({.cores = 2, .max = 1, .requests = 4});
  w.ask(0);                                           // runs on core 0
  w.ask(1);                                           // waits on core 1
  w.workers[0]->end(worker_events::outcome::broken);  // the permit is free; core 1 does not know yet
  w.ask(3);                                           // comes to core 1
  EXPECT_FALSE(w.requests[3].started);
  w.settle();
  EXPECT_EQ(w.requests[1].finished + w.requests[3].finished, 2);
}

TEST(Pool, ReplacementsOfGuestsThatFailInARowComeLaterAndLater) {
  world w({.max = 1, .requests = 8});
  for (std::size_t i = 0; i < 8; ++i) w.ask(i);
  for (int i = 0; i < 4; ++i) w.workers.at(0)->end(worker_events::outcome::broken);
  EXPECT_TRUE(w.workers.empty());  // the fourth in a row: a millisecond
  w.clock.advance(std::chrono::milliseconds(3));
  w.loops[0]->poll();
  EXPECT_EQ(w.workers.size(), 1U);
  w.settle();
}

TEST(Pool, AShardThatWaitsGetsAWorkerThoughTheOtherIsBusyAllTheTime) {
  world w({.cores = 2, .max = 1, .queue = 100, .requests = 60});
  for (std::size_t i = 0; i < 60; ++i)
    if (i % 2 == 0 || i == 1) w.ask(i);  // 30 on core 0, one on core 1
  for (int turns = 0; turns < 25 && w.requests[1].finished == 0; ++turns) {
    for (fake_worker* const worker : std::vector(w.workers))
      if (worker->busy) worker->end(worker_events::outcome::fine);
    for (auto& l : w.loops) l->poll();
  }
  EXPECT_EQ(w.requests[1].finished, 1);
  w.settle();
}

TEST(Pool, WhereACoreHasTooMuchToRunRequestsGoToOneThatHasNot) {
  world w({.cores = 2, .max = 8, .requests = 8, .busy_turns = 3});
  w.ask(0);
  EXPECT_TRUE(w.requests[0].started) << "nobody can help at once";
  w.loops[1]->poll();  // it makes an instance
  w.workers.back()->end(worker_events::outcome::fine);
  EXPECT_EQ(w.permits->idle(1), 1U);
  w.ask(2);
  EXPECT_FALSE(w.requests[2].started);
  w.loops[1]->poll();
  EXPECT_TRUE(w.requests[2].started);
  EXPECT_EQ(w.pools[0]->stats().handed_over.get(), 1U);
  w.settle();
  EXPECT_EQ(w.requests[2].finished, 1);
  w.ask(4);
  EXPECT_TRUE(w.requests[4].started) << "it has less to run now";
  w.settle();
}

TEST(Breaker, OpensAfterTwentyFaultsInARowAndForTwiceAsLongEachTime) {
  breaker b;
  manual_clock clock;
  const auto closed = [&] { return b.closed_for([&] { return clock.now(); }); };
  for (int i = 0; i < 19; ++i) b.fault(clock.now());
  EXPECT_FALSE(closed());
  b.fault(clock.now());
  EXPECT_EQ(closed(), std::chrono::seconds(1));
  clock.advance(std::chrono::seconds(1));
  EXPECT_FALSE(closed());
  b.fault(clock.now());
  EXPECT_EQ(closed(), std::chrono::seconds(2));
  clock.advance(std::chrono::seconds(2));
  b.fine();
  for (int i = 0; i < 19; ++i) b.fault(clock.now());
  EXPECT_FALSE(closed());
}

TEST(Breaker, FaultsOverMoreThanTenSecondsDoNotOpenIt) {
  breaker b;
  manual_clock clock;
  for (int i = 0; i < 100; ++i) {
    b.fault(clock.now());
    clock.advance(std::chrono::seconds(1));
  }
  EXPECT_FALSE(b.closed_for([&] { return clock.now(); }));
}

}  // namespace
}  // namespace waggle
