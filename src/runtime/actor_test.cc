#include <gmock/gmock.h>

#include "runtime/node_for_tests.h"

namespace waggle {
namespace {

using namespace testing_node;
using testing::HasSubstr;

class Actor : public testing::Test {
 protected:
  steady_clock_source clock;
  core_loop core{0, clock};
  core_loop* cores[1] = {&core};
};

TEST_F(Actor, AnswersWithTheGuestsBytes) {
  const auto echo = deploy(cores, "echo");
  auto r = ask(core, echo->on(0), "echo", R"({"text":"hi"})");
  ASSERT_TRUE(r.output) << r.output.error().message;
  EXPECT_EQ(*r.output, R"({"text":"hi"})");
  EXPECT_FALSE(r.cost.warm);
  r = ask(core, echo->on(0), "echo", R"({"text":"hi"})");
  EXPECT_TRUE(r.cost.warm);
  EXPECT_GT(r.cost.guest.count(), 0);
  EXPECT_GT(r.cost.memory_kb, 0U);
}

}  // namespace
}  // namespace waggle
