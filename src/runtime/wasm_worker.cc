#include "runtime/wasm_worker.h"

#include <utility>

#include <fmt/format.h>

#include "call/guest_error.h"

namespace waggle {
namespace {

/// What a guest may still use when nobody waits for its answer any more.
constexpr duration orphan_allowance = std::chrono::milliseconds(10);

std::string metadata_json(const metadata& m) {
  std::string out = "{";
  for (const auto& [name, value] : m) out += (out.size() > 1 ? "," : "") + json_quote(name) + ":" + json_quote(value);
  return out + "}";
}

/// While it lives, lines of the log are about that request.
struct its_turn {
  its_turn(worker_environment& around, const service_request* r) : of(around) { of.running = r; }
  ~its_turn() { of.running = nullptr; }
  its_turn(const its_turn&) = delete;
  its_turn& operator=(const its_turn&) = delete;
  worker_environment& of;  // the worker may be gone before it ends
};

}  // namespace

std::function<bool(int, std::string_view)> worker_environment::log_of_guests() const {
  return [this](int level, std::string_view line) { return log.line(level, line); };
}

guest_request& worker_environment::effects_of(service_call& call) const {
  if (!call.effects) {
    call.effects = std::make_shared<guest_request>();
    call.effects->service = about.name;
    call.effects->granted = granted;
    call.effects->held = held;
    call.effects->log = log_of_guests();
    call.effects->reads_only = call.request.reads_only;
  }
  return *call.effects;
}

wasm_worker::wasm_worker(worker_environment& around, worker_events& pool)
    : task(around.share),
      around_(around),
      pool_(pool),
      wake_(this, [](void* self) { static_cast<wasm_worker*>(self)->get_turn(); }) {
  count_memory(around_.code.shape().memory_min_bytes);
}

wasm_worker::~wasm_worker() { count_memory(0); }

void wasm_worker::count_memory(std::uint64_t now) {
  const auto more = static_cast<std::int64_t>(now - has_bytes);
  has_bytes = now;
  around_.memory.changed(more);
}

void wasm_worker::make_instance() {
  instance_host& host = *this;
  guest_.reset();  // its slot first
  guest_ = std::make_unique<instance>(around_.code, around_.settings, host);
  guest_->start();
}

void wasm_worker::warm() {
  make_instance();
  get_turn();
}

void wasm_worker::run(service_call& call) {
  call_ = &call;
  begin_request();
  // What it got before, on its own core or in an earlier run, perhaps came from there: a log is of one core.
  if (call.effects) call.effects->log = around_.log_of_guests();
  abandoned_ = timed_out_ = false;
  lines_.clear();
  if (call.fresh_instance) started_ = false;
  warm_ = started_;
  guest_time_ = charged_ = duration(0);
  ready_since_ = std::exchange(call.waiting_since, time_point{});
  if (!started_) return warm();
  guest_->request(call.request.method, call.request.input);
  get_turn();
}

void wasm_worker::get_turn() {
  if (!around_.core.slices().ready(*this) && ready_since_ == time_point{}) ready_since_ = around_.core.now();
}

void wasm_worker::abandon() {
  const time_point now = call_->ended = around_.core.now();
  const bool ready = ready_since_ != time_point{};
  receipt& cost = call_->response.cost;
  if (waiting_) cost.waited += (ready ? ready_since_ : now) - *waiting_;
  if (ready) cost.queue += now - ready_since_;
  cost.guest = guest_time_;
  cost.warm = warm_;
  // The guest may still read its input or ask for its context; the call goes back to its owner.
  orphan_ = std::move(call_->request);
  call_->request.input = orphan_.input;  // for whoever wants to know what took so long
  give_lines();
  if (started_) guest_->moved(orphan_.method, orphan_.input);
  call_ = nullptr;
  abandoned_ = true;
  orphaned_at_ = guest_time_;
  if (waiting_) get_turn();
}

slice_end wasm_worker::run_slice(time_point begun, time_point& ended) {
  ended = begun;
  const its_turn turn(around_, call_ != nullptr ? &call_->request : abandoned_ ? &orphan_ : nullptr);
  if (abandoned_ && waiting_) {
    drop_call();
    guest_->cancel();
    return end(worker_events::outcome::spent);
  }
  if (call_ != nullptr) {
    if (call_->began == time_point{}) call_->began = ready_since_ != time_point{} ? ready_since_ : begun;
    if (ready_since_ != time_point{}) call_->response.cost.queue += begun - ready_since_;
  }
  if (waiting_) {
    const time_point until = ready_since_ != time_point{} ? ready_since_ : begun;
    const duration waited = until - *std::exchange(waiting_, std::nullopt);
    around_.stats.waiting.sub();
    charged_ += waited;
    if (call_ != nullptr) call_->response.cost.waited += waited;
  }
  around_.log.also(&lines_);
  if (around_.memory.service) guest_->limit_memory(has_bytes + around_.memory.service->left());
  slice_end how = guest_->poll();
  around_.log.also(nullptr);
  ended = around_.core.now();
  guest_time_ += ended - begun;
  charged_ += ended - begun;
  if (around_.cpu != nullptr) around_.cpu->used(ended - begun, ended);
  if (const std::uint64_t now = guest_->memory_bytes(); now > 0) count_memory(now);
  if (call_ != nullptr) call_->ended = ended;

  if (how == slice_end::finished) {
    if (guest_->broken()) return end_failed();
    if (started_) {
      if (call_ != nullptr) fill_response();
      return end(worker_events::outcome::fine);
    }
    how = started();
    if (how == slice_end::finished) return how;
  }
  if (how == slice_end::waiting && asked_ != nullptr) wake_at(time_point::max());
  if (abandoned_ && (how == slice_end::waiting || guest_time_ - orphaned_at_ >= orphan_allowance)) {
    drop_call();
    guest_->cancel();
    return end(worker_events::outcome::spent);
  }
  if (charged_ >= allowance()) {
    timed_out_ = true;
    drop_call();
    guest_->cancel();
    return end_failed();
  }
  ready_since_ = ended;
  if (how == slice_end::waiting) {
    waiting_ = ended;
    around_.stats.waiting.add();
    ready_since_ = {};
  }
  return how;
}

/// It is instantiated: the request that it was made for follows in the same turn.
slice_end wasm_worker::started() {
  started_ = true;
  fresh_bytes = has_bytes;
  charged_ = duration(0);  // starting has a time-out of its own
  if (call_ != nullptr) {
    guest_->request(call_->request.method, call_->request.input);
    return slice_end::yielded;
  }
  if (abandoned_) return end(worker_events::outcome::fine);
  pool_.on_warm(*this, worker_events::outcome::fine);
  return slice_end::finished;
}

slice_end wasm_worker::end(worker_events::outcome how) {
  wake_.stop();
  around_.log.also(&lines_);
  output_.finish(around_.log);
  around_.log.also(nullptr);
  if (call_ != nullptr) give_lines();
  if (std::exchange(waiting_, std::nullopt)) around_.stats.waiting.sub();
  ready_since_ = {};
  if (abandoned_) orphan_ = {};
  // The pool may destroy this worker.
  pool_.on_done(*this, std::exchange(call_, nullptr), how);
  return slice_end::finished;
}

slice_end wasm_worker::end_failed() {
  error e = guest_->what_went_wrong();
  if (timed_out_) {
    e.code = error_code::deadline_exceeded;
    e.cause = failure_cause::time_out;
    e.message = fmt::format("the guest did not {} within its time-out of {} ms", started_ ? "answer" : "start",
                            std::chrono::duration_cast<std::chrono::milliseconds>(allowance()).count());
  }
  // Nobody's fault is no reason to hold off requests.
  const auto how = e.whose == fault::guest ? worker_events::outcome::broken : worker_events::outcome::spent;
  around_.failed(e);
  if (call_ == nullptr && !abandoned_) {
    wake_.stop();
    pool_.on_warm(*this, how);
    return slice_end::finished;
  }
  if (call_ != nullptr) {
    fill_cost();
    call_->response.output = std::unexpected(std::move(e));
  }
  return end(how);
}

void wasm_worker::give_lines() {
  if (!lines_.empty()) call_->response.log = lines_.take();
}

void wasm_worker::fill_cost() {
  receipt& cost = call_->response.cost;
  cost.guest = guest_time_;
  cost.warm = warm_;
  cost.memory_kb = guest_->memory_bytes() / 1024;
}

void wasm_worker::fill_response() {
  fill_cost();
  native_request& answer = guest_->answer();
  auto& output = call_->response.output;
  if (answer.too_long) {
    output = fail(error_code::resource_exhausted, fault::guest, answer.violation);
  } else if (answer.said_nothing) {
    output = fail(error_code::unknown, fault::guest, "the guest failed without a message");
  } else if (answer.failed) {
    output = std::unexpected(guest_error(answer.output));
  } else if (output) {
    std::swap(*output, answer.output);  // both keep their buffers
  } else {
    output = std::move(answer.output);
  }
}

duration wasm_worker::allowance() const {
  const duration own = call_ != nullptr ? call_->request.guest_timeout : orphan_.guest_timeout;
  if (!started_) return own > duration(0) ? std::max(own, around_.start_timeout) : around_.start_timeout;
  return own > duration(0) ? own : duration::max();
}

std::string wasm_worker::guest_context() {
  static const service_request none;
  const service_request& r = call_ != nullptr ? call_->request : abandoned_ ? orphan_ : none;
  std::string path;
  for (const call_path* p = r.context.path.get(); p != nullptr; p = p->from.get())
    path = json_quote(p->service) + (path.empty() ? "" : ",") + path;
  std::string remaining = "null";
  if (r.context.deadline)
    remaining =
        std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(*r.context.deadline - now()).count());
  std::string cursor;
  if (r.stream_cursor)
    cursor = fmt::format(R"(,"cursor":{})", r.stream_cursor->empty() ? "null" : json_quote(*r.stream_cursor));
  return fmt::format(
      R"({{"id":"{}","service":{},"method":{},"caller":{},"path":[{}],"remainingMs":{},"traceparent":{},"metadata":{}{}}})",
      r.id, json_quote(around_.about.name), json_quote(r.method),
      r.context.caller ? to_json(*r.context.caller) : "null", path, remaining,
      json_quote(r.context.trace.traceparent()), metadata_json(r.context.headers), cursor);
}

