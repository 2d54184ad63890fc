#include "wasm/instance.h"

#include <sys/random.h>

#include <fmt/format.h>

#if defined(WAGGLE_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

namespace waggle {
namespace {

/// The engine hands slots from thread to thread under a lock that the thread sanitizer does not see (tests/tsan.supp): what was
/// done with a slot before it was given back happened before what is done with it now.
#if defined(WAGGLE_TSAN)
char slots = 0;
void slot_released() { __tsan_release(&slots); }
void slot_acquired() { __tsan_acquire(&slots); }
#else
void slot_released() {}
void slot_acquired() {}
#endif

constexpr std::int64_t max_table_elements = 1 << 20;
constexpr std::int64_t max_tables = 16;

/// The pooling allocator's words when every slot is taken.
constexpr std::string_view no_slot = "maximum concurrent";

/// The engine demangles every name in its backtraces, and a few hundred bytes of a C++ name can stand for gigabytes (a
/// pair of itself, again and again): longer names are shown as they are, and cut.
constexpr std::size_t longest_demangled = 100;

/// What the engine says of a trap or an error, with its backtrace. `trace_of` is the engine's function for its frames.
template <class T>
std::string text_of(const T& what, void (*trace_of)(const T*, wasm_frame_vec_t*)) {
  wasm_frame_vec_t frames;
  trace_of(&what, &frames);
  bool short_names = true;
  std::string own = "error while executing at wasm backtrace (long names are cut):\n";
  for (std::size_t i = 0; i < frames.size; ++i) {
    const wasm_name_t* const name = wasmtime_frame_func_name(frames.data[i]);
    const std::string_view text = name != nullptr ? std::string_view(name->data, name->size) : "<wasm function>";
    short_names = short_names && text.size() <= longest_demangled;
    own += fmt::format("{:5}: {:#8x} - {}\n", i, wasm_frame_module_offset(frames.data[i]),
                       text.substr(0, longest_demangled));
  }
  wasm_frame_vec_delete(&frames);
  return short_names ? message_of(what) : own;
}

/// A guest's slice is over: let others run.
wasmtime_error_t* on_epoch(wasmtime_context_t*, void*, std::uint64_t* delta, wasmtime_update_deadline_kind_t* kind) {
  *delta = 1;
  *kind = WASMTIME_UPDATE_DEADLINE_YIELD;
  return nullptr;
}

std::string_view name_of(wasmtime_trap_code_t code) {
  switch (code) {
    case WASMTIME_TRAP_CODE_STACK_OVERFLOW: return "out of stack";
    case WASMTIME_TRAP_CODE_MEMORY_OUT_OF_BOUNDS: return "out of bounds memory access";
    case WASMTIME_TRAP_CODE_HEAP_MISALIGNED: return "misaligned memory access";
    case WASMTIME_TRAP_CODE_TABLE_OUT_OF_BOUNDS: return "out of bounds table access";
    case WASMTIME_TRAP_CODE_INDIRECT_CALL_TO_NULL: return "call of a null function reference";
    case WASMTIME_TRAP_CODE_BAD_SIGNATURE: return "indirect call with the wrong signature";
    case WASMTIME_TRAP_CODE_INTEGER_OVERFLOW: return "integer overflow";
    case WASMTIME_TRAP_CODE_INTEGER_DIVISION_BY_ZERO: return "integer division by zero";
    case WASMTIME_TRAP_CODE_BAD_CONVERSION_TO_INTEGER: return "number does not fit an integer";
    case WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED: return "unreachable code (an abort or a panic)";
    default: return "trap";
  }
}

failure_cause cause_of(wasmtime_trap_code_t code) {
  switch (code) {
    case WASMTIME_TRAP_CODE_STACK_OVERFLOW: return failure_cause::out_of_stack;
    case WASMTIME_TRAP_CODE_MEMORY_OUT_OF_BOUNDS:
    case WASMTIME_TRAP_CODE_HEAP_MISALIGNED: return failure_cause::out_of_bounds;
    case WASMTIME_TRAP_CODE_TABLE_OUT_OF_BOUNDS:
    case WASMTIME_TRAP_CODE_INDIRECT_CALL_TO_NULL:
    case WASMTIME_TRAP_CODE_BAD_SIGNATURE: return failure_cause::bad_call;
    case WASMTIME_TRAP_CODE_INTEGER_OVERFLOW:
    case WASMTIME_TRAP_CODE_INTEGER_DIVISION_BY_ZERO:
    case WASMTIME_TRAP_CODE_BAD_CONVERSION_TO_INTEGER: return failure_cause::arithmetic;
    case WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED: return failure_cause::unreachable;
    default: return failure_cause::ended;
  }
}

}  // namespace

instance::instance(const module& of, const instance_settings& settings, instance_host& host)
    : module_(of), settings_(settings), host_(host) {
  wasi_host::args = &settings.args;
  wasi_host::environ = &settings.environ;
  store_.reset(wasmtime_store_new(of.engine().engine.get(), static_cast<wasi_host*>(this), nullptr));
  context_ = wasmtime_store_context(store_.get());
  limit_memory(settings.memory_bytes);
  wasmtime_store_epoch_deadline_callback(store_.get(), on_epoch, nullptr, nullptr);
}

instance::slot_given_back::~slot_given_back() { slot_released(); }

instance::~instance() {
  cancel();
  if (start_trap_ != nullptr) wasm_trap_delete(start_trap_);
  if (start_error_ != nullptr) wasmtime_error_delete(start_error_);
}

void instance::limit_memory(std::uint64_t bytes) {
  bytes = std::min(bytes, settings_.memory_bytes);
  if (bytes == memory_limit_) return;
  memory_limit_ = bytes;
  wasmtime_store_limiter(store_.get(), static_cast<std::int64_t>(bytes), max_table_elements, 1, max_tables, 1);
}

void instance::start() {
  stage_ = stage::instantiate;
  wasmtime_context_set_epoch_deadline(context_, 1);
  instantiation_.reset(
      wasmtime_instance_pre_instantiate_async(module_.pre(), context_, &instance_, &start_trap_, &start_error_));
}

void instance::request(std::string_view method, std::string_view input) {
  request_.method = method;
  request_.input = input;
  request_.output_limit = settings_.output_bytes;
  request_.output.clear();
  request_.violation.clear();
  request_.failed = request_.said_nothing = request_.too_long = false;
  call_answer_.clear();
  begin_fiber(stage::handle);
}

void instance::moved(std::string_view method, std::string_view input) {
  request_.method = method;
  request_.input = input;
}

void instance::begin_fiber(stage next) {
  stage_ = next;
  wasmtime_context_set_epoch_deadline(context_, 1);
  fiber_.reset(waggle_fiber_new(context_, driver_.get(), &fiber_failure_));
}

wasm_trap_t* instance::drive(void* self, wasmtime_caller_t* caller, wasmtime_val_raw_t*, std::size_t) {
  auto& me = *static_cast<instance*>(self);
  auto* const store = wasmtime_caller_context(caller);
  const bool fine = me.stage_ == stage::initialize ? native_initialize(store, me.exports_, me.request_)
                                                   : native_handle(store, me.exports_, me.request_);
  // What went wrong is in `request_`; the trap only unwinds the fiber.
  return fine ? nullptr : wasmtime_trap_new("ended", 5);
}

slice_end instance::poll() {
  slot_acquired();
  if (wait_ && host_.now() < *wait_) return slice_end::waiting;
  if (calling_ == calling::waiting) return slice_end::waiting;
  for (;;) {
    wait_.reset();
    suspended_ = false;
    const bool done = stage_ == stage::instantiate ? poll_instantiation() : poll_fiber();
    if (done) return slice_end::finished;
    if (calling_ != calling::wanted) return wait_ ? slice_end::waiting : slice_end::yielded;
    calling_ = calling::waiting;
    host_.begin_call(call_);
    if (calling_ == calling::waiting) return slice_end::waiting;
    // It was answered at once, and the guest's slice is not over.
  }
}

void instance::answered(std::uint32_t status, std::string answer) {
  calling_ = calling::answered;
  call_status_ = status;
  call_answer_ = std::move(answer);
}

bool instance::poll_instantiation() {
  if (!wasmtime_call_future_poll(instantiation_.get())) return false;
  instantiation_.reset();
  if (start_trap_ != nullptr || start_error_ != nullptr) {
    broken_ = true;
    return true;
  }
  exports_ = bind_native(context_, instance_, module_.shape().has_initialize, module_.engine().memory_stays);
  bound_ = true;
  wasmtime_func_new_unchecked(context_, module_.engine().driver_type.get(), drive, this, nullptr, &driver_func_);
  driver_.reset(waggle_driver_new(context_, &driver_func_));
  if (!exports_.initialize) {
    stage_ = stage::idle;
    return true;
  }
  begin_fiber(stage::initialize);
  return poll_fiber();
}

bool instance::poll_fiber() {
  if (!waggle_fiber_poll(fiber_.get())) return false;
  end_fiber();
  return true;
}

void instance::end_fiber() {
  fiber_.reset();
  stage_ = stage::idle;
  if (fiber_failure_ != nullptr) {
    wasmtime_error_delete(std::exchange(fiber_failure_, nullptr));
    broken_ = true;
  }
}

void instance::cancel() {
  if (stage_ == stage::idle) return;
  canceled_ = broken_ = true;
  calling_ = calling::nothing;
  instantiation_.reset();
  end_fiber();
}

error instance::what_went_wrong() const {
  error e;
  e.code = error_code::internal;
  e.whose = fault::guest;
  e.cause = failure_cause::ended;
  const wasm_trap_t* const trap = request_.trap ? request_.trap.get() : start_trap_;
  const wasmtime_error_t* const failure = request_.error ? request_.error.get() : start_error_;
  const std::string_view when = bound_ ? "" : " while it was instantiated";
  const std::string text = trap != nullptr      ? text_of(*trap, wasm_trap_trace)
                           : failure != nullptr ? text_of(*failure, wasmtime_error_wasm_trace)
                                                : std::string();
  if (!bound_ && trap == nullptr &&
      text.substr(0, text.find('\n')).contains(no_slot)) {  // below come names of the guest's
    e.code = error_code::resource_exhausted;
    e.whose = fault::overload;
    e.cause = failure_cause::instances;
    e.message = "all instances that this node may have (wasm.instances) are in use: try again later";
    e.retry_after = std::chrono::seconds(1);
  } else if (wasi_host::exit_code) {
    e.cause = failure_cause::exit;
    e.message = fmt::format("the guest ended itself with proc_exit({}){}", *wasi_host::exit_code, when);
  } else if (!request_.violation.empty()) {
    e.cause = failure_cause::abi;
    e.message = "the guest broke the guest ABI: " + request_.violation;
  } else if (canceled_) {
    e.message = "the guest was unwound";
    if (trap == nullptr) e.debug = text;
  } else if (trap != nullptr) {
    wasmtime_trap_code_t code = 0;
    const bool known = wasmtime_trap_code(trap, &code);
    if (known) e.cause = cause_of(code);
    e.message = fmt::format("the guest trapped{}: {}", when, known ? name_of(code) : "trap");
    e.debug = text;
  } else if (failure != nullptr) {
    e.debug = text;
    // Our own imports end a guest with an error that says why in its first line; the backtrace follows.
    const std::string_view all = e.debug;
    const auto cause = all.rfind("Caused by:\n");
    std::string_view line = cause == all.npos ? all.substr(0, all.find('\n')) : all.substr(cause + 11);
    line.remove_prefix(std::min(line.find_first_not_of(" 0123456789:"), line.size()));
    e.message = fmt::format("the guest was ended{}: {}", when, line.substr(0, line.find('\n')));
  } else {
    e.message = "the guest was unwound";
  }
  return e;
}

std::uint64_t instance::memory_bytes() const {
  return bound_ ? wasmtime_memory_data_size(context_, &exports_.memory) : 0;
}

guest_memory instance::memory() {
  // Before the exports are bound (a start function that calls an import) there is no memory to point into.
  if (!bound_) return {nullptr, 0};
  return {reinterpret_cast<std::byte*>(wasmtime_memory_data(context_, &exports_.memory)),
          wasmtime_memory_data_size(context_, &exports_.memory)};
}

void instance::write_line_bytes(int fd, std::string_view bytes) { host_.guest_output(fd, bytes); }

void instance::random(std::span<std::byte> into) {
  while (!into.empty()) {
    const auto got = getrandom(into.data(), into.size(), 0);
    if (got > 0) into = into.subspan(static_cast<std::size_t>(got));
  }
}

void instance::wait_until(time_point when) {
  wait_ = when;
  suspended_ = true;
  host_.wake_at(when);
}

bool instance::may_continue() { return !suspended_; }

void instance::yield() { suspended_ = true; }

}  // namespace waggle
