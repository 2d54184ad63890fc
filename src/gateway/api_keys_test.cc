#include "gateway/api_keys.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "gateway/sha256.h"

namespace waggle {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string hex(std::string_view key) {
  std::string out;
  for (const char c : sha256(key)) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}
std::string why_not(std::string_view text) {
  const auto read = api_keys::read(text);
  EXPECT_FALSE(read) << text;
  return read ? "" : read.error().message;
}

TEST(ApiKeys, TheHashIsThatOfOpensslAndSha256sum) {
  EXPECT_EQ(hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(ApiKeys, AreFoundByTheirHash) {
  const auto keys =
      api_keys::read("# those of the shop\n\n  till\t" + hex("wk_1") + " pay read pay\r\n# gone: " + hex("wk_0") +
                     "\ntill " + hex("wk_2") + "\nROBOT " + hex("\x01"));
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(keys->size(), 3U);
  const auto till = keys->find("wk_1");
  ASSERT_TRUE(till);
  EXPECT_EQ(till->subject, "till");
  EXPECT_EQ(till->issuer, "");
  EXPECT_THAT(till->scopes, ElementsAre("pay", "read"));
  EXPECT_EQ(till->key, "key:till");
  EXPECT_EQ(
      to_json(*till),
      R"({"subject":"till","issuer":null,"scopes":["pay","read"],"claims":{"sub":"till","scopes":["pay","read"]}})");
  EXPECT_EQ(keys->find("wk_2")->key, till->key) << "while keys are replaced, both are the same caller's";
  EXPECT_EQ(keys->find("wk_0"), nullptr);
  EXPECT_EQ(keys->find(""), nullptr);
  EXPECT_EQ(keys->find(hex("wk_1")), nullptr) << "the hash is no key";
}

TEST(ApiKeys, WhatIsWrongIsSaidWithItsLineAndWithoutTheText) {
  EXPECT_EQ(why_not("a " + hex("1") + "\nwk_secret"), "2: expected NAME SHA256 [SCOPE …]");
  EXPECT_THAT(why_not("\n\nname wk_secret"),
              AllOf(HasSubstr("3: the second word is no SHA-256"), Not(HasSubstr("wk_secret"))));
  EXPECT_THAT(why_not("name " + hex("1") + "0"), HasSubstr("1: "));
  EXPECT_THAT(why_not("name " + std::string(64, 'g')), HasSubstr("no SHA-256"));
  EXPECT_THAT(why_not("a " + hex("1") + "\nb " + hex("1")), HasSubstr("2: this hash stands in a line before"));
  EXPECT_THAT(why_not(std::string(256, 'n') + " " + hex("1")), HasSubstr("at most 255 bytes"));
  std::string scopes;
  for (int i = 0; i < 201; ++i) scopes += fmt::format(" s{}", i);
  EXPECT_THAT(why_not("a " + hex("1") + scopes), HasSubstr("at most 200 scopes"));
  scopes.clear();
  for (int i = 0; i < 40; ++i) scopes += fmt::format(" {:s>250}", i);
  EXPECT_THAT(why_not("a " + hex("1") + scopes), HasSubstr("too long"));
  EXPECT_THAT(why_not(std::string(api_keys::longest_text + 1, '\n')), HasSubstr("at most"));
  EXPECT_TRUE(api_keys::read("")) << "nobody has one any more";
}

TEST(ApiKeys, ANameThatLooksLikeAKeyIsRefusedAndNotRepeated) {
  for (const std::string_view line : {"wk_secret {}", "wk_secret till {}", "wk_secret {} pay", "wk_ {}"})
    EXPECT_THAT(why_not("# ours\n" + fmt::format(fmt::runtime(line), hex("wk_secret"))),
                AllOf(testing::StartsWith("2: the first word begins with wk_, as a key does"), HasSubstr("NAME SHA256"),
                      Not(HasSubstr("secret")), Not(HasSubstr(hex("wk_secret")))))
        << line;
  EXPECT_TRUE(api_keys::read("wk " + hex("1")));
}

TEST(ApiKeys, AScopeIsWhatAContractMayAskForButForCommasAndComments) {
  const auto keys = api_keys::read("a " + hex("1") + " ! [# ]~ orders:read " + std::string(255, 's'));
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_THAT(keys->find("1")->scopes, ElementsAre("!", "[#", "]~", "orders:read", std::string(255, 's')));
  for (const std::string_view scope : {"sec\"ret", "sec\\ret", "secrét", "sec\x7Fret", "sec\x01ret"})
    EXPECT_THAT(why_not("a " + hex("1") + " pay " + std::string(scope)),
                AllOf(testing::StartsWith("1: scope 2 is none: 1 to 255 visible"), Not(HasSubstr("sec"))))
        << scope;
  EXPECT_THAT(why_not("a " + hex("1") + " " + std::string(256, 's')), HasSubstr("scope 1 is none"));
  for (const std::string_view scopes : {"pay,read", "pay, read", ","})
    EXPECT_EQ(why_not("a " + hex("1") + " " + std::string(scopes)),
              "1: scope 1 has a comma: scopes are separated by spaces");
  EXPECT_EQ(why_not("a " + hex("1") + " pay # no admin"), "1: scope 2 begins with #: a comment has a line of its own");
}

}  // namespace
}  // namespace waggle
