#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <wasmtime.h>

#include "core/call.h"
#include "core/error.h"
#include "wasm/guest_memory.h"

/// WASI preview 1 (the module `wasi_snapshot_preview1`) for a guest that has no files and no sockets: its standard
/// output goes to the log, clocks, random numbers, arguments and environment work, `poll_oneoff` and `sched_yield`
/// suspend its fiber. Of the other functions those that name a descriptor from 3 on answer EBADF, all others ENOSYS.
/// A pointer that is not inside the guest's memory traps.
namespace waggle {

/// What these functions need of the instance that calls them. The store's data pointer is one:
/// `wasmtime_store_new(engine, static_cast<wasi_host*>(this), nullptr)`.
/// Everything is called on the instance's core: on its fiber or, from `may_continue` on, while that is polled.
/// What is thrown becomes a trap.
struct wasi_host {
  virtual ~wasi_host() = default;

  /// As it is now: asked for on each call and after each suspension.
  virtual guest_memory memory() = 0;
  /// Some bytes for standard output (1) or standard error (2), at most 64 KiB at a time.
  virtual void write_line_bytes(int fd, std::string_view bytes) = 0;
  virtual time_point now() = 0;
  virtual std::chrono::system_clock::time_point wall() = 0;
  /// Fills it with random bytes fit for keys; at most 64 KiB at a time.
  virtual void random(std::span<std::byte> into) = 0;
  /// The fiber is about to be suspended until then: see to it that it is polled again. Earlier does no harm.
  virtual void wait_until(time_point when) = 0;
  /// The fiber is about to be suspended to let others run.
  virtual void yield() = 0;
  /// May it go on? Asked at each poll, also right after `wait_until` or `yield`, where the answer is no.
  virtual bool may_continue() = 0;

  /// Null is none. Not to be changed between a guest's call for their sizes and the one for their contents.
  const std::vector<std::string>* args = nullptr;
  const std::vector<std::string>* environ = nullptr;  ///< "NAME=value"
  /// Set when the guest ended itself with `proc_exit`, which ends its call with a trap.
  std::optional<std::uint32_t> exit_code;
};

/// A function of preview 1.
struct wasi_function {
  std::string_view name;
  std::string_view params;  ///< a letter each: `i` for i32, `I` for i64
  bool answers;             ///< its one result is an errno, an i32; only proc_exit has none
};

/// Null where preview 1 has no such function.
[[nodiscard]] const wasi_function* find_wasi(std::string_view name);

/// Defines all functions. Guests that were linked with them run on fibers only: some suspend.
[[nodiscard]] result<void> define_wasi(wasmtime_linker_t* linker);

}  // namespace waggle
