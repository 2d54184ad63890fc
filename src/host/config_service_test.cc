#include "host/config_service.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include <gmock/gmock.h>

#include "host/host_call_for_tests.h"

namespace waggle {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_host::guest;
using testing_host::guest_call;
namespace fs = std::filesystem;

struct Config : testing::Test {
  Config() {
    fs::create_directories(folder / "shop.v1.Orders");
    fs::create_directories(folder / "shop.v1.Mailer");
    write("shop.v1.Mailer/password", "mailers");
    write("outside", "outside");
  }
  ~Config() override { fs::remove_all(folder); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder / name, std::ios::binary) << text;
  }

  std::string ask(std::string method, const std::string& key, service_grants granted = {}) {
    guest_call c(std::move(method), "{\"key\":" + json_quote(key) + "}", guest("shop.v1.Orders", std::move(granted)));
    config.ask(c.call);
    while (!c.done) core.poll();
    return c.text();
  }

  static fs::path new_folder() {
    std::string pattern = (fs::temp_directory_path() / "waggle-config-XXXXXX").string();
    return ::mkdtemp(pattern.data());
  }
  fs::path folder = new_folder();
  std::map<std::string, std::string> environment;
  manual_clock clock;
  core_loop core{0, clock};
  blocking_pool files{1};
  config_service config{core, files, std::make_shared<const config_values>(settings())};

  config_settings settings() {
    config_settings s;
    s.values["shop.v1.Orders"] = {{"limit", "25"}, {"tags", R"(["a","b"])"}};
    s.values["shop.v1.Mailer"] = {{"from", R"("x@example.com")"}};
    s.secrets_folder = folder.string();
    s.environment = [this](const char* name) {
      const auto found = environment.find(name);
      return found == environment.end() ? nullptr : found->second.c_str();
    };
    return s;
  }
};

TEST_F(Config, AServiceReadsItsOwnValuesOnly) {
  EXPECT_EQ(ask("get", "limit"), "25");
  EXPECT_EQ(ask("get", "tags"), R"(["a","b"])");
  EXPECT_EQ(ask("get", "from"), "null");
  EXPECT_EQ(ask("get", "shop.v1.Mailer/from"), "null");
}

TEST_F(Config, ASecretComesFromTheEnvironmentOrElseFromTheFolder) {
  EXPECT_EQ(ask("secret", "api_key"), "null");
  write("shop.v1.Orders/api_key", "from the folder\n");
  EXPECT_EQ(ask("secret", "api_key"), "null") << "for a short time what was there before is remembered";
  clock.advance(config_service::remember);
  EXPECT_EQ(ask("secret", "api_key"), R"("from the folder")");
  environment["WAGGLE_SECRET_shop_v1_Orders__api_key"] = "from \"outside\"";
  EXPECT_EQ(ask("secret", "api_key"), R"("from \"outside\"")");
}

TEST_F(Config, EachVariableBelongsToOneServiceAndKey) {
  EXPECT_EQ(secret_variable("shop.v1.Orders", "api_key"), "WAGGLE_SECRET_shop_v1_Orders__api_key");
  EXPECT_EQ(secret_variable("my_shop.Orders", "k"), "WAGGLE_SECRET_my_0shop_Orders__k");
  for (const char* key : {"", "0a", "a.b", "a-b", "é", "a b", "a="}) EXPECT_FALSE(secret_variable("A", key)) << key;
  std::map<std::string, std::string> seen;
  for (const char* service : {"a.B", "a_B", "A", "a._b.C", "a_.b.C", "a__b.C", "a.b_.C", "B", "A._a.B", "A_"})
    for (const char* key : {"k", "_k", "__k", "k__k", "K", "_0k", "k_0", "b_C__k"}) {
      const std::string what = std::string(service) + " " + key;
      const auto [at, added] = seen.emplace(*secret_variable(service, key), what);
      EXPECT_TRUE(added) << what << " and " << at->second;
    }
}

TEST_F(Config, NoKeyLeadsOutOfTheServicesFolder) {
  for (const char* key :
       {"../shop.v1.Mailer/password", "../outside", "..", ".", ".hidden", "a/b", "/etc/passwd", "a\\b"}) {
    EXPECT_FALSE(secret_file("shop.v1.Orders", key)) << key;
    EXPECT_EQ(ask("secret", key), "null") << key;
  }
  using namespace std::string_view_literals;
  EXPECT_FALSE(secret_file("shop.v1.Orders", "a\0b"sv));
  EXPECT_FALSE(secret_file("..", "outside"));
  EXPECT_EQ(secret_file("shop.v1.Orders", "tls.key"), "shop.v1.Orders/tls.key");
}

TEST_F(Config, OneLineBreakAtTheEndIsDropped) {
  write("shop.v1.Orders/a", "x\n\n");
  write("shop.v1.Orders/b", "x\r\n");
  write("shop.v1.Orders/c", "");
  EXPECT_EQ(ask("secret", "a"), R"("x\n")");
  EXPECT_EQ(ask("secret", "b"), R"("x")");
  EXPECT_EQ(ask("secret", "c"), R"("")");
}

TEST_F(Config, WhatCannotBeUsedIsTheHostsFaultAndItsContentStaysSecret) {
  write("shop.v1.Orders/large", "hush" + std::string(max_secret, 'x'));
  write("shop.v1.Orders/fits", std::string(max_secret, 'x'));
  write("shop.v1.Orders/binary", "hush\xff\xfe");
  fs::create_directory(folder / "shop.v1.Orders/folder");
  const auto refused = AllOf(HasSubstr(R"("code":"failed_precondition")"), Not(HasSubstr("hush")));
  EXPECT_THAT(ask("secret", "large"), AllOf(refused, HasSubstr("65536 bytes")));
  EXPECT_THAT(ask("secret", "binary"), refused);
  EXPECT_THAT(ask("secret", "folder"), refused);
  EXPECT_EQ(ask("secret", "fits").size(), max_secret + 2);
}

TEST_F(Config, GrantedKeysNarrowWhatMayBeRead) {
  service_grants granted;
  granted.config.keys = {"limit"};
  EXPECT_EQ(ask("get", "limit", granted), "25");
  EXPECT_THAT(ask("get", "tags", granted), AllOf(HasSubstr("permission_denied"), HasSubstr("[[grant]]")));
  environment["WAGGLE_SECRET_shop_v1_Orders__api_key"] = "hush";
  EXPECT_THAT(ask("secret", "api_key", granted), AllOf(HasSubstr("permission_denied"), Not(HasSubstr("hush"))));
}

TEST_F(Config, ACallThatIsStoppedIsAnsweredAtOnceAndNeverAgain) {
  write("shop.v1.Orders/slow", "x");
  auto c = std::make_unique<guest_call>("secret", R"({"key":"slow"})", guest("shop.v1.Orders"));
  config.ask(c->call);
  EXPECT_FALSE(c->done);
  c->call.stop({.code = error_code::canceled, .message = "gone"});
  EXPECT_TRUE(c->done);
  EXPECT_THAT(c->text(), HasSubstr("canceled"));
  c.reset();
  EXPECT_EQ(ask("secret", "slow"), R"("x")");  // the first one's file was read by now: its thread is one
}

TEST_F(Config, WithoutAGuestItIsDenied) {
  guest_call c("get", R"({"key":"limit"})", nullptr);
  config.ask(c.call);
  EXPECT_THAT(c.text(), HasSubstr("permission_denied"));
}

}  // namespace
}  // namespace waggle
