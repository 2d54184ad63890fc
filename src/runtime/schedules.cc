#include "runtime/schedules.h"

#include <algorithm>
#include <random>

#include <fmt/format.h>

#include "call/request_log.h"
#include "schema/language/text.h"

namespace waggle {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

/// How often the wall clock is looked at, and how late a slot may be found: what it is set forward by less than this
/// costs no run.
constexpr duration look_again = minutes(1);
constexpr duration still_in_time = minutes(1);
/// Set back by more, the time before was wrong.
constexpr duration a_correction = hours(24);

schedules::random_source seeded() {
  return [engine = std::mt19937_64((std::uint64_t{std::random_device{}()} << 32) | std::random_device{}())]() mutable {
    return engine();
  };
}

}  // namespace

/// One scheduled method.
struct schedules::entry {
  entry(schedules& o, std::string of, scheduled_method m)
      : owner(o),
        service(std::move(of)),
        method(std::move(m.name)),
        when(std::move(m.when)),
        counts(std::make_shared<schedule_counts>(service, method)) {}

  schedules& owner;
  const std::string service;
  const std::string method;
  timetable when;
  enum class phase : std::uint8_t { loading, idle, recording, running } now = phase::loading;
  bool removed = false;
  std::optional<wall_time> slot;  // the next one
  wall_time due{};                // the slot with its delay
  wall_time seen{};               // the wall clock when it was last looked at,
  time_point seen_at{};           // and the steady one
  timer alarm{this, [](void* self) {
                auto& e = *static_cast<entry*>(self);
                e.owner.look(e);
              }};

  std::unique_ptr<service_call> call;
  bool of_slot = false;  // what runs was not triggered
  bool again = false;    // a slot came meanwhile, and one run follows
  answer done;

  std::optional<wall_time> last_run;
  std::optional<result<void>> last_outcome;
  const std::shared_ptr<schedule_counts> counts;
  std::uint64_t request = 0;  // of the last run
  std::optional<time_point> logged;

  [[nodiscard]] std::string name() const { return service + "/" + method; }
  void log(int level, const std::string& line) const {
    log_about(level, {.service = service, .method = method, .request = request}, "schedule: " + line);
  }
  [[nodiscard]] bool busy() const { return now == phase::recording || now == phase::running; }
};

schedules::schedules(core_loop& core, const service_directory& directory, schedule_memory& memory, random_source random)
    : core_(core), directory_(directory), memory_(memory), random_(random ? std::move(random) : seeded()) {}

schedules::~schedules() = default;

void schedules::put(const std::string& service, std::vector<scheduled_method> methods) {
  if (stopped_) return;
  std::vector<std::shared_ptr<entry>> gone;
  for (const auto& [name, e] : entries_)
    if (e->service == service && std::ranges::find(methods, e->method, &scheduled_method::name) == methods.end())
      gone.push_back(e);
  for (const auto& e : gone) forget(*e);
  for (scheduled_method& m : methods) {
    auto& e = entries_[service + "/" + m.name];
    if (e == nullptr) {
      e = std::make_shared<entry>(*this, service, std::move(m));
      {
        const std::lock_guard lock(counts_mutex_);
        std::erase_if(counts_, [](const auto& c) { return c.expired(); });
        counts_.push_back(e->counts);
      }
      load(e);
      continue;
    }
    const bool same = e->when.text() == m.when.text();
    e->removed = false;
    e->when = std::move(m.when);
    if (e->now == entry::phase::loading) continue;  // what is loaded is compared with the new timetable
    if (same)
      look(*e);
    else
      begin_anew(*e);
  }
}

void schedules::forget(entry& e) {
  e.removed = true;
  e.again = false;
  e.alarm.stop();
  if (!e.busy()) entries_.erase(e.name());
}

void schedules::load(const std::shared_ptr<entry>& e) {
  if (!e->when.kept()) return adopt(*e, std::optional<kept_run>());
  memory_.load(e->name(), [e = std::weak_ptr(e)](result<std::optional<kept_run>> stored) {
    if (const auto here = e.lock(); here && !here->removed) here->owner.adopt(*here, std::move(stored));
  });
}

