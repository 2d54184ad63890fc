#include "state/state_keeper.h"

#include <cstdlib>
#include <future>

#include <spdlog/spdlog.h>

#include "state/committer.h"
#include "state/keys.h"
#include "state/memory_store.h"
#include "state/rocks_store.h"

namespace waggle {

struct state_keeper::parts {
  std::shared_ptr<state_ground> ground;
  std::unique_ptr<store> kept;
  std::unique_ptr<waggle::committer> committer;  // goes first
};

state_keeper::state_keeper(std::unique_ptr<parts> p) : parts_(std::move(p)) {}

state_keeper::~state_keeper() {
  parts_->committer.reset();
  parts_->ground->publish(nullptr);  // transactions may keep the ground: not with it the store's files
}

state_keeper::fatal_handler state_keeper::stop_the_process() {
  return [](const std::string& why) {
    spdlog::critical("{}", why);
    spdlog::shutdown();
    std::abort();
  };
}

result<std::unique_ptr<state_keeper>> state_keeper::open(const std::filesystem::path& folder, const clock_source& time,
                                                         state_settings s, fatal_handler fatal) {
  auto opened = open_rocks_store(folder, s);
  if (!opened) return std::unexpected(std::move(opened.error()));
  return on(*std::move(opened), time, s, std::move(fatal));
}

std::unique_ptr<state_keeper> state_keeper::in_memory(const clock_source& time, state_settings s, fatal_handler fatal) {
  return on(make_memory_store(), time, s, std::move(fatal)).value();
}

result<std::unique_ptr<state_keeper>> state_keeper::on(std::unique_ptr<store> s, const clock_source& time,
                                                       state_settings settings, fatal_handler fatal) {
  auto facts = read_store_facts(*s->view());
  if (!facts) return std::unexpected(std::move(facts.error()));
  auto p = std::make_unique<parts>();
  p->ground = std::make_shared<state_ground>(time, settings);
  p->kept = std::move(s);
  p->committer = std::make_unique<committer>(*p->kept, p->ground, *std::move(facts), std::move(fatal));
  return std::unique_ptr<state_keeper>(new state_keeper(std::move(p)));
}

std::shared_ptr<transaction> state_keeper::begin(std::string service, std::shared_ptr<const service_grants> granted,
                                                 bool reads_only, std::shared_ptr<lease> held) {
  return std::make_shared<transaction>(parts_->ground, std::move(service), std::move(granted), reads_only,
                                       std::move(held));
}

namespace {

commit_job job_of(std::shared_ptr<transaction> t, core_loop* core, state_keeper::done tell) {
  commit_job j;
  if (t->end()) {
    j.t = std::move(t);
    j.tell = std::move(tell);
  } else {
    j.tell = [tell = std::move(tell)](result<void>) mutable {
      tell(fail(error_code::aborted, fault::guest, "this transaction is over: it has been committed or has failed"));
    };
  }
  j.core = core;
  return j;
}

commit_job time_job(std::string_view name, state_keeper::kept_time t, core_loop* core, state_keeper::done tell) {
  commit_job j;
  j.core = core;
  j.write = [key = full_key(key_kind::time, name), t = std::move(t)](std::vector<change>& changes) {
    changes.push_back({key, stored{t.ms, 0, t.text}});
  };
  j.tell = std::move(tell);
  return j;
}

/// Waits for what `start` tells.
template <class T>
result<T> wait_for(const std::function<void(std::move_only_function<void(result<T>)>)>& start) {
  std::promise<result<T>> outcome;
  start([&outcome](result<T> r) { outcome.set_value(std::move(r)); });
  return outcome.get_future().get();
}

}  // namespace

void state_keeper::commit(std::shared_ptr<transaction> t, core_loop& core, done tell) {
  parts_->committer->queue().put(job_of(std::move(t), &core, std::move(tell)));
}

result<void> state_keeper::commit_now(std::shared_ptr<transaction> t) {
  return wait_for<void>(
      [&](done tell) { parts_->committer->queue().put(job_of(std::move(t), nullptr, std::move(tell))); });
}

void state_keeper::hold_off_others(const std::string& service, core_loop& core,
                                   std::move_only_function<void(std::shared_ptr<void>)> ready) {
  parts_->committer->queue().hold_off_others(service, core, std::move(ready));
}

result<std::shared_ptr<lease>> state_keeper::acquire(const std::string& service) {
  return wait_for<std::shared_ptr<lease>>(
      [&](auto tell) { parts_->committer->acquire(service, nullptr, std::move(tell)); });
}

result<std::shared_ptr<lease>> state_keeper::renew(std::shared_ptr<const lease> broken) {
  return wait_for<std::shared_ptr<lease>>([&](auto tell) {
    const std::string& service = broken->service();
    parts_->committer->acquire(service, broken, std::move(tell));
  });
}

result<std::optional<state_keeper::kept_time>> state_keeper::load_time(std::string_view name) {
  std::optional<stored> s;
  const auto read = parts_->ground->latest()->view->get(full_key(key_kind::time, name), true, s);
  if (!read) return std::unexpected(read.error());
  if (!s) return std::nullopt;
  return kept_time{s->version, std::move(s->value)};
}

result<void> state_keeper::save_time(std::string_view name, kept_time t) {
  return wait_for<void>(
      [&](done tell) { parts_->committer->queue().put(time_job(name, std::move(t), nullptr, std::move(tell))); });
}

void state_keeper::save_time(std::string_view name, kept_time t, core_loop& core, done tell) {
  parts_->committer->queue().put(time_job(name, std::move(t), &core, std::move(tell)));
}

const state_stats& state_keeper::stats() const { return parts_->committer->stats(); }

std::uint64_t state_keeper::waiting() const { return parts_->committer->queue().length().get(); }

std::shared_ptr<const store_view> state_keeper::view() const { return parts_->ground->latest()->view; }

result<std::vector<std::string>> state_keeper::services() {
  const auto now = view();
  std::vector<std::string> names;
  std::string from(1, static_cast<char>(key_kind::entry));
  const std::string to = after_prefix(from);
  for (bool more = true; more;) {
    more = false;
    const auto read = now->scan(from, to, true, [&](std::string_view key, const stored_view&) {
      names.emplace_back(key.substr(1, key.find('\0') - 1));
      more = true;
      return false;
    });
    if (!read) return std::unexpected(read.error());
    if (more) from = after_prefix(full_key(key_kind::entry, names.back()));
  }
  return names;
}

}  // namespace waggle
