#include "schema/cron.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace waggle {
namespace {

using testing::HasSubstr;

/// The numbers of a field's bits: `1,2,5`.
std::string listed(std::uint64_t bits) {
  std::string out;
  for (unsigned i = 0; i < 64; ++i)
    if ((bits >> i & 1) != 0) out += fmt::format("{}{}", out.empty() ? "" : ",", i);
  return out;
}
cron parsed(std::string_view text) {
  const auto c = cron::parse(text);
  EXPECT_TRUE(c) << text << ": " << c.error().message;
  return c.value_or(cron{});
}
std::string minutes_of(const std::string& field) { return listed(parsed(field + " * * * *").minutes); }
std::string weekdays_of(const std::string& field) { return listed(parsed("* * * * " + field).weekdays); }
std::string error_of(std::string_view text) {
  const auto c = cron::parse(text);
  EXPECT_FALSE(c) << text;
  if (c) return "";
  EXPECT_EQ(c.error().code, error_code::invalid_argument);
  EXPECT_EQ(c.error().whose, fault::caller);
  return c.error().message;
}

TEST(cron, a_star_is_all) {
  const cron c = parsed("* * * * *");
  EXPECT_EQ(c.minutes, 0xFFF'FFFF'FFFF'FFFFU);
  EXPECT_EQ(c.hours, 0xFF'FFFFU);
  EXPECT_EQ(c.days, 0xFFFF'FFFEU);
  EXPECT_EQ(c.months, 0x1FFEU);
  EXPECT_EQ(c.weekdays, 0x7FU);
  EXPECT_TRUE(c.any_day && c.any_weekday);
}

TEST(cron, numbers_lists_ranges_and_steps) {
  EXPECT_EQ(minutes_of("0"), "0");
  EXPECT_EQ(minutes_of("59"), "59");
  EXPECT_EQ(minutes_of("05"), "5");
  EXPECT_EQ(minutes_of("3,1,1,2"), "1,2,3");
  EXPECT_EQ(minutes_of("10-13"), "10,11,12,13");
  EXPECT_EQ(minutes_of("7-7"), "7");
  EXPECT_EQ(minutes_of("*/20"), "0,20,40");
  EXPECT_EQ(minutes_of("*/59"), "0,59");
  EXPECT_EQ(minutes_of("5-20/5"), "5,10,15,20");
  EXPECT_EQ(minutes_of("5-19/5"), "5,10,15");
  EXPECT_EQ(minutes_of("50/4"), "50,54,58");
  EXPECT_EQ(minutes_of("1-3,*/30,58-59"), "0,1,2,3,30,58,59");
}

TEST(cron, each_field_has_its_bounds) {
  const cron c = parsed("0-59 0-23 1-31 1-12 0-6");
  EXPECT_EQ(listed(c.hours), "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23");
  EXPECT_EQ(c.days, 0xFFFF'FFFEU);
  EXPECT_EQ(c.months, 0x1FFEU);
  EXPECT_EQ(c.weekdays, 0x7FU);
  EXPECT_FALSE(c.any_day || c.any_weekday);
}

TEST(cron, names_of_months_and_days_in_any_case) {
  EXPECT_EQ(listed(parsed("0 0 1 JAN,feb-Apr,dec *").months), "1,2,3,4,12");
  EXPECT_EQ(weekdays_of("sun,TUE-Thu"), "0,2,3,4");
}

TEST(cron, sunday_is_0_and_7_and_ends_a_range) {
  EXPECT_EQ(weekdays_of("7"), "0");
  EXPECT_EQ(weekdays_of("0,7"), "0");
  EXPECT_EQ(weekdays_of("5-7"), "0,5,6");
  EXPECT_EQ(weekdays_of("fri-sun"), "0,5,6");
  EXPECT_EQ(weekdays_of("sat-sun"), "0,6");
  EXPECT_EQ(weekdays_of("mon-sun"), "0,1,2,3,4,5,6");
  EXPECT_EQ(weekdays_of("sun-tue"), "0,1,2");
  EXPECT_EQ(weekdays_of("sun-sun"), "0");
  EXPECT_EQ(weekdays_of("*/2"), "0,2,4,6");
  EXPECT_EQ(weekdays_of("*/7"), "0");
}

TEST(cron, spaces_and_tabs_may_stand_anywhere_between_fields) {
  EXPECT_EQ(listed(parsed("  1 \t 2  3\t4 *  ").minutes), "1");
  EXPECT_EQ(listed(parsed("1 2 3 4 5").months), "4");
}

TEST(cron, restricted_days_are_alternatives_unless_one_begins_with_a_star) {
  const cron either = parsed("0 0 13 * fri");
  EXPECT_TRUE(either.on(1, 13, 2));
  EXPECT_TRUE(either.on(1, 14, 5));
  EXPECT_FALSE(either.on(1, 14, 4));
  const cron both = parsed("0 0 */2 * fri");
  EXPECT_TRUE(both.on(1, 13, 5));
  EXPECT_FALSE(both.on(1, 14, 5));
  EXPECT_FALSE(both.on(1, 13, 4));
  const cron month = parsed("0 0 * feb *");
  EXPECT_TRUE(month.on(2, 29, 0));
  EXPECT_FALSE(month.on(3, 1, 0));
}

TEST(cron, five_fields) {
  EXPECT_THAT(error_of(""), HasSubstr("has five fields: minute, hour, day of the month, month, day of the week"));
  EXPECT_THAT(error_of("   "), HasSubstr("has five fields"));
  EXPECT_THAT(error_of("* * * *"), HasSubstr("has five fields"));
  EXPECT_THAT(error_of("0 * * * * *"), HasSubstr("this one has more"));
  EXPECT_THAT(error_of(std::string(201, ' ')), HasSubstr("at most 200 characters"));
}

TEST(cron, says_which_field_is_wrong) {
  EXPECT_EQ(error_of("60 * * * *"), "\"60\" is no minute (0–59)");
  EXPECT_EQ(error_of("* 24 * * *"), "\"24\" is no hour (0–23)");
  EXPECT_EQ(error_of("* * 0 * *"), "\"0\" is no day of the month (1–31)");
  EXPECT_EQ(error_of("* * 32 * *"), "\"32\" is no day of the month (1–31)");
  EXPECT_EQ(error_of("* * * 13 *"), "\"13\" is no month (1–12)");
  EXPECT_EQ(error_of("* * * * 8"), "\"8\" is no day of the week (0–7)");
  EXPECT_EQ(error_of("@daily"), "\"@daily\" is no minute (0–59)");
  EXPECT_EQ(error_of("jan * * * *"), "\"jan\" is no minute (0–59)");
  EXPECT_EQ(error_of("* * * mon *"), "\"mon\" is no month (1–12)");
  EXPECT_EQ(error_of("* * * * june"), "\"june\" is no day of the week (0–7)");
  EXPECT_THAT(error_of("a\x1b[2Jb * * * *"), testing::Not(HasSubstr("\x1b"))) << "harmless on a terminal";
}

TEST(cron, hostile_fields) {
  for (const std::string field : {"",
                                  ",",
                                  "1,",
                                  ",1",
                                  "1,,2",
                                  "-",
                                  "1-",
                                  "-1",
                                  "5-1",
                                  "1-2-3",
                                  "1--2",
                                  "/",
                                  "*/",
                                  "*/0",
                                  "*/60",
                                  "*/-1",
                                  "/5",
                                  "1/",
                                  "1/2/3",
                                  "**",
                                  "*5",
                                  "*-5",
                                  "1-*",
                                  "+1",
                                  "0x1",
                                  "1.0",
                                  "1e1",
                                  "5L",
                                  "?",
                                  "1#2",
                                  "4294967296",
                                  "*/4294967296",
                                  "18446744073709551616",
                                  "*/18446744073709551617",
                                  "\xff",
                                  "\xe2\x88\x97",
                                  "1\n2",
                                  "'1'",
                                  "60-61",
                                  "0-60"}) {
    EXPECT_FALSE(cron::parse(field + " * * * *")) << field;
  }
  EXPECT_FALSE(cron::parse(std::string("1\0 * * * *", 10)));
  EXPECT_TRUE(cron::parse(std::string(190, ' ') + "* * * * *"));
}

TEST(cron, a_date_that_never_comes) {
  EXPECT_EQ(error_of("0 0 30 2 *"), "no date is ever that day of that month");
  EXPECT_EQ(error_of("0 0 31 feb,apr,jun,sep,nov *"), "no date is ever that day of that month");
  EXPECT_TRUE(cron::parse("0 0 29 2 *"));
  EXPECT_TRUE(cron::parse("0 0 31 2,3 *"));
  EXPECT_TRUE(cron::parse("0 0 30 2 1")) << "Mondays in February";
  EXPECT_EQ(error_of("0 0 30 2 */7"), "no date is ever that day of that month") << "both days are needed";
}

}  // namespace
}  // namespace waggle
