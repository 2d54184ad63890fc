#include "wasm/wasi.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>

#include <gmock/gmock.h>
#include <wasmtime/async.h>

#include "wasm/engine_ffi.h"

namespace waggle {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr std::uint32_t page = 65536, ebadf = 8, einval = 28, enosys = 52, enotsup = 58;
constexpr std::int64_t out_of_reach = page - 1;

/// Preview 1 as wasi-libc declares it (wasi/api.h, lowered by the canonical ABI of preview 1): names and parameters.
constexpr std::pair<std::string_view, std::string_view> preview1[] = {{"args_get", "ii"},
                                                                      {"args_sizes_get", "ii"},
                                                                      {"environ_get", "ii"},
                                                                      {"environ_sizes_get", "ii"},
                                                                      {"clock_res_get", "ii"},
                                                                      {"clock_time_get", "iIi"},
                                                                      {"fd_advise", "iIIi"},
                                                                      {"fd_allocate", "iII"},
                                                                      {"fd_close", "i"},
                                                                      {"fd_datasync", "i"},
                                                                      {"fd_fdstat_get", "ii"},
                                                                      {"fd_fdstat_set_flags", "ii"},
                                                                      {"fd_fdstat_set_rights", "iII"},
                                                                      {"fd_filestat_get", "ii"},
                                                                      {"fd_filestat_set_size", "iI"},
                                                                      {"fd_filestat_set_times", "iIIi"},
                                                                      {"fd_pread", "iiiIi"},
                                                                      {"fd_prestat_get", "ii"},
                                                                      {"fd_prestat_dir_name", "iii"},
                                                                      {"fd_pwrite", "iiiIi"},
                                                                      {"fd_read", "iiii"},
                                                                      {"fd_readdir", "iiiIi"},
                                                                      {"fd_renumber", "ii"},
                                                                      {"fd_seek", "iIii"},
                                                                      {"fd_sync", "i"},
                                                                      {"fd_tell", "ii"},
                                                                      {"fd_write", "iiii"},
                                                                      {"path_create_directory", "iii"},
                                                                      {"path_filestat_get", "iiiii"},
                                                                      {"path_filestat_set_times", "iiiiIIi"},
                                                                      {"path_link", "iiiiiii"},
                                                                      {"path_open", "iiiiiIIii"},
                                                                      {"path_readlink", "iiiiii"},
                                                                      {"path_remove_directory", "iii"},
                                                                      {"path_rename", "iiiiii"},
                                                                      {"path_symlink", "iiiii"},
                                                                      {"path_unlink_file", "iii"},
                                                                      {"poll_oneoff", "iiii"},
                                                                      {"proc_exit", "i"},
                                                                      {"proc_raise", "i"},
                                                                      {"sched_yield", ""},
                                                                      {"random_get", "ii"},
                                                                      {"sock_accept", "iii"},
                                                                      {"sock_recv", "iiiiii"},
                                                                      {"sock_send", "iiiii"},
                                                                      {"sock_shutdown", "ii"}};

/// A module that imports all of preview 1 and exports each function again under its name, and a memory of one page.
std::string everything() {
  std::string imports, exports;
  for (const auto& [name, params] : preview1) {
    std::string types, pass;
    for (std::size_t i = 0; i < params.size(); ++i) {
      types += params[i] == 'i' ? " i32" : " i64";
      pass += " local.get " + std::to_string(i);
    }
    const std::string n(name);
    const std::string type = "(param" + types + ")" + (name == "proc_exit" ? "" : "(result i32)");
    imports += "(import \"wasi_snapshot_preview1\" \"" + n + "\" (func $" + n + type + "))\n";
    exports += "(func (export \"" + n + "\")" + type + pass + " call $" + n + ")\n";
  }
  return "(module " + imports + "(memory (export \"memory\") 1)" + exports + ")";
}

wasm_engine_t* engine() {
  static const engine_ptr one = [] {
    wasm_config_t* const c = wasm_config_new();
    wasmtime_config_parallel_compilation_set(c, false);
    wasmtime_config_memory_reservation_set(c, 1 << 20);
    wasmtime_config_memory_reservation_for_growth_set(c, 1 << 20);
    wasmtime_config_memory_guard_size_set(c, 64 << 10);
    return engine_ptr(wasm_engine_new_with_config(c));
  }();
  return one.get();
}

/// A guest with a host that stands still until the test moves it.
struct Wasi : ::testing::Test, wasi_host {
  explicit Wasi(const std::string& wat = everything()) {
    linker.reset(wasmtime_linker_new(engine()));
    auto defined = define_wasi(linker.get());
    if (!defined) throw std::runtime_error(defined.error().message);
    wasm_byte_vec_t binary;
    check(wasmtime_wat2wasm(wat.data(), wat.size(), &binary));
    wasmtime_module_t* compiled = nullptr;
    wasmtime_error_t* bad =
        wasmtime_module_new(engine(), reinterpret_cast<std::uint8_t*>(binary.data), binary.size, &compiled);
    wasm_byte_vec_delete(&binary);
    check(bad);
    module.reset(compiled);
    store.reset(wasmtime_store_new(engine(), static_cast<wasi_host*>(this), nullptr));
    context = wasmtime_store_context(store.get());
    bad = nullptr;
    wasmtime_call_future_t* f =
        wasmtime_linker_instantiate_async(linker.get(), context, module.get(), &instance, &trap, &bad);
    while (!wasmtime_call_future_poll(f)) {
    }
    wasmtime_call_future_delete(f);
    check(bad);
    linear = exported("memory").of.memory;
  }
  ~Wasi() override { abandon(); }

