#include "wasm/guest_memory.h"

#include <array>
#include <limits>

#include <gtest/gtest.h>

namespace waggle {
namespace {

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

struct GuestMemory : ::testing::Test {
  std::array<std::byte, 16> bytes{};
  guest_memory memory{bytes.data(), bytes.size()};
};

TEST_F(GuestMemory, GivesWhatIsInside) {
  EXPECT_EQ(memory.at(0, 16)->data(), bytes.data());
  EXPECT_EQ(memory.at(15, 1)->data(), bytes.data() + 15);
  EXPECT_EQ(memory.at(16, 0)->size(), 0U);
}

TEST_F(GuestMemory, RefusesWhatReachesOut) {
  EXPECT_FALSE(memory.at(0, 17));
  EXPECT_FALSE(memory.at(16, 1));
  EXPECT_FALSE(memory.at(17, 0));
  EXPECT_FALSE(memory.at(0xFFFFFFFF, 1));
}

TEST_F(GuestMemory, OffsetAndLengthDoNotWrapAround) {
  EXPECT_FALSE(memory.at(1, most));
  EXPECT_FALSE(memory.at(most, 1));
  EXPECT_FALSE(memory.at(most, most));
  EXPECT_FALSE(memory.at(8, most - 7));
}

TEST_F(GuestMemory, NumbersAreLittleEndianAndNeedNoAlignment) {
  ASSERT_TRUE(memory.write<std::uint32_t>(1, 0x04030201));
  EXPECT_EQ(std::to_integer<int>(bytes[1]), 1);
  EXPECT_EQ(std::to_integer<int>(bytes[4]), 4);
  EXPECT_EQ(memory.read<std::uint16_t>(2), 0x0302);
  ASSERT_TRUE(memory.write<std::uint64_t>(8, most - 1));
  EXPECT_EQ(memory.read<std::uint64_t>(8), most - 1);
}

TEST_F(GuestMemory, NumbersAtTheEdge) {
  EXPECT_TRUE(memory.read<std::uint32_t>(12));
  EXPECT_FALSE(memory.read<std::uint32_t>(13));
  EXPECT_FALSE(memory.write<std::uint64_t>(9, 1));
  EXPECT_EQ(std::to_integer<int>(bytes[9]), 0);
}

TEST_F(GuestMemory, AnEmptyMemoryHasOnlyEmptyPieces) {
  const guest_memory none;
  EXPECT_TRUE(none.at(0, 0));
  EXPECT_TRUE(none.text(0, 0)->empty());
  EXPECT_FALSE(none.read<std::uint8_t>(0));
}

}  // namespace
}  // namespace waggle
