#include "app/identity.h"

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <sstream>

#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "gateway/sha256.h"
#include "gateway/token_maker_for_tests.h"

namespace waggle {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// What a URL answers, and a test that waits until it was asked.
class fake_issuer {
 public:
  void publish(result<std::string> text) {
    const std::lock_guard lock(mutex_);
    text_ = std::move(text);
  }
  result<std::string> fetch() {
    const std::lock_guard lock(mutex_);
    ++fetched_;
    changed_.notify_all();
    return text_;
  }
  void until_fetched(int times) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return fetched_ >= times; });
  }
  int fetched() {
    const std::lock_guard lock(mutex_);
    return fetched_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  result<std::string> text_ = fail(error_code::unavailable, fault::host, "no route to it");
  int fetched_ = 0;
};

/// What is logged meanwhile, by whatever thread: no other one may log when it begins or ends.
class kept_log {
 public:
  kept_log() {
    auto made = std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_));
    made->set_level(spdlog::level::info);
    made->set_pattern("%l: %v", spdlog::pattern_time_type::local);
    spdlog::set_default_logger(std::move(made));
  }
  ~kept_log() { spdlog::set_default_logger(before_); }
  kept_log(const kept_log&) = delete;
  kept_log& operator=(const kept_log&) = delete;
  /// While no other thread logs.
  std::string take() {
    std::string all = text_.str();
    text_.str("");
    return all;
  }

 private:
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
  std::ostringstream text_;
};

class Identity : public testing::Test {
 protected:
  Identity() {
    spdlog::set_level(spdlog::level::off);
    std::filesystem::create_directories(folder);
  }
  ~Identity() override { std::filesystem::remove_all(folder); }

  void write(const std::string& name, const std::string& text) const { std::ofstream(folder / name) << text; }
  [[nodiscard]] configuration with_tokens(const std::string& keys) const {
    configuration c;
    c.auth.issuer = "i";
    c.auth.audience = "a";
    c.auth.keys = keys;
    return c;
  }
  [[nodiscard]] std::string why_not(const configuration& c) const {
    const auto open = identity::open(c, clock);
    EXPECT_FALSE(open);
    return open ? "" : open.error().message;
  }
  void open(const configuration& c) {
    auto made = identity::open(c, clock, [this](const std::string&) { return issuer.fetch(); });
    ASSERT_TRUE(made) << made.error().message;
    it = *std::move(made);
    auth = it->for_core(core);
    it->begin();
  }
  [[nodiscard]] std::string token(const std::string& kid) const {
    const auto exp = std::chrono::duration_cast<std::chrono::seconds>(clock.wall().time_since_epoch()).count() + 3600;
    return "Bearer " + make_token(R"({"alg":"EdDSA","kid":")" + kid + "\"}",
                                  fmt::format(R"({{"iss":"i","aud":"a","sub":"ada","exp":{}}})", exp),
                                  ed_key_for_tests());
  }
  static std::string keys_named(const std::string& kid) {
    return jwks({ed_key_for_tests().jwk("\"kid\":\"" + kid + "\"")});
  }
  std::string ask(const std::string& authorization, const std::string& key = "") {
    core.poll();
    const auto who = auth->verify(authorization, key, clock.wall());
    if (!who) return std::string(to_string(who.error().code));
    return *who ? (*who)->subject : "anonymous";
  }
  /// What another thread posts comes in its time.
  std::string until_answered(const std::string& other_than, const std::string& authorization) {
    std::string now;
    while ((now = ask(authorization)) == other_than) std::this_thread::yield();
    return now;
  }
  static std::string line(const std::string& name, const std::string& key) {
    std::string out = name + " ";
    for (const char c : sha256(key)) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return out + "\n";
  }

  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / fmt::format("waggle-identity-{}", ::getpid());
  manual_clock clock;
  core_loop core{0, clock};
  fake_issuer issuer;
  std::unique_ptr<authenticator> auth;
  std::unique_ptr<identity> it;
};

