#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "schema/contract.h"
#include "schema/language/text.h"
#include "schema/values/value_types.h"

namespace waggle {
namespace {

using testing::HasSubstr;

std::string first_finding(const std::string& sdl) {
  const compiled_contract c = compile_contract(sdl, "x.graphql");
  return c.value || c.findings.empty() ? "" : c.findings.front().message;
}

// Each number of a payload is compared with it.
TEST(HostileContract, ABoundOfMillionsOfDigitsIsRefused) {
  const std::string digits(1000, '0');
  EXPECT_THAT(first_finding(fmt::format("type Query {{ f(a: Float @constraint(min: 0.{}1)): Int }}", digits)),
              HasSubstr("min of @constraint has 1003 characters; at most 100"));
  EXPECT_EQ(first_finding("type Query { f(a: Float @constraint(max: 1.7976931348623157e308)): Int }"), "");
}

// 30,000 arguments of ten bytes each asked for 1.7 GB.
TEST(HostileContract, TheDefaultsOfAContractAreBoundedTogether) {
  std::string sdl = fmt::format("input A {{ s: String = \"{}\" }} type Query {{ f(", std::string(60'000, 'x'));
  for (int i = 0; i < 2000; ++i) sdl += fmt::format("a{}: A = {{}} ", i);
  EXPECT_THAT(first_finding(sdl + "): Int }"), HasSubstr("the defaults of this contract fill in too much"));
}

// Equal in length and at both ends, which was all that the slot depended on.
TEST(HostileContract, NamesThatDifferInTheMiddleOnlyAreFoundAtOnce) {
  std::vector<std::string> texts;
  for (int i = 0; i < 50'000; ++i) texts.push_back(fmt::format("aaaaaaaa{:05}aaaaaaaa", i));
  const graphql::name_table names(std::vector<std::string_view>(texts.begin(), texts.end()));
  for (std::size_t i = 0; i < texts.size(); ++i) ASSERT_EQ(names.find(texts[i]), i);
  EXPECT_EQ(names.find("aaaaaaaa99999aaaaaaaa"), graphql::name_table::npos);
}

TEST(HostileContract, OnlySomeThousandNamesAreComparedForASuggestion) {
  graphql::near_name near("wanted");
  for (int i = 0; i < 10'000; ++i) near.offer("something else");
  near.offer("wantedd");
  EXPECT_EQ(near.best(), "");
}

TEST(HostileContract, EditDistanceIsExactUpToItsLimit) {
  EXPECT_EQ(graphql::edit_distance("kitten", "sitting", 3), 3U);
  EXPECT_EQ(graphql::edit_distance("kitten", "sitting", 2), 3U);
  EXPECT_EQ(graphql::edit_distance("abcdefgh", "bcdefgh", 1), 1U);
  EXPECT_EQ(graphql::edit_distance("bcdefgh", "abcdefgh", 1), 1U);
  EXPECT_EQ(graphql::edit_distance("abcdefgh", "cdefghab", 4), 4U);
  EXPECT_EQ(graphql::edit_distance("", "abc", 3), 3U);
  EXPECT_EQ(graphql::edit_distance("abc", "", 4), 3U);
  EXPECT_EQ(graphql::edit_distance("same", "same", 0), 0U);
  EXPECT_EQ(graphql::edit_distance("Same", "sAmf", 0), 1U);
}

}  // namespace
}  // namespace waggle
