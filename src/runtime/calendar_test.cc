#include "runtime/calendar.h"

#include <sstream>

#include <date/date.h>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "runtime/timetable.h"

namespace waggle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// `2026-03-29 01:00` or with seconds, UTC.
wall_time at(const std::string& text) {
  std::istringstream in(text.size() == 16 ? text + ":00" : text);
  date::sys_seconds t;
  in >> date::parse("%F %T", t);
  EXPECT_TRUE(in) << text;
  return t;
}
std::string shown(std::optional<wall_time> t) {
  if (!t) return "never";
  const auto s = date::floor<std::chrono::seconds>(*t);
  EXPECT_EQ(s, *t);
  return date::format(s == date::floor<std::chrono::minutes>(*t) ? "%F %H:%M" : "%F %T", s);
}

/// The next `n` times after one, in UTC.
std::vector<std::string> times(std::string_view cron, std::string_view zone, const std::string& after, int n) {
  const auto c = calendar::make(cron, zone);
  if (!c) {
    ADD_FAILURE() << c.error().message;
    return {};
  }
  std::vector<std::string> out;
  for (std::optional<wall_time> t = at(after); t && n > 0; --n) {
    t = c->next(*t);
    out.push_back(shown(t).substr(5));
  }
  return out;
}
std::string next(std::string_view cron, std::string_view zone, const std::string& after) {
  const auto c = calendar::make(cron, zone);
  return c ? shown(c->next(at(after))) : c.error().message;
}

TEST(calendar, is_after_and_never_at) {
  EXPECT_EQ(next("0 3 * * *", "UTC", "2026-01-01 02:59:59"), "2026-01-01 03:00");
  EXPECT_EQ(next("0 3 * * *", "UTC", "2026-01-01 03:00"), "2026-01-02 03:00");
  EXPECT_EQ(next("* * * * *", "UTC", "2026-01-01 03:00:01"), "2026-01-01 03:01");
  const auto c = calendar::make("0 3 * * *", "UTC");
  EXPECT_EQ(shown(c->next(at("2026-01-01 03:00") - std::chrono::nanoseconds(1))), "2026-01-01 03:00");
  EXPECT_EQ(shown(c->next(at("2026-01-01 03:00") + std::chrono::nanoseconds(1))), "2026-01-02 03:00");
}

TEST(calendar, lists_steps_and_days_of_the_week) {
  EXPECT_THAT(times("15,45 8-10/2 * * *", "UTC", "2026-01-01 08:20", 4),
              ElementsAre("01-01 08:45", "01-01 10:15", "01-01 10:45", "01-02 08:15"));
  EXPECT_EQ(next("0 9 * * mon-fri", "UTC", "2026-11-20 09:00"), "2026-11-23 09:00");  // from Friday to Monday
  EXPECT_EQ(next("0 9 * * 7", "UTC", "2026-11-20 09:00"), "2026-11-22 09:00");
  // Either day will do where both are restricted, both are needed where one begins with a star.
  EXPECT_THAT(times("0 0 13 * fri", "UTC", "2026-02-06 00:00", 4),
              ElementsAre("02-13 00:00", "02-20 00:00", "02-27 00:00", "03-06 00:00"));
  EXPECT_THAT(times("0 0 */2 * mon", "UTC", "2026-11-01 00:00", 3),
              ElementsAre("11-09 00:00", "11-23 00:00", "12-07 00:00"));
}

TEST(calendar, month_ends_and_leap_days) {
  EXPECT_THAT(times("0 0 31 * *", "UTC", "2026-01-31 00:00", 3),
              ElementsAre("03-31 00:00", "05-31 00:00", "07-31 00:00"));
  EXPECT_THAT(times("30 23 30 1-3 *", "UTC", "2026-01-01 00:00", 3),
              ElementsAre("01-30 23:30", "03-30 23:30", "01-30 23:30"));
  EXPECT_EQ(next("0 12 29 2 *", "UTC", "2026-01-01 00:00"), "2028-02-29 12:00");
  EXPECT_EQ(next("0 12 29 2 *", "Europe/Berlin", "2026-01-01 00:00"), "2028-02-29 11:00");
  EXPECT_EQ(next("0 12 29 2 *", "UTC", "2096-03-01 00:00"), "2104-02-29 12:00") << "2100 is no leap year";
  EXPECT_EQ(next("0 0 29 2 */7", "UTC", "2026-01-01 00:00"), "2032-02-29 00:00") << "a Sunday";
  EXPECT_EQ(next("0 0 29 2 */7", "UTC", "2088-03-01 00:00"), "2128-02-29 00:00") << "40 years";
  EXPECT_EQ(next("59 23 31 12 *", "UTC", "2026-12-31 23:59"), "2027-12-31 23:59");
  EXPECT_EQ(next("0 0 * * *", "UTC", "1969-12-30 13:00"), "1969-12-31 00:00");
}

