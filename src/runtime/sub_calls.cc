#include "runtime/sub_calls.h"

#include <algorithm>

#include <fmt/format.h>

#include "schema/language/text.h"

namespace waggle {
namespace {

/// What a guest keeps of its own time to make something of the answer, or of its failing to come.
duration margin(duration remaining) {
  return std::clamp<duration>(remaining / 20, std::chrono::milliseconds(1), std::chrono::milliseconds(100));
}

/// Asking these twice does no harm: a request that called nothing else can be run again.
bool repeatable(std::string_view service) {
  return service == "waggle.state.v1.State" || service == "waggle.log.v1.Log" || service == "waggle.config.v1.Config";
}

std::unexpected<error> refused(error_code code, fault whose, std::string message) {
  return fail(code, whose, std::move(message));
}

}  // namespace

uses_cycles::uses_cycles(const std::map<std::string, std::vector<std::string>>& uses) {
  // Whom each service reaches; services are few.
  for (const auto& [from, direct] : uses) {
    std::set<std::string_view> reached;
    std::vector<std::string_view> open = {from};
    while (!open.empty()) {
      const auto at = uses.find(std::string(open.back()));
      open.pop_back();
      if (at == uses.end()) continue;
      for (const std::string& next : at->second)
        if (reached.insert(next).second) open.push_back(next);
    }
    // Whoever reaches `from` is at the near end of an edge back to it, if `from` reaches it too.
    for (const auto& [other, theirs] : uses)
      if (std::ranges::find(theirs, from) != theirs.end() && (reached.contains(other) || other == from))
        edges_[other].insert(from);
  }
}

bool uses_cycles::contains(std::string_view from, std::string_view to) const {
  const auto at = edges_.find(from);
  return at != edges_.end() && at->second.contains(to);
}

class sub_calls::under_way {
 public:
  sub_calls* home = nullptr;
  call_waiter* waiter = nullptr;
  service_call call;

  void finished() {
    auto& output = call.response.output;
    call_waiter* const to = std::exchange(waiter, nullptr);
    std::uint32_t status = 0;
    std::string answer;
    if (to != nullptr) {
      status = output ? 0 : static_cast<std::uint32_t>(output.error().code);
      answer = output ? std::move(*output) : to_json(output.error());
    }
    call.request.context = {};
    home->free_.push_back(this);
    if (to != nullptr) to->on_answer(status, std::move(answer));
  }
};

sub_calls::sub_calls(core_loop& core, const service_directory& directory, call_limits limits)
    : core_(core), directory_(directory), limits_(limits) {}

sub_calls::~sub_calls() = default;

result<service*> sub_calls::find(const caller& from, const guest_call& wanted) const {
  const std::string& name = from.about.name;
  if (!from.effects.granted || !from.effects.granted->uses.contains(wanted.service)) {
    const bool asked = std::ranges::find(from.about.uses, wanted.service) != from.about.uses.end();
    return refused(
        error_code::permission_denied, fault::guest,
        asked
            ? fmt::format("{0} asks for {1}, but the operator has not granted it: add [[grant]] with service = \"{0}\" "
                          "and uses = [\"{1}\"] to the configuration",
                          name, wanted.service)
            : fmt::format("{} may not call {}: its contract does not ask for it with @uses", name,
                          graphql::shown(wanted.service)));
  }
  if (std::max(wanted.service.size(), wanted.method.size()) > guest_call::longest_name)
    return refused(error_code::not_found, fault::guest,
                   fmt::format("a name has at most {} bytes", guest_call::longest_name));
  if (wanted.input_bytes > from.input_bytes)
    return refused(error_code::resource_exhausted, fault::guest,
                   fmt::format("the input has {} bytes, the limit is {}", wanted.input_bytes, from.input_bytes));
  const std::uint32_t own_limit = from.effects.granted->calls;
  if (own_limit != 0 && from.effects.calls >= own_limit)
    return refused(error_code::resource_exhausted, fault::guest,
                   fmt::format("{} has made the {} calls that it is granted for one request", name, own_limit));
  const call_path& path = *from.effects.path;
  if (path.depth > limits_.depth)
    return refused(error_code::resource_exhausted, fault::guest,
                   fmt::format("more than {} services call one another: {}", limits_.depth, to_string(path)));
  if (path.calls->load(std::memory_order_relaxed) >= limits_.calls)
    return refused(
        error_code::resource_exhausted, fault::guest,
        fmt::format("one request has led to {} calls, the limit is {} (limits.calls)", limits_.calls, limits_.calls));
  service* const to = directory_.find(wanted.service);
  if (to == nullptr)
    return refused(error_code::not_found, fault::caller, "no service " + wanted.service + " on this node");
  if (from.effects.reads_only)
    if (const method* m = to->description().find(wanted.method); m != nullptr && m->kind == operation::mutation)
      return refused(error_code::failed_precondition, fault::guest,
                     fmt::format("{}.{} is a query: it may not call the mutation {}.{}", name, from.request.method,
                                 wanted.service, wanted.method));
  return to;
}

sub_calls::under_way* sub_calls::start(const caller& from, guest_call& wanted, call_waiter& waiter) {
  const auto refuse = [&waiter](const error& e) {
    waiter.on_answer(static_cast<std::uint32_t>(e.code), to_json(e));
    return nullptr;
  };
  const auto to = find(from, wanted);
  ++from.effects.calls;
  if (!to) return refuse(to.error());
  const time_point now = core_.now();
  const request_context& outer = from.request.context;
  const time_point latest = outer.deadline ? std::min(*outer.deadline, from.latest) : from.latest;
  const duration remaining = latest - now;
  if (remaining <= margin(remaining))
    return refuse(refused(error_code::deadline_exceeded, fault::caller, "no time is left for this call").error());
  from.effects.path->calls->fetch_add(1, std::memory_order_relaxed);
  from.effects.repeatable = from.effects.repeatable && repeatable(wanted.service);

  if (free_.empty()) {
    all_.push_back(std::make_unique<under_way>());
    all_.back()->home = this;
    free_.push_back(all_.back().get());
  }
  under_way& made = *free_.back();
  free_.pop_back();
  made.waiter = &waiter;
  service_request& r = made.call.request;
  r.id = from.request.id;
  if (latest != time_point::max()) r.context.deadline = latest - margin(remaining);
  r.context.trace = outer.trace;
  r.context.caller = outer.caller;
  r.context.trusted = outer.trusted;
  r.context.path = from.effects.path;
  r.context.calling = from.shared_effects;
  r.context.never_queues = cycles_->contains(from.about.name, wanted.service);
  r.method = std::move(wanted.method);
  r.input = std::move(wanted.input);
  made.call.then(&made, [](void* self, service_call&) noexcept { static_cast<under_way*>(self)->finished(); });
  (*to)->ask(made.call);
  return made.waiter == &waiter ? &made : nullptr;
}

void sub_calls::abandon(under_way& call) {
  call.waiter = nullptr;
  error gone;
  gone.code = error_code::canceled;
  gone.whose = fault::caller;
  gone.message = "the service that made this call waits no longer";
  call.call.stop(std::move(gone));
}

}  // namespace waggle
