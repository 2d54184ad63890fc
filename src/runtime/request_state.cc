#include "runtime/request_state.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace waggle {
namespace {

constexpr std::string_view key_header = "idempotency-key";
constexpr std::size_t longest_key = 255;
/// A request that met a conflict runs so many times in all, the last time alone.
constexpr std::uint32_t most_runs = 4;

std::string sha256(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

}  // namespace

request_state::request_state(worker_environment& around, state_keeper* state, blocking_pool* blocking,
                             std::shared_ptr<repeats> running)
    : around_(around), state_(state), blocking_(blocking), running_(std::move(running)) {}

result<std::string> request_state::record_of(const service_request& r) {
  if (!r.idempotent) return std::string();
  const auto at = std::ranges::find(r.context.headers, key_header, [](const auto& h) { return h.first; });
  if (at == r.context.headers.end()) return std::string();
  const std::string_view key = at->second;
  if (key.empty() || key.size() > longest_key)
    return fail(error_code::invalid_argument, fault::caller,
                fmt::format("an Idempotency-Key has 1 to {} characters; this one has {}", longest_key, key.size()));
  // Who did not say who it is shares the empty name with others of its kind. No method and no caller's name has a line feed.
  return fmt::format("{}\n{}\n{}", r.method, r.context.caller ? r.context.caller->key : "", key);
}

std::shared_ptr<transaction> request_state::transaction_of(service_call& call) {
  guest_request& effects = around_.effects_of(call);
  if (!effects.state) effects.state = state_->begin(effects.service, effects.granted, effects.reads_only, effects.held);
  return effects.state;
}

/// A call that waits for something off its core. Whoever comes back with it looks here whether it was stopped meanwhile; then
/// nobody may touch the call any more.
struct request_state::waiter {
  service_call* call = nullptr;
  const core_loop* commits_on = nullptr;  // it waits for its commit, which goes on without it
  time_point since{};

  [[nodiscard]] static std::shared_ptr<waiter> of(service_call& call) {
    const auto made = std::make_shared<waiter>();
    made->call = &call;
    call.stoppable(made.get(),
                   [](void* self, service_call& c, error why) { static_cast<waiter*>(self)->stop(c, std::move(why)); });
    return made;
  }
  /// The call, which waits no longer; null where it was stopped.
  [[nodiscard]] service_call* take() {
    if (call != nullptr) call->stoppable(nullptr, nullptr);
    return std::exchange(call, nullptr);
  }

