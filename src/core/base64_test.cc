#include "core/base64.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace waggle {
namespace {

TEST(base64, both_alphabets) {
  const std::vector<std::pair<std::string, std::string>> rfc = {
      {"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}, {"\xff\xfe\xfd", "//79"}};
  for (const auto& [bytes, text] : rfc) {
    EXPECT_EQ(base64_encode(bytes), text);
    EXPECT_EQ(base64_encode_padded(bytes).size() % 4, 0U);
    EXPECT_EQ(base64_decode(base64_encode_padded(bytes)), bytes);
  }
  EXPECT_EQ(base64_encode_padded("f"), "Zg==");
  EXPECT_EQ(base64url_decode("__79"), "\xff\xfe\xfd");
  EXPECT_EQ(base64url_decode("Zg=="), "f");
  EXPECT_EQ(base64url_decode("Zg"), "f");
}

TEST(base64, what_is_malformed) {
  for (const char* bad : {"Z", "//79", "Zg=", "Zg===", "=", "Z g", "Zm9v="}) EXPECT_FALSE(base64url_decode(bad)) << bad;
  for (const char* bad : {"Z", "Zg", "__79", "Zg=", "====", "Zg==Zg==", "Z===", "Zm9v\n"})
    EXPECT_FALSE(base64_decode(bad)) << bad;
}

}  // namespace
}  // namespace waggle
