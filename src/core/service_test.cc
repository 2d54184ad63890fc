#include "core/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace waggle {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class nothing final : public service {
 public:
  void ask(service_call& call) override { call.finish(); }
  [[nodiscard]] const contract& description() const override { throw "not asked for in this test"; }
};

TEST(service_directory, finds_by_the_whole_name) {
  nothing a;
  service_directory directory;
  EXPECT_EQ(directory.find("shop.v1.Orders"), nullptr);
  directory.put("shop.v1.Orders", a);
  EXPECT_EQ(directory.find("shop.v1.Orders"), &a);
  EXPECT_EQ(directory.find("shop.v1.orders"), nullptr);
  EXPECT_EQ(directory.find("shop.v1"), nullptr);
  EXPECT_EQ(directory.find(""), nullptr);
}

TEST(service_directory, a_second_service_takes_the_place_of_the_first) {
  nothing a, b;
  service_directory directory;
  directory.put("A", a);
  directory.put("A", b);
  EXPECT_EQ(directory.find("A"), &b);
  EXPECT_THAT(directory.names(), ElementsAre("A"));
}

TEST(service_directory, removes) {
  nothing a, b;
  service_directory directory;
  directory.put("A", a);
  directory.put("B", b);
  directory.remove("A");
  directory.remove("C");
  EXPECT_EQ(directory.find("A"), nullptr);
  EXPECT_EQ(directory.find("B"), &b);
}

TEST(service_directory, names_come_in_order) {
  nothing a;
  service_directory directory;
  EXPECT_THAT(directory.names(), IsEmpty());
  for (const char* name : {"b.B", "a.Z", "c.C", "a.A"}) directory.put(name, a);
  EXPECT_THAT(directory.names(), ElementsAre("a.A", "a.Z", "b.B", "c.C"));
}

}  // namespace
}  // namespace waggle