TEST_F(Identity, IsNoneWithoutAWord) {
  const auto none = identity::open({}, clock);
  ASSERT_TRUE(none);
  EXPECT_EQ(*none, nullptr);
}

TEST_F(Identity, HalfAConfigurationIsAMistake) {
  configuration c = with_tokens("keys.json");
  c.auth.issuer = "off";
  EXPECT_THAT(why_not(c), HasSubstr("needs auth.issuer"));
  c = with_tokens("keys.json");
  c.auth.audience = "off";
  EXPECT_THAT(why_not(c), HasSubstr("needs auth.audience"));
  EXPECT_THAT(why_not(with_tokens("off")), HasSubstr("auth.keys, which they are verified with, is off"));
}

TEST_F(Identity, KeysAreFetchedOverTlsButFromThisMachine) {
  for (const std::string_view url :
       {"http://id.example/keys", "http://10.0.0.1/keys", "http://localhost.example/", "http://127.0.0.1.example/"})
    EXPECT_THAT(why_not(with_tokens(std::string(url))), HasSubstr("over https")) << url;
  EXPECT_THAT(why_not(with_tokens("https://user:word@id.example/")), HasSubstr("auth.keys https://user"));
  for (const std::string_view url :
       {"https://id.example/keys", "http://127.0.0.1:8000/keys", "http://[::1]/keys", "http://localhost/k"})
    EXPECT_EQ(wrong_identity(with_tokens(std::string(url))), "") << url;
}

TEST_F(Identity, AFileThatIsWrongIsNamed) {
  const std::string keys = (folder / "keys.json").string();
  EXPECT_THAT(why_not(with_tokens(keys)), testing::AllOf(HasSubstr(keys + ": "), HasSubstr("No such file")));
  write("keys.json", "{}");
  EXPECT_EQ(why_not(with_tokens(keys)), keys + ": it has no list keys (RFC 7517 §5)");
  configuration c;
  c.auth.api_keys = (folder / "api_keys").string();
  write("api_keys", "# ours\nwk_oops\n");
  EXPECT_EQ(why_not(c), c.auth.api_keys + ":2: expected NAME SHA256 [SCOPE …]");
}

TEST_F(Identity, FilesAreReadAgainAndABrokenOneLeavesTheOldInForce) {
  configuration c = with_tokens((folder / "keys.json").string());
  c.auth.api_keys = (folder / "api_keys").string();
  write("keys.json", keys_named("old"));
  write("api_keys", line("till", "wk_1"));
  open(c);
  EXPECT_EQ(ask(token("old")), "ada");
  EXPECT_EQ(ask("", "wk_1"), "till");
  write("keys.json", keys_named("new"));
  write("api_keys", line("till", "wk_2"));
  ASSERT_TRUE(it->reload());
  EXPECT_EQ(ask(token("new")), "ada");
  EXPECT_EQ(ask("", "wk_2"), "till");
  EXPECT_EQ(ask("", "wk_1"), "unauthenticated");
  write("keys.json", "oops");
  write("api_keys", line("robot", "wk_3"));
  const auto how = it->reload();
  ASSERT_FALSE(how);
  EXPECT_THAT(how.error().message, HasSubstr("keys.json: it has no key"));
  EXPECT_EQ(ask(token("new")), "ada");
  EXPECT_EQ(ask("", "wk_3"), "robot") << "the other one is fine";
}