TEST(calendar, ends_somewhere) {
  EXPECT_EQ(next("0 0 1 1 *", "UTC", "2199-01-01 00:00"), "never");
  const auto c = calendar::make("* * * * *", "Europe/Berlin");
  EXPECT_EQ(c->next(wall_time::max()), std::nullopt);
  EXPECT_NE(c->next(wall_time::min()), std::nullopt);
}

// Berlin: 2026-03-29 02:00 CET → 03:00 CEST at 01:00 UTC; 2026-10-25 03:00 CEST → 02:00 CET at 01:00 UTC.
TEST(calendar, a_time_that_does_not_exist_runs_at_the_end_of_the_gap) {
  EXPECT_THAT(times("30 2 * * *", "Europe/Berlin", "2026-03-28 00:00", 3),
              ElementsAre("03-28 01:30", "03-29 01:00", "03-30 00:30"));
  EXPECT_THAT(times("0 2 * * *", "Europe/Berlin", "2026-03-28 02:00", 2), ElementsAre("03-29 01:00", "03-30 00:00"));
  EXPECT_EQ(next("30 2 * * *", "Europe/Berlin", "2026-03-29 00:59:59"), "2026-03-29 01:00")
      << "asked in the last second";
  EXPECT_THAT(times("0,20,40 1-3 * * *", "Europe/Berlin", "2026-03-29 00:20", 4),
              ElementsAre("03-29 00:40", "03-29 01:00", "03-29 01:20", "03-29 01:40"))
      << "three left out and one that is there anyway are one";
  EXPECT_THAT(times("30 2 * * *", "America/New_York", "2026-03-07 12:00", 2),
              ElementsAre("03-08 07:00", "03-09 06:30"));
}

TEST(calendar, a_time_that_comes_twice_runs_the_first_time) {
  EXPECT_THAT(times("30 2 * * *", "Europe/Berlin", "2026-10-24 01:00", 3),
              ElementsAre("10-25 00:30", "10-26 01:30", "10-27 01:30"));
  EXPECT_THAT(times("*/30 1-3 * * *", "Europe/Berlin", "2026-10-24 23:30", 5),
              ElementsAre("10-25 00:00", "10-25 00:30", "10-25 02:00", "10-25 02:30", "10-26 00:00"));
  EXPECT_EQ(next("30 2 * * *", "Europe/Berlin", "2026-10-25 01:10"), "2026-10-26 01:30") << "asked in the second 02:10";
  EXPECT_THAT(times("30 1 * * *", "America/New_York", "2026-11-01 00:00", 2),
              ElementsAre("11-01 05:30", "11-02 06:30"));
}