  static void check(wasmtime_error_t* e) {
    if (e != nullptr) throw std::runtime_error(message_of(*error_ptr(e)));
  }
  wasmtime_extern_t exported(std::string_view name) {
    wasmtime_extern_t e;
    if (!wasmtime_instance_export_get(context, &instance, name.data(), name.size(), &e))
      throw std::runtime_error("no export");
    return e;
  }

  /// Begins a call on a fiber; `finished` polls it.
  void start(std::string_view name, const std::vector<std::int64_t>& given) {
    abandon();
    const std::string_view params =
        std::ranges::find(preview1, name, &std::pair<std::string_view, std::string_view>::first)->second;
    ASSERT_EQ(params.size(), given.size());
    for (std::size_t i = 0; i < given.size(); ++i) {
      wasmtime_val_t v{};
      v.kind = params[i] == 'i' ? WASMTIME_I32 : WASMTIME_I64;
      if (params[i] == 'i')
        v.of.i32 = static_cast<std::int32_t>(given[i]);
      else
        v.of.i64 = given[i];
      values.push_back(v);
    }
    function = exported(name).of.func;
    future = wasmtime_func_call_async(context, &function, values.data(), values.size(), &answer,
                                      name == "proc_exit" ? 0 : 1, &trap, &error);
  }
  bool finished() { return wasmtime_call_future_poll(future); }
  /// The errno, or why it trapped.
  std::expected<std::uint32_t, std::string> outcome() {
    wasmtime_call_future_delete(std::exchange(future, nullptr));
    const trap_ptr t(std::exchange(trap, nullptr));
    const error_ptr e(std::exchange(error, nullptr));
    if (t) return std::unexpected(message_of(*t));
    if (e) return std::unexpected(message_of(*e));
    return static_cast<std::uint32_t>(answer.of.i32);
  }
  std::expected<std::uint32_t, std::string> call(std::string_view name, const std::vector<std::int64_t>& given) {
    start(name, given);
    for (int polls = 0; polls < 100; ++polls) {
      if (finished()) return outcome();
      may_go = true;
    }
    return std::unexpected("it does not finish");
  }
  void abandon() {
    if (future != nullptr) (void)outcome();
    values.clear();
  }
  void expect_bad_pointer(std::string_view name, const std::vector<std::int64_t>& given) {
    auto r = call(name, given);
    ASSERT_FALSE(r) << name << " answered " << *r;
    EXPECT_THAT(r.error(), HasSubstr(std::string(name) + ": bad pointer")) << name;
    EXPECT_THAT(r.error(), HasSubstr("memory of 65536 bytes"));
  }

