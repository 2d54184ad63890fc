#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/call.h"
#include "loop/scheduler.h"
#include "wasm/module.h"
#include "wasm/native_abi.h"
#include "wasm/wasi.h"

namespace waggle {

struct instance_settings {
  std::uint64_t memory_bytes = std::uint64_t{64} << 20;
  std::size_t output_bytes = std::size_t{1} << 20;
  std::size_t call_bytes = std::size_t{1} << 20;  ///< of the input of a call that the guest makes
  std::vector<std::string> args;
  std::vector<std::string> environ;
  duration start_timeout{std::chrono::seconds(30)};  ///< instantiation and `_initialize`: guest time and waits
};

/// A call of another service by the import `call`, copied out of the guest's memory, but what is too long not whole:
/// whoever may not call is told so first, and then what is too long.
struct guest_call {
  static constexpr std::size_t longest_name = 1000;  ///< of services and methods: longer ones are nobody's
  std::string service;                               ///< at most one byte more
  std::string method;                                ///< the same
  std::string input;                                 ///< empty where it is longer than `instance_settings::call_bytes`
  std::size_t input_bytes = 0;                       ///< how long the guest's is
};

/// What an instance needs of whoever runs it. All on the instance's core; some are called on its fiber and must not
/// block, nor call into a guest.
class instance_host {
 public:
  virtual ~instance_host() = default;
  virtual time_point now() = 0;
  /// 0 trace … 4 error.
  virtual void guest_log(int level, std::string_view line) = 0;
  /// What the guest writes to its standard output (1) and error (2): any bytes, not lines.
  virtual void guest_output(int fd, std::string_view bytes) = 0;
  /// The answer of the import `context`: JSON.
  virtual std::string guest_context() = 0;
  /// The guest waits: poll it again at `when`.
  virtual void wake_at(time_point when) = 0;
  /// The guest waits for the answer of this call, which `instance::answered` is to be given: now or later, when the
  /// instance is to be polled again. Not on its fiber. `call` is the instance's and may be moved from.
  virtual void begin_call(guest_call& call) = 0;
};

/// One live instance of a module: a store, its memory, and the fiber that runs in it. It lives and dies on one core.
/// Nothing in the guest runs but during `poll`. After a failure it is broken and only good to be destroyed.
class instance final : private wasi_host {
 public:
  /// All three must outlive it.
  instance(const module& of, const instance_settings& settings, instance_host& host);
  ~instance() override;
  instance(const instance&) = delete;
  instance& operator=(const instance&) = delete;

  /// The next polls instantiate the module and run `_initialize`.
  void start();
  /// The next polls run one request. `method` and `input` must stay until it is finished.
  void request(std::string_view method, std::string_view input);
  /// The same bytes are elsewhere now.
  void moved(std::string_view method, std::string_view input);
  /// Runs the guest until it is finished, or its slice is over, or it waits.
  slice_end poll();
  /// The answer of the call that it waits for: 0 and its bytes, or the error's code and its JSON.
  void answered(std::uint32_t status, std::string answer);
  /// Its memory may grow to so much and no further; never beyond `instance_settings::memory_bytes`. Not while it runs.
  void limit_memory(std::uint64_t bytes);
  /// Unwinds what runs (about 30 µs). The instance is broken then.
  void cancel();

  [[nodiscard]] bool broken() const { return broken_; }
  /// After a request that finished without breaking the instance.
  native_request& answer() { return request_; }
  /// Why it broke: the error for the caller, with trap kind and backtrace in `debug`. Resolving the backtrace takes
  /// its time.
  [[nodiscard]] error what_went_wrong() const;
  [[nodiscard]] std::uint64_t memory_bytes() const;

 private:
  friend struct host_imports;
  enum class stage : std::uint8_t { idle, instantiate, initialize, handle };
  enum class calling : std::uint8_t { nothing, wanted, waiting, answered };

  static wasm_trap_t* drive(void* self, wasmtime_caller_t* caller, wasmtime_val_raw_t*, std::size_t);
  void begin_fiber(stage next);
  void end_fiber();
  bool poll_instantiation();
  bool poll_fiber();

  guest_memory memory() override;
  void write_line_bytes(int fd, std::string_view bytes) override;
  time_point now() override { return host_.now(); }
  std::chrono::system_clock::time_point wall() override { return std::chrono::system_clock::now(); }
  void random(std::span<std::byte> into) override;
  void wait_until(time_point when) override;
  bool may_continue() override;
  void yield() override;

  const module& module_;
  const instance_settings& settings_;
  instance_host& host_;
  /// Destroyed after the store, whose slot another thread may get then.
  struct slot_given_back {
    slot_given_back() = default;
    slot_given_back(const slot_given_back&) = delete;
    slot_given_back& operator=(const slot_given_back&) = delete;
    ~slot_given_back();
  };
  slot_given_back given_back_;
  store_ptr store_;
  wasmtime_context_t* context_ = nullptr;
  native_exports exports_{};
  c_ptr<waggle_driver_t, waggle_driver_delete> driver_;
  wasmtime_func_t driver_func_{};
  wasmtime_instance_t instance_{};
  wasm_trap_t* start_trap_ = nullptr;
  wasmtime_error_t* start_error_ = nullptr;
  c_ptr<wasmtime_call_future_t, wasmtime_call_future_delete> instantiation_;
  c_ptr<waggle_fiber_t, waggle_fiber_delete> fiber_;
  wasmtime_error_t* fiber_failure_ = nullptr;
  native_request request_;
  guest_call call_;
  calling calling_ = calling::nothing;
  std::uint32_t call_status_ = 0;
  std::string call_answer_;         // of the last call, for `rest`
  std::optional<time_point> wait_;  // the guest waits until then
  std::uint64_t memory_limit_ = 0;
  bool suspended_ = false;  // an import waits for the next poll
  stage stage_ = stage::idle;
  bool bound_ = false;
  bool broken_ = false;
  bool canceled_ = false;
};

}  // namespace waggle