void wasm_worker::wake_at(time_point when) {
  const duration left = allowance() == duration::max() ? duration::max() : allowance() - charged_;
  const time_point latest = left == duration::max() ? when : around_.core.now() + left;
  if (const time_point at = std::min(when, latest); at != time_point::max()) around_.core.start(wake_, at);
}

void wasm_worker::begin_call(guest_call& wanted) {
  if (call_ == nullptr) return;  // nobody waits any more: the end of this slice unwinds it
  guest_request& effects = around_.effects_of(*call_);
  if (!effects.path) {
    auto path = std::make_shared<call_path>();
    path->service = around_.about.name;
    path->from = call_->request.context.path;
    path->depth = path->from ? path->from->depth + 1 : 1;
    path->calls = path->from ? path->from->calls : std::make_shared<std::atomic<std::uint32_t>>(0);
    effects.path = std::move(path);
  }
  const duration left = allowance();
  const time_point latest =
      left == duration::max() ? time_point::max() : around_.core.now() + std::max(left - charged_, duration(0));
  asking_ = true;
  asked_ = around_.calls.start({.about = around_.about,
                                .request = call_->request,
                                .effects = effects,
                                .shared_effects = call_->effects,
                                .latest = latest,
                                .input_bytes = around_.settings.call_bytes},
                               wanted, *this);
  asking_ = false;
}

void wasm_worker::on_answer(std::uint32_t status, std::string answer) {
  asked_ = nullptr;
  guest_->answered(status, std::move(answer));
  if (asking_) return;
  wake_.stop();
  get_turn();
}

/// The guest is about to be unwound: what it waits for is stopped.
void wasm_worker::drop_call() {
  if (asked_ != nullptr) sub_calls::abandon(*std::exchange(asked_, nullptr));
}

}  // namespace waggle
