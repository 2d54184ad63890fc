#include "wasm/wasi.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <expected>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <utility>
#include <variant>

#include <fmt/format.h>
#ifdef WAGGLE_ASAN
#include <sanitizer/asan_interface.h>
#endif

#include "wasm/engine_ffi.h"
#include "wasm/host_imports.h"

namespace waggle {
namespace {

// Numbers and layouts are those of WASI's wasi_snapshot_preview1.witx.
enum : std::uint32_t { success = 0, ebadf = 8, einval = 28, enosys = 52, enotsup = 58 };
enum : std::uint32_t { clock_realtime = 0, clock_monotonic = 1, clock_thread_cputime = 3 };
enum : std::uint8_t { event_clock = 0, event_fd_read = 1, event_fd_write = 2 };
constexpr std::uint32_t first_foreign_fd = 3;
constexpr std::uint64_t subscription_bytes = 48;
constexpr std::uint64_t event_bytes = 32;

// What one call may make the host do before the guest's slice is looked at again.
constexpr std::uint32_t max_iovs = 1024;
constexpr std::uint64_t max_step = std::uint64_t{64} << 10;
constexpr std::uint32_t max_subscriptions = 64;

/// What a function answers: an errno, or why the guest traps.
using answer = std::expected<std::uint32_t, std::string>;
/// Goes on with a suspended call, whenever the host says that it may; nothing: suspended again.
using resume = std::move_only_function<std::optional<answer>(wasi_host&)>;
using outcome = std::variant<answer, resume>;

struct wasi_call {
  wasi_host& host;
  guest_memory memory;
  std::array<std::uint64_t, 9> args{};  // path_open has 9
  int fd_param = -1;

