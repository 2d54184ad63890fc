// Versions of a service on two real cores.
#include "runtime/deployment.h"

#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include <latch>
#include <random>

#include "runtime/node_for_tests.h"

namespace waggle {
namespace {

using namespace testing_node;

class TwoCores : public testing::Test {
 protected:
  TwoCores() {
    spdlog::set_level(spdlog::level::off);
    for (unsigned i = 0; i < 2; ++i) {
      loops.push_back(std::make_unique<core_loop>(i, clock));
      cores.push_back(loops.back().get());
    }
    for (auto& l : loops) threads.emplace_back([&l] { l->run(); });
  }
  ~TwoCores() override {
    for (auto& l : loops) l->stop();
    for (auto& t : threads) t.join();
  }
  /// On each core, and waits.
  template <class What>
  void on_all(What what) {
    std::latch done(2);
    for (unsigned i = 0; i < 2; ++i)
      loops[i]->post([&, i] {
        what(i);
        done.count_down();
      });
    done.wait();
  }
  static void retire(std::unique_ptr<deployment> d) {
    std::latch done(1);
    d->retire([&] { done.count_down(); });
    done.wait();
    EXPECT_EQ(d->workers(), 0U);
  }

  steady_clock_source clock;
  std::vector<std::unique_ptr<core_loop>> loops;
  std::vector<core_loop*> cores;
  std::vector<std::thread> threads;
  std::array<service_directory, 2> directories;
};

/// Asks until it is told to stop; each answer must be its own.
struct asker {
  asker(core_loop& on, service_directory& in, unsigned seed) : core(on), directory(in), random(seed) {}
  void ask() {
    asked = true;
    text = fmt::format(R"({{"text":"{}"}})", random());
    call.request.method = random() % 50 == 0 ? "trap" : random() % 20 == 0 ? "spin" : "echo";
    call.request.input = call.request.method == "echo" ? text : "{}";
    if (call.request.method == "spin")
      call.request.context.deadline = core.now() + std::chrono::milliseconds(1);
    else
      call.request.context.deadline.reset();
    call.then(this, [](void* self, service_call&) noexcept { static_cast<asker*>(self)->answered(); });
    directory.find("test.Echo")->ask(call);
  }
  void answered() {
    EXPECT_TRUE(asked) << "answered twice";
    asked = false;
    ++answers;
    const auto& output = call.response.output;
    if (output) {
      EXPECT_EQ(*output, text) << "somebody else's answer";
    } else {
      EXPECT_THAT(output.error().code,
                  testing::AnyOf(error_code::internal, error_code::deadline_exceeded, error_code::unavailable))
          << output.error().message;
    }
    if (stop)
      stop->count_down();
    else
      core.post([this] { ask(); });
  }
  core_loop& core;
  service_directory& directory;
  std::minstd_rand random;
  service_call call;
  std::string text;
  bool asked = false;
  std::atomic<int> answers = 0;
  std::latch* stop = nullptr;
};

constexpr std::string_view of_few = R"(schema @service(name: "test.Echo", pool: {max: 3, min: 1}) { query: Query }
scalar JSON
type Query { echo(text: String): JSON spin: JSON trap: JSON })";

TEST_F(TwoCores, AVersionIsReplacedUnderLoadWithoutALostOrADoubleAnswer) {
  std::unique_ptr<deployment> now;
  const auto replace = [&] {
    auto next = deploy(cores, "echo", {}, std::string(of_few));
    std::latch warm(1);
    next->start([&](bool fine) {
      EXPECT_TRUE(fine);
      warm.count_down();
    });
    warm.wait();
    on_all([&](unsigned i) { directories[i].put("test.Echo", next->on(i)); });
    if (now) retire(std::move(now));
    now = std::move(next);
  };
  replace();
  constexpr int each = 4;
  std::vector<std::unique_ptr<asker>> askers;
  for (unsigned i = 0; i < 2 * each; ++i)
    askers.push_back(std::make_unique<asker>(*loops[i % 2], directories[i % 2], i + 1));
  for (auto& a : askers) a->core.post([&a] { a->ask(); });
  for (int version = 0; version < 8; ++version) {
    replace();
    const int seen = askers[0]->answers;
    while (askers[0]->answers < seen + 20) std::this_thread::yield();  // some load on each version
  }
  std::latch stopped(2 * each);
  for (auto& a : askers) a->core.post([&a, &stopped] { a->stop = &stopped; });
  stopped.wait();
  retire(std::move(now));
  for (auto& a : askers) {
    EXPECT_FALSE(a->asked);
    EXPECT_GT(a->answers, 10);
  }
}

TEST_F(TwoCores, ANewVersionGoesOnWithTheLimitsOfTheOldOneWhereTheyAreTheSame) {
  deployment_settings settings;
  settings.limits = {.rate = 10, .cpu_ms = 100};
  auto first = deploy(cores, "echo", settings);
  settings.before = first->share();
  auto second = deploy(cores, "echo", settings);
  EXPECT_NE(first->share().admits, nullptr);
  EXPECT_EQ(first->share().admits, second->share().admits);
  EXPECT_EQ(first->share().cpu, second->share().cpu);
  EXPECT_EQ(first->share().running, second->share().running);
  settings.before = second->share();
  settings.limits = {.rate = 20, .cpu_ms = 100};
  auto third = deploy(cores, "echo", settings);
  EXPECT_NE(third->share().admits, second->share().admits);
  EXPECT_EQ(third->share().cpu, second->share().cpu);
  settings.before = third->share();
  settings.limits = {};
  auto fourth = deploy(cores, "echo", settings);
  EXPECT_EQ(fourth->share().admits, nullptr);
  EXPECT_EQ(fourth->share().cpu, nullptr);
  for (auto* d : {&first, &second, &third, &fourth}) retire(std::move(*d));
}

TEST_F(TwoCores, AllOfARetiredServiceEndsThoughItIsCutOffWhileRequestsAreOnTheirWayBetweenCores) {
  for (int round = 0; round < 10; ++round) {
    auto echo = deploy(cores, "echo", {}, std::string(of_few));
    std::latch answered(16);
    std::vector<std::unique_ptr<service_call>> calls;
    for (int i = 0; i < 16; ++i) {
      calls.push_back(std::make_unique<service_call>());
      calls.back()->request.method = "spin";
      calls.back()->then(&answered,
                         [](void* self, service_call&) noexcept { static_cast<std::latch*>(self)->count_down(); });
    }
    for (std::size_t i = 0; i < 16; ++i)
      loops[i % 2]->post([&, i] { echo->on(static_cast<unsigned>(i % 2)).ask(*calls[i]); });
    echo->cut_off();
    answered.wait();
    for (const auto& c : calls) {
      EXPECT_FALSE(c->response.output);
      if (!c->response.output) {
        EXPECT_EQ(c->response.output.error().code, error_code::unavailable);
      }
    }
    retire(std::move(echo));
  }
}

}  // namespace
}  // namespace waggle
