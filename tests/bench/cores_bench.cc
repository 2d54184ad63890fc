// cores_bench [--smoke]: asks of one service from one core and from two at once, in process: what a second core adds. Each core asks its
// own shard, as its connections would. Beside it the same work without anything shared, a loop on each thread: what this machine's
// second core is worth at that moment.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "runtime/node_for_tests.h"

namespace {

using namespace waggle;
using namespace waggle::testing_node;

constexpr std::string_view payload =
    R"({"text":"0123456789012345678901234567890123456789012345678901234567890123456789","n":12345,"data":{"a":[1,2,3]}})";

/// Asks again and again on one core, until it is told to stop.
struct asker {
  core_loop& core;
  service& to;
  std::atomic<std::uint64_t> answered{0};
  std::atomic<bool> stop{false};
  std::atomic<bool> stopped{false};
  service_call call{};

  void next() {
    if (stop) {
      stopped = true;
      return;
    }
    call.request.method = "echo";
    call.request.input = payload;
    call.then(this, [](void* self, service_call& c) noexcept {
      if (!c.response.output) std::abort();
      auto& me = *static_cast<asker*>(self);
      me.answered.store(me.answered.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      me.core.post([&me] { me.next(); });
    });
    to.ask(call);
  }
};

/// Asks a second over the first `n` cores.
double asks(std::vector<std::unique_ptr<core_loop>>& cores, deployment& d, unsigned n, std::chrono::milliseconds wait) {
  std::vector<std::unique_ptr<asker>> all;
  for (unsigned i = 0; i < n; ++i) {
    all.push_back(std::unique_ptr<asker>(new asker{*cores[i], d.on(i)}));
    cores[i]->post([a = all.back().get()] { a->next(); });
  }
  const auto count = [&] {
    std::uint64_t sum = 0;
    for (const auto& a : all) sum += a->answered.load(std::memory_order_relaxed);
    return static_cast<double>(sum);
  };
  std::this_thread::sleep_for(wait / 5);
  const double before = count();
  const auto from = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(wait);
  const double rate =
      (count() - before) / std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
  for (const auto& a : all) a->stop = true;
  for (const auto& a : all)
    while (!a->stopped) std::this_thread::yield();
  return rate;
}

/// Turns of an empty loop a second over `n` threads.
double turns(unsigned n, std::chrono::milliseconds wait) {
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> sum{0};
  std::vector<std::thread> all;
  const auto from = std::chrono::steady_clock::now();
  for (unsigned i = 0; i < n; ++i)
    all.emplace_back([&] {
      std::uint64_t mine = 0;
      while (!stop.load(std::memory_order_relaxed)) ++mine;
      sum += mine;
    });
  std::this_thread::sleep_for(wait);
  stop = true;
  for (auto& t : all) t.join();
  return static_cast<double>(sum) / std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
}

double median(std::vector<double> all) {
  std::ranges::sort(all);
  return all[all.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const bool smoke = argc > 1 && std::string_view(argv[1]) == "--smoke";
  const auto wait = std::chrono::milliseconds(smoke ? 30 : 300);
  const int rounds = smoke ? 1 : 7;
  steady_clock_source clock;
  std::vector<std::unique_ptr<core_loop>> cores;
  std::vector<core_loop*> seen;
  for (unsigned i = 0; i < 2; ++i) seen.push_back(cores.emplace_back(std::make_unique<core_loop>(i, clock)).get());
  const auto d = deploy(seen, "echo", {}, R"(schema @service(name: "bench.Echo") { query: Query } scalar JSON
      type Query { echo(text: String, n: Int, data: JSON): JSON })");
  std::vector<std::thread> threads;
  for (const auto& c : cores) threads.emplace_back([loop = c.get()] { loop->run(); });
  std::vector<double> ask1, ask2, loop1, loop2;
  for (int r = 0; r < rounds; ++r) {  // in turns: the machine is noisy
    ask1.push_back(asks(cores, *d, 1, wait));
    ask2.push_back(asks(cores, *d, 2, wait));
    loop1.push_back(turns(1, wait / 3));
    loop2.push_back(turns(2, wait / 3));
  }
  fmt::print("{:<52}{:>10}{:>10}{:>9}\n", "per second", "1 core", "2 cores", "ratio");
  fmt::print("{:<52}{:>10.0f}{:>10.0f}{:>8.2f}x\n", "asks of an echo, in process", median(ask1), median(ask2),
             median(ask2) / median(ask1));
  fmt::print("{:<52}{:>10.0f}{:>10.0f}{:>8.2f}x\n", "an empty loop on each thread, in thousands", median(loop1) / 1e3,
             median(loop2) / 1e3, median(loop2) / median(loop1));
  std::atomic<bool> gone{false};
  d->retire([&gone] { gone = true; });
  while (!gone) std::this_thread::yield();
  for (const auto& c : cores) c->stop();
  for (auto& t : threads) t.join();
}
