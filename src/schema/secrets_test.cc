#include "schema/secrets.h"

#include <gmock/gmock.h>

#include "core/error.h"

namespace waggle {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

secrets of(std::initializer_list<std::string_view> values) {
  secrets all;
  for (const auto v : values) all.add(v);
  return all;
}

TEST(secrets, are_taken_out_of_a_text_wherever_they_stand) {
  EXPECT_EQ(of({"hunter2"}).taken_from("hunter2 is not hunter, nor HUNTER2; hunter2"),
            "[redacted] is not hunter, nor HUNTER2; [redacted]");
  EXPECT_EQ(of({"abc"}).taken_from("abc"), "abc") << "too short";
  EXPECT_EQ(of({}).taken_from("abc"), "abc");
  EXPECT_EQ(of({"hunter2"}).taken_from(""), "");
}

TEST(secrets, one_that_is_part_of_another_or_meets_it_leaves_nothing) {
  EXPECT_EQ(of({"4111", "4111-22"}).taken_from("a 4111-22 b"), "a [redacted] b");
  EXPECT_EQ(of({"4111-22", "4111"}).taken_from("a 4111-22 b"), "a [redacted] b");
  EXPECT_EQ(of({"abcd", "bcdefgh"}).taken_from("_abcdefgh_"), "_[redacted]_");
}

constexpr std::string_view pem = "-----BEGIN KEY-----\nMIIEvQIBADANB\r\nAQ/DwA=\n-----END KEY-----\n";

TEST(secrets, each_line_is_one_by_itself) {
  const secrets all = of({pem});
  EXPECT_EQ(all.taken_from("info key is\ninfo -----BEGIN KEY-----\ninfo MIIEvQIBADANB\ninfo AQ/DwA=\n"),
            "info key is\ninfo [redacted]\ninfo [redacted]\ninfo [redacted]\n");
  EXPECT_EQ(all.taken_from("key " + std::string(pem) + "!"), "key [redacted]!");
}

TEST(secrets, are_found_in_their_escaped_forms) {
  const secrets all = of({pem, "quo\"te\\d", "tab\tbell\a", "smile\xF0\x9F\x98\x80 end", "rtl\u202eltr", "C:\\new"});
  for (const std::string& text :
       {json_quote(pem), json_quote("quo\"te\\d"), std::string(R"("-----BEGIN KEY-----\nMIIEvQIBADANB\r\nAQ\/DwA=")"),
        std::string(R"(tab\tbell\u0007)"), std::string("tab\tbell\\x07"), std::string(R"(smile\ud83d\ude00 end)"),
        std::string(R"(smile\uD83D\uDE00 \u0065nd)"), std::string(R"(rtl\u{202e}ltr)"), std::string(R"(C:\new)"),
        std::string(R"("C:\\new")"), std::string("rtl\u202eltr")}) {
    const std::string shown = all.taken_from("at " + text + " it");
    EXPECT_THAT(shown, StartsWith("at ")) << text;
    EXPECT_THAT(shown, HasSubstr("[redacted]")) << text;
    for (const char* part : {"BEGIN", "MII", "AQ", "te", "tab", "bell", "smile", "nd", "rtl", "C:", "new"})
      EXPECT_THAT(shown.substr(3), Not(HasSubstr(std::string(part) == "te" ? "te\\" : part))) << text;
  }
  EXPECT_EQ(all.taken_from(R"(\ \q \u12 \u{zz} \x \u{110000000} \ud800 \)"),
            R"(\ \q \u12 \u{zz} \x \u{110000000} \ud800 \)");
}

TEST(secrets, the_rest_of_one_that_was_cut_is_found) {
  std::string large;
  for (int i = 0; i < 1500; ++i) large += std::to_string(1000 + i);
  const secrets all = of({large, "hunter2secret"});
  EXPECT_EQ(all.taken_from("info " + large.substr(0, 4096) + " (cut: 1904 more bytes)\n"),
            "info [redacted] (cut: 1904 more bytes)\n");
  EXPECT_EQ(all.taken_from("login with hunter2…"), "login with [redacted]…");
  EXPECT_EQ(all.taken_from("login with hunter2!"), "login with hunter2!");
}

TEST(secrets, where_not_all_are_known_nothing_is_kept) {
  secrets many;
  for (std::size_t i = 0; i <= secrets::most_lines; ++i) many.add("value-" + std::to_string(i));
  EXPECT_FALSE(many.complete());
  EXPECT_THAT(many.taken_from("text"), StartsWith("[not kept: "));
  EXPECT_EQ(many.taken_from(""), "");
  EXPECT_FALSE(of({std::string(secrets::most_bytes + 1, 'x')}).complete());
  secrets all = of({"hunter2"});
  all.add(many);
  EXPECT_FALSE(all.complete());
}

TEST(secrets, to_look_for_them_is_bounded_work) {
  secrets all;
  for (char c = 'b'; c <= 'z'; ++c) all.add(std::string(2000, 'a') + c);
  EXPECT_THAT(all.taken_from(std::string(8000, 'a')), StartsWith("[not kept: "));
  EXPECT_EQ(all.taken_from("b" + std::string(100, 'a') + "q"), "b" + std::string(100, 'a') + "q");
}

}  // namespace
}  // namespace waggle
