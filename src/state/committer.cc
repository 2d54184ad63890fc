#include "state/committer.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <pthread.h>

#include "state/keys.h"

namespace waggle {
namespace {

constexpr std::chrono::milliseconds most_gathering{1};

}  // namespace

result<store_facts> read_store_facts(const store_view& view) {
  store_facts facts;
  std::optional<stored> last;
  if (auto read = view.get(last_version_key, true, last); !read) return std::unexpected(std::move(read.error()));
  if (last) facts.last_version = last->version;
  const std::string from(1, static_cast<char>(key_kind::lease));
  const auto read = view.scan(from, after_prefix(from), true, [&facts](std::string_view key, const stored_view& e) {
    key.remove_prefix(1);
    if (key.ends_with('\0')) key.remove_suffix(1);
    facts.epochs[std::string(key)] = e.version;
    return true;
  });
  if (!read) return std::unexpected(read.error());
  return facts;
}

committer::committer(store& to, std::shared_ptr<state_ground> ground, store_facts facts,
                     std::function<void(std::string)> fatal)
    : store_(to),
      ground_(std::move(ground)),
      fatal_(std::move(fatal)),
      queue_(std::make_shared<commit_queue>(ground_, facts.last_version)),
      recent_(ground_->settings.remembered_bytes, ground_->settings.transaction_limit),
      facts_(std::move(facts)) {
  publish(facts_.last_version);
  thread_ = std::thread([this] { run(); });
}

committer::~committer() {
  queue_->close();
  thread_.join();
}

void committer::acquire(const std::string& service, std::shared_ptr<const lease> after,
                        std::move_only_function<void(result<std::shared_ptr<lease>>)> tell) {
  auto made = std::make_shared<std::shared_ptr<lease>>();
  commit_job j;
  j.write = [this, service, after = std::move(after), made](std::vector<change>& changes) {
    if (after && facts_.epochs[service] != after->epoch()) return;
    const std::int64_t epoch = ++facts_.epochs[service];
    changes.push_back({full_key(key_kind::lease, service), stored{epoch, 0, {}}});
    *made = std::make_shared<lease>(service, epoch);
  };
  j.tell = [tell = std::move(tell), made, service](result<void> written) mutable {
    if (!written)
      tell(std::unexpected(std::move(written.error())));
    else if (*made)
      tell(std::move(*made));
    else
      tell(fail(error_code::unavailable, fault::host, service + " is run by another owner now"));
  };
  queue_->put(std::move(j));
}

void committer::run() {
  pthread_setname_np(pthread_self(), "waggle-commit");
  const state_settings& s = ground_->settings;
  for (;;) {
    auto jobs = queue_->take(s.batch_commits, s.batch_bytes, std::min<duration>(write_takes_ / 4, most_gathering));
    if (jobs.empty()) return;
    commit(jobs);
  }
}

void committer::publish(std::int64_t version) {
  auto m = std::make_shared<const moment>(moment{version, store_.view()});
  recent_.began(m, ground_->time.now());
  ground_->publish(std::move(m));
}

/// May it be committed, after all that went before?
result<void> committer::check(transaction& t, bool enough_space) const {
  const std::shared_ptr<lease>& held = t.held();
  if (held) {
    const auto epoch = facts_.epochs.find(held->service());
    if (held->broken() || epoch == facts_.epochs.end() || epoch->second != held->epoch())
      return fail(error_code::aborted, fault::host,
                  fmt::format("{} is run by another owner now, or an earlier commit of it failed: nothing was written",
                              held->service()));
  }
  if (t.too_old())
    return fail(error_code::aborted, fault::guest,
                "the transaction took too long and nothing of it was written: use `commit` in between, or do less");
  if (!enough_space && !t.written()->keys.empty())
    return fail(error_code::resource_exhausted, fault::host,
                "the disk with the node's state is nearly full: nothing was written; the operator must make room");
  // One that writes nothing read one moment: that is its place in the order.
  if (!held && !t.written()->keys.empty() && recent_.conflict(t.seen()))
    return fail(error_code::aborted, fault::overload,
                fmt::format("another request of {} changed what this one has read: nothing was written, try again",
                            t.service()));
  return {};
}

void committer::note(const commit_job& j, const result<void>& outcome) {
  if (!j.t || (outcome && j.t->written()->keys.empty())) return;
  if (outcome)
    stats_.commits.add();
  else if (outcome.error().whose == fault::overload)
    stats_.conflicts.add();
  else
    stats_.refused.add();
}

void committer::commit(std::vector<commit_job>& jobs) {
  const auto milliseconds = [](auto d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); };
  recent_.prune(ground_->time.now());
  const auto space = store_.free_bytes();
  const bool enough_space = !space || *space >= ground_->settings.reserve_bytes;
  std::vector<change> changes;
  std::vector<result<void>> outcomes(jobs.size());
  std::int64_t last = 0;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    commit_job& j = jobs[i];
    if (!broken_.empty()) {
      outcomes[i] = fail(error_code::unavailable, fault::host, broken_);
    } else if (!j.t) {
      if (j.write) j.write(changes);
    } else if (outcomes[i] = check(*j.t, enough_space); outcomes[i]) {
      const write_set& w = *j.t->written();
      if (w.keys.empty()) continue;
      for (const auto& [key, value] : w.keys)
        changes.push_back(
            {key, value.value ? std::optional(stored{w.version, value.expires, *value.value}) : std::nullopt});
      recent_.add(w);
      last = w.version;
    }
    if (!outcomes[i] && j.t && j.t->held()) j.t->held()->break_it();
  }
  if (!changes.empty()) {
    if (last != 0) {
      facts_.last_version = last;
      changes.push_back({std::string(last_version_key), stored{last, 0, {}}});
    }
    store_.drop_expired(milliseconds(ground_->time.wall().time_since_epoch()) -
                        milliseconds(ground_->settings.keep_expired));
    const auto began = std::chrono::steady_clock::now();
    const auto written = store_.write(changes);
    const duration took = std::chrono::steady_clock::now() - began;
    write_takes_ += (took - write_takes_) / 8;
    stats_.batches.add();
    stats_.write.add(took);
    if (written) {
      publish(facts_.last_version);
    } else {
      // What is in the store now is unknown, and no second sync can tell (a failed one may have dropped the data).
      broken_ = "the node's state could not be written, so it stops: " + written.error().message;
      for (std::size_t i = 0; i < jobs.size(); ++i) {
        if (outcomes[i]) outcomes[i] = fail(error_code::unavailable, fault::host, broken_);
        if (jobs[i].t && jobs[i].t->held()) jobs[i].t->held()->break_it();
      }
      fatal_(broken_);
    }
  }
  for (std::size_t i = 0; i < jobs.size(); ++i) note(jobs[i], outcomes[i]);
  queue_->about_to_tell();
  struct told {
    std::move_only_function<void(result<void>)> tell;
    result<void> outcome;
  };
  std::map<core_loop*, std::vector<told>> by_core;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    commit_job& j = jobs[i];
    if (j.t && j.t->held() && outcomes[i]) j.t->held()->durable(j.t->written()->version);
    j.t.reset();
    by_core[j.core].push_back({std::move(j.tell), std::move(outcomes[i])});
  }
  for (auto& [core, all] : by_core) {
    auto tell_all = [all = std::move(all)]() mutable {
      for (told& one : all) one.tell(std::move(one.outcome));
    };
    if (core != nullptr)
      core->post(std::move(tell_all));
    else
      tell_all();
  }
}

}  // namespace waggle
