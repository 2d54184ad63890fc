#include "host/state_service.h"

#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <simdjson.h>

#include "host/contracts.h"
#include "host/guest_call.h"
#include "host/state_answers.h"

namespace waggle {
namespace {

/// One call of the contract but `commit`.
struct state_call {
  enum class kind : std::uint8_t { get, list, put, remove, increment, write };
  kind what = kind::get;
  std::string key;  // of list: the prefix
  std::optional<std::string> after;
  std::int64_t first = 100;
  std::vector<state_write> ops;  // one, but for write
};

using simdjson::ondemand::object;
using simdjson::ondemand::value;

bool is_null(value v) {
  bool null = false;
  return !v.is_null().get(null) && null;
}

// The payload has been checked against the contract, so a wrong type cannot come: simdjson's exceptions (caught below) would
// be a bug of ours.

void read_text(value v, std::string& out) { out = std::string(std::string_view(v.get_string())); }

void read_number(value v, std::optional<std::int64_t>& out) {
  if (!is_null(v)) out = std::int64_t(v.get_int64());
}

/// The members of put, delete, increment.
void read_write(object in, state_write& out) {
  for (auto field : in) {
    const std::string_view name = field.unescaped_key();
    value v = field.value();
    if (name == "key")
      read_text(v, out.key);
    else if (name == "value")
      out.value = std::string(std::string_view(simdjson::to_json_string(v)));
    else if (name == "ifVersion")
      read_number(v, out.if_version);
    else if (name == "ttlMs")
      read_number(v, out.ttl_ms);
    else if (name == "by")
      out.by = std::int64_t(v.get_int64());
  }
}

std::optional<state_write::kind> write_kind(std::string_view name) {
  if (name == "put") return state_write::kind::put;
  if (name == "delete") return state_write::kind::remove;
  if (name == "increment") return state_write::kind::increment;
  return std::nullopt;
}

void read_ops(object in, std::vector<state_write>& out) {
  simdjson::ondemand::array ops = in.find_field_unordered("ops").get_array();
  for (auto op : ops)
    for (auto field : object(op.get_object())) {
      const auto what = write_kind(std::string_view(field.unescaped_key()));
      value v = field.value();
      if (!what || is_null(v)) continue;
      out.emplace_back().what = *what;
      read_write(v.get_object(), out.back());
    }
}

result<state_call> read_call(service_call& call) {
  thread_local simdjson::ondemand::parser parser;
  std::string& input = call.request.input;
  input.reserve(input.size() + simdjson::SIMDJSON_PADDING);
  const std::string& method = call.request.method;
  state_call out;
  try {
    simdjson::ondemand::document document = parser.iterate(input.data(), input.size(), input.capacity());
    object in = document.get_object();
    if (const auto what = write_kind(method)) {
      using kind = state_call::kind;
      out.what = method == "put" ? kind::put : method == "delete" ? kind::remove : kind::increment;
      out.ops.emplace_back().what = *what;
      read_write(in, out.ops.back());
    } else if (method == "write") {
      out.what = state_call::kind::write;
      read_ops(in, out.ops);
    } else {
      out.what = method == "list" ? state_call::kind::list : state_call::kind::get;
      for (auto field : in) {
        const std::string_view name = field.unescaped_key();
        value v = field.value();
        if (name == "key" || name == "prefix")
          read_text(v, out.key);
        else if (name == "after" && !is_null(v))
          read_text(v, out.after.emplace());
        else if (name == "first")
          out.first = std::int64_t(v.get_int64());
      }
    }
  } catch (const simdjson::simdjson_error& bad) {
    return fail(error_code::internal, fault::host,
                fmt::format("a payload that was checked for {} cannot be read: {}", method, bad.what()));
  }
  return out;
}

result<std::string> get(transaction& t, const state_call& c) {
  const auto e = t.get(c.key);
  if (!e) return std::unexpected(e.error());
  return answer_of(*e);
}

result<std::string> list(transaction& t, const state_call& c) {
  const auto page = t.list(c.key, c.after, static_cast<std::size_t>(c.first));
  if (!page) return std::unexpected(page.error());
  return answer_of(*page);
}

result<std::string> perform(transaction& t, const state_call& c) {
  const auto yes = [](result<void> done) -> result<std::string> {
    if (!done) return std::unexpected(std::move(done.error()));
    return "true";
  };
  switch (c.what) {
    case state_call::kind::get: return get(t, c);
    case state_call::kind::list: return list(t, c);
    case state_call::kind::put: {
      const state_write& w = c.ops[0];
      return yes(t.put(w.key, w.value, w.if_version, w.ttl_ms));
    }
    case state_call::kind::remove: {
      const auto done = t.remove(c.ops[0].key, c.ops[0].if_version);
      if (!done) return std::unexpected(done.error());
      return *done ? "true" : "false";
    }
    case state_call::kind::increment: {
      const auto n = t.increment(c.ops[0].key, c.ops[0].by);
      if (!n) return std::unexpected(n.error());
      return std::to_string(*n);
    }
    case state_call::kind::write: return yes(t.write(c.ops));
  }
  return "null";
}

}  // namespace

state_service::state_service(core_loop& core, state_keeper& keeper, blocking_pool& disk)
    : core_(core), keeper_(keeper), disk_(disk), contract_(compiled_host_contract("state.graphql")) {}

void state_service::begin(guest_request& guest) {
  const auto hold = guest.state ? guest.state->hold() : nullptr;
  guest.state = keeper_.begin(guest.service, guest.granted, guest.reads_only, guest.held);
  guest.state->alone(hold);
}

void state_service::ask(service_call& call) {
  if (const auto known = calling_guest(call); !known) return call.finish(known.error());
  const std::shared_ptr<guest_request> guest = call.request.context.calling;
  if (!guest->state) begin(*guest);
  if (call.request.method == "commit") return commit(call, guest);
  auto asked = read_call(call);
  if (!asked) return call.finish(std::move(asked.error()));
  transaction& t = *guest->state;
  t.may_block(false);
  auto outcome = perform(t, *asked);
  if (outcome || !t.needs_disk()) {
    call.response.output = std::move(outcome);
    return call.finish();
  }
  // Nobody else may use the transaction meanwhile. So its guest waits for the disk, though the time for this call be over:
  // it would go on with what is left of its own. One that is unwound never comes back to it.
  const std::uint64_t number = waiting_.add(call);
  call.stoppable(nullptr, nullptr);
  disk_.run(
      [t = guest->state, asked = *std::move(asked), number, &core = core_, here = std::weak_ptr(here_)]() mutable {
        t->may_block(true);
        auto late = perform(*t, asked);
        t->may_block(false);
        core.post([t = std::move(t), late = std::move(late), number, here = std::move(here)]() mutable {
          t.reset();
          if (const auto self = here.lock()) (*self)->answer(number, std::move(late));
        });
      });
}

void state_service::answer(std::uint64_t number, result<std::string> outcome) {
  service_call* const call = waiting_.take(number);
  if (call == nullptr) return;
  call->response.output = std::move(outcome);
  call->finish();
}

void state_service::commit(service_call& call, const std::shared_ptr<guest_request>& guest) {
  if (guest->reads_only) {
    error why;
    why.code = error_code::failed_precondition;
    why.whose = fault::guest;
    why.message = "a Query only reads, so there is nothing to commit: make the method a Mutation";
    return call.finish(std::move(why));
  }
  guest->repeatable = false;
  if (!guest->state->writes() && guest->state->usable()) {
    begin(*guest);
    call.response.output = "true";
    return call.finish();
  }
  // The next one is there at once, not when this is durable: the guest may be gone by then, and its request is with
  // another core, which lets go of what it got.
  const std::shared_ptr<transaction> ending = guest->state;
  ending->pass_holds();
  begin(*guest);
  const std::uint64_t number = waiting_.add(call);
  call.stoppable(nullptr, nullptr);  // its outcome is not left open while the guest goes on
  keeper_.commit(ending, core_, [number, next = guest->state, here = std::weak_ptr(here_)](result<void> done) {
    if (!done) (void)next->end();  // what follows fails with it
    const auto self = here.lock();
    if (!self) return;
    if (!done) return (*self)->answer(number, std::unexpected(std::move(done.error())));
    (*self)->answer(number, "true");
  });
}

}  // namespace waggle
