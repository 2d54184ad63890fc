#include "runtime/schedules.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <sstream>

#include <date/date.h>
#include <gmock/gmock.h>

namespace waggle {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

wall_time at(const std::string& text) {
  std::istringstream in(text);
  date::sys_seconds t;
  in >> date::parse("%F %H:%M", t);
  EXPECT_TRUE(in) << text;
  return t;
}
std::string shown(wall_time t) { return date::format("%F %T", date::floor<seconds>(t)); }

/// Answers at once, or when the test says so; remembers when it was asked.
class fake_service final : public service {
 public:
  explicit fake_service(const clock_source& time) : time_(time) {}
  void ask(service_call& call) override {
    EXPECT_EQ(call.request.input, "{}");
    EXPECT_FALSE(call.request.context.deadline);
    asked.push_back(shown(time_.wall()));
    methods.push_back(call.request.method);
    if (slow) return open.push_back(&call);
    answer(call);
  }
  void answer(service_call& call) {
    if (failure) return call.finish(*failure);
    call.response.output = "\"done\"";
    call.finish();
  }
  void answer_first() {
    service_call* call = open.front();
    open.pop_front();
    answer(*call);
  }
  [[nodiscard]] const contract& description() const override { return about_; }
  [[nodiscard]] std::vector<std::string> take() { return std::exchange(asked, {}); }

  bool slow = false;
  std::optional<error> failure;
  std::deque<service_call*> open;
  std::vector<std::string> asked;
  std::vector<std::string> methods;

 private:
  const clock_source& time_;
  contract about_;
};

/// Survives the node. What is saved is there when the core has been polled; before that a crash loses it.
class fake_memory final : public schedule_memory {
 public:
  void load(std::string name, std::move_only_function<void(result<std::optional<kept_run>>)> done) override {
    core->post([this, name, done = std::move(done)]() mutable {
      if (failure) return done(std::unexpected(*failure));
      const auto it = kept.find(name);
      done(it == kept.end() ? std::optional<kept_run>() : it->second);
    });
  }
  void save(std::string name, kept_run run, std::move_only_function<void(result<void>)> done) override {
    ++saves;
    auto now = [this, name, run, done = std::move(done)]() mutable {
      if (failure) return done(std::unexpected(*failure));
      kept[name] = run;
      done({});
    };
    if (held)
      waiting.push_back(std::move(now));
    else
      core->post(std::move(now));
  }

  core_loop* core = nullptr;
  std::map<std::string, kept_run> kept;
  std::optional<error> failure;
  bool held = false;
  std::vector<core_loop::job> waiting;
  int saves = 0;
};

class schedules_test : public testing::Test {
 protected:
  schedules_test() {
    clock.set_wall(at("2026-01-01 00:00"));
    start();
  }
  ~schedules_test() override {
    while (!mailer.open.empty()) mailer.answer_first();
    memory.waiting.clear();
    node.reset();
    core.reset();
  }

  /// As after a crash, or for the first time.
  void start() {
    node.reset();
    core = std::make_unique<core_loop>(0, clock);
    memory.core = core.get();
    memory.waiting.clear();
    mailer.open.clear();
    node = std::make_unique<schedules>(*core, directory, memory, [this] { return random++; });
    directory.put("a.Mailer", mailer);
  }
  void put(const schedule_settings& s, const std::string& method = "poll") {
    auto when = timetable::make(s);
    ASSERT_TRUE(when) << when.error().message;
    std::vector<scheduled_method> all;
    all.push_back({method, *when});
    node->put("a.Mailer", std::move(all));
    settle();
  }
  void settle() {
    while (core->poll() > 0) {
    }
  }
  /// Time passes, in steps that are short enough to see each run at its time.
  void pass(duration by, duration step = seconds(1)) {
    for (duration gone{0}; gone < by; gone += step) {
      clock.advance(step);
      settle();
    }
  }
  void set_clock(const std::string& to) { clock.set_wall(at(to)); }
  schedule_view view() {
    const auto all = node->list();
    return all.empty() ? schedule_view{} : all.front();
  }