  [[nodiscard]] std::uint32_t u32(std::size_t i) const { return static_cast<std::uint32_t>(args[i]); }
  [[nodiscard]] std::uint64_t u64(std::size_t i) const { return args[i]; }
};

std::unexpected<std::string> outside(const guest_memory& memory, std::string_view what, std::uint64_t at,
                                     std::uint64_t length) {
  return std::unexpected(fmt::format("bad pointer: {} at {} of {} bytes is not inside the guest's memory of {} bytes",
                                     what, at, length, memory.size));
}

template <class T>
answer put(const wasi_call& c, std::string_view what, std::uint64_t at, T value) {
  if (!c.memory.write<T>(at, value)) return outside(c.memory, what, at, sizeof(T));
  return success;
}

// Arguments and environment

std::span<const std::string> strings(const std::vector<std::string>* list) {
  return list == nullptr ? std::span<const std::string>() : std::span(*list);
}

answer give_sizes(const wasi_call& c, std::span<const std::string> list) {
  std::uint32_t bytes = 0;
  for (const std::string& s : list) bytes += static_cast<std::uint32_t>(s.size() + 1);
  if (auto done = put(c, "the count", c.u32(0), static_cast<std::uint32_t>(list.size())); !done) return done;
  return put(c, "the size", c.u32(1), bytes);
}

answer give_strings(const wasi_call& c, std::span<const std::string> list) {
  std::uint64_t pointer = c.u32(0);
  std::uint64_t text = c.u32(1);
  for (const std::string& s : list) {
    const auto room = c.memory.at(text, s.size() + 1);
    if (!room) return outside(c.memory, "a string", text, s.size() + 1);
    std::memcpy(room->data(), s.c_str(), room->size());
    if (auto done = put(c, "a pointer", pointer, static_cast<std::uint32_t>(text)); !done) return done;
    pointer += sizeof(std::uint32_t);
    text += room->size();
  }
  return success;
}

answer args_get(wasi_call& c) { return give_strings(c, strings(c.host.args)); }
answer args_sizes_get(wasi_call& c) { return give_sizes(c, strings(c.host.args)); }
answer environ_get(wasi_call& c) { return give_strings(c, strings(c.host.environ)); }
answer environ_sizes_get(wasi_call& c) { return give_sizes(c, strings(c.host.environ)); }

// Clocks

std::uint64_t nanoseconds(auto point) {
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(point.time_since_epoch()).count();
  return static_cast<std::uint64_t>(std::max<decltype(since)>(since, 0));
}

/// Why this clock cannot be read; CPU time is not the guest's to know.
std::uint32_t clock_errno(std::uint32_t id) {
  if (id <= clock_monotonic) return success;
  return id <= clock_thread_cputime ? enotsup : einval;
}

answer clock_res_get(wasi_call& c) {
  if (const auto e = clock_errno(c.u32(0)); e != success) return e;
  return put<std::uint64_t>(c, "the resolution", c.u32(1), 1);
}

answer clock_time_get(wasi_call& c) {
  if (const auto e = clock_errno(c.u32(0)); e != success) return e;
  const bool wall = c.u32(0) == clock_realtime;
  return put(c, "the time", c.u32(2), wall ? nanoseconds(c.host.wall()) : nanoseconds(c.host.now()));
}

// Descriptors

answer no_such_function(wasi_call& c) {
  return c.fd_param >= 0 && c.u32(static_cast<std::size_t>(c.fd_param)) >= first_foreign_fd ? ebadf : enosys;
}

/// A character device without the right to seek is a terminal to libc, which therefore writes line by line. To anything
/// else it would write in blocks and, as nothing calls `exit`, never the last one.
answer fd_fdstat_get(wasi_call& c) {
  constexpr std::uint64_t right_read = 1 << 1, right_write = 1 << 6, right_poll = 1 << 27;
  constexpr std::uint8_t character_device = 2;
  if (c.u32(0) >= first_foreign_fd) return ebadf;
  const auto stat = c.memory.at(c.u32(1), 24);
  if (!stat) return outside(c.memory, "the status", c.u32(1), 24);
  std::ranges::fill(*stat, std::byte{0});
  stat->front() = std::byte{character_device};
  return put(c, "the rights", std::uint64_t{c.u32(1)} + 8, right_poll | (c.u32(0) == 0 ? right_read : right_write));
}

answer fd_read(wasi_call& c) {
  if (c.u32(0) != 0) return ebadf;
  if (c.u32(2) > max_iovs) return einval;
  return put<std::uint32_t>(c, "the count", c.u32(3), 0);
}

/// Writes at most `max_step` bytes: writing less than was asked for is allowed, and libraries go on with the rest.
answer fd_write(wasi_call& c) {
  if (c.u32(0) != 1 && c.u32(0) != 2) return ebadf;
  if (c.u32(2) > max_iovs) return einval;
  const auto iovs = c.memory.at(c.u32(1), std::uint64_t{c.u32(2)} * 8);
  if (!iovs) return outside(c.memory, "the list of buffers", c.u32(1), std::uint64_t{c.u32(2)} * 8);
  if (!c.memory.at(c.u32(3), sizeof(std::uint32_t))) return outside(c.memory, "the count", c.u32(3), 4);
  std::uint64_t written = 0;
  for (std::uint64_t i = 0; i < c.u32(2) && written < max_step; ++i) {
    const std::uint32_t at = *c.memory.read<std::uint32_t>(c.u32(1) + 8 * i);
    const std::uint32_t length = *c.memory.read<std::uint32_t>(c.u32(1) + 8 * i + 4);
    const auto text = c.memory.text(at, length);
    if (!text) return outside(c.memory, "a buffer", at, length);
    const std::string_view step = text->substr(0, max_step - written);
    if (!step.empty()) c.host.write_line_bytes(static_cast<int>(c.u32(0)), step);
    written += step.size();
  }
  return put(c, "the count", c.u32(3), static_cast<std::uint32_t>(written));
}

answer proc_exit(wasi_call& c) {
  c.host.exit_code = c.u32(0);
  return std::unexpected(fmt::format("the guest ended itself with exit code {}", c.u32(0)));
}

// Functions that may suspend

outcome sched_yield(wasi_call& c) {
  c.host.yield();
  return [](wasi_host&) { return success; };
}

/// Large requests are filled a step at a time, with turns for others in between.
outcome random_get(wasi_call& c) {
  const std::uint64_t at = c.u32(0), length = c.u32(1);
  if (!c.memory.at(at, length)) return outside(c.memory, "the buffer", at, length);
  resume fill = [at, length, done = std::uint64_t{0}](wasi_host& host) mutable -> std::optional<answer> {
    const std::uint64_t step = std::min(length - done, max_step);
    const guest_memory memory = host.memory();
    const auto room = memory.at(at + done, step);
    if (!room) return outside(memory, "the buffer", at + done, step);
    host.random(*room);
    done += step;
    if (done == length) return success;
    host.yield();
    return std::nullopt;
  };
  if (auto done = fill(c.host)) return *std::move(done);
  return fill;
}

struct subscription {
  std::uint64_t userdata = 0;
  std::uint8_t type = event_clock;
  std::uint32_t error = success;
  std::optional<time_point> due;  ///< nothing: at once
};

time_point later(time_point from, std::uint64_t by) {
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  const std::uint64_t start = nanoseconds(from);
  return time_point(duration(static_cast<std::int64_t>(by > most - start ? most : start + by)));
}

/// Nothing for an unknown kind. The subscription's bytes were checked to be there.
std::optional<subscription> read_subscription(const wasi_call& c, std::uint64_t at) {
  constexpr std::uint16_t absolute = 1;
  subscription s;
  s.userdata = *c.memory.read<std::uint64_t>(at);
  s.type = *c.memory.read<std::uint8_t>(at + 8);
  const auto id = *c.memory.read<std::uint32_t>(at + 16);
  if (s.type == event_clock) {
    s.error = clock_errno(id);
    if (s.error != success) return s;
    const auto timeout = *c.memory.read<std::uint64_t>(at + 24);
    const time_point now = c.host.now();
    if ((*c.memory.read<std::uint16_t>(at + 40) & absolute) == 0) {
      s.due = later(now, timeout);
    } else {
      const std::uint64_t by_now = id == clock_realtime ? nanoseconds(c.host.wall()) : nanoseconds(now);
      s.due = later(now, timeout - std::min(timeout, by_now));
    }
    return s;
  }
  if (s.type != event_fd_read && s.type != event_fd_write) return std::nullopt;
  const bool mine = s.type == event_fd_read ? id == 0 : id == 1 || id == 2;
  if (!mine) s.error = ebadf;
  return s;
}

/// Writes the events that have happened and their count; nothing where none has.
std::optional<answer> give_events(wasi_host& host, std::span<const subscription> all, std::uint64_t events,
                                  std::uint64_t count) {
  constexpr std::uint16_t hangup = 1;
  const guest_memory memory = host.memory();
  if (!memory.at(events, all.size() * event_bytes))
    return outside(memory, "the events", events, all.size() * event_bytes);
  const time_point now = host.now();
  std::uint32_t happened = 0;
  for (const subscription& s : all) {
    if (s.due && *s.due > now) continue;
    const std::uint64_t at = events + event_bytes * happened++;
    std::ranges::fill(*memory.at(at, event_bytes), std::byte{0});
    bool ok = memory.write(at, s.userdata) && memory.write(at + 8, static_cast<std::uint16_t>(s.error)) &&
              memory.write(at + 10, s.type);
    if (s.error == success && s.type == event_fd_read) ok = ok && memory.write(at + 24, hangup);
    if (s.error == success && s.type == event_fd_write) ok = ok && memory.write(at + 16, max_step);
    if (!ok) return outside(memory, "an event", at, event_bytes);
  }
  if (happened == 0) return std::nullopt;
  if (!memory.write(count, happened)) return outside(memory, "the count", count, sizeof happened);
  return success;
}

outcome poll_oneoff(wasi_call& c) {
  const std::uint64_t in = c.u32(0), events = c.u32(1), n = c.u32(2), count = c.u32(3);
  if (n == 0 || n > max_subscriptions) return einval;
  if (!c.memory.at(in, n * subscription_bytes))
    return outside(c.memory, "the subscriptions", in, n * subscription_bytes);
  if (!c.memory.at(events, n * event_bytes)) return outside(c.memory, "the events", events, n * event_bytes);
  if (!c.memory.at(count, sizeof(std::uint32_t))) return outside(c.memory, "the count", count, sizeof(std::uint32_t));
  std::vector<subscription> all;
  auto first = time_point::max();
  for (std::uint64_t i = 0; i < n; ++i) {
    const auto s = read_subscription(c, in + i * subscription_bytes);
    if (!s) return einval;
    if (s->due) first = std::min(first, *s->due);
    all.push_back(*s);
  }
  if (auto done = give_events(c.host, all, events, count)) return *std::move(done);
  c.host.wait_until(first);
  return [all = std::move(all), first, events, count](wasi_host& host) {
    auto done = give_events(host, all, events, count);
    if (!done) host.wait_until(first);
    return done;
  };
}

// The table

using simple = answer (*)(wasi_call&);
using suspending = outcome (*)(wasi_call&);

/// How a function is done.
struct implementation {
  simple run = nullptr;
  suspending start = nullptr;  ///< one of the two
  int fd_param = -1;           ///< which parameter is the descriptor, for `no_such_function`
};

struct row {
  wasi_function function;
  implementation how;
};

constexpr implementation absent(int fd_param) { return {no_such_function, nullptr, fd_param}; }
constexpr implementation done_by(simple run) { return {run, nullptr, -1}; }
constexpr implementation started_by(suspending start) { return {nullptr, start, -1}; }

constexpr std::array rows = std::to_array<row>({
    {{"args_get", "ii", true}, done_by(args_get)},
    {{"args_sizes_get", "ii", true}, done_by(args_sizes_get)},
    {{"environ_get", "ii", true}, done_by(environ_get)},
    {{"environ_sizes_get", "ii", true}, done_by(environ_sizes_get)},
    {{"clock_res_get", "ii", true}, done_by(clock_res_get)},
    {{"clock_time_get", "iIi", true}, done_by(clock_time_get)},
    {{"fd_advise", "iIIi", true}, absent(0)},
    {{"fd_allocate", "iII", true}, absent(0)},
    {{"fd_close", "i", true}, absent(0)},
    {{"fd_datasync", "i", true}, absent(0)},
    {{"fd_fdstat_get", "ii", true}, done_by(fd_fdstat_get)},
    {{"fd_fdstat_set_flags", "ii", true}, absent(0)},
    {{"fd_fdstat_set_rights", "iII", true}, absent(0)},
    {{"fd_filestat_get", "ii", true}, absent(0)},
    {{"fd_filestat_set_size", "iI", true}, absent(0)},
    {{"fd_filestat_set_times", "iIIi", true}, absent(0)},
    {{"fd_pread", "iiiIi", true}, absent(0)},
    {{"fd_prestat_get", "ii", true}, absent(0)},
    {{"fd_prestat_dir_name", "iii", true}, absent(0)},
    {{"fd_pwrite", "iiiIi", true}, absent(0)},
    {{"fd_read", "iiii", true}, done_by(fd_read)},
    {{"fd_readdir", "iiiIi", true}, absent(0)},
    {{"fd_renumber", "ii", true}, absent(0)},
    {{"fd_seek", "iIii", true}, absent(0)},
    {{"fd_sync", "i", true}, absent(0)},
    {{"fd_tell", "ii", true}, absent(0)},
    {{"fd_write", "iiii", true}, done_by(fd_write)},
    {{"path_create_directory", "iii", true}, absent(0)},
    {{"path_filestat_get", "iiiii", true}, absent(0)},
    {{"path_filestat_set_times", "iiiiIIi", true}, absent(0)},
    {{"path_link", "iiiiiii", true}, absent(0)},
    {{"path_open", "iiiiiIIii", true}, absent(0)},
    {{"path_readlink", "iiiiii", true}, absent(0)},
    {{"path_remove_directory", "iii", true}, absent(0)},
    {{"path_rename", "iiiiii", true}, absent(0)},
    {{"path_symlink", "iiiii", true}, absent(2)},
    {{"path_unlink_file", "iii", true}, absent(0)},
    {{"poll_oneoff", "iiii", true}, started_by(poll_oneoff)},
    {{"proc_exit", "i", false}, done_by(proc_exit)},
    {{"proc_raise", "i", true}, absent(-1)},
    {{"sched_yield", "", true}, started_by(sched_yield)},
    {{"random_get", "ii", true}, started_by(random_get)},
    {{"sock_accept", "iii", true}, absent(0)},
    {{"sock_recv", "iiiiii", true}, absent(0)},
    {{"sock_send", "iiiii", true}, absent(0)},
    {{"sock_shutdown", "ii", true}, absent(0)},
});

// From and to the engine. No exception may pass through its frames.

wasm_trap_t* trap(const row& r, std::string_view why) noexcept {
  try {
    const std::string text = fmt::format("{}: {}", r.function.name, why);
    return wasmtime_trap_new(text.data(), text.size());
  } catch (...) {
    return wasmtime_trap_new(why.data(), why.size());
  }
}

/// To be called where an exception was caught on a fiber. AddressSanitizer does not know a fiber's stack and so does
/// not clear its marks on the frames that the exception left; the next use of the same bytes would be reported.
void forget_left_frames() noexcept {
#ifdef WAGGLE_ASAN
  constexpr std::size_t deepest = std::size_t{128} << 10;
  auto* const here = static_cast<char*>(__builtin_frame_address(0));
  __asan_unpoison_memory_region(here - deepest, deepest);
#endif
}

/// Runs `body`; what it throws becomes a trap.
template <class Body>
wasm_trap_t* guarded(const row& r, Body body) noexcept {
  try {
    return body();
  } catch (const std::exception& e) {
    forget_left_frames();
    return trap(r, e.what());
  } catch (...) {
    forget_left_frames();
    return trap(r, "the host failed");
  }
}

wasi_host& host_of(wasmtime_caller_t* caller) {
  auto* const host = static_cast<wasi_host*>(wasmtime_context_get_data(wasmtime_caller_context(caller)));
  if (host == nullptr) throw std::logic_error("the store has no wasi_host");
  return *host;
}

wasi_call call_of(wasi_host& host, const row& r) {
  return {.host = host, .memory = host.memory(), .fd_param = r.how.fd_param};
}

wasm_trap_t* enter(void* env, wasmtime_caller_t* caller, wasmtime_val_raw_t* values, std::size_t) noexcept {
  const row& r = *static_cast<const row*>(env);
  return guarded(r, [&]() -> wasm_trap_t* {
    wasi_call c = call_of(host_of(caller), r);
    for (std::size_t i = 0; i < r.function.params.size(); ++i)
      c.args[i] = r.function.params[i] == 'i' ? static_cast<std::uint32_t>(values[i].i32)
                                              : static_cast<std::uint64_t>(values[i].i64);
    const answer a = r.how.run(c);
    if (!a) return trap(r, a.error());
    if (r.function.answers) values[0].i32 = static_cast<std::int32_t>(*a);
    return nullptr;
  });
}

/// A call that waits. The engine keeps `result` and `trapped` until its continuation says that it is done.
struct suspended_call {
  const row& r;
  wasi_host& host;
  resume go_on;
  wasmtime_val_t* result;
  wasm_trap_t** trapped;