TEST(calendar, intervals_go_on_by_elapsed_time) {
  for (const char* zone : {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"}) {
    const auto c = calendar::make("*/5 * * * *", zone);
    wall_time t = at("2011-12-25 00:00");
    for (const wall_time end = t + std::chrono::hours(24 * 500); t < end;) {
      const auto n = c->next(t);
      ASSERT_EQ(n, t + std::chrono::minutes(5)) << zone << " " << shown(t);
      t = *n;
    }
  }
  EXPECT_THAT(times("7 * * * *", "Europe/Berlin", "2026-03-29 00:00", 3),
              ElementsAre("03-29 00:07", "03-29 01:07", "03-29 02:07"));
  EXPECT_THAT(times("7 0-23 * * *", "Europe/Berlin", "2026-10-25 00:00", 3),
              ElementsAre("10-25 00:07", "10-25 01:07", "10-25 02:07"));
}

// 2026-04-05 02:00 +11 → 01:30 +10:30 at 04-04 15:00 UTC; 2026-10-04 02:00 +10:30 → 02:30 +11 at 10-03 15:30 UTC.
TEST(calendar, half_an_hour_at_lord_howe) {
  EXPECT_THAT(times("45 1 * * *", "Australia/Lord_Howe", "2026-04-03 15:00", 3),
              ElementsAre("04-04 14:45", "04-05 15:15", "04-06 15:15"));
  EXPECT_THAT(times("15 2 * * *", "Australia/Lord_Howe", "2026-10-02 16:00", 2),
              ElementsAre("10-03 15:30", "10-04 15:15"));
  EXPECT_THAT(times("0 * * * *", "Australia/Lord_Howe", "2026-04-04 13:30", 3),
              ElementsAre("04-04 14:00", "04-04 15:30", "04-04 16:30"))
      << "whenever the clock shows :00";
}

// There was no 2011-12-30: from 12-29 24:00 (-10) on it was 12-31 00:00 (+14), at 10:00 UTC on the 30th.
TEST(calendar, the_day_that_apia_left_out) {
  EXPECT_THAT(times("0 12 * * *", "Pacific/Apia", "2011-12-29 12:00", 3),
              ElementsAre("12-29 22:00", "12-30 10:00", "12-30 22:00"))
      << "what belongs to the 30th runs when the 31st begins";
  EXPECT_THAT(times("0 12 30 * *", "Pacific/Apia", "2011-12-01 00:00", 2), ElementsAre("12-30 10:00", "01-29 22:00"));
  EXPECT_THAT(times("0 */12 * * *", "Pacific/Apia", "2011-12-29 22:00", 3),
              ElementsAre("12-30 10:00", "12-30 22:00", "12-31 10:00"));
}

TEST(calendar, midnight_can_be_left_out_too) {
  // Beirut changes at midnight: 2026-03-29 00:00 → 01:00, at 03-28 22:00 UTC.
  EXPECT_THAT(times("0 0 * * *", "Asia/Beirut", "2026-03-28 00:00", 2), ElementsAre("03-28 22:00", "03-29 21:00"));
  EXPECT_THAT(times("30 23 * * *", "Asia/Beirut", "2026-10-24 00:00", 3),
              ElementsAre("10-24 20:30", "10-25 21:30", "10-26 21:30"))
      << "23:30 comes twice on the 24th";
}

TEST(calendar, zones_that_there_are) {
  EXPECT_TRUE(find_zone("Europe/Berlin"));
  EXPECT_TRUE(find_zone("Asia/Kolkata"));
  EXPECT_EQ(next("30 0 1 * *", "Asia/Kathmandu", "2026-01-01 00:00"), "2026-01-31 18:45");
  for (const std::string name :
       {"", "Europe/Berln", "CEST5", "../../etc/passwd", "Europe/Berlin ", "/etc/localtime", "posixrules\n",
        "tzdata.zi", "zone.tab", "leapseconds", "right/Europe/Berlin", "posix/Europe/Berlin", "Europe"}) {
    const auto found = find_zone(name);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().whose, fault::caller) << name;
    EXPECT_THAT(found.error().message, HasSubstr("is no time zone of the system's database"));
  }
  EXPECT_FALSE(find_zone(std::string("UTC\0x", 5)));
  EXPECT_FALSE(find_zone(std::string(100'000, 'a')));
}

TEST(timetable, counts_what_has_passed) {
  const auto every = timetable::make({.every = std::chrono::seconds(10)});
  auto p = every->pass(at("2026-01-01 00:00"), at("2026-01-01 00:00:25"));
  EXPECT_EQ(shown(p.last), "2026-01-01 00:00:20");
  EXPECT_EQ(p.count, 3U);
  EXPECT_EQ(shown(p.next), "2026-01-01 00:00:30");
  const auto daily = timetable::make({.cron = "0 3 * * *"});
  p = daily->pass(at("2026-01-01 03:00"), at("2026-01-03 03:00"));
  EXPECT_EQ(shown(p.last), "2026-01-03 03:00");
  EXPECT_EQ(p.count, 3U);
  EXPECT_EQ(shown(p.next), "2026-01-04 03:00");
}

TEST(timetable, does_not_count_for_ever) {
  const auto minutely = timetable::make({.cron = "* * * * *", .time_zone = "Europe/Berlin"});
  auto p = minutely->pass(at("1975-01-01 00:00"), at("2026-01-01 12:30:30"));
  EXPECT_EQ(shown(p.last), "2026-01-01 12:30");
  EXPECT_EQ(shown(p.next), "2026-01-01 12:31");
  EXPECT_THAT(p.count, testing::AllOf(testing::Ge(900U), testing::Le(1000U)));
  const auto january = timetable::make({.cron = "* * * 1 *"});
  p = january->pass(at("2026-01-01 00:00"), at("2026-06-01 12:30:30"));
  EXPECT_LT(p.last, at("2026-02-01 00:00"));
  EXPECT_EQ(shown(p.next), "2027-01-01 00:00");
}

TEST(timetable, says_what_is_wrong) {
  EXPECT_THAT(timetable::make({}).error().message, HasSubstr("needs a cron or an interval"));
  EXPECT_THAT(timetable::make({.cron = "x"}).error().message, HasSubstr("\"x\" is no minute"));
  EXPECT_THAT(timetable::make({.cron = "* * * * *", .time_zone = "Mars/Base"}).error().message, HasSubstr("Mars/Base"));
  EXPECT_EQ(timetable::make({.cron = "0 3 * * *"})->text(), "cron \"0 3 * * *\" UTC");
  EXPECT_EQ(timetable::make({.every = std::chrono::seconds(1)})->text(), "every 1000 ms");
}

}  // namespace
}  // namespace waggle