  manual_clock clock;
  service_directory directory;
  fake_service mailer{clock};
  fake_memory memory;
  std::uint64_t random = 0;
  std::unique_ptr<core_loop> core;
  std::unique_ptr<schedules> node;
};

const schedule_settings nightly{.cron = "0 3 * * *"};
schedule_settings once(schedule_settings s) {
  s.once_when_missed = true;
  return s;
}
error broken(error_code code, fault whose) { return fail(code, whose, "no luck").error(); }

TEST_F(schedules_test, runs_at_its_times) {
  put({.cron = "*/10 * * * *"});
  EXPECT_EQ(shown(*view().next), "2026-01-01 00:10:00");
  EXPECT_FALSE(view().last_run);
  pass(minutes(25));
  EXPECT_THAT(mailer.take(), ElementsAre("2026-01-01 00:10:00", "2026-01-01 00:20:00"));
  EXPECT_EQ(mailer.methods.front(), "poll");
  const schedule_view v = view();
  EXPECT_EQ(v.service + "/" + v.method + " " + v.timetable, "a.Mailer/poll cron \"*/10 * * * *\" UTC");
  EXPECT_EQ(v.runs, 2U);
  EXPECT_EQ(v.missed, 0U);
  EXPECT_FALSE(v.running);
  EXPECT_TRUE(v.last_outcome && v.last_outcome->has_value());
  EXPECT_EQ(shown(*v.last_run), "2026-01-01 00:20:00");
  EXPECT_EQ(shown(*v.next), "2026-01-01 00:30:00");
}

TEST_F(schedules_test, cron_does_not_drift_over_a_year_with_its_clock_changes) {
  set_clock("2026-01-01 12:00");
  put({.cron = "30 2 * * *", .time_zone = "Europe/Berlin"});
  for (const wall_time end = clock.wall() + hours(24 * 365); clock.wall() < end;) {
    clock.advance(std::clamp(duration(*view().next - clock.wall()), duration(milliseconds(1)), duration(hours(1))));
    settle();
  }
  std::map<std::string, int> by_time;
  for (const std::string& when : mailer.asked) ++by_time[when.substr(11)];
  const std::map<std::string, int> expected = {
      {"01:30:00", 154},  // UTC, in winter: from 2 January to 28 March and from 26 October to 1 January
      {"01:00:00", 1},    // the end of the gap
      {"00:30:00", 210}};
  EXPECT_EQ(by_time, expected);
  EXPECT_EQ(view().missed, 0U);
}

TEST_F(schedules_test, an_interval_does_not_drift_over_a_year) {
  const schedule_settings s{.every = milliseconds(600'001)};
  const wall_time begun = clock.wall();
  put(s);
  // Each time it is late by something else.
  for (int i = 0; clock.wall() < begun + hours(24 * 365); ++i) {
    clock.advance(*view().next - clock.wall() + milliseconds(i * 7919 % 50'000));
    settle();
  }
  const auto expected = static_cast<std::uint64_t>((clock.wall() - begun) / s.every);
  EXPECT_EQ(view().runs, expected);
  EXPECT_EQ((*view().next - begun) % s.every, duration(0));
  EXPECT_EQ(view().missed, 0U);
}

TEST_F(schedules_test, an_interval_keeps_its_phase_over_a_restart) {
  put({.every = minutes(10)});
  pass(minutes(13));
  start();
  pass(minutes(2));  // down
  put({.every = minutes(10)});
  EXPECT_EQ(shown(*view().next), "2026-01-01 00:20:00");
  pass(minutes(10));
  EXPECT_THAT(mailer.take(), ElementsAre("2026-01-01 00:10:00", "2026-01-01 00:20:00"));
}

TEST_F(schedules_test, short_intervals_begin_anew_and_are_not_written_down) {
  put({.every = milliseconds(250)});
  pass(seconds(10), milliseconds(50));
  EXPECT_EQ(view().runs, 40U);
  EXPECT_EQ(memory.saves, 0);
}

TEST_F(schedules_test, an_interval_goes_on_by_elapsed_time_when_the_clock_is_set) {
  put({.every = minutes(10)});
  pass(minutes(5));
  set_clock("2025-06-01 00:00");
  pass(minutes(6));
  EXPECT_THAT(mailer.take(), ElementsAre("2025-06-01 00:05:00"));
  set_clock("2031-06-01 00:00");
  pass(minutes(9));
  EXPECT_THAT(mailer.take(), ElementsAre("2031-06-01 00:09:00"));
  EXPECT_EQ(view().missed, 0U);
}

TEST_F(schedules_test, a_clock_set_back_runs_nothing_twice) {
  put({.cron = "*/10 * * * *"});
  pass(minutes(31));
  EXPECT_THAT(mailer.take(), SizeIs(3));
  set_clock("2026-01-01 00:05");
  pass(minutes(34));
  EXPECT_THAT(mailer.take(), IsEmpty());
  pass(minutes(2));
  EXPECT_THAT(mailer.take(), ElementsAre("2026-01-01 00:40:00"));
}

TEST_F(schedules_test, a_clock_that_was_a_day_and_more_ahead_begins_anew) {
  set_clock("2030-01-01 00:00");
  put(nightly);
  pass(hours(4));
  EXPECT_THAT(mailer.take(), ElementsAre("2030-01-01 03:00:00"));
  set_clock("2026-01-01 00:00");
  pass(hours(4));
  EXPECT_THAT(mailer.take(), ElementsAre("2026-01-01 03:00:00"));
  set_clock("2024-01-01 00:00");
  start();
  put(nightly);
  EXPECT_EQ(shown(*view().next), "2024-01-01 03:00:00") << "seen at a start too";
}

TEST_F(schedules_test, a_clock_set_forward_is_seen_within_a_minute) {
  put({.cron = "0,5 3 * * *"});
  pass(minutes(10));
  set_clock("2026-01-01 03:04");
  pass(minutes(2));
  EXPECT_THAT(mailer.take(), ElementsAre("2026-01-01 03:05:00")) << "03:00 was missed";
  EXPECT_EQ(view().missed, 1U);
  set_clock("2026-01-02 02:59");
  pass(seconds(30));
  set_clock("2026-01-02 03:00");
  pass(minutes(1));
  EXPECT_THAT(mailer.take(), SizeIs(1)) << "what is late by less than a minute runs";
  EXPECT_EQ(view().missed, 1U);
}

TEST_F(schedules_test, once_when_missed_runs_once_after_the_clock_was_set_forward) {
  put(once({.cron = "0 * * * *"}));
  set_clock("2026-01-01 06:30");
  pass(minutes(2));
  EXPECT_THAT(mailer.take(), SizeIs(1));
  EXPECT_EQ(view().missed, 5U);
  EXPECT_EQ(shown(*view().next), "2026-01-01 07:00:00");
}

TEST_F(schedules_test, what_a_restart_missed_is_skipped) {
  put(nightly);
  start();
  set_clock("2026-01-04 03:02");
  put(nightly);
  pass(minutes(5));
  EXPECT_THAT(mailer.take(), IsEmpty());
  EXPECT_EQ(view().missed, 4U);
  EXPECT_EQ(shown(*view().next), "2026-01-05 03:00:00");
}

TEST_F(schedules_test, what_a_restart_missed_by_less_than_a_minute_runs) {
  put(nightly);
  start();
  clock.set_wall(at("2026-01-01 03:00") + seconds(50));
  put(nightly);
  pass(seconds(2));
  EXPECT_THAT(mailer.take(), SizeIs(1));
  start();  // and not again
  put(nightly);
  pass(seconds(2));
  EXPECT_THAT(mailer.take(), IsEmpty());
}

TEST_F(schedules_test, what_a_restart_missed_runs_once_where_that_is_asked_for) {
  put(once(nightly));
  start();
  set_clock("2026-01-04 12:00");
  put(once(nightly));
  pass(seconds(2));
  EXPECT_THAT(mailer.take(), ElementsAre("2026-01-04 12:00:01"));
  EXPECT_EQ(view().missed, 3U);
  start();
  put(once(nightly));
  pass(hours(1));
  EXPECT_THAT(mailer.take(), IsEmpty());
  EXPECT_EQ(shown(*view().next), "2026-01-05 03:00:00");
}

TEST_F(schedules_test, a_skipping_run_is_written_down_before_it_begins) {
  put(nightly);
  memory.held = true;
  pass(hours(3));
  EXPECT_THAT(mailer.take(), IsEmpty()) << "not before the next run is kept";
  EXPECT_FALSE(view().running);
  memory.held = false;
  for (auto& save : std::exchange(memory.waiting, {})) save();
  EXPECT_THAT(mailer.take(), SizeIs(1));
  mailer.slow = true;
  pass(hours(24), seconds(20));
  EXPECT_THAT(mailer.take(), SizeIs(1));
  EXPECT_TRUE(view().running);
  node->remove("a.Mailer");
  mailer.answer_first();
  start();  // a crash in the middle of the run
  put(nightly);
  pass(minutes(5));
  EXPECT_THAT(mailer.take(), IsEmpty());
}

TEST_F(schedules_test, a_once_run_that_a_crash_cuts_off_is_repeated) {
  put(once(nightly));
  mailer.slow = true;
  pass(hours(3));
  EXPECT_THAT(mailer.take(), SizeIs(1));
  memory.held = true;  // what is written from now on is lost
  mailer.answer_first();
  settle();
  start();
  memory.held = false;
  put(once(nightly));
  pass(minutes(2));
  EXPECT_THAT(mailer.take(), SizeIs(1));
  mailer.answer_first();
  settle();
  start();
  put(once(nightly));
  pass(minutes(2));
  EXPECT_THAT(mailer.take(), IsEmpty());
}

TEST_F(schedules_test, without_memory_a_skipping_run_does_not_begin) {
  put(nightly);
  memory.failure = broken(error_code::data_loss, fault::host);
  pass(hours(3) + seconds(1));
  EXPECT_THAT(mailer.take(), IsEmpty());
  EXPECT_EQ(view().last_outcome->error().code, error_code::data_loss);
  EXPECT_EQ(view().missed, 1U);
  memory.failure.reset();
  pass(hours(24), seconds(20));
  EXPECT_THAT(mailer.take(), SizeIs(1));
  EXPECT_TRUE(view().last_outcome->has_value());
}

TEST_F(schedules_test, what_cannot_be_read_is_reckoned_from_now) {
  memory.failure = broken(error_code::data_loss, fault::host);
  put(nightly);
  EXPECT_EQ(shown(*view().next), "2026-01-01 03:00:00");
  memory.failure.reset();
  for (const wall_time nonsense : {wall_time::min(), wall_time::max(), wall_time{}, at("2026-01-01 02:59")}) {
    start();
    memory.kept["a.Mailer/poll"].next = nonsense;
    put(nightly);
    EXPECT_EQ(shown(*view().next), "2026-01-01 03:00:00");
  }
  for (const wall_time nonsense : {wall_time::min(), wall_time::max(), at("2027-01-01 00:00")}) {
    start();
    memory.kept["a.Mailer/poll"] = {nonsense, "every 600000 ms"};
    put({.every = minutes(10)});
    EXPECT_EQ(shown(*view().next), "2026-01-01 00:10:00");
  }
}

TEST_F(schedules_test, runs_do_not_overlap) {
  put({.cron = "*/10 * * * *"});
  mailer.slow = true;
  pass(minutes(35));
  EXPECT_THAT(mailer.take(), SizeIs(1));
  EXPECT_TRUE(view().running);
  EXPECT_EQ(view().missed, 2U);
  EXPECT_EQ(shown(*view().next), "2026-01-01 00:40:00");
  mailer.answer_first();
  settle();
  EXPECT_THAT(mailer.take(), IsEmpty());
  pass(minutes(6));
  EXPECT_THAT(mailer.take(), ElementsAre("2026-01-01 00:40:00"));
  EXPECT_EQ(view().runs, 1U);
}

TEST_F(schedules_test, one_run_follows_a_long_one_where_missed_ones_run_once) {
  put(once({.cron = "*/10 * * * *"}));
  mailer.slow = true;
  pass(minutes(35));
  EXPECT_THAT(mailer.take(), SizeIs(1));
  EXPECT_EQ(view().missed, 1U) << "one of the two is to run";
  mailer.answer_first();
  EXPECT_THAT(mailer.take(), ElementsAre("2026-01-01 00:35:00"));
  mailer.answer_first();
  settle();
  EXPECT_THAT(mailer.take(), IsEmpty());
  EXPECT_EQ(shown(memory.kept["a.Mailer/poll"].next), "2026-01-01 00:40:00");
}

TEST_F(schedules_test, jitter_delays_by_no_more_than_it_says) {
  std::set<duration> delays;
  for (const std::uint64_t r : {std::uint64_t{0}, std::uint64_t{5000}, std::uint64_t{5001}, ~std::uint64_t{0}}) {
    random = r;
    memory.kept.clear();
    start();
    put({.cron = "0 * * * *", .jitter = milliseconds(5000)});
    delays.insert(*view().next - at("2026-01-01 01:00"));
  }
  EXPECT_EQ(*delays.begin(), duration(0));
  EXPECT_EQ(*delays.rbegin(), seconds(5));
  random = 4000;
  put({.cron = "0 * * * *", .jitter = milliseconds(5000)});
  pass(hours(24) + seconds(10));
  EXPECT_THAT(mailer.asked, SizeIs(24)) << "the delay moves a run, not those after it";
  for (const std::string& when : mailer.take()) EXPECT_THAT(when, testing::MatchesRegex(".* ..:00:0[0-6]"));
}

TEST_F(schedules_test, a_jitter_longer_than_the_interval_starves_nothing) {
  put({.cron = "* * * * *", .jitter = minutes(10)});
  random = 1'000'000'007;
  pass(hours(10));
  EXPECT_GT(view().runs, 50U);
  EXPECT_LE(view().runs + view().missed, 600U);
}

TEST_F(schedules_test, a_restart_within_the_jitter_loses_no_run) {
  const schedule_settings s{.cron = "0 3 * * *", .jitter = minutes(30)};
  random = 25 * 60 * 1000;
  put(s);
  EXPECT_EQ(shown(*view().next), "2026-01-01 03:25:00");
  start();
  set_clock("2026-01-01 03:10");
  put(s);
  EXPECT_GE(*view().next, at("2026-01-01 03:10"));
  EXPECT_LE(*view().next, at("2026-01-01 03:30"));
  pass(minutes(30));
  EXPECT_THAT(mailer.take(), SizeIs(1));
}

TEST_F(schedules_test, a_new_version_keeps_the_next_run_of_what_stays_the_same) {
  put({.every = minutes(10)});
  pass(minutes(4));
  put({.every = minutes(10), .jitter = milliseconds(1)});
  EXPECT_EQ(shown(*view().next), "2026-01-01 00:10:00");
  put({.every = minutes(20)});
  EXPECT_EQ(shown(*view().next), "2026-01-01 00:24:00");
  start();
  put({.every = minutes(10)});
  EXPECT_EQ(shown(*view().next), "2026-01-01 00:14:00") << "what is kept belongs to another timetable";
  put(nightly, "other");
  ASSERT_THAT(node->list(), SizeIs(1));
  EXPECT_EQ(view().method, "other");
}

TEST_F(schedules_test, removed_while_it_runs_it_ends_and_comes_back_without_overlap) {
  put({.cron = "*/10 * * * *"});
  mailer.slow = true;
  pass(minutes(11));
  node->remove("a.Mailer");
  EXPECT_THAT(node->list(), IsEmpty());
  put({.cron = "*/10 * * * *"});
  EXPECT_TRUE(view().running);
  pass(minutes(10));
  EXPECT_THAT(mailer.open, SizeIs(1));
  node->remove("a.Mailer");
  mailer.answer_first();
  pass(minutes(30));
  EXPECT_THAT(mailer.open, IsEmpty());
  EXPECT_THAT(node->list(), IsEmpty());
}

TEST_F(schedules_test, removed_while_it_is_loaded_or_written_down_it_does_not_run) {
  auto when = *timetable::make(nightly);
  node->put("a.Mailer", {{"poll", when}});
  node->remove("a.Mailer");
  settle();
  EXPECT_THAT(node->list(), IsEmpty());
  put(nightly);
  memory.held = true;
  pass(hours(3));
  node->remove("a.Mailer");
  for (auto& save : std::exchange(memory.waiting, {})) save();
  settle();
  EXPECT_THAT(mailer.asked, IsEmpty());
}

TEST_F(schedules_test, a_failure_is_shown_and_the_next_try_is_the_next_slot) {
  mailer.failure = broken(error_code::unavailable, fault::guest);
  put({.cron = "*/10 * * * *"});
  pass(minutes(19));
  EXPECT_THAT(mailer.take(), SizeIs(1));
  EXPECT_EQ(view().last_outcome->error().message, "no luck");
  EXPECT_EQ(view().failed, 1U);
  directory.remove("a.Mailer");
  pass(minutes(2));
  EXPECT_EQ(view().last_outcome->error().code, error_code::not_found);
  EXPECT_EQ(view().failed, 2U);
  directory.put("a.Mailer", mailer);
  mailer.failure.reset();
  pass(minutes(10));
  EXPECT_TRUE(view().last_outcome->has_value());
  EXPECT_EQ(view().runs, 3U);
}

TEST_F(schedules_test, the_operator_triggers_a_run_beside_the_timetable) {
  put(nightly);
  std::vector<result<std::string>> answers;
  const auto keep = [&](result<std::string> answer) { answers.push_back(std::move(answer)); };
  node->trigger("a.Mailer", "poll", keep);
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_EQ(answers[0], "\"done\"");
  EXPECT_EQ(view().runs, 1U);
  EXPECT_EQ(shown(*view().next), "2026-01-01 03:00:00");
  mailer.slow = true;
  node->trigger("a.Mailer", "poll", keep);
  node->trigger("a.Mailer", "poll", keep);
  ASSERT_THAT(answers, SizeIs(2));
  EXPECT_EQ(answers[1].error().code, error_code::failed_precondition);
  pass(hours(3));
  EXPECT_EQ(view().missed, 1U) << "it does not overlap with the timetable either";
  mailer.failure = broken(error_code::aborted, fault::guest);
  mailer.answer_first();
  ASSERT_THAT(answers, SizeIs(3));
  EXPECT_EQ(answers[2].error().code, error_code::aborted);
  node->trigger("a.Mailer", "pol", keep);
  EXPECT_EQ(answers[3].error().code, error_code::not_found);
  node->stop([] {});
  node->trigger("a.Mailer", "poll", keep);
  EXPECT_EQ(answers[4].error().code, error_code::unavailable);
}

TEST_F(schedules_test, stop_waits_for_what_runs_and_for_what_is_written) {
  put(once({.cron = "*/10 * * * *"}));
  mailer.slow = true;
  pass(minutes(11));
  bool stopped = false;
  node->stop([&] { stopped = true; });
  pass(minutes(30));
  EXPECT_FALSE(stopped);
  EXPECT_THAT(mailer.asked, SizeIs(1));
  mailer.answer_first();
  EXPECT_FALSE(stopped) << "it is still being written down";
  settle();
  EXPECT_TRUE(stopped);
  EXPECT_EQ(shown(memory.kept["a.Mailer/poll"].next), "2026-01-01 00:20:00");
}

TEST_F(schedules_test, what_a_stop_cuts_off_runs_again_after_the_restart) {
  put(once(nightly));
  mailer.slow = true;
  pass(hours(3));
  node->stop([] {});
  mailer.failure = broken(error_code::unavailable, fault::host);
  mailer.answer_first();
  settle();
  mailer.failure.reset();
  mailer.slow = false;
  start();
  put(once(nightly));
  pass(minutes(3));
  EXPECT_THAT(mailer.take(), SizeIs(2));
}

TEST_F(schedules_test, stop_with_nothing_to_wait_for) {
  bool stopped = false;
  put(nightly);
  node->stop([&] { stopped = true; });
  EXPECT_TRUE(stopped);
  pass(hours(30), seconds(30));
  EXPECT_THAT(mailer.asked, IsEmpty());
}

}  // namespace
}  // namespace waggle