  bool poll() noexcept {
    bool done = false;
    *trapped = guarded(r, [&]() -> wasm_trap_t* {
      if (!host.may_continue()) return nullptr;
      const auto a = go_on(host);
      done = a.has_value();
      if (done && !*a) return trap(r, a->error());
      if (done) result->of.i32 = static_cast<std::int32_t>(**a);
      return nullptr;
    });
    return done || *trapped != nullptr;
  }
};

void enter_suspending(void* env, wasmtime_caller_t* caller, const wasmtime_val_t* args, std::size_t,
                      wasmtime_val_t* results, std::size_t, wasm_trap_t** trapped,
                      wasmtime_async_continuation_t* continuation) noexcept {
  const row& r = *static_cast<const row*>(env);
  // Always: without a continuation the engine aborts.
  continuation->callback = [](void*) { return true; };
  results[0].kind = WASMTIME_I32;
  *trapped = guarded(r, [&]() -> wasm_trap_t* {
    wasi_call c = call_of(host_of(caller), r);
    for (std::size_t i = 0; i < r.function.params.size(); ++i)
      c.args[i] = static_cast<std::uint32_t>(args[i].of.i32);  // none of these has an i64
    outcome o = r.how.start(c);
    if (const auto* const a = std::get_if<answer>(&o)) {
      if (!*a) return trap(r, a->error());
      results[0].of.i32 = static_cast<std::int32_t>(**a);
      return nullptr;
    }
    continuation->env = new suspended_call{r, c.host, std::get<resume>(std::move(o)), results, trapped};
    continuation->callback = [](void* call) { return static_cast<suspended_call*>(call)->poll(); };
    continuation->finalizer = [](void* call) { delete static_cast<suspended_call*>(call); };
    return nullptr;
  });
}

c_ptr<wasm_functype_t, wasm_functype_delete> type_of(const wasi_function& f) {
  wasm_valtype_vec_t params, results;
  wasm_valtype_vec_new_uninitialized(&params, f.params.size());
  for (std::size_t i = 0; i < f.params.size(); ++i)
    params.data[i] = wasm_valtype_new(f.params[i] == 'i' ? WASM_I32 : WASM_I64);
  wasm_valtype_vec_new_uninitialized(&results, f.answers ? 1 : 0);
  if (f.answers) results.data[0] = wasm_valtype_new(WASM_I32);
  return c_ptr<wasm_functype_t, wasm_functype_delete>(wasm_functype_new(&params, &results));
}

}  // namespace

const wasi_function* find_wasi(std::string_view name) {
  const auto found = std::ranges::find(rows, name, [](const row& r) { return r.function.name; });
  return found == rows.end() ? nullptr : &found->function;
}

result<void> define_wasi(wasmtime_linker_t* linker) {
  for (const row& r : rows) {
    const auto type = type_of(r.function);
    const std::string_view name = r.function.name;
    auto* const env = const_cast<row*>(&r);  // C knows no const here; it is only read
    const error_ptr failed(
        r.how.run != nullptr
            ? wasmtime_linker_define_func_unchecked(linker, wasi_module.data(), wasi_module.size(), name.data(),
                                                    name.size(), type.get(), enter, env, nullptr)
            : wasmtime_linker_define_async_func(linker, wasi_module.data(), wasi_module.size(), name.data(),
                                                name.size(), type.get(), enter_suspending, env, nullptr));
    if (failed)
      return fail(error_code::internal, fault::host, fmt::format("defining {}: {}", name, message_of(*failed)));
  }
  return {};
}

}  // namespace waggle
