#include "app/certificate_expiry.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace waggle {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::Optional;

const wall_time end_of_it = std::chrono::sys_days(std::chrono::year(2026) / 3 / 1) + hours(12);

auto warning(wall_time now, std::optional<wall_time> told = std::nullopt) {
  return expiry_warning("cert.pem", now, end_of_it, told);
}

TEST(CertificateExpiry, NothingIsSaidWhileThereIsTime) {
  EXPECT_THAT(warning(end_of_it - days(90)), Eq(std::nullopt));
  EXPECT_THAT(warning(end_of_it - days(14) - minutes(1)), Eq(std::nullopt));
}

TEST(CertificateExpiry, TwoWeeksBeforeTheEndItBegins) {
  EXPECT_THAT(
      warning(end_of_it - days(14)),
      Optional(HasSubstr("tls.certificate cert.pem: it expires on 2026-03-01 12:00 UTC, in 14 days; put a new")));
  EXPECT_THAT(warning(end_of_it - hours(47)), Optional(HasSubstr("in 1 day;")));
  EXPECT_THAT(warning(end_of_it - minutes(1)), Optional(HasSubstr("in less than a day;")));
}

TEST(CertificateExpiry, ItIsSaidOnceADay) {
  const wall_time first = end_of_it - days(10);
  EXPECT_THAT(warning(first + minutes(1), first), Eq(std::nullopt));
  EXPECT_THAT(warning(first + hours(24) - minutes(1), first), Eq(std::nullopt));
  EXPECT_THAT(warning(first + hours(24), first), Optional(HasSubstr("in 9 days;")));
}

TEST(CertificateExpiry, TheEndIsSaidAtOnceAndThenOnceADay) {
  const wall_time last = end_of_it - minutes(30);
  EXPECT_THAT(warning(end_of_it, last), Optional(HasSubstr("it expired on 2026-03-01 12:00 UTC; clients refuse it")));
  EXPECT_THAT(warning(end_of_it + minutes(1), end_of_it), Eq(std::nullopt));
  EXPECT_THAT(warning(end_of_it + hours(24), end_of_it), Optional(HasSubstr("it expired on")));
}

TEST(CertificateExpiry, AClockThatWasSetBackDoesNotKeepItSilent) {
  EXPECT_THAT(warning(end_of_it - days(5), end_of_it - days(1)), Optional(HasSubstr("in 5 days;")));
}

}  // namespace
}  // namespace waggle
