#include "host/admin_service.h"

#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "host/contracts.h"
#include "host/guest_call.h"
#include "host/operator_json.h"
#include "host/state_answers.h"

namespace waggle {
namespace {

std::string_view json(bool b) { return b ? "true" : "false"; }

std::string json(const std::optional<wall_time>& t) { return t ? json_time(*t) : "null"; }

std::string json(const served_view& s) {
  const auto use = [](const served_view::use& u) {
    return fmt::format(R"({{"service":{},"granted":{}}})", json_quote(u.service), json(u.granted));
  };
  return fmt::format(
      R"({{"name":{},"version":{},"workers":{{"busy":{},"idle":{},"max":{}}},"queued":{},"requests":{},"errors":{},"uses":{}}})",
      json_quote(s.name), json_quote(s.version), s.busy, s.idle, s.max, s.queued, s.requests, s.errors,
      list_of(s.uses, use));
}

std::string json(const scheduled_view& s) {
  const std::string failure = s.last_error
                                  ? fmt::format(R"({{"code":"{}","message":{}}})", to_string(s.last_error->code),
                                                json_quote(s.last_error->message))
                                  : "null";
  return fmt::format(
      R"({{"service":{},"method":{},"timetable":{},"next":{},"lastRun":{},"lastError":{},"running":{},"runs":{},"failed":{},"missed":{}}})",
      json_quote(s.service), json_quote(s.method), json_quote(s.timetable), json(s.next), json(s.last_run), failure,
      json(s.running), s.runs, s.failed, s.missed);
}

/// What is asked of somebody's state; a method of the contract.
struct state_question {
  std::string method;
  std::string service;
  std::string key;  // or the prefix
  std::optional<std::string> after;
  std::int64_t first = 100;
};

result<state_question> read_question(service_call& call) {
  const auto in = payload_of(call);
  if (!in) return std::unexpected(in.error());
  state_question q{.method = call.request.method, .service = text_of(*in, "service"), .after = {}};
  q.key = text_of(*in, q.method == "stateEntry" ? "key" : "prefix");
  std::string_view after;
  if (!in->at_key("after").get_string().get(after)) q.after = std::string(after);
  std::int64_t first = 0;
  if (!in->at_key("first").get_int64().get(first)) q.first = first;
  return q;
}

/// Blocks.
result<std::string> look(state_keeper& keeper, const state_question& q) {
  if (q.method == "stateServices") {
    const auto all = keeper.services();
    if (!all) return std::unexpected(all.error());
    return list_of(*all, [](const std::string& name) { return json_quote(name); });
  }
  const auto t = keeper.begin(q.service, nullptr, true, nullptr);
  t->may_block(true);
  if (q.method == "stateEntry") {
    const auto e = t->get(q.key);
    if (!e) return std::unexpected(e.error());
    return answer_of(*e);
  }
  const auto page = t->list(q.key, q.after, static_cast<std::size_t>(q.first));
  if (!page) return std::unexpected(page.error());
  return answer_of(*page);
}

}  // namespace

admin_service::admin_service(core_loop& core, state_keeper& keeper, blocking_pool& disk, node_operator does)
    : core_(core),
      keeper_(keeper),
      disk_(disk),
      does_(std::move(does)),
      contract_(compiled_host_contract("admin.graphql")) {}

void admin_service::ask(service_call& call) {
  if (call.request.context.calling || call.request.context.path)
    return call.finish(
        fail(error_code::permission_denied, fault::guest,
             fmt::format("{} is the operator's, on the socket in the data folder; no service may call it", name))
            .error());
  const std::string& method = call.request.method;
  const auto one = [](const auto& view) { return json(view); };
  const auto later = [this](std::uint64_t number) {
    return [number, here = std::weak_ptr(here_)](result<std::string> outcome) {
      if (const auto self = here.lock()) (*self)->answer(number, std::move(outcome));
    };
  };
  if (method == "services") {
    call.response.output = list_of(does_.services(), one);
  } else if (method == "schedules") {
    call.response.output = list_of(does_.schedules(), one);
  } else if (method == "load") {
    call.response.output = load_json(does_.cores(), core_.now(), does_.services());
  } else if (method == "recent") {
    return recent(call);
  } else if (method == "trigger") {
    const auto in = payload_of(call);
    if (!in) return call.finish(in.error());
    const std::string of = text_of(*in, "service");
    const std::string wanted = text_of(*in, "method");
    return does_.trigger(of, wanted, later(waiting_.add(call)));
  } else if (method == "reload") {
    return does_.reload([tell = later(waiting_.add(call))](result<void> done) mutable {
      if (!done) return tell(std::unexpected(std::move(done.error())));
      tell("true");
    });
  } else if (method == "drain") {
    does_.drain();
    call.response.output = "true";
  } else {
    return read_state(call);
  }
  call.finish();
}

void admin_service::recent(service_call& call) {
  const auto in = payload_of(call);
  if (!in) return call.finish(in.error());
  recent_question q{.service = text_of(*in, "service")};
  if (bool failed = false; !in->at_key("failedOnly").get_bool().get(failed)) q.failed_only = failed;
  if (std::int64_t first = 0; !in->at_key("first").get_int64().get(first)) q.first = static_cast<std::size_t>(first);
  does_.recent(q, [number = waiting_.add(call), here = std::weak_ptr(here_)](auto outcome) {
    const auto self = here.lock();
    if (!self) return;
    if (!outcome) return (*self)->answer(number, std::unexpected(std::move(outcome.error())));
    (*self)->answer(number, requests_json(*outcome));
  });
}

void admin_service::read_state(service_call& call) {
  auto asked = read_question(call);
  if (!asked) return call.finish(std::move(asked.error()));
  disk_.run([asked = *std::move(asked), number = waiting_.add(call), &keeper = keeper_, &core = core_,
             here = std::weak_ptr(here_)]() mutable {
    auto outcome = look(keeper, asked);
    if (!outcome && outcome.error().whose == fault::guest) outcome.error().whose = fault::caller;
    core.post([outcome = std::move(outcome), number, here = std::move(here)]() mutable {
      if (const auto self = here.lock()) (*self)->answer(number, std::move(outcome));
    });
  });
}

void admin_service::answer(std::uint64_t number, result<std::string> outcome) {
  service_call* const call = waiting_.take(number);
  if (call == nullptr) return;
  call->response.output = std::move(outcome);
  call->finish();
}

}  // namespace waggle
