// What a request costs inside one process, layer by layer, each as nanoseconds and as a ratio to the base of the same
// run: one fiber that makes the guest calls of a request through Wasmtime's own C API (design: six calls, copy in, out).
// All are measured in turns, many short rounds, and the median is told: the machine is noisy.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "runtime/node_for_tests.h"

namespace {

using namespace waggle;
using namespace waggle::testing_node;

constexpr std::string_view payload =
    R"({"text":"0123456789012345678901234567890123456789012345678901234567890123456789","n":12345,"data":{"a":[1,2,3]}})";

double since(std::chrono::steady_clock::time_point from) {
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - from).count();
}

/// An instance through the C API alone.
struct plain_instance {
  explicit plain_instance(const module& m) {
    store.reset(wasmtime_store_new(m.engine().engine.get(), nullptr, nullptr));
    context = wasmtime_store_context(store.get());
    wasmtime_store_epoch_deadline_callback(
        store.get(),
        [](wasmtime_context_t*, void*, std::uint64_t* delta,
           wasmtime_update_deadline_kind_t* kind) -> wasmtime_error_t* {
          *delta = 1;
          *kind = WASMTIME_UPDATE_DEADLINE_YIELD;
          return nullptr;
        },
        nullptr, nullptr);
    wasmtime_context_set_epoch_deadline(context, 1'000'000);
    wasm_trap_t* trap = nullptr;
    wasmtime_error_t* failed = nullptr;
    wasmtime_instance_t instance;
    auto* future = wasmtime_instance_pre_instantiate_async(m.pre(), context, &instance, &trap, &failed);
    while (!wasmtime_call_future_poll(future)) {
    }
    wasmtime_call_future_delete(future);
    if (trap != nullptr || failed != nullptr) std::abort();
    exports = bind_native(context, instance, false, true);
    base = wasmtime_memory_data(context, &exports.memory);
    wasmtime_func_new_unchecked(context, m.engine().driver_type.get(), drive, this, nullptr, &driver);
  }

  std::uint32_t call(const wasmtime_func_t& f, wasmtime_val_raw_t* v, std::size_t n) {
    wasm_trap_t* trap = nullptr;
    if (wasmtime_func_call_unchecked(context, &f, v, n, &trap) != nullptr || trap != nullptr) std::abort();
    return static_cast<std::uint32_t>(v[0].i32);
  }
  std::uint32_t give(std::string_view bytes) {
    wasmtime_val_raw_t v[1];
    v[0].i32 = static_cast<std::int32_t>(bytes.size());
    const std::uint32_t at = call(exports.allocate, v, 1);
    std::memcpy(base + at, bytes.data(), bytes.size());
    return at;
  }
  std::uint64_t handle(std::uint32_t method, std::uint32_t input) {
    wasmtime_val_raw_t v[4];
    v[0].i32 = static_cast<std::int32_t>(method);
    v[1].i32 = 4;
    v[2].i32 = static_cast<std::int32_t>(input);
    v[3].i32 = static_cast<std::int32_t>(payload.size());
    call(exports.handle_request, v, 4);
    return static_cast<std::uint64_t>(v[0].i64);
  }
  void free(std::uint32_t at) {
    wasmtime_val_raw_t v[1];
    v[0].i32 = static_cast<std::int32_t>(at);
    call(exports.deallocate, v, 1);
  }
  void six_calls() {
    const std::uint32_t method = give("echo");
    const std::uint32_t input = give(payload);
    const std::uint64_t answer = handle(method, input);
    output.assign(reinterpret_cast<const char*>(base) + (answer >> 32), static_cast<std::uint32_t>(answer));
    free(method);
    free(input);
    free(static_cast<std::uint32_t>(answer >> 32));
  }
  static wasm_trap_t* drive(void* self, wasmtime_caller_t*, wasmtime_val_raw_t*, std::size_t) {
    static_cast<plain_instance*>(self)->six_calls();
    return nullptr;
  }
  /// The base: `wasmtime_func_call_async` on a host function that makes the guest calls.
  void on_a_fiber() {
    wasm_trap_t* trap = nullptr;
    wasmtime_error_t* failed = nullptr;
    auto* future = wasmtime_func_call_async(context, &driver, nullptr, 0, nullptr, 0, &trap, &failed);
    while (!wasmtime_call_future_poll(future)) {
    }
    wasmtime_call_future_delete(future);
    if (trap != nullptr || failed != nullptr || output.size() != payload.size()) std::abort();
  }

