// Durable commits a second: through state_keeper, with so many requests outstanding on one core, and RocksDB driven directly by
// as many threads, each waiting for its own synced write. In turns, in one run; at the end the ratios of the medians.
//   state_bench [--benchmark_…] [FOLDER]   default: a new one here, so that the disk is that of the data, not a tmpfs
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <rocksdb/db.h>
#include <unistd.h>

#include "state/state_keeper.h"

namespace {

using namespace waggle;

const std::string value = '"' + std::string(118, 'v') + '"';  // 120 bytes
std::filesystem::path folder;                                 // NOLINT
std::map<std::string, std::vector<double>> rates;             // NOLINT

std::string key(std::size_t i) { return fmt::format("order/{:08}", (i * 2654435761U) % 10'000); }

/// One run is as many commits.
std::size_t commits(std::int64_t at_once) { return at_once == 1 ? 50 : at_once == 16 ? 800 : 6'400; }

template <class F>
void measure(benchmark::State& state, const std::string& name, const F& run) {
  const std::size_t total = commits(state.range(0));
  for (auto _ : state) {
    const auto from = std::chrono::steady_clock::now();
    run(total);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
    state.SetIterationTime(seconds);
    rates[fmt::format("{} {}", name, state.range(0))].push_back(static_cast<double>(total) / seconds);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(total));
}

void keeper(benchmark::State& state) {
  const steady_clock_source clock;
  core_loop core(0, clock);
  const auto opened = state_keeper::open(folder / "keeper", clock);
  if (!opened) return state.SkipWithError(opened.error().message.c_str());
  measure(state, "keeper", [&](std::size_t total) {
    std::size_t begun = 0;
    std::size_t ended = 0;
    std::function<void()> next = [&] {
      auto t = (*opened)->begin("shop.v1.Orders", nullptr, false, nullptr);
      if (!t->put(key(begun++), value)) std::abort();
      (*opened)->commit(std::move(t), core, [&](const result<void>& done) {
        if (!done) std::abort();
        if (++ended == total) core.stop();
        if (begun < total) next();
      });
    };
    for (std::int64_t i = 0; i < state.range(0); ++i) next();
    core.io().restart();
    core.run();
  });
}

void rocksdb_alone(benchmark::State& state) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = state_settings{}.write_buffer_bytes;
  rocksdb::DB* made = nullptr;
  if (const auto s = rocksdb::DB::Open(options, folder / "rocksdb", &made); !s.ok())
    return state.SkipWithError(s.ToString().c_str());
  const std::unique_ptr<rocksdb::DB> db(made);
  const auto threads = static_cast<std::size_t>(std::min<std::int64_t>(state.range(0), 16));
  measure(state, "rocksdb", [&](std::size_t total) {
    std::vector<std::thread> all;
    for (std::size_t n = 0; n < threads; ++n)
      all.emplace_back([&, n] {
        rocksdb::WriteOptions sync;
        sync.sync = true;
        for (std::size_t i = n; i < total; i += threads)
          if (!db->Put(sync, key(i), value).ok()) std::abort();
      });
    for (auto& t : all) t.join();
  });
}

double median(std::vector<double> v) {
  std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
  return v[v.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  std::string made = argc > 1 ? argv[1] : "state_bench-XXXXXX";
  if (argc <= 1 && ::mkdtemp(made.data()) == nullptr) return std::perror("mkdtemp"), 2;
  folder = made;
  std::filesystem::create_directories(folder);
  for (int round = 0; round < 40; ++round)
    for (const std::int64_t n : {1, 16, 256}) {
      const auto add = [&](const char* name, void (*run)(benchmark::State&)) {
        benchmark::RegisterBenchmark(name, run)->Arg(n)->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);
      };
      add("rocksdb", rocksdb_alone);
      add("keeper", keeper);
    }
  benchmark::RunSpecifiedBenchmarks();
  for (const auto& [n, budget] : {std::pair{1, ""}, {16, " (budget: 0.7)"}, {256, ""}}) {
    const auto& ours = rates[fmt::format("keeper {}", n)];
    const auto& theirs = rates[fmt::format("rocksdb {}", n)];
    if (ours.empty() || theirs.empty()) continue;
    fmt::print("{} outstanding: {:.0f}/s, RocksDB with {} threads {:.0f}/s, ratio {:.2f}{}\n", n, median(ours),
               std::min(n, 16), median(theirs), median(ours) / median(theirs), budget);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return 0;
}
