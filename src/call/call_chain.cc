#include "call/call_chain.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "schema/language/text.h"

namespace waggle {
namespace {

/// A shorter payload or answer is checked in less than a microsecond; the receipt would say 0 anyway.
constexpr std::size_t worth_measuring = 1024;

error make(error_code code, std::string message) {
  error e;
  e.code = code;
  e.whose = fault::caller;
  e.message = std::move(message);
  return e;
}

}  // namespace

error unknown_method(const contract& about, std::string_view name) {
  graphql::near_name near(name);
  for (const auto& [known, m] : about.methods) near.offer(known);
  return make(error_code::unimplemented,
              fmt::format("{} has no method {}{}", about.name, graphql::shown(name), near.hint()));
}

/// A call that is inside the service, as the chain remembers it.
struct call_chain::passage {
  call_chain* chain = nullptr;
  const method* asked = nullptr;
  service_call* call = nullptr;
  bool counted = false;  // by the operator's limits
  timer deadline{this, [](void* self) {
                   auto& p = *static_cast<passage*>(self);
                   p.call->stop(make(error_code::deadline_exceeded, "the caller's deadline is over"));
                 }};
};

call_chain::call_chain(core_loop& core, const contract& about, service& inner, const chain_settings& settings)
    : core_(core), about_(about), inner_(inner), settings_(settings) {}

call_chain::~call_chain() = default;

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
  if (m.kind == operation::subscription) {
    why = make(error_code::unimplemented,
               fmt::format("{} is a subscription; streams are not available in this build yet", m.name));
    return false;
  }
  std::string& input = call.request.input;
  if (input.empty()) input = "{}";
  if (input.size() > settings_.limits.input_bytes) {
    why = make(error_code::resource_exhausted,
               fmt::format("the payload has {} bytes, the limit is {}", input.size(), settings_.limits.input_bytes));
    return false;
  }
  if (auto fits = check_payload(m, input, settings_.limits); !fits) {
    why = std::move(fits.error());
    return false;
  }
  return true;
}

void call_chain::ask(service_call& call) {
  passage& p = take_passage();
  p.chain = this;
  p.call = &call;
  call.response.cost = {};
  call.waiting_since = call.ended = {};
  call.effects.reset();
  call.fresh_instance = false;
  const bool large = call.request.input.size() > worth_measuring;
  call.began = large || call.request.context.deadline ? core_.now() : time_point{};
  p.asked = about_.find(call.request.method);
  const auto refuse = [&](error why) {
    call.response.output = std::unexpected(std::move(why));
    leave(p, call);
  };
  if (p.asked == nullptr) return refuse(unknown_method(about_, call.request.method));
  // At once: its payload is not looked at.
  if (auto why = inner_.refuses()) return refuse(*std::move(why));
  if (settings_.admits) {
    refusal reason{};
    if (auto why = settings_.admits->enter(core_.now(), reason)) {
      stats_.refused.add(reason);
      return refuse(*std::move(why));
    }
    p.counted = true;
  }
  if (error why; !admit(call, *p.asked, why)) return refuse(std::move(why));
  if (const auto& deadline = call.request.context.deadline) {
    if (*deadline <= call.began) return refuse(make(error_code::deadline_exceeded, "the caller's deadline is over"));
    core_.start(p.deadline, *deadline);
  }
  const auto own = p.asked->timeout ? p.asked->timeout : about_.timeout;
  call.request.guest_timeout = std::min(own ? duration(*own) : settings_.default_timeout, settings_.max_timeout);
  call.request.reads_only = p.asked->kind == operation::query;
  call.request.idempotent = p.asked->idempotent;
  enter(p);
}

std::optional<error> call_chain::refuses() {
  auto why = inner_.refuses();
  if (refusal reason{}; !why && settings_.admits) {
    why = settings_.admits->refuses(core_.now(), reason);
    if (why) stats_.refused.add(reason);
  }
  if (!why) return why;
  stats_.requests.add();
  stats_.by_code[static_cast<std::size_t>(why->code)].add();
  return why;
}

void call_chain::enter(passage& p) {
  p.call->then(&p, [](void* self, service_call& c) noexcept {
    auto& back = *static_cast<passage*>(self);
    back.chain->answered(back, c);
  });
  inner_.ask(*p.call);
}

void call_chain::log_misfit(const method& m, const error& why) {
  constexpr std::uint32_t most_lines = 10;
  const time_point now = core_.now();
  if (now - logging_since_ >= std::chrono::seconds(1)) {
    logging_since_ = now;
    logged_ = 0;
  }
  if (++logged_ > most_lines) return;
  spdlog::warn("{}/{}: {}{}", about_.name, m.name, why.message,
               logged_ == most_lines ? " (more of these are not logged in this second)" : "");
}

void call_chain::answered(passage& p, service_call& call) {
  auto& output = call.response.output;
  if (output && settings_.outputs != output_check::off) {
    if (auto fits = check_answer(*p.asked, *output, settings_.limits); !fits) {
      log_misfit(*p.asked, fits.error());
      if (settings_.outputs == output_check::enforce) output = std::unexpected(std::move(fits.error()));
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
  stats_.requests.add();
  stats_.by_code[output ? 0 : static_cast<std::size_t>(output.error().code)].add();
  stats_.total.add(total);
  stats_.queue.add(cost.queue);
  stats_.guest.add(cost.guest);
  free_.push_back(&p);
  call.finish();
}

}  // namespace waggle