  store_ptr store;
  wasmtime_context_t* context;
  native_exports exports{};
  wasmtime_func_t driver{};
  std::uint8_t* base = nullptr;
  std::string output;
};

struct quiet_host final : instance_host {
  time_point now() override { return std::chrono::steady_clock::now(); }
  void guest_log(int, std::string_view) override {}
  void guest_output(int, std::string_view) override {}
  std::string guest_context() override { return {}; }
  void wake_at(time_point) override {}
  void begin_call(guest_call&) override {}
};

struct lone_events final : worker_events {
  void on_warm(worker&, outcome) override {}
  void on_done(worker&, service_call* call, outcome) override { call->finish(); }
};

struct subject {
  std::string name;
  std::string base;  // of its ratio
  std::function<void(int)> run;
  std::vector<double> rounds{};
  [[nodiscard]] double median() const {
    std::vector<double> r = rounds;
    std::ranges::nth_element(r, r.begin() + static_cast<std::ptrdiff_t>(r.size() / 2));
    return r[r.size() / 2];
  }
};

}  // namespace

int main(int argc, char** argv) {
  std::string only;
  const bool smoke = argc > 1 && std::string_view(argv[1]) == "--smoke";
  if (argc > 2 && std::string_view(argv[1]) == "--only") only = argv[2];  // for a profiler
  const int rounds = smoke ? 3 : 41;
  const int warm_calls = smoke ? 200 : 5000;
  const int cold_calls = smoke ? 50 : 500;

  steady_clock_source clock;
  core_loop core(0, clock);
  core_loop* cores[1] = {&core};
  const std::string methods =
      " { query: Query } scalar JSON type Query { echo(text: String, n: Int, data: JSON): JSON }";
  const auto warm = deploy(cores, "echo", {}, "schema @service(name: \"bench.Echo\")" + methods);
  const auto fresh =
      deploy(cores, "echo", {}, "schema @service(name: \"bench.Fresh\", pool: {isolation: FRESH})" + methods);
  // What observing costs: none, the figures (the usual), and traces of one request in a hundred and of each.
  const auto observed = [&](const std::string& name, bool histograms, trace_lane* traces) {
    testing_node::around(core).traces = traces;
    deployment_settings settings;
    settings.chain.histograms = histograms;
    return deploy(cores, "echo", settings, "schema @service(name: \"" + name + "\")" + methods);
  };
  trace_lane some(0.01, 4096, 1);
  trace_lane each(1, 4096, 2);
  const auto blind = observed("bench.Blind", false, nullptr);
  const auto traced = observed("bench.Traced", true, &some);
  const auto sampled = observed("bench.Sampled", true, &each);
  service_directory directory;
  directory.put("bench.Blind", blind->on(0));
  directory.put("bench.Traced", traced->on(0));
  directory.put("bench.Sampled", sampled->on(0));
  directory.put("bench.Echo", warm->on(0));
  directory.put("bench.Fresh", fresh->on(0));

  const std::string bytes = file(std::string(WAGGLE_GUESTS) + "/echo.wasm");
  load_report report;
  const auto code = module::load(shared_engines(), std::as_bytes(std::span(bytes)), std::size_t{64} << 20, report);
  if (!code) return 1;
  plain_instance plain(**code);
  const instance_settings settings;
  quiet_host host;
  instance ours(**code, settings, host);
  ours.start();
  while (ours.poll() != slice_end::finished) {
  }

  flow share(core.slices());
  line_log log(clock, [](int, std::string_view) {});
  worker_environment around{.core = core,
                            .share = share,
                            .code = **code,
                            .log = log,
                            .about = warm->about(),
                            .calls = testing_node::around(core).calls,
                            .granted = {},
                            .held = {},
                            .settings = {},
                            .failed = [](const error&) {}};
  lone_events events;
  wasm_worker lone(around, events);
  bool done = false;
  service_call call;
  const auto begin = [&](std::string_view input) {
    done = false;
    call.request.method = "echo";
    call.request.input = input;
    call.then(&done, [](void* self, service_call&) noexcept { *static_cast<bool*>(self) = true; });
  };
  const auto finish = [&] {
    while (!done) core.poll();
    if (!call.response.output || call.response.output->size() != payload.size()) std::abort();
  };
  auto permits = std::make_shared<pool_permits>(8, 1);
  breaker trips;
  wasm_worker_pool pool(core, permits, {}, trips,
                        [&](worker_events& to) { return std::make_unique<wasm_worker>(around, to); });
  pool.connect({&pool});
  const auto ask = [&](const char* name) {
    begin(payload);
    directory.find(name)->ask(call);
    finish();
  };

  std::vector<subject> all;
  all.push_back({"bare call, no fiber (allocate twice, handle)", "base", [&](int n) {
                   for (int i = 0; i < n; ++i) {
                     const std::uint32_t method = plain.give("echo");
                     const std::uint32_t input = plain.give(payload);
                     const std::uint64_t answer = plain.handle(method, input);
                     plain.free(method);
                     plain.free(input);
                     plain.free(static_cast<std::uint32_t>(answer >> 32));
                   }
                 }});
  all.push_back({"base: one fiber, six guest calls, copy in and out", "base", [&](int n) {
                   for (int i = 0; i < n; ++i) plain.on_a_fiber();
                 }});
  all.push_back({"instance (typed fiber)", "base", [&](int n) {
                   for (int i = 0; i < n; ++i) {
                     ours.request("echo", payload);
                     while (ours.poll() != slice_end::finished) {
                     }
                   }
                 }});
  all.push_back({"worker", "base", [&](int n) {
                   for (int i = 0; i < n; ++i) {
                     begin(payload);
                     lone.run(call);
                     finish();
                   }
                 }});
  all.push_back({"pool", "base", [&](int n) {
                   for (int i = 0; i < n; ++i) {
                     begin(payload);
                     pool.invoke(call);
                     finish();
                   }
                 }});
  all.push_back({"ask (directory, call chain, actor, pool, guest)", "base", [&](int n) {
                   for (int i = 0; i < n; ++i) ask("bench.Echo");
                 }});
  const auto observe = [&](const char* title, const char* name, trace_lane* lane) {
    all.push_back({title, "off", [&ask, name, lane](int n) {
                     for (int i = 0; i < n; ++i) {
                       ask(name);
                       // The exporter's work, which is done elsewhere.
                       if (lane != nullptr && i % 1024 == 0) lane->take(4096, [](const span&) {});
                     }
                   }});
  };
  observe("ask, nothing observed", "bench.Blind", nullptr);
  observe("ask, histograms", "bench.Echo", nullptr);
  observe("ask, histograms and traces of 1 %", "bench.Traced", &some);
  observe("ask, histograms and traces of all", "bench.Sampled", &each);
  all.push_back({"bare fresh instance, call on a fiber, delete", "fresh", [&](int n) {
                   for (int i = 0; i < n; ++i) plain_instance(**code).on_a_fiber();
                 }});
  all.push_back({"ask, isolation: FRESH", "fresh", [&](int n) {
                   for (int i = 0; i < n; ++i) ask("bench.Fresh");
                 }});
  if (!only.empty()) {
    for (const subject& s : all)
      if (s.name.starts_with(only)) s.run(3'000'000);
    return 0;
  }
  for (int r = 0; r <= rounds; ++r)  // the first round warms up
    for (subject& s : all) {
      const int n = s.base == "fresh" ? cold_calls : warm_calls;
      const auto from = std::chrono::steady_clock::now();
      s.run(n);
      if (r > 0) s.rounds.push_back(since(from) / n);
    }
  const double base = all[1].median();
  const auto median_of = [&all](std::string_view name) {
    return std::ranges::find_if(all, [&](const subject& s) { return s.name.starts_with(name); })->median();
  };
  const double fresh_base = median_of("bare fresh");
  const double off = median_of("ask, nothing");
  fmt::print("{:<52}{:>10}{:>9}\n", fmt::format("in process, {} B", payload.size()), "ns", "ratio");
  for (const subject& s : all)
    fmt::print("{:<52}{:>10.0f}{:>8.2f}x\n", s.name, s.median(),
               s.median() / (s.base == "fresh" ? fresh_base
                             : s.base == "off" ? off
                                               : base));
  fmt::print(
      "budget: ask <= 1.5x the base (over 2x it is not done); FRESH <= 1.3x the bare fresh instance; "
      "histograms and traces of 1 % <= 1.03x the ask with nothing observed\n");
  pool.drain([] {});
  core.poll();
  return 0;
}