void schedules::adopt(entry& e, result<std::optional<kept_run>> stored) {
  if (stopped_) return;
  e.now = entry::phase::idle;
  if (!stored) e.log(3, "its next run could not be read and is reckoned from now: " + stored.error().message);
  if (!e.when.kept() || !stored || !*stored || (*stored)->timetable != e.when.text()) return begin_anew(e);
  see(e);
  wall_time slot = (*stored)->next;
  const auto first = e.when.first(e.seen);
  // Kept under a clock that was ahead, under other rules of the time zone, or damaged.
  const bool ahead = !first || slot > *first + (e.when.interval() ? duration(0) : a_correction);
  if (ahead || !e.when.is_slot(slot)) return begin_anew(e);
  if (slot <= e.seen) {
    const timetable::passed p = e.when.pass(slot, e.seen);
    e.counts->missed.add(p.count - 1);
    slot = p.last;
  }
  settle_on(e, slot);
}

void schedules::begin_anew(entry& e) {
  e.again = false;
  see(e);
  settle_on(e, e.when.first(e.seen));
  if (!e.when.kept() || !e.slot) return;
  save(e, [](entry& of, const result<void>& saved) {
    if (!saved) of.log(3, "its next run could not be kept: " + saved.error().message);
  });
}

void schedules::see(entry& e) {
  e.seen = wall();
  e.seen_at = core_.now();
}

/// The slot is next, with a delay that leads into the future as far as the jitter allows.
void schedules::settle_on(entry& e, std::optional<wall_time> slot) {
  e.slot = slot;
  if (!slot) return e.alarm.stop();
  const std::chrono::milliseconds most = e.when.jitter();
  const auto least =
      std::clamp(std::chrono::ceil<std::chrono::milliseconds>(e.seen - *slot), std::chrono::milliseconds(0), most);
  e.due = *slot + least;
  if (most > least)
    e.due += std::chrono::milliseconds(random_() % (static_cast<std::uint64_t>((most - least).count()) + 1));
  arm(e);
}

void schedules::arm(entry& e) {
  if (stopped_ || e.removed) return e.alarm.stop();
  core_.start_after(e.alarm, std::clamp(duration(e.due - e.seen), duration(0), look_again));
}

/// What time is it, and what follows for this one?
void schedules::look(entry& e) {
  if (stopped_ || e.removed || !e.slot) return;
  const wall_time before = e.seen;
  const time_point then = e.seen_at;
  see(e);
  const wall_time now = e.seen;
  if (e.when.interval()) {
    // Elapsed time counts: the slots move with the clock. The moves add up to that between the first and the last look.
    const duration moved = (now - before) - (e.seen_at - then);
    *e.slot += moved;
    e.due += moved;
  }
  if (now < before && !e.when.interval()) {
    const auto first = e.when.first(now);
    if (first && *e.slot > *first + a_correction) {
      e.log(3, "the clock was set back by more than a day; it begins anew");
      return begin_anew(e);
    }
  }
  if (now < e.due) return arm(e);
  const timetable::passed p = e.when.pass(*e.slot, now);
  const bool once = e.when.once_when_missed();
  const bool in_time = now - (p.last + e.when.jitter()) <= still_in_time;
  e.counts->missed.add(p.count - 1);
  const bool run = !e.busy() && (in_time || once);
  if (!run && !(once && !e.again)) e.counts->missed.add();  // else one run follows, in its place
  if (!run && once) e.again = true;
  if (!run && !in_time) e.log(2, "a run was missed");
  settle_on(e, p.next);
  if (run) run_slot(e);
}

void schedules::run_slot(entry& e) {
  if (e.when.once_when_missed() || !e.when.kept()) return begin(e, true);
  e.now = entry::phase::recording;
  save(e, [](entry& of, result<void> saved) {
    schedules& all = of.owner;
    of.now = entry::phase::idle;
    if (of.removed) {
      const std::string name = of.name();
      all.entries_.erase(name);
    } else if (saved) {
      all.begin(of, true);
    } else {
      saved.error().message = "the next run could not be kept, so this one did not begin: " + saved.error().message;
      of.counts->missed.add();
      all.note(of, std::unexpected(std::move(saved.error())));
    }
  });
}

/// Keeps the next slot.
void schedules::save(entry& e, std::move_only_function<void(entry&, result<void>)> then) {
  ++working_;
  const auto here = entries_.find(e.name())->second;
  memory_.save(e.name(), {e.slot.value_or(wall_time::max()), e.when.text()},
               [this, alive = std::weak_ptr(alive_), e = std::weak_ptr(here),
                then = std::move(then)](result<void> saved) mutable {
                 if (alive.expired()) return;
                 if (const auto of = e.lock()) then(*of, std::move(saved));
                 work_done();
               });
}

