// The pools of two cores on two real threads, with fake workers: the hand-over between them, for the thread sanitizer and
// for orders that only real threads produce. Every order up to a bound is in pool_test.cc.
#include <gmock/gmock.h>

#include <latch>
#include <random>
#include <thread>

#include "runtime/pool.h"

namespace waggle {
namespace {

/// Answers with its input after a while, or breaks, by chance.
struct chance_worker final : worker {
  chance_worker(core_loop& on, worker_events& to, std::atomic<int>& alive)
      : core(on), pool(to), live(alive), random(static_cast<unsigned>(++live)) {}
  ~chance_worker() override { --live; }
  void warm() override {
    core.post([this] { pool.on_warm(*this, worker_events::outcome::fine); });
  }
  void run(service_call& c) override {
    EXPECT_FALSE(busy);
    call = &c;
    busy = true;
    if (random() % 8 == 0)
      core.start_after(later, std::chrono::microseconds(random() % 2000));
    else
      core.post([this] { end(); });
  }
  void abandon() override { call = nullptr; }
  void end() {
    busy = false;
    const auto by = random() % 50;
    if (call != nullptr) call->response.output = call->request.input;
    pool.on_done(*this, std::exchange(call, nullptr),
                 by == 0   ? worker_events::outcome::broken
                 : by < 10 ? worker_events::outcome::spent
                           : worker_events::outcome::fine);
  }

  core_loop& core;
  worker_events& pool;
  std::atomic<int>& live;
  std::minstd_rand random;
  service_call* call = nullptr;
  bool busy = false;
  timer later{this, [](void* self) { static_cast<chance_worker*>(self)->end(); }};
};

struct two_cores;

/// Asks again and again on one core, and gives up now and then.
struct client {
  client(two_cores& world, unsigned on, int times) : in(world), core(on), left(times), random(core * 1000 + 7) {}
  void ask();
  void finished();
  void stop_later(int generation);

  two_cores& in;
  unsigned core;
  int left;
  std::minstd_rand random;
  service_call call;
  bool asked = false;
  int answers = 0;
  int failures = 0;
};

struct two_cores {
  two_cores(std::uint32_t max, pool_limits limits, int clients, int times)
      : permits(std::make_shared<pool_permits>(max, 2)), all_answered(2 * clients) {
    std::vector<wasm_worker_pool*> both;
    for (unsigned i = 0; i < 2; ++i) {
      loops.push_back(std::make_unique<core_loop>(i, clock));
      if (i > 0) limits.min = 0;
      pools.push_back(std::make_unique<wasm_worker_pool>(
          *loops[i], permits, limits, trips,
          [this, i](worker_events& to) { return std::make_unique<chance_worker>(*loops[i], to, live); }));
      both.push_back(pools.back().get());
    }
    for (auto& p : pools) p->connect(both);
    for (int i = 0; i < 2 * clients; ++i)
      everyone.push_back(std::make_unique<client>(*this, static_cast<unsigned>(i % 2), times));
  }

  /// To the end, on two threads.
  void run() {
    std::vector<std::thread> threads;
    for (auto& l : loops) threads.emplace_back([&l] { l->run(); });
    for (auto& c : everyone) loops[c->core]->post([&c] { c->ask(); });
    all_answered.wait();
    std::latch drained(2);
    for (unsigned i = 0; i < 2; ++i) loops[i]->post([&, i] { pools[i]->drain([&] { drained.count_down(); }); });
    drained.wait();
    EXPECT_EQ(permits->live(), 0U);
    EXPECT_EQ(live, 0);
    for (auto& l : loops) l->stop();
    for (auto& t : threads) t.join();
  }

  steady_clock_source clock;
  breaker trips;
  std::atomic<int> live = 0;
  std::shared_ptr<pool_permits> permits;
  std::latch all_answered;
  std::vector<std::unique_ptr<core_loop>> loops;
  std::vector<std::unique_ptr<wasm_worker_pool>> pools;
  std::vector<std::unique_ptr<client>> everyone;
};

void client::ask() {
  --left;
  asked = true;
  call.request.input = std::to_string(left);
  call.then(this, [](void* self, service_call&) noexcept { static_cast<client*>(self)->finished(); });
  if (random() % 4 == 0) stop_later(left);
  in.pools[core]->invoke(call);
}

void client::finished() {
  EXPECT_TRUE(asked) << "answered twice";
  asked = false;
  ++answers;
  if (!call.response.output)
    ++failures;
  else
    EXPECT_EQ(*call.response.output, std::to_string(left)) << "somebody else's answer";
  if (left > 0)
    in.loops[core]->post([this] { ask(); });
  else
    in.all_answered.count_down();
}

void client::stop_later(int generation) {
  in.loops[core]->post([this, generation] {
    if (asked && left == generation)
      call.stop({.code = error_code::canceled, .whose = fault::caller, .message = "gone"});
  });
}

class PoolThreads : public testing::TestWithParam<std::uint32_t> {};

TEST_P(PoolThreads, EverythingIsAnsweredExactlyOnce) {
  constexpr int times = 400;
  for (const pool_limits& limits :
       {pool_limits{}, pool_limits{.min = 1}, pool_limits{.max_requests = 3}, pool_limits{.fresh = true},
        pool_limits{.idle = std::chrono::milliseconds(1)}, pool_limits{.queue = 4}}) {
    two_cores world(GetParam(), limits, 8, times);
    world.run();
    int failures = 0;
    for (auto& c : world.everyone) {
      EXPECT_EQ(c->answers, times);
      failures += c->failures;
    }
    EXPECT_GT(failures, 0) << "no stop came in time: the test tests less than it should";
  }
}

INSTANTIATE_TEST_SUITE_P(Max, PoolThreads, testing::Values(1, 2, 3));

}  // namespace
}  // namespace waggle
