// Requests with state on two cores with real threads: idempotent ones and their repeats on both cores at once, conflicts and
// what runs again on the other core, a singleton's door, callers that go. For the thread sanitizer too.
#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include <array>
#include <latch>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "runtime/node_for_tests.h"
#include "state/state_keeper.h"

namespace waggle {
namespace {

using namespace testing_node;

std::shared_ptr<const contract> compiled(const std::string& sdl) {
  auto c = compile_contract(sdl, "f");
  if (!c.value) throw std::runtime_error(to_string(c.findings.front()));
  return std::make_shared<const contract>(*std::move(c.value));
}

/// Counts in the guest's state, and writes to the guest's log. The answer comes a little later, or at once.
class counting final : public service {
 public:
  counting(core_loop& on, state_keeper& keeper)
      : core_(on),
        keeper_(keeper),
        about_(compiled(R"(schema @service(name: "waggle.state.v1.State") { query: Query mutation: Mutation }
          scalar JSON type Query { get: JSON } type Mutation { increment: JSON })")) {}
  void ask(service_call& call) override {
    const std::shared_ptr<guest_request> by = call.request.context.calling;
    by->log(1, "counts");
    if (!by->state) by->state = keeper_.begin(by->service, by->granted, by->reads_only, by->held);
    if (const auto now = by->state->increment("a", 1))
      call.response.output = std::to_string(*now);
    else
      call.response.output = std::unexpected(now.error());
    if (++asked_ % 2 == 0) return call.finish();
    core_.post([&call] { call.finish(); });
  }
  [[nodiscard]] const contract& description() const override { return *about_; }

 private:
  core_loop& core_;
  state_keeper& keeper_;
  std::shared_ptr<const contract> about_;
  unsigned asked_ = 0;
};

struct two_cores;

struct client {
  client(two_cores& world, unsigned nth, int times)
      : in(world), core(nth % 2), index(nth), left(times), random(nth * 1000 + 7) {}
  void ask();
  void finished();

  two_cores& in;
  unsigned core;
  unsigned index;
  int left;
  std::minstd_rand random;
  service_call call;
  bool asked = false;
};

struct two_cores {
  explicit two_cores(bool singleton) {
    spdlog::set_level(spdlog::level::off);
    auto granted = std::make_shared<service_grants>();
    granted->uses = {"waggle.state.v1.State"};
    deployment_settings settings;
    settings.granted = granted;
    settings.state = keeper.get();
    settings.blocking = &blocking;
    for (unsigned i = 0; i < 2; ++i) {
      all.push_back(&loops[i]);
      states.push_back(std::make_unique<counting>(loops[i], *keeper));
      around(loops[i]).directory.put("waggle.state.v1.State", *states.back());
    }
    served = deploy(all, "caller", settings,
                    std::string(R"(extend schema @service(name: "test.Caller", )") +
                        (singleton ? "singleton: true" : "pool: {max: 3}") +
                        R"() @uses(services: ["waggle.state.v1.State"]) scalar JSON
                        type Query { call(service: String!, method: String!, input: JSON): JSON }
                        type Mutation { change(service: String!, method: String!, input: JSON): JSON @idempotent })");
  }
  void run(int clients, int times) {
    std::vector<std::thread> threads;
    for (core_loop* const l : all) threads.emplace_back([l] { l->run(); });
    std::latch warm(1);
    served->start([&](bool fine) {
      EXPECT_TRUE(fine);
      warm.count_down();
    });
    warm.wait();
    if (served->about().singleton) served->take_over(*keeper->acquire("test.Caller"));
    std::latch over(clients);
    answered = &over;
    for (int i = 0; i < clients; ++i)
      everyone.push_back(std::make_unique<client>(*this, static_cast<unsigned>(i), times));
    for (auto& c : everyone) all[c->core]->post([&c] { c->ask(); });
    over.wait();
    std::latch gone(1);
    served->retire([&] { gone.count_down(); });
    gone.wait();
    for (core_loop* const l : all) l->stop();
    for (auto& t : threads) t.join();
  }
  std::int64_t kept() {
    const auto t = keeper->begin("test.Caller", nullptr, true, nullptr);
    const auto found = t->get("a");
    return found && *found ? std::stoll((*found)->value) : 0;
  }

  steady_clock_source clock;
  std::array<core_loop, 2> loops{core_loop{0, clock}, core_loop{1, clock}};
  std::vector<core_loop*> all;
  std::unique_ptr<state_keeper> keeper = state_keeper::in_memory(clock);
  blocking_pool blocking{2};
  std::vector<std::unique_ptr<counting>> states;
  std::unique_ptr<deployment> served;
  std::vector<std::unique_ptr<client>> everyone;
  std::latch* answered = nullptr;

  std::mutex mutex;
  std::map<std::string, std::set<std::string>> answers;  // by key
  std::set<std::string> all_answers;                     // each number is given once
  std::set<std::string> failures;
};

void client::ask() {
  --left;
  asked = true;
  call.request = {};
  call.request.method = "change";
  call.request.input = R"({"service":"waggle.state.v1.State","method":"increment"})";
  // Neighbours on both cores use the same key at about the same time.
  call.request.context.headers = {{"idempotency-key", fmt::format("{}-{}", index / 4, left)}};
  if (random() % 4 == 0) call.request.context.deadline = in.clock.now() + std::chrono::milliseconds(random() % 20);
  call.then(this, [](void* self, service_call&) noexcept { static_cast<client*>(self)->finished(); });
  if (random() % 4 == 0)
    in.all[core]->post([this, mine = left] {
      if (asked && left == mine) call.stop({.code = error_code::canceled, .whose = fault::caller, .message = "gone"});
    });
  in.served->on(core).ask(call);
}

void client::finished() {
  EXPECT_TRUE(asked) << "answered twice";
  asked = false;
  {
    const std::lock_guard lock(in.mutex);
    if (const auto& out = call.response.output) {
      in.answers[call.request.context.headers.empty() ? fmt::format("{}-{}", index / 4, left)
                                                      : call.request.context.headers[0].second]
          .insert(*out);
      in.all_answers.insert(*out);
    } else {
      in.failures.insert(fmt::format("{}: {}", to_string(out.error().code), out.error().message));
    }
  }
  if (left > 0)
    in.all[core]->post([this] { ask(); });
  else
    in.answered->count_down();
}

class StateThreads : public testing::TestWithParam<bool> {};

TEST_P(StateThreads, EachKeyCountsOnceAndItsRepeatsGetTheSameAnswer) {
  two_cores world(GetParam());
  world.run(16, 40);
  for (const auto& [key, answers] : world.answers) EXPECT_EQ(answers.size(), 1U) << key;
  EXPECT_EQ(world.all_answers.size(), world.answers.size());
  // A request whose caller has gone may have been committed, unseen: at most once for each key.
  EXPECT_GE(world.kept(), static_cast<std::int64_t>(world.answers.size()));
  EXPECT_LE(world.kept(), 4 * 40);
  for (const std::string& f : world.failures)
    EXPECT_THAT(f, testing::AnyOf(testing::StartsWith("canceled"), testing::StartsWith("deadline_exceeded"),
                                  testing::StartsWith("aborted")));
}

INSTANTIATE_TEST_SUITE_P(Of, StateThreads, testing::Bool(),
                         [](const auto& of) { return of.param ? "ASingleton" : "APool"; });

}  // namespace
}  // namespace waggle