 private:
  void stop(service_call& c, error why) {
    call = nullptr;
    if (c.effects) c.effects->again = false;
    if (commits_on != nullptr) {
      why.message += "; what it wrote was being committed and may have been kept";
      c.ended = commits_on->now();
      c.response.cost.commit += c.ended - since;
    }
    c.finish(std::move(why));
  }
};

void request_state::one_less() {
  if (--open_ == 0 && idle_) idle_();
}

void request_state::begin(service_call& call, void* self, void (*run)(void*, service_call&)) {
  auto record = record_of(call.request);
  if (!record) return call.finish(std::move(record.error()));
  if (record->empty() || state_ == nullptr) return run(self, call);
  guest_request& effects = around_.effects_of(call);
  if (!effects.claim) {
    const auto waiting = waiter::of(call);
    ++open_;
    effects.claim = running_->claim(*record, [this, waiting, self, run] {
      around_.core.post([this, waiting, self, run] {
        if (service_call* const back = waiting->take(); back != nullptr) begin(*back, self, run);
        one_less();
      });
    });
    if (!effects.claim) return;
    (void)waiting->take();
    --open_;
  }
  look_up(call, *std::move(record), [self, run](service_call& c, bool found) {
    if (found)
      c.finish();
    else
      run(self, c);
  });
}

void request_state::look_up(service_call& call, std::string record,
                            std::move_only_function<void(service_call&, bool)> then) {
  (void)transaction_of(call);  // it begins, and ages, with the guest's first use; or with `keep_answer`
  guest_request& effects = *call.effects;
  effects.record = std::move(record);
  effects.input_hash = sha256(call.request.input);
  auto t = state_->begin(effects.service, effects.granted, true, effects.held);
  find(call, t, [t, then = std::move(then)](service_call& c, result<std::optional<kept_answer>> kept) mutable {
    const bool found = use_kept(c, std::move(kept));
    if (found) {
      c.effects->record.clear();        // there is nothing to keep
      c.effects->state = std::move(t);  // under a lease what it saw may not be durable yet
    }
    then(c, found);
  });
}

/// Is there an answer that was kept, or an error? Then that is the call's.
bool request_state::use_kept(service_call& call, result<std::optional<kept_answer>> kept) {
  auto& output = call.response.output;
  if (!kept)
    output = std::unexpected(std::move(kept.error()));
  else if (!*kept)
    return false;
  else if ((*kept)->input_hash != call.effects->input_hash)
    output = fail(error_code::invalid_argument, fault::caller,
                  "this Idempotency-Key was used with another input; a new request needs a new key");
  else
    output = std::move((*kept)->answer);
  return true;
}

/// Reads the call's record in `t`, off the core where the disk is needed.
void request_state::find(service_call& call, std::shared_ptr<transaction> t,
                         std::move_only_function<void(service_call&, result<std::optional<kept_answer>>)> use) {
  auto kept = t->find_answer(call.effects->record);
  if (kept || !t->needs_disk() || blocking_ == nullptr) return use(call, std::move(kept));
  ++open_;
  blocking_->run([this, t, waiting = waiter::of(call), name = call.effects->record, use = std::move(use)]() mutable {
    t->may_block(true);
    auto from_disk = t->find_answer(name);
    t->may_block(false);
    around_.core.post([this, waiting, use = std::move(use), from_disk = std::move(from_disk)]() mutable {
      if (service_call* const back = waiting->take(); back != nullptr) use(*back, std::move(from_disk));
      one_less();
    });
  });
}

void request_state::settle(service_call& call) {
  const guest_request& effects = *call.effects;
  if (!effects.state || !call.response.output) return done(call);
  if (effects.record.empty()) return commit(call);
  // Another version of this service may have kept an answer since. In the guest's transaction, so that who keeps one from
  // now on is in conflict with it.
  find(call, effects.state, [this](service_call& c, result<std::optional<kept_answer>> kept) {
    if (use_kept(c, std::move(kept))) return done(c);
    auto& output = c.response.output;
    if (auto noted = c.effects->state->keep_answer(c.effects->record, {c.effects->input_hash, *output}); !noted)
      output = std::unexpected(std::move(noted.error()));
    commit(c);
  });
}

void request_state::commit(service_call& call) {
  const guest_request& effects = *call.effects;
  const std::shared_ptr<transaction> t = effects.state;
  if (!call.response.output || !t->writes()) return done(call);
  ++open_;
  const auto waiting = waiter::of(call);
  waiting->commits_on = &around_.core;
  waiting->since = around_.core.now();
  // Repeats wait for the commit, though nobody else may: it decides whether they run.
  state_->commit(t, around_.core, [this, waiting, claim = effects.claim](result<void> how) {
    if (service_call* const back = waiting->take(); back != nullptr) committed(*back, waiting->since, std::move(how));
    one_less();
  });
}

void request_state::committed(service_call& call, time_point since, result<void> how) {
  guest_request& effects = *call.effects;
  const time_point now = around_.core.now();
  call.response.cost.commit += now - since;
  call.ended = now;
  if (how) return done(call);
  // What took too long is `aborted` too, by its guest's fault, and would again.
  const bool conflict = how.error().code == error_code::aborted && how.error().whose == fault::overload;
  if (conflict && effects.repeatable && !effects.held && effects.runs < most_runs) return once_more(call);
  call.response.output = std::unexpected(std::move(how.error()));
  done(call);
}

void request_state::once_more(service_call& call) {
  guest_request& effects = *call.effects;
  effects.state.reset();
  effects.calls = 0;
  effects.again = true;
  around_.stats.reruns.add();
  if (++effects.runs < most_runs) return call.finish();
  ++open_;
  const auto waiting = waiter::of(call);
  state_->hold_off_others(effects.service, around_.core, [this, waiting](std::shared_ptr<void> hold) {
    if (service_call* const back = waiting->take(); back != nullptr) {
      transaction_of(*back)->alone(std::move(hold));
      back->finish();
    }
    one_less();
  });
}

/// Nothing more is to be kept: what the request saw is forgotten before its answer leaves.
void request_state::done(service_call& call) {
  call.effects->state.reset();
  call.finish();
}

}  // namespace waggle
