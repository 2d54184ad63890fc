#include "gateway/held_answers.h"

#include <gtest/gtest.h>

namespace waggle {
namespace {

TEST(HeldAnswers, AreCountedTogetherAndGivenBackWithTheirHolders) {
  answer_memory all(100);
  {
    held_answers a;
    held_answers b;
    EXPECT_TRUE(a.take(&all, 60));
    EXPECT_FALSE(b.take(&all, 50));
    EXPECT_TRUE(b.take(&all, 40));
    EXPECT_FALSE(a.take(&all, 1));
    EXPECT_EQ(all.refused, 2U);
    held_answers moved = std::move(a);
    EXPECT_EQ(all.used, 100U);
    moved = std::move(b);
    EXPECT_EQ(all.used, 40U) << "what it had before is given back";
    moved.set(&all, 1000);
    EXPECT_EQ(all.used, 1000U) << "what is there is there";
    moved.set(&all, 0);
    EXPECT_EQ(all.used, 0U);
    EXPECT_TRUE(moved.take(&all, 7));
  }
  EXPECT_EQ(all.used, 0U);
}

TEST(HeldAnswers, OneAloneHasRoomAndWithoutMemoryAllHave) {
  answer_memory all(100);
  held_answers a;
  held_answers b;
  EXPECT_TRUE(a.take(&all, 500));
  EXPECT_FALSE(b.take(&all, 1));
  EXPECT_TRUE(b.take(nullptr, std::size_t{1} << 40));
}

}  // namespace
}  // namespace waggle
