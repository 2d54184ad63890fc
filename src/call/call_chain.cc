#include "call/call_chain.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "call/access.h"
#include "call/request_log.h"
#include "schema/language/text.h"
#include "schema/redact.h"

namespace waggle {
namespace {

/// A shorter payload or answer is checked in less than a microsecond; the receipt would say 0 anyway.
constexpr std::size_t worth_measuring = 1024;

error make(error_code code, failure_cause cause, std::string message) {
  error e;
  e.code = code;
  e.whose = fault::caller;
  e.cause = cause;
  e.message = std::move(message);
  return e;
}

}  // namespace

error unknown_method(const contract& about, std::string_view name) {
  graphql::near_name near(name);
  for (const auto& [known, m] : about.methods) near.offer(known);
  return make(error_code::unimplemented, failure_cause::unknown_method,
              fmt::format("{} has no method {}{}", about.name, graphql::shown(name), near.hint()));
}

/// A call that is inside the service, as the chain remembers it.
struct call_chain::passage {
  call_chain* chain = nullptr;
  const method* asked = nullptr;
  service_call* call = nullptr;
  bool traced = false;
  bool admitted = false;
  bool counted = false;                   // by the operator's limits
  std::size_t input_bytes = 0;            // as they came
  std::uint64_t parent = 0;               // of its span
  trace_context at;                       // its span: the call's own may be elsewhere by the end
  std::shared_ptr<const call_path> path;  // likewise
  timer deadline{
      this, [](void* self) {
        auto& p = *static_cast<passage*>(self);
        p.call->stop(make(error_code::deadline_exceeded, failure_cause::none, "the caller's deadline is over"));
      }};
};

call_chain::call_chain(core_loop& core, const contract& about, service& inner, const chain_settings& settings,
                       flight_recorder* recorder)
    : core_(core), about_(about), inner_(inner), settings_(settings), recorder_(recorder) {}

call_chain::~call_chain() {
  if (journal_ != nullptr) recorder_->close(*journal_, about_);
}

call_chain::passage& call_chain::take_passage() {
  if (free_.empty()) {
    passages_.push_back(std::make_unique<passage>());
    free_.push_back(passages_.back().get());
  }
  passage& p = *free_.back();
  free_.pop_back();
  return p;
}

bool call_chain::admit(service_call& call, const method& m, error& why) {
  if ((m.kind == operation::subscription) != call.request.stream_cursor.has_value()) {
    why = make(error_code::unimplemented, failure_cause::unknown_method,
               m.kind == operation::subscription
                   ? fmt::format("{} is a subscription: ask for its stream (docs/subscriptions.md)", m.name)
                   : fmt::format("{} answers once; there is no stream of it", m.name));
    return false;
  }
  std::string& input = call.request.input;
  if (input.empty()) input = "{}";
  if (input.size() > settings_.limits.input_bytes) {
    why = make(error_code::resource_exhausted, failure_cause::too_large,
               fmt::format("the payload has {} bytes, the limit is {}", input.size(), settings_.limits.input_bytes));
    return false;
  }
  if (auto fits = check_payload(m, input, settings_.limits); !fits) {
    why = std::move(fits.error());
    why.cause = why.code == error_code::resource_exhausted ? failure_cause::too_large : failure_cause::payload;
    return false;
  }
  return true;
}

call_chain::passage& call_chain::begin(service_call& call) {
  passage& p = take_passage();
  p.chain = this;
  p.call = &call;
  p.traced = settings_.traces != nullptr && settings_.traces->begin(call.request.context, p.parent);
  if (p.traced) p.at = call.request.context.trace;
  p.input_bytes = call.request.input.size();
  p.admitted = false;
  if (recorder_ != nullptr || p.traced) p.path = call.request.context.path;
  call.response.cost = {};
  call.response.log.clear();
  call.response.unfit.clear();
  call.waiting_since = call.ended = {};
  call.effects.reset();
  call.fresh_instance = false;
  const bool large = call.request.input.size() > worth_measuring;
  call.began = large || call.request.context.deadline ? core_.now() : time_point{};
  p.asked = about_.find(call.request.method);
  return p;
}

void call_chain::ask(service_call& call) {
  passage& p = begin(call);
  const auto refuse = [&](error why) {
    call.response.output = std::unexpected(std::move(why));
    leave(p, call);
  };
  if (p.asked == nullptr) return refuse(unknown_method(about_, call.request.method));
  if (p.asked->internal && call.request.context.path == nullptr && !call.request.context.trusted)
    return refuse(
        make(error_code::permission_denied, failure_cause::none,
             fmt::format("{}/{} is @internal: only services on this node may call it", about_.name, p.asked->name)));
  const request_context& from = call.request.context;
  if (from.path == nullptr && !from.trusted)  // who may call from inside is a matter of grants
    if (auto why = denies(*p.asked, from.caller.get())) return refuse(*std::move(why));
  // At once: its payload is not looked at.
  if (auto why = inner_.refuses()) return refuse(*std::move(why));
  if (settings_.admits) {
    if (auto why = settings_.admits->enter(core_.now(), from)) return refuse(*std::move(why));
    p.counted = true;
  }
  if (error why; !admit(call, *p.asked, why)) return refuse(std::move(why));
  p.admitted = true;
  if (const auto& deadline = call.request.context.deadline) {
    if (*deadline <= call.began)
      return refuse(make(error_code::deadline_exceeded, failure_cause::deadline, "the caller's deadline is over"));
    core_.start(p.deadline, *deadline);
  }
  const auto own = p.asked->timeout ? p.asked->timeout : about_.timeout;
  call.request.guest_timeout = std::min(own ? duration(*own) : settings_.default_timeout, settings_.max_timeout);
  call.request.reads_only = p.asked->kind != operation::mutation;
  call.request.idempotent = p.asked->idempotent;
  enter(p);
}

std::optional<error> call_chain::refuses() const {
  auto why = inner_.refuses();
  if (!why && settings_.admits) why = settings_.admits->refuses(core_.now());
  return why;
}

void call_chain::refuse(service_call& call, error why) {
  passage& p = begin(call);
  call.response.output = std::unexpected(std::move(why));
  leave(p, call);
}

void call_chain::enter(passage& p) {
  p.call->then(&p, [](void* self, service_call& c) noexcept {
    auto& back = *static_cast<passage*>(self);
    back.chain->answered(back, c);
  });
  inner_.ask(*p.call);
}

void call_chain::log_misfit(const service_call& call, const method& m, const error& why) {
  constexpr std::uint32_t most_lines = 10;
  const time_point now = core_.now();
  if (now - logging_since_ >= std::chrono::seconds(1)) {
    logging_since_ = now;
    logged_ = 0;
  }
  if (++logged_ > most_lines) return;
  log_about(3,
            {.service = about_.name, .method = m.name, .request = call.request.id, .trace = call.request.context.trace},
            why.message + (logged_ == most_lines ? " (more of these are not logged in this second)" : ""));
}

void call_chain::answered(passage& p, service_call& call) {
  auto& output = call.response.output;
  if (output && settings_.outputs != output_check::off) {
    if (auto fits = check_answer(*p.asked, *output, settings_.limits); !fits) {
      log_misfit(call, *p.asked, fits.error());
      fits.error().cause = failure_cause::answer;
      if (settings_.outputs == output_check::enforce) {
        call.response.unfit = *std::move(output);
        output = std::unexpected(std::move(fits.error()));
      }
    }
  }
  if (!call.effects) return leave(p, call);
  call.then(&p, [](void* self, service_call& c) noexcept {
    auto& back = *static_cast<passage*>(self);
    back.chain->settled(back, c);
  });
  inner_.settle(call);
}

void call_chain::settled(passage& p, service_call& call) {
  if (!call.effects->again) return leave(p, call);
  call.effects->again = false;
  call.fresh_instance = true;
  if (const auto& deadline = call.request.context.deadline; deadline && !p.deadline.running()) {
    call.response.output = fail(error_code::deadline_exceeded, fault::caller, "the caller's deadline is over");
    return leave(p, call);
  }
  enter(p);
}

void call_chain::leave(passage& p, service_call& call) {
  p.deadline.stop();
  if (std::exchange(p.counted, false)) settings_.admits->leave();
  const auto& output = call.response.output;
  if (call.ended == time_point{} || (output && output->size() > worth_measuring)) call.ended = core_.now();
  if (call.began == time_point{}) call.began = call.ended;  // refused at once
  receipt& cost = call.response.cost;
  if (call.effects) {
    cost.calls = call.effects->calls;
    call.effects.reset();
  }
  const duration total = call.ended - call.began;
  // What was neither waiting nor the guest's is ours: checking in and out, and copying.
  cost.validate = std::max(duration(0), total - cost.queue - cost.guest - cost.waited - cost.commit);
  note(p.asked, total, call.response);
  if (recorder_ != nullptr) {
    if (journal_ == nullptr) journal_ = &recorder_->open(about_);
    journal_->add({call, p.asked, p.input_bytes, p.admitted, total, p.path.get()});
  }
  if (p.traced) {
    record(p, call);
    // As it came: whoever asked may use it again.
    call.request.context.trace = {};
    if (p.parent != 0) (call.request.context.trace = p.at).span = p.parent;
  }
  p.path.reset();
  free_.push_back(&p);
  call.finish();
}

void call_chain::record(const passage& p, const service_call& call) {
  span* const s = settings_.traces->claim();
  if (s == nullptr) return;
  s->at = p.at;
  s->parent = p.parent;
  s->from_outside = p.path == nullptr;
  s->began = call.began;
  s->ended = call.ended;
  s->request = call.request.id;
  s->cost = call.response.cost;
  s->service = about_.name;
  s->version = about_.version;
  s->method = p.asked != nullptr ? std::string_view(p.asked->name) : std::string_view();
  s->code = {};
  s->message.clear();
  if (const auto& output = call.response.output; !output) {
    s->code = output.error().code;
    s->whose = output.error().whose;
    // A guest may repeat there what it got: that stays in the node (flight_recorder.h), nothing of it goes to a collector.
    if (p.asked == nullptr || !has_sensitive(*p.asked))
      s->message.assign(output.error().message, 0, trace_lane::longest_message);
  }
  settings_.traces->commit();
}

void call_chain::note(const method* asked, duration total, const service_response& answer) {
  method_stats& s = stats_.of(asked);
  if (answer.output) {
    s.by_code[0].add();
  } else {
    s.by_code[static_cast<std::size_t>(answer.output.error().code)].add();
    s.by_cause[static_cast<std::size_t>(answer.output.error().cause)].add();
  }
  if (!settings_.histograms) return;
  s.total.add(total);
  s.queue.add(answer.cost.queue);
  s.validate.add(answer.cost.validate);
  s.guest.add(answer.cost.guest);
  s.waited.add(answer.cost.waited);
  s.commit.add(answer.cost.commit);
}

}  // namespace waggle