  template <class T>
  T at(std::uint64_t offset) {
    return memory().read<T>(offset).value();
  }
  void put(std::uint64_t offset, std::string_view text) {
    std::memcpy(memory().at(offset, text.size())->data(), text.data(), text.size());
  }
  void put_iov(std::uint64_t offset, std::uint32_t pointer, std::uint32_t length) {
    ASSERT_TRUE(memory().write(offset, pointer) && memory().write(offset + 4, length));
  }
  void subscribe_clock(std::uint64_t offset, std::uint64_t userdata, std::uint32_t id, std::uint64_t timeout,
                       bool absolute) {
    const guest_memory m = memory();
    ASSERT_TRUE(m.write(offset, userdata) && m.write(offset + 8, std::uint64_t{0}) && m.write(offset + 16, id) &&
                m.write(offset + 24, timeout) && m.write(offset + 32, std::uint64_t{0}) &&
                m.write(offset + 40, std::uint16_t{absolute}));
  }
  void subscribe_fd(std::uint64_t offset, std::uint64_t userdata, std::uint8_t type, std::uint32_t fd) {
    const guest_memory m = memory();
    ASSERT_TRUE(m.write(offset, userdata) && m.write(offset + 8, type) && m.write(offset + 16, fd));
  }

  // The host.
  guest_memory memory() override {
    return {reinterpret_cast<std::byte*>(wasmtime_memory_data(context, &linear)),
            wasmtime_memory_data_size(context, &linear)};
  }
  void write_line_bytes(int fd, std::string_view bytes) override {
    if (sink_fails) throw std::runtime_error("the sink is broken");
    written.emplace_back(fd, bytes);
  }
  time_point now() override { return time; }
  std::chrono::system_clock::time_point wall() override { return std::chrono::system_clock::time_point(1700000000s); }
  void random(std::span<std::byte> into) override {
    largest_random = std::max(largest_random, into.size());
    std::ranges::fill(into, std::byte{0xAB});
  }
  void wait_until(time_point when) override {
    waits.push_back(when);
    may_go = false;
  }
  bool may_continue() override { return may_go; }
  void yield() override {
    ++yields;
    may_go = false;
  }

  linker_ptr linker;
  module_ptr module;
  store_ptr store;
  wasmtime_context_t* context = nullptr;
  wasmtime_instance_t instance{};
  wasmtime_memory_t linear{};
  wasmtime_func_t function{};
  std::vector<wasmtime_val_t> values;
  wasmtime_val_t answer{};
  wasm_trap_t* trap = nullptr;
  wasmtime_error_t* error = nullptr;
  wasmtime_call_future_t* future = nullptr;

