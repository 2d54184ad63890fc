// What a guest's call of another service costs, beside asking that service directly, and its state beside the store driven
// directly. In turns, many short rounds, medians: the machine is noisy. State is RocksDB in a folder of its own.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/host_services.h"
#include "runtime/node_for_tests.h"

namespace {

using namespace waggle;
using namespace waggle::testing_node;

using clock_type = std::chrono::steady_clock;
double since(clock_type::time_point from) {
  return std::chrono::duration<double, std::nano>(clock_type::now() - from).count();
}

double quantile(std::vector<double> all, double q) {
  const auto at = static_cast<std::ptrdiff_t>(q * static_cast<double>(all.size() - 1));
  std::ranges::nth_element(all, all.begin() + at);
  return all[static_cast<std::size_t>(at)];
}

/// One request after the other in each of several places, until `n` have been answered. Nanoseconds of each.
struct load {
  core_loop& core;
  service& to;
  std::string method;
  std::function<std::string(int)> input;
  struct place {
    load* home = nullptr;
    service_call call;
    clock_type::time_point began;
  };
  int begun = 0;
  int ended = 0;
  int wanted = 0;
  std::vector<double> took{};

  void next(place& p) {
    if (begun == wanted) return;
    p.call.request.method = method;
    p.call.request.input = input(begun++);
    p.began = clock_type::now();
    p.call.then(&p, [](void* self, service_call& c) noexcept {
      auto& at = *static_cast<place*>(self);
      if (!c.response.output) {
        fmt::print(stderr, "{}\n", c.response.output.error().message);
        std::abort();
      }
      at.home->took.push_back(since(at.began));
      ++at.home->ended;
      at.home->core.post([&at] { at.home->next(at); });
    });
    to.ask(p.call);
  }
  /// Requests a second.
  double run(int n, std::size_t at_once) {
    begun = ended = 0;
    wanted = n;
    std::vector<std::unique_ptr<place>> places;
    const auto from = clock_type::now();
    for (std::size_t i = 0; i < at_once; ++i) {
      places.push_back(std::make_unique<place>());
      places.back()->home = this;
      next(*places.back());
    }
    while (ended < n) core.poll();
    core.poll();
    return 1e9 * n / since(from);
  }
};

/// The store driven directly from one core: so many commits under way.
double direct_puts(core_loop& core, state_keeper& keeper, int n, int at_once) {
  int begun = 0;
  int ended = 0;
  std::function<void()> next = [&] {
    if (begun == n) return;
    auto t = keeper.begin("bench.Direct", nullptr, false, nullptr);
    if (!t->put(fmt::format("key{}", begun++), R"({"name":"a value of some length, as they are"})")) std::abort();
    keeper.commit(std::move(t), core, [&](const result<void>& fine) {
      if (!fine) std::abort();
      ++ended;
      next();
    });
  };
  const auto from = clock_type::now();
  for (int i = 0; i < at_once; ++i) next();
  while (ended < n) core.poll();
  return 1e9 * n / since(from);
}

}  // namespace