void schedules::begin(entry& e, bool of_slot) {
  ++working_;
  e.now = entry::phase::running;
  e.of_slot = of_slot;
  e.last_run = wall();
  service* asked = directory_.find(e.service);
  if (asked == nullptr) return ended(e, fail(error_code::not_found, fault::host, "there is no service " + e.service));
  e.call = std::make_unique<service_call>();
  e.call->request.id = e.request = next_id_++;
  e.call->request.method = e.method;
  e.call->request.input = "{}";
  e.call->request.context.trusted = true;
  e.call->then(&e, [](void* self, service_call& call) noexcept {
    auto& of = *static_cast<entry*>(self);
    of.owner.ended(of, std::move(call.response.output));
  });
  asked->ask(*e.call);
}

void schedules::ended(entry& e, result<std::string> outcome) {
  const auto here = entries_.find(e.name())->second;  // it stays until the end of this
  answer done = std::move(e.done);
  e.call.reset();
  e.now = entry::phase::idle;
  e.counts->runs.add();
  note(e, outcome);
  // Cut off by the end of the node is not ended: it is repeated after the restart.
  const bool cut_off = stopped_ && !outcome && outcome.error().whose == fault::host;
  if (e.removed) {
    entries_.erase(e.name());
  } else if (e.again && !stopped_) {
    e.again = false;
    begin(e, true);
  } else if (e.of_slot && e.when.once_when_missed() && e.when.kept() && !e.again && !cut_off) {
    save(e, [](entry& of, const result<void>& saved) {
      if (!saved)
        of.log(3, "that it has run could not be kept; after a restart it runs again: " + saved.error().message);
    });
  }
  if (done) done(std::move(outcome));
  work_done();
}

void schedules::note(entry& e, const result<std::string>& outcome) {
  if (outcome) {
    e.last_outcome = result<void>();
    return;
  }
  e.counts->failed.add();
  e.last_outcome = std::unexpected(outcome.error());
  // One that fails each second is not news each second.
  if (e.logged && core_.now() - *e.logged < minutes(1)) return;
  e.logged = core_.now();
  e.log(3, fmt::format("{} ({}'s fault): {} ({} failures so far)", to_string(outcome.error().code),
                       to_string(outcome.error().whose),
                       json_quote(std::string_view(outcome.error().message).substr(0, 1000)), e.counts->failed.get()));
}

void schedules::trigger(std::string_view service, std::string_view method, answer done) {
  const std::string name = fmt::format("{}/{}", service, method);
  const auto it = entries_.find(name);
  if (stopped_) return done(fail(error_code::unavailable, fault::host, "the node is shutting down"));
  if (it == entries_.end() || it->second->removed)
    return done(fail(error_code::not_found, fault::caller, "there is no schedule " + graphql::shown(name)));
  entry& e = *it->second;
  if (e.busy()) return done(fail(error_code::failed_precondition, fault::caller, name + " is running already"));
  if (e.now == entry::phase::loading)
    return done(fail(error_code::unavailable, fault::host, name + " is being loaded; try again"));
  e.done = std::move(done);
  begin(e, false);
}

std::vector<std::shared_ptr<const schedule_counts>> schedules::counts() const {
  const std::lock_guard lock(counts_mutex_);
  std::vector<std::shared_ptr<const schedule_counts>> all;
  for (const auto& c : counts_)
    if (auto there = c.lock()) all.push_back(std::move(there));
  return all;
}

std::vector<schedule_view> schedules::list() const {
  std::vector<schedule_view> all;
  for (const auto& [name, e] : entries_) {
    if (e->removed) continue;
    all.push_back({e->service, e->method, e->when.text(), e->slot ? std::optional(e->due) : std::nullopt, e->last_run,
                   e->last_outcome, e->now == entry::phase::running, e->counts->runs.get(), e->counts->failed.get(),
                   e->counts->missed.get()});
  }
  return all;
}

void schedules::stop(std::move_only_function<void()> done) {
  stopped_ = true;
  for (const auto& [name, e] : entries_) e->alarm.stop();
  when_stopped_ = std::move(done);
  ++working_;
  work_done();
}

void schedules::work_done() {
  if (--working_ == 0 && stopped_ && when_stopped_) std::exchange(when_stopped_, nullptr)();
}

}  // namespace waggle