  time_point time{1000s};
  std::vector<std::pair<int, std::string>> written;
  std::vector<time_point> waits;
  std::size_t largest_random = 0;
  int yields = 0;
  bool may_go = true;
  bool sink_fails = false;
};

TEST_F(Wasi, AllOfPreview1IsThereWithItsSignature) {
  // That the fixture's module links is the engine's check of every signature; this is the table's.
  EXPECT_EQ(std::size(preview1), 46U);
  for (const auto& [name, params] : preview1) {
    const wasi_function* f = find_wasi(name);
    ASSERT_NE(f, nullptr) << name;
    EXPECT_EQ(f->params, params) << name;
    EXPECT_EQ(f->answers, name != "proc_exit") << name;
  }
  EXPECT_EQ(find_wasi("fd_writev"), nullptr);
  EXPECT_EQ(find_wasi(""), nullptr);
}

TEST_F(Wasi, WhatIsNotSupportedAnswersEnosysAndForeignDescriptorsEbadf) {
  const std::vector<std::string_view> supported = {
      "args_get",       "args_sizes_get", "environ_get", "environ_sizes_get", "clock_res_get",
      "clock_time_get", "fd_fdstat_get",  "fd_read",     "fd_write",          "poll_oneoff",
      "proc_exit",      "sched_yield",    "random_get"};
  for (const auto& [name, params] : preview1) {
    if (std::ranges::find(supported, name) != supported.end()) continue;
    EXPECT_EQ(call(name, std::vector<std::int64_t>(params.size(), 2)), enosys) << name;
    EXPECT_EQ(call(name, std::vector<std::int64_t>(params.size(), 3)), name == "proc_raise" ? enosys : ebadf) << name;
    EXPECT_EQ(call(name, std::vector<std::int64_t>(params.size(), -1)), name == "proc_raise" ? enosys : ebadf) << name;
  }
}

TEST_F(Wasi, GoFindsNoPreopenedFolder) { EXPECT_EQ(call("fd_prestat_get", {3, 0}), ebadf); }

TEST_F(Wasi, StandardDescriptorsLookLikeATerminalToLibc) {
  for (std::uint32_t fd : {0U, 1U, 2U}) {
    put(100, std::string(24, 'x'));
    ASSERT_EQ(call("fd_fdstat_get", {fd, 100}), 0U);
    EXPECT_EQ(at<std::uint8_t>(100), 2);                          // a character device …
    EXPECT_EQ(at<std::uint16_t>(102), 0);                         // without flags …
    EXPECT_EQ(at<std::uint64_t>(108) & (1U << 2 | 1U << 5), 0U);  // that can neither seek nor tell
    EXPECT_NE(at<std::uint64_t>(108) & (fd == 0 ? 1U << 1 : 1U << 6), 0U);
    EXPECT_EQ(at<std::uint64_t>(116), 0U);
  }
  EXPECT_EQ(call("fd_fdstat_get", {3, 100}), ebadf);
  expect_bad_pointer("fd_fdstat_get", {1, page - 23});
}

TEST_F(Wasi, WritesGoToTheHostBufferByBuffer) {
  put(200, "hello, world\n");
  put_iov(100, 200, 5);
  put_iov(108, 0, 0);
  put_iov(116, 205, 8);
  ASSERT_EQ(call("fd_write", {2, 100, 3, 300}), 0U);
  EXPECT_EQ(at<std::uint32_t>(300), 13U);
  EXPECT_THAT(written, ElementsAre(Pair(2, "hello"), Pair(2, ", world\n")));
  ASSERT_EQ(call("fd_write", {1, 100, 0, 300}), 0U);
  EXPECT_EQ(at<std::uint32_t>(300), 0U);
}

TEST_F(Wasi, OneWriteTakesABoundedAmount) {
  for (std::uint32_t i = 0; i < 1024; ++i) put_iov(8 * i, 0, page);
  ASSERT_EQ(call("fd_write", {1, 0, 1024, 100}), 0U);
  EXPECT_EQ(at<std::uint32_t>(100), 64U << 10);
  EXPECT_EQ(written.size(), 1U);
  put_iov(0, 0, page - 1);
  ASSERT_EQ(call("fd_write", {1, 0, 2, 100}), 0U);
  EXPECT_EQ(at<std::uint32_t>(100), 64U << 10);
  EXPECT_EQ(written.back().second.size(), 1U);
  EXPECT_EQ(call("fd_write", {1, 0, 1025, 100}), einval);
}

TEST_F(Wasi, OnlyOutputCanBeWrittenAndOnlyInputRead) {
  EXPECT_EQ(call("fd_write", {0, 0, 0, 0}), ebadf);
  EXPECT_EQ(call("fd_write", {3, 0, 0, 0}), ebadf);
  put(100, "xxxx");
  EXPECT_EQ(call("fd_read", {0, 0, 1, 100}), 0U);
  EXPECT_EQ(at<std::uint32_t>(100), 0U);
  EXPECT_EQ(call("fd_read", {0, 0, 1025, 100}), einval);
  for (int fd : {1, 2, 3}) EXPECT_EQ(call("fd_read", {fd, 0, 0, 0}), ebadf);
}

TEST_F(Wasi, BadPointersTrapWithAClearMessage) {
  put_iov(0, 0, page + 1);
  expect_bad_pointer("fd_write", {1, 0, 1, 100});
  put_iov(0, 0xFFFFFFFF, 2);
  expect_bad_pointer("fd_write", {1, 0, 1, 100});
  expect_bad_pointer("fd_write", {1, out_of_reach, 1, 100});
  expect_bad_pointer("fd_write", {1, 0, 0, out_of_reach});
  expect_bad_pointer("fd_write", {1, -1, 1024, 0});
  expect_bad_pointer("fd_read", {0, 0, 0, -1});
  expect_bad_pointer("clock_time_get", {0, 0, page - 7});
  expect_bad_pointer("clock_res_get", {0, -8});
  expect_bad_pointer("args_sizes_get", {0, out_of_reach});
  expect_bad_pointer("environ_sizes_get", {-1, 0});
  expect_bad_pointer("random_get", {page - 9, 10});
  expect_bad_pointer("random_get", {1, -1});
  subscribe_clock(0, 1, 1, 0, false);
  expect_bad_pointer("poll_oneoff", {page - 47, 100, 1, 200});
  expect_bad_pointer("poll_oneoff", {0, page - 31, 1, 200});
  expect_bad_pointer("poll_oneoff", {0, 100, 1, page - 3});
  EXPECT_TRUE(written.empty());
}

TEST_F(Wasi, ArgumentsAndEnvironment) {
  ASSERT_EQ(call("args_sizes_get", {100, 104}), 0U);
  EXPECT_EQ(at<std::uint64_t>(100), 0U);
  EXPECT_EQ(call("args_get", {100, 104}), 0U);
  const std::vector<std::string> given = {"svc", "", "grüße"};
  const std::vector<std::string> variables = {"A=1"};
  args = &given;
  environ = &variables;
  ASSERT_EQ(call("args_sizes_get", {100, 104}), 0U);
  EXPECT_EQ(at<std::uint32_t>(100), 3U);
  EXPECT_EQ(at<std::uint32_t>(104), 4U + 1U + 8U);
  ASSERT_EQ(call("args_get", {200, 300}), 0U);
  EXPECT_EQ(at<std::uint32_t>(200), 300U);
  EXPECT_EQ(at<std::uint32_t>(204), 304U);
  EXPECT_EQ(at<std::uint32_t>(208), 305U);
  EXPECT_EQ(memory().text(300, 13).value(), std::string_view("svc\0\0grüße\0", 13));
  ASSERT_EQ(call("environ_sizes_get", {100, 104}), 0U);
  EXPECT_EQ(at<std::uint32_t>(104), 4U);
  ASSERT_EQ(call("environ_get", {200, 300}), 0U);
  EXPECT_EQ(memory().text(300, 4).value(), std::string_view("A=1\0", 4));
  expect_bad_pointer("args_get", {page - 11, 0});
  expect_bad_pointer("args_get", {0, page - 12});
}

TEST_F(Wasi, Clocks) {
  ASSERT_EQ(call("clock_time_get", {0, 1, 100}), 0U);
  EXPECT_EQ(at<std::uint64_t>(100), 1'700'000'000'000'000'000U);
  ASSERT_EQ(call("clock_time_get", {1, 1, 100}), 0U);
  EXPECT_EQ(at<std::uint64_t>(100), 1'000'000'000'000U);
  ASSERT_EQ(call("clock_res_get", {1, 100}), 0U);
  EXPECT_EQ(at<std::uint64_t>(100), 1U);
  EXPECT_EQ(call("clock_res_get", {2, 100}), enotsup);
  EXPECT_EQ(call("clock_res_get", {4, 100}), einval);
  EXPECT_EQ(call("clock_time_get", {3, 0, 100}), enotsup);
  EXPECT_EQ(call("clock_time_get", {-1, 0, 100}), einval);
}

TEST_F(Wasi, RandomBytesFillExactlyTheBuffer) {
  ASSERT_EQ(call("random_get", {100, 3}), 0U);
  EXPECT_EQ(at<std::uint32_t>(99), 0xABABAB00U);
  EXPECT_EQ(at<std::uint8_t>(103), 0U);
  EXPECT_EQ(call("random_get", {page, 0}), 0U);
  EXPECT_EQ(yields, 0);
}

TEST_F(Wasi, ProcExitEndsTheCallWithOurMark) {
  auto r = call("proc_exit", {7});
  ASSERT_FALSE(r);
  EXPECT_THAT(r.error(), HasSubstr("exit code 7"));
  EXPECT_EQ(exit_code, 7U);
}

TEST_F(Wasi, WhatTheHostThrowsBecomesATrap) {
  sink_fails = true;
  put_iov(0, 0, 1);
  auto r = call("fd_write", {1, 0, 1, 100});
  ASSERT_FALSE(r);
  EXPECT_THAT(r.error(), HasSubstr("fd_write: the sink is broken"));
}

TEST_F(Wasi, SchedYieldSuspendsUntilTheHostSaysSo) {
  start("sched_yield", {});
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(finished());
  EXPECT_EQ(yields, 1);
  may_go = true;
  ASSERT_TRUE(finished());
  EXPECT_EQ(outcome(), 0U);
}

TEST_F(Wasi, PollWaitsForTheEarliestClock) {
  subscribe_clock(0, 11, 1, 5'000'000, false);
  subscribe_clock(48, 22, 1, 2'000'000, false);
  start("poll_oneoff", {0, 1000, 2, 2000});
  EXPECT_FALSE(finished());
  EXPECT_THAT(waits, ElementsAre(time + 2ms));
  put(0, std::string(96, '\xFF'));  // what the guest's memory says now no longer counts
  time += 2ms;
  may_go = true;
  ASSERT_TRUE(finished());
  EXPECT_EQ(outcome(), 0U);
  EXPECT_EQ(at<std::uint32_t>(2000), 1U);
  EXPECT_EQ(at<std::uint64_t>(1000), 22U);
  EXPECT_EQ(at<std::uint32_t>(1008), 0U);  // no error, a clock
}

TEST_F(Wasi, PollThatIsWokenTooEarlyWaitsAgain) {
  subscribe_clock(0, 11, 1, 5'000'000, false);
  start("poll_oneoff", {0, 1000, 1, 2000});
  EXPECT_FALSE(finished());
  may_go = true;
  EXPECT_FALSE(finished());
  EXPECT_THAT(waits, ElementsAre(time + 5ms, time + 5ms));
  time += 6ms;
  may_go = true;
  EXPECT_TRUE(finished());
}

TEST_F(Wasi, PollGivesAllThatHappened) {
  subscribe_clock(0, 1, 1, 0, false);
  subscribe_clock(48, 2, 1, 1'000'000, false);
  subscribe_clock(96, 3, 1, 5, true);  // long ago
  subscribe_clock(144, 4, 2, 0, false);
  ASSERT_EQ(call("poll_oneoff", {0, 1000, 4, 2000}), 0U);
  EXPECT_TRUE(waits.empty());
  EXPECT_EQ(at<std::uint32_t>(2000), 3U);
  EXPECT_EQ(at<std::uint64_t>(1000), 1U);
  EXPECT_EQ(at<std::uint64_t>(1032), 3U);
  EXPECT_EQ(at<std::uint64_t>(1064), 4U);
  EXPECT_EQ(at<std::uint16_t>(1072), enotsup);
}

TEST_F(Wasi, PollAnswersForDescriptorsAtOnce) {
  subscribe_fd(0, 1, 1, 0);
  subscribe_fd(48, 2, 2, 1);
  subscribe_fd(96, 3, 1, 3);
  subscribe_fd(144, 4, 2, 0);
  subscribe_clock(192, 5, 1, 1'000'000, false);
  ASSERT_EQ(call("poll_oneoff", {0, 1000, 5, 2000}), 0U);
  EXPECT_TRUE(waits.empty());
  EXPECT_EQ(at<std::uint32_t>(2000), 4U);
  EXPECT_EQ(at<std::uint16_t>(1008), 0U);
  EXPECT_EQ(at<std::uint8_t>(1010), 1U);
  EXPECT_EQ(at<std::uint64_t>(1016), 0U);  // nothing to read …
  EXPECT_EQ(at<std::uint16_t>(1024), 1U);  // … nor ever
  EXPECT_GT(at<std::uint64_t>(1048), 0U);
  EXPECT_EQ(at<std::uint16_t>(1072), ebadf);
  EXPECT_EQ(at<std::uint16_t>(1104), ebadf);
}

TEST_F(Wasi, PollKnowsAbsoluteWallTimeAndEndlessTimeouts) {
  subscribe_clock(0, 1, 0, 1'700'000'003'000'000'000U, true);
  start("poll_oneoff", {0, 1000, 1, 2000});
  EXPECT_FALSE(finished());
  EXPECT_THAT(waits, ElementsAre(time + 3s));
  for (bool absolute : {false, true}) {
    waits.clear();
    subscribe_clock(0, 1, 1, ~std::uint64_t{0}, absolute);
    start("poll_oneoff", {0, 1000, 1, 2000});
    EXPECT_FALSE(finished());
    EXPECT_THAT(waits, ElementsAre(time_point::max()));
  }
}

TEST_F(Wasi, PollRefusesTooManyNoneAndUnknownSubscriptions) {
  EXPECT_EQ(call("poll_oneoff", {0, 4096, 0, 2000}), einval);
  EXPECT_EQ(call("poll_oneoff", {0, 4096, 65, 2000}), einval);
  EXPECT_EQ(call("poll_oneoff", {0, 4096, -1, 2000}), einval);
  EXPECT_EQ(call("poll_oneoff", {0, 4096, 64, 8192}), 0U);
  subscribe_fd(0, 1, 3, 0);
  EXPECT_EQ(call("poll_oneoff", {0, 4096, 1, 2000}), einval);
}

TEST_F(Wasi, ASuspendedCallCanBeAbandoned) {
  subscribe_clock(0, 11, 1, 5'000'000, false);
  start("poll_oneoff", {0, 1000, 1, 2000});
  EXPECT_FALSE(finished());
  put(2000, "abcd");
  abandon();  // under ASan: nothing leaks, nothing is used afterwards
  EXPECT_EQ(memory().text(2000, 4), "abcd");
}

struct RandomWasi : Wasi {
  RandomWasi()
      : Wasi(R"((module
          (import "wasi_snapshot_preview1" "random_get" (func $r (param i32 i32) (result i32)))
          (memory (export "memory") 16)
          (func (export "random_get") (param i32 i32) (result i32) (call $r (local.get 0) (local.get 1)))))") {}
};

TEST_F(RandomWasi, ALargeBufferIsFilledInStepsWithTurnsBetween) {
  start("random_get", {1, 200'000});
  EXPECT_FALSE(finished());
  EXPECT_EQ(at<std::uint8_t>(65'536), 0xAB);
  EXPECT_EQ(at<std::uint8_t>(65'537), 0);
  int turns = 0;
  for (may_go = true; !finished(); may_go = true) ++turns;
  EXPECT_EQ(outcome(), 0U);
  EXPECT_EQ(turns, 2);
  EXPECT_EQ(yields, 3);
  EXPECT_EQ(largest_random, 64U << 10);
  EXPECT_EQ(at<std::uint8_t>(200'000), 0xAB);
  EXPECT_EQ(at<std::uint8_t>(200'001), 0);
}

}  // namespace
}  // namespace waggle