int main(int argc, char** argv) {
  const bool smoke = argc > 1 && std::string_view(argv[1]) == "--smoke";
  const int rounds = smoke ? 2 : 21;
  const int scale = smoke ? 1 : 10;

  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / fmt::format("waggle-call-bench-{}", ::getpid());
  steady_clock_source clock;
  configuration c;
  c.data = folder.string();
  core_loop core(0, clock);
  core_loop* cores[1] = {&core};
  auto ground = host_ground::open(c, clock, true);
  if (!ground) return 1;
  {
    around_core& here = around(core);
    host_services host(core, here.directory, **ground, c);
    auto granted = std::make_shared<service_grants>();
    granted->uses = {"bench.Echo", "waggle.state.v1.State"};
    deployment_settings settings;
    settings.granted = granted;
    settings.state = &(*ground)->state();
    settings.blocking = &(*ground)->blocking();
    const auto echo = deploy(cores, "echo", {}, R"(schema @service(name: "bench.Echo") { query: Query }
      scalar JSON
      type Query { echo(text: String, n: Int, data: JSON): JSON })");
    const auto caller = deploy(cores, "caller", settings, R"(extend schema
      @service(name: "bench.Caller", pool: {max: 64}) @uses(services: ["bench.Echo", "waggle.state.v1.State"])
      scalar JSON
      type Query { callTimes(service: String!, method: String!, input: JSON, times: Int!): JSON }
      type Mutation { change(service: String!, method: String!, input: JSON): JSON })");
    here.directory.put("bench.Echo", echo->on(0));

    const std::string payload = R"({"text":"0123456789012345678901234567890123456789","n":12345})";
    const auto many = [&](std::string_view to, std::string_view method, std::string_view input, int times) {
      return [text = fmt::format(R"({{"service":"{}","method":"{}","input":{},"times":{}}})", to, method, input,
                                 times)](int) { return text; };
    };
    const auto per_request = [&](load l, int n) {
      const auto from = clock_type::now();
      l.run(n, 1);
      return since(from) / n;
    };
    constexpr int times = 50;
    std::vector<double> asks, calls, gets, direct_gets;
    for (int r = 0; r <= rounds; ++r) {
      const double ask = per_request({core, echo->on(0), "echo", [&](int) { return payload; }}, 200 * scale);
      const auto slope = [&](std::string_view to, std::string_view method, std::string_view input) {
        const double with = per_request({core, caller->on(0), "callTimes", many(to, method, input, times)}, 10 * scale);
        const double without = per_request({core, caller->on(0), "callTimes", many(to, method, input, 0)}, 10 * scale);
        return (with - without) / times;
      };
      const double call = slope("bench.Echo", "echo", payload);
      const double get = slope("waggle.state.v1.State", "get", R"({"key":"key1"})");
      const auto from = clock_type::now();
      const auto t = (*ground)->state().begin("bench.Caller", nullptr, true, nullptr);
      for (int i = 0; i < 100 * scale; ++i)
        if (!t->get("key1")) std::abort();
      const double direct = since(from) / (100 * scale);
      if (r == 0) continue;  // warms up
      asks.push_back(ask);
      calls.push_back(call);
      gets.push_back(get);
      direct_gets.push_back(direct);
    }
    const double ask = quantile(asks, 0.5);
    fmt::print("{:<52}{:>10}{:>9}\n", "calls of a guest, in process", "ns", "ratio");
    fmt::print("{:<52}{:>10.0f}{:>8.2f}x\n", "a direct ask of the same service", ask, 1.0);
    fmt::print("{:<52}{:>10.0f}{:>8.2f}x  budget: 1.5x\n", "what a call adds", quantile(calls, 0.5),
               quantile(calls, 0.5) / ask);
    fmt::print("{:<52}{:>10.0f}\n", "state: get, the transaction driven directly", quantile(direct_gets, 0.5));
    fmt::print("{:<52}{:>10.0f}{:>8.2f}x\n", "state: get, from a guest", quantile(gets, 0.5),
               quantile(gets, 0.5) / quantile(direct_gets, 0.5));

    const std::string put =
        R"({{"service":"waggle.state.v1.State","method":"put","input":{{"key":"key{}","value":{{"name":"a value of some length, as they are"}}}}}})";
    fmt::print("\n{:<28}{:>12}{:>10}{:>10}{:>14}{:>9}\n", "durable puts of a guest", "per second", "p50 ms", "p99 ms",
               "directly /s", "ratio");
    for (const int at_once : {1, 16, 256}) {
      load l{core, caller->on(0), "change", [&](int i) { return fmt::format(fmt::runtime(put), i); }};
      std::vector<double> ours, theirs, took;
      const int n = std::max(at_once * 4, (smoke ? 20 : 100) * std::min(at_once, 16));
      for (int r = 0; r < (smoke ? 1 : 7); ++r) {
        l.took.clear();
        ours.push_back(l.run(n, static_cast<std::size_t>(at_once)));
        took.insert(took.end(), l.took.begin(), l.took.end());
        theirs.push_back(direct_puts(core, (*ground)->state(), n, at_once));
      }
      fmt::print("{:<28}{:>12.0f}{:>10.2f}{:>10.2f}{:>14.0f}{:>8.2f}x{}\n", fmt::format("{} at once", at_once),
                 quantile(ours, 0.5), quantile(took, 0.5) / 1e6, quantile(took, 0.99) / 1e6, quantile(theirs, 0.5),
                 quantile(ours, 0.5) / quantile(theirs, 0.5), at_once == 16 ? "  budget: 0.7x" : "");
    }
    for (const auto* d : {&echo, &caller}) {
      bool gone = false;
      (*d)->retire([&gone] { gone = true; });
      while (!gone) core.poll();
    }
  }
  ground->reset();
  std::filesystem::remove_all(folder);
  return 0;
}
