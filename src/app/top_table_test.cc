#include "app/top_table.h"

#include <gmock/gmock.h>

#include "app/terminal_text.h"

namespace waggle {
namespace {

using testing::DoubleNear;
using testing::HasSubstr;
using testing::Not;
using testing::Optional;

load_sample sample(double seconds, std::uint64_t requests, std::uint64_t errors, double cpu,
                   std::vector<std::uint64_t> took) {
  load_sample s{.cores = 2, .seconds = seconds, .bounds = {0.001, 0.002, 0.004}, .services = {}};
  s.services["a.One"] = {.busy = 1,
                         .idle = 2,
                         .max = 8,
                         .queued = 3,
                         .requests = requests,
                         .errors = errors,
                         .cpu_seconds = cpu,
                         .took = std::move(took)};
  return s;
}

TEST(top, shows_what_happened_between_two_samples) {
  const auto rows = rows_between(sample(10, 100, 5, 1, {100, 0, 0, 0}), sample(12, 300, 9, 2, {200, 100, 0, 0}));
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_DOUBLE_EQ(rows[0].requests, 100);
  EXPECT_DOUBLE_EQ(rows[0].errors, 2);
  EXPECT_DOUBLE_EQ(rows[0].cpu, 0.5);
  EXPECT_THAT(rows[0].p50, Optional(DoubleNear(0.001, 1e-9)));
  EXPECT_THAT(rows[0].p99, Optional(DoubleNear(0.00198, 1e-9)));
}

TEST(top, a_service_that_was_loaded_again_counts_from_there) {
  const auto rows = rows_between(sample(10, 100, 5, 1, {100, 0, 0, 0}), sample(12, 4, 0, 0.5, {0, 0, 0, 4}));
  EXPECT_DOUBLE_EQ(rows[0].requests, 2);
  EXPECT_DOUBLE_EQ(rows[0].cpu, 0.25);
  EXPECT_THAT(rows[0].p50, Optional(0.004));
  EXPECT_EQ(rows_between(sample(10, 4, 0, 1, {4, 0, 0, 0}), sample(12, 4, 0, 1, {4, 0, 0, 0}))[0].p50, std::nullopt);
}

TEST(top, the_busiest_service_comes_first_and_names_are_printable) {
  load_sample now = sample(1, 10, 0, 0.1, {10, 0, 0, 0});
  now.services["b.Busy\x1b[2J"] = {.requests = 1, .cpu_seconds = 0.9, .took = {1, 0, 0, 0}};
  const load_sample before{.cores = 2, .seconds = 0, .bounds = now.bounds, .services = {}};
  const auto lines = top_lines(now, rows_between(before, now));
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_THAT(lines[0], HasSubstr("2 services, 2 cores: 11.0 requests/s"));
  EXPECT_THAT(lines[2], testing::StartsWith("b.Busy\\x1b[2J "));
  for (const auto& line : lines) EXPECT_THAT(line, Not(HasSubstr("\x1b")));
  EXPECT_THAT(top_json(now, rows_between(before, now)), HasSubstr(R"("name":"a.One","requestsPerSecond":10.000)"));
}

TEST(top, what_is_no_load_is_refused) {
  for (const auto* bad : {"", "[]", "{}", R"({"cores":1,"seconds":1.0,"bounds":[],"services":[{}]})"})
    EXPECT_EQ(read_load(bad), std::nullopt) << bad;
  const auto some = read_load(
      R"({"cores":2,"seconds":1.5,"bounds":[0.1],"services":[{"name":"a.A","workers":{"busy":1,"idle":0,"max":8},"queued":0,"requests":2,"errors":1,"cpuSeconds":0.25,"took":[1,1]}]})");
  ASSERT_TRUE(some);
  EXPECT_EQ(some->services.at("a.A").took, (std::vector<std::uint64_t>{1, 1}));
}

TEST(terminal_text, nothing_that_a_terminal_obeys_is_left) {
  EXPECT_EQ(printable("zwölf \x1b[1m\r\n\t\x7f\xff\u202e"), "zwölf \\x1b[1m\\x0d\\x0a\\x09\\x7f\\xff\\u{202e}");
}

}  // namespace
}  // namespace waggle
