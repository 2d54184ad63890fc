#include "call/guest_error.h"

#include <gmock/gmock.h>

namespace waggle {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

error of(std::string answer) { return guest_error(answer); }

TEST(GuestError, CodeMessageAndDetailsAreTheGuests) {
  struct row {
    const char* answer;
    error_code code;
    const char* message;
    const char* details;
  };
  const row table[] = {
      {R"({"error":{"code":"not_found","message":"no user 7","details":{"id":7}}})", error_code::not_found, "no user 7",
       R"({"id":7})"},
      {R"( { "error" : { "message" : "m" , "code" : "aborted" } } )", error_code::aborted, "m", ""},
      {R"({"error":{"code":"aborted","details":[1, "x", null]}})", error_code::aborted, "", R"([1,"x",null])"},
      {R"({"error":{"code":"aborted","details":"text"}})", error_code::aborted, "", R"("text")"},
      {R"({"error":{"code":"aborted","details":false}})", error_code::aborted, "", "false"},
      {R"({"error":{"code":"aborted","details":null}})", error_code::aborted, "", ""},
      {R"({"error":{}})", error_code::unknown, "", ""},
      {R"({"error":{"code":"no_such_code","message":"m"}})", error_code::unknown, "m", ""},
      {R"({"error":{"code":"ok","message":"m"}})", error_code::unknown, "m", ""},
      {R"({"error":{"code":"","message":"m"}})", error_code::unknown, "m", ""},
      {R"({"error":{"code":5,"message":"m"}})", error_code::unknown, "m", ""},
      {R"({"error":{"code":"NOT_FOUND","message":"m"}})", error_code::unknown, "m", ""},
      {R"({"error":{"code":"aborted","message":17}})", error_code::aborted, "", ""},
      {R"({"error":{"code":"aborted","message":"a\u0000\u001b[31mé"},"more":1})", error_code::aborted, nullptr, ""},
  };
  for (const row& r : table) {
    SCOPED_TRACE(r.answer);
    const error e = of(r.answer);
    EXPECT_EQ(to_string(e.code), to_string(r.code));
    EXPECT_EQ(e.whose, fault::guest);
    if (r.message != nullptr) {
      EXPECT_EQ(e.message, r.message);
    }
    EXPECT_EQ(e.details, r.details);
  }
}

TEST(GuestError, WhatIsNoErrorObjectIsTheGuestsFaultToo) {
  for (const char* answer : {"", " ", "null", "1", "\"error\"", "[]", "{}", R"({"error":null})", R"({"error":"m"})",
                             R"({"error":[]})", R"({"Error":{}})", R"({"error":{}}x)", R"({"error":{)", "\xff",
                             R"({"error":{"message":")"
                             "\xff"
                             R"("}})"}) {
    SCOPED_TRACE(answer);
    const error e = of(answer);
    EXPECT_EQ(e.code, error_code::internal);
    EXPECT_EQ(e.whose, fault::guest);
    EXPECT_THAT(e.message, StartsWith("the guest said that it failed"));
    EXPECT_TRUE(e.details.empty());
  }
}

TEST(GuestError, DeepNestingIsRefusedNotFollowed) {
  const std::string deep = R"({"error":{"details":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}}";
  EXPECT_EQ(of(deep).code, error_code::internal);
}

TEST(GuestError, AMessageIsCutWhereACharacterEnds) {
  for (std::size_t shift = 0; shift < 4; ++shift) {
    std::string text(shift, 'x');
    while (text.size() < 10'000) text += "\xF0\x9F\x90\x9D";
    const error e = of(R"({"error":{"message":")" + text + R"("}})");
    EXPECT_LE(e.message.size(), (4U << 10) + 3);
    EXPECT_GE(e.message.size(), (4U << 10) - 3);
    EXPECT_THAT(e.message, EndsWith("\xF0\x9F\x90\x9D…"));
    EXPECT_THAT(json_quote(e.message), testing::Not(HasSubstr("\xEF\xBF\xBD")));
  }
  const std::string fits(4U << 10, 'x');
  EXPECT_EQ(of(R"({"error":{"message":")" + fits + R"("}})").message, fits);
}

TEST(GuestError, DetailsThatAreTooLongAreLeftOutAndSaidSo) {
  const error e = of(R"({"error":{"message":"m","details":")" + std::string(70'000, 'x') + R"("}})");
  EXPECT_TRUE(e.details.empty());
  EXPECT_THAT(e.message, StartsWith("m (its details were over"));
}

}  // namespace
}  // namespace waggle