TEST_F(Identity, TheLogTellsHowManyKeysThereAreAtTheStartAndAfterEachChange) {
  kept_log log;
  configuration c = with_tokens((folder / "keys.json").string());
  c.auth.api_keys = (folder / "api_keys").string();
  const std::string weak = signing_key::rsa(1024).jwk(R"("kid":"weak")");
  write("keys.json", jwks({ed_key_for_tests().jwk(), weak, R"({"kty":"new"})"}));
  write("api_keys", line("till", "wk_1") + line("robot", "wk_2"));
  auto opened = identity::open(c, clock);  // no thread of its own: it does not begin
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(log.take(), "warning: " + c.auth.keys +
                            ": key 2 (kid weak): it is an RSA key of 1024 bits; 2048 to 8192 are taken; the key is "
                            "passed over: tokens that it signed are refused\n"
                            "info: tokens are verified with 1 key from " +
                            c.auth.keys + "\ninfo: API keys: 2 from " + c.auth.api_keys + "\n");
  ASSERT_TRUE((*opened)->reload());
  EXPECT_EQ(log.take(), "") << "nothing has changed";
  write("api_keys", "# moved\n");
  ASSERT_TRUE((*opened)->reload());
  EXPECT_THAT(log.take(), testing::StartsWith("warning: API keys: 0 from " + c.auth.api_keys + ": "));
  write("api_keys", line("till", "wk_1"));
  write("keys.json", jwks({weak}));
  ASSERT_FALSE((*opened)->reload());
  EXPECT_EQ(log.take(), "info: API keys: 1 from " + c.auth.api_keys + "\n") << "reload's caller tells the rest";
}

TEST_F(Identity, AnUnusableKeyBesideTheNewOneDoesNotHoldUpARotation) {
  kept_log log;
  issuer.publish(keys_named("old"));
  open(with_tokens("https://id.example/keys"));
  EXPECT_EQ(until_answered("unavailable", token("old")), "ada");
  issuer.publish(jwks({signing_key::rsa(1024).jwk(R"("kid":"weak")"), ed_key_for_tests().jwk(R"("kid":"new")")}));
  ASSERT_TRUE(it->reload());
  EXPECT_EQ(until_answered("unavailable", token("new")), "ada");
  EXPECT_EQ(until_answered("unavailable", token("old")), "unauthenticated");
  it.reset();  // its thread has ended
  EXPECT_THAT(log.take(), HasSubstr("warning: https://id.example/keys: key 1 (kid weak): it is an RSA key of 1024"));
}

TEST_F(Identity, AUrlThatCannotBeFetchedYetLeavesTokensUnjudged) {
  open(with_tokens("https://id.example/keys"));
  issuer.until_fetched(1);
  EXPECT_EQ(ask(token("k")), "unavailable");
  EXPECT_EQ(ask(""), "anonymous");
  issuer.publish(keys_named("k"));
  ASSERT_TRUE(it->reload());
  EXPECT_EQ(until_answered("unavailable", token("k")), "ada");
}

TEST_F(Identity, AnUnknownKeyIsLookedForAtMostEveryTenSeconds) {
  issuer.publish(keys_named("old"));
  open(with_tokens("https://id.example/keys"));
  EXPECT_EQ(until_answered("unavailable", token("old")), "ada");
  EXPECT_EQ(until_answered("unavailable", token("new")), "unauthenticated") << "they have just been fetched";
  issuer.publish(keys_named("new"));
  clock.advance(identity::between_looks);
  EXPECT_EQ(ask(token("new")), "unavailable");
  EXPECT_EQ(until_answered("unavailable", token("new")), "ada");
  EXPECT_EQ(ask(token("old")), "unauthenticated") << "its issuer has taken it back";
  EXPECT_EQ(issuer.fetched(), 2);
}

TEST_F(Identity, WhatAUrlFailsToGiveLeavesTheOldInForce) {
  issuer.publish(keys_named("k"));
  open(with_tokens("https://id.example/keys"));
  EXPECT_EQ(until_answered("unavailable", token("k")), "ada");
  issuer.publish("<html>");
  ASSERT_TRUE(it->reload());
  issuer.until_fetched(2);
  it.reset();  // its thread has ended
  EXPECT_EQ(ask(token("k")), "ada");
}

}  // namespace
}  // namespace waggle
