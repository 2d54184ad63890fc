#include "app/config.h"

#include <stdlib.h>

#include <algorithm>
#include <map>

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/config_keys.h"

namespace waggle {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::string place(const diagnostic& d) {
  return d.file + ":" + std::to_string(d.line) + ":" + std::to_string(d.column);
}

std::vector<std::string> errors_of(std::string_view toml) {
  std::vector<std::string> out;
  const auto read = read_configuration(toml, "waggle.toml");
  for (const diagnostic& d : read.findings) out.push_back(place(d) + ": " + d.message);
  EXPECT_EQ(read.value.has_value(), out.empty());
  return out;
}

variable_source variables(std::map<std::string, std::string, std::less<>> values) {
  return [values = std::move(values)](const char* name) -> const char* {
    const auto found = values.find(name);
    return found == values.end() ? nullptr : found->second.c_str();
  };
}

/// Parses a command line as a command would.
command_line_settings parse(std::vector<std::string> arguments) {
  CLI::App app;
  std::vector<std::string> targets;
  app.add_option("TARGET", targets);
  command_line_settings given;
  add_configuration_flags(app, given);
  std::ranges::reverse(arguments);
  app.parse(arguments);
  EXPECT_THAT(targets, testing::AnyOf(IsEmpty(), ElementsAre("greeter.wasm")));
  return given;
}

TEST(configuration, defaults_are_those_of_the_design) {
  const auto read = read_configuration("", "waggle.toml");
  ASSERT_TRUE(read.value);
  const configuration& c = *read.value;
  EXPECT_EQ(to_string(c.listen), "127.0.0.1:8080");
  EXPECT_GE(c.threads, 1U);
  EXPECT_FALSE(c.dev);
  EXPECT_EQ(c.drain.grace.count(), 0);
  EXPECT_EQ(c.drain.timeout.count(), 30'000);
  EXPECT_EQ(c.limits.timeout.count(), 30'000);
  EXPECT_EQ(c.payload().input_bytes, 1U << 20);
  EXPECT_EQ(c.payload().output_bytes, 1U << 20);
  EXPECT_EQ(c.validate_output, answer_check::enforce);
  EXPECT_EQ(c.recorder.requests, 100U);
  EXPECT_EQ(c.recorder.bytes, 16U << 20);
}

TEST(configuration, the_file_sets_every_type) {
  const auto read = read_configuration(R"(
listen = "[::1]:0"
dev = true
data = "/var/lib/waggle"
validate_output = "log"
[log]
level = "debug"
[drain]
grace_ms = 5
[limits]
body_bytes = 2048
[http]
allowed_hosts = ["a.example", "b.example"]
)",
                                       "waggle.toml");
  ASSERT_THAT(read.findings, IsEmpty());
  EXPECT_EQ(read.value->listen, (endpoint{"::1", 0}));
  EXPECT_TRUE(read.value->dev);
  EXPECT_EQ(read.value->data, "/var/lib/waggle");
  EXPECT_EQ(read.value->validate_output, answer_check::log);
  EXPECT_EQ(read.value->log.level, log_level::debug);
  EXPECT_EQ(read.value->drain.grace.count(), 5);
  EXPECT_EQ(read.value->limits.body_bytes, 2048U);
  EXPECT_THAT(read.value->http.allowed_hosts, ElementsAre("a.example", "b.example"));
}

TEST(configuration, flag_over_variable_over_file_over_default) {
  const std::string file = "[drain]\ngrace_ms = 1\ntimeout_ms = 10\n[limits]\ndepth = 7\n";
  const auto from = variables({{"WAGGLE_DRAIN_GRACE_MS", "2"}, {"WAGGLE_DRAIN_TIMEOUT_MS", "20"}});
  const auto read = read_configuration(file, "waggle.toml", parse({"--drain-grace-ms", "3"}), from);
  ASSERT_THAT(read.findings, IsEmpty());
  EXPECT_EQ(read.value->drain.grace.count(), 3);
  EXPECT_EQ(read.value->drain.timeout.count(), 20);
  EXPECT_EQ(read.value->limits.depth, 7U);
}

TEST(configuration, every_key_can_be_set_by_file_variable_and_flag) {
  const configuration defaults;
  for (const config_key& key : config_keys()) {
    std::string text = print(defaults, key);
    if (text.starts_with('"')) text = text.substr(1, text.size() - 2);
    if (text == "[]") text = key.name == "http.allowed_origins" ? "https://a,https://b" : "a,b";
    const auto by_variable = read_configuration("", "f", {}, variables({{key.variable(), text}}));
    EXPECT_TRUE(by_variable.value) << key.name;
    const auto given = parse({key.flag() + "=" + text});
    EXPECT_THAT(given.values, ElementsAre(std::pair(std::string(key.name), text)));
    EXPECT_FALSE(key.help.empty());
    if (key.name.starts_with("tls.")) continue;  // neither is taken without the other
    const auto bad_variable = read_configuration("", "f", {}, variables({{key.variable(), std::string("\x01no")}}));
    const bool takes_any_text = key.expected() == "a string that is not empty" && key.name != "mcp.origin";
    EXPECT_EQ(bad_variable.value.has_value(), takes_any_text) << key.name;
  }
}

TEST(configuration, flags_do_not_swallow_targets) {
  EXPECT_EQ(parse({"--dev", "greeter.wasm"}).values.at("dev"), "true");
  EXPECT_EQ(parse({"--dev=false", "greeter.wasm"}).values.at("dev"), "false");
  EXPECT_EQ(parse({"--http-allowed-hosts", "a", "greeter.wasm"}).values.at("http.allowed_hosts"), "a");
  EXPECT_EQ(parse({"--http-allowed-hosts", "a", "--http-allowed-hosts", "b"}).values.at("http.allowed_hosts"), "a,b");
  EXPECT_EQ(parse({"--config", "x.toml", "--print-config"}).file, "x.toml");
  EXPECT_TRUE(parse({"--print-config"}).print);
}

TEST(configuration, a_command_may_take_some_flags_only) {
  CLI::App app;
  command_line_settings given;
  add_configuration_flags(app, given, std::vector<std::string_view>{"data"});
  EXPECT_NE(app.get_option_no_throw("--data"), nullptr);
  EXPECT_EQ(app.get_option_no_throw("--listen"), nullptr);
}

TEST(configuration, names_of_flags_and_variables_follow_from_the_key) {
  const config_key* key = find_config_key("drain.grace_ms");
  ASSERT_NE(key, nullptr);
  EXPECT_EQ(key->flag(), "--drain-grace-ms");
  EXPECT_EQ(key->variable(), "WAGGLE_DRAIN_GRACE_MS");
}

TEST(configuration, an_unknown_key_names_the_nearest_known_one) {
  EXPECT_THAT(errors_of("[drain]\n  grase_ms = 1\n"),
              ElementsAre("waggle.toml:2:3: unknown key drain.grase_ms; the nearest is drain.grace_ms"));
  EXPECT_THAT(errors_of("depth = 1\n"), ElementsAre(HasSubstr("the nearest is limits.depth")));
  EXPECT_THAT(errors_of("[[pools]]\n"), ElementsAre(HasSubstr("the nearest is pool")));
  EXPECT_THAT(errors_of("[atuh]\n"), ElementsAre(HasSubstr("the nearest is auth")));
  EXPECT_THAT(errors_of("dta = \"/x\"\n"), ElementsAre(HasSubstr("the nearest is data")));
  EXPECT_THAT(errors_of("[http.listen]\nport = 1\n"), ElementsAre(HasSubstr("unknown key http.listen")));
}

TEST(configuration, all_errors_come_at_once_in_the_order_of_the_file) {
  EXPECT_THAT(
      errors_of("threads = 0\nlog.level = \"loud\"\ndata = 1\n[drain]\ntimeout_ms = \"1s\"\n"),
      ElementsAre("waggle.toml:1:11: threads takes a whole number from 1 to 1024",
                  "waggle.toml:2:13: log.level takes one of trace, debug, info, warn, error, off",
                  "waggle.toml:3:8: data takes a string that is not empty",
                  "waggle.toml:5:14: drain.timeout_ms takes a whole number of milliseconds from 0 to 86400000"));
}

TEST(configuration, wrong_types_are_errors) {
  EXPECT_THAT(errors_of("dev = 1"), SizeIs(1));
  EXPECT_THAT(errors_of("threads = 1.0"), SizeIs(1));
  EXPECT_THAT(errors_of("threads = -1"), SizeIs(1));
  EXPECT_THAT(errors_of("threads = 4294967297"), SizeIs(1));
  EXPECT_THAT(errors_of("data = \"\""), SizeIs(1));
  EXPECT_THAT(errors_of("data = \"a\\u0000b\""), SizeIs(1));
  EXPECT_THAT(errors_of("drain = 1"), ElementsAre("waggle.toml:1:9: drain is a section: [drain]"));
  EXPECT_THAT(errors_of("http.allowed_hosts = \"a\""), SizeIs(1));
  EXPECT_THAT(errors_of("http.allowed_hosts = [1]"), SizeIs(1));
  EXPECT_THAT(errors_of("data = 1979-05-27"), SizeIs(1));
}

TEST(configuration, addresses) {
  for (const char* good : {"127.0.0.1:8080", "0.0.0.0:0", "[::]:65535", "[fe80::1]:1"}) {
    const auto read = read_configuration("", "f", {}, variables({{"WAGGLE_LISTEN", good}}));
    ASSERT_TRUE(read.value) << good;
    EXPECT_EQ(to_string(read.value->listen), good);
  }
  for (const char* bad : {"127.0.0.1", ":8080", "localhost:80", "127.0.0.1:65536", "127.0.0.1:", "::1:80",
                          "[127.0.0.1]:80", "127.0.0.1:-1", "127.0.0.1:80x"}) {
    const auto read = read_configuration("", "f", {}, variables({{"WAGGLE_LISTEN", bad}}));
    ASSERT_THAT(read.findings, SizeIs(1)) << bad;
    EXPECT_EQ(read.findings[0].file, "WAGGLE_LISTEN");
    EXPECT_THAT(read.findings[0].message, HasSubstr("an IP address and a port"));
  }
}

TEST(configuration, a_wrong_flag_or_variable_is_told_by_its_name) {
  const auto read = read_configuration("", "f", parse({"--threads", "many"}), variables({{"WAGGLE_DEV", "perhaps"}}));
  ASSERT_THAT(read.findings, SizeIs(2));
  EXPECT_EQ(read.findings[0].file, "--threads");
  EXPECT_EQ(read.findings[0].message, "takes a whole number from 1 to 1024, not \"many\"");
  EXPECT_EQ(read.findings[1].file, "WAGGLE_DEV");
}

TEST(configuration, a_timeout_over_the_maximum_is_an_error) {
  EXPECT_THAT(errors_of("[limits]\ntimeout_ms = 2\nmax_timeout_ms = 1\n"),
              ElementsAre(HasSubstr("limits.timeout_ms (2) is more")));
}

TEST(configuration, text_that_is_not_toml) {
  EXPECT_THAT(errors_of("a = = 1\n"), ElementsAre(HasSubstr("waggle.toml:1:5: ")));
  EXPECT_THAT(errors_of("dev = true\ndev = true\n"), SizeIs(1));
  EXPECT_THAT(errors_of("\xff\xfe"), SizeIs(1));
  EXPECT_THAT(errors_of("a = " + std::string(10'000, '[')), SizeIs(1));
}

TEST(configuration, forgotten_quotes_are_told) {
  for (const char* bare : {"listen = 127.0.0.1:8080", "listen = localhost:80", "listen = 0.0.0.0:80", "data = foo",
                           "data = /var/lib", "data = x", "data = infinite", "dev = yes"})
    EXPECT_THAT(errors_of(bare), ElementsAre(HasSubstr("; a text stands in quotes: key = \"text\""))) << bare;
  EXPECT_THAT(errors_of("[drain\n"), ElementsAre(Not(HasSubstr("quotes"))));
  EXPECT_THAT(errors_of("[config.shop.v1.Orders]\na = 1\n"),
              ElementsAre(HasSubstr("a service's name stands in quotes: [config.\"shop.v1.Orders\"]")));
  EXPECT_THAT(errors_of("[config.\"shop.v1.Orders\"]\na = { b = 1 }\n"),
              ElementsAre(HasSubstr("a: a value is a text")));
}

TEST(configuration, variables_that_nobody_reads_are_told) {
  const char* const given[] = {"WAGGLE_LISTN=1", "WAGGLE_AUTH_API_KEY=/x", "WAGGLE_LISTEN=[::1]:1",
                               "PATH=/bin",      "WAGGLE_SECRET_a_B__c=d", "WAGGLESOME=1",
                               "WAGGLE_PORT=1",  "WAGGLE_MCP_ENABLED",     nullptr};
  EXPECT_THAT(idle_variables(given),
              ElementsAre("the variable WAGGLE_LISTN is of no key and is ignored; did you mean WAGGLE_LISTEN?",
                          AllOf(HasSubstr("WAGGLE_AUTH_API_KEY is"), HasSubstr("did you mean WAGGLE_AUTH_API_KEYS?")),
                          "the variable WAGGLE_PORT is of no key and is ignored"));
}

constexpr std::string_view a_grant = R"([[grant]]
service = "shop.v1.Orders"
uses = ["waggle.state.v1.State", "shop.v1.Mailer"]
calls = 5
http = { hosts = ["api.example.com"], methods = ["GET"], private_addresses = true, bytes = 7 }
state = { prefixes = ["a/"], bytes = 9 }
config = { keys = ["rate"] }
)";

TEST(configuration, grants) {
  const auto read = read_configuration(a_grant, "f");
  ASSERT_TRUE(read.value);
  ASSERT_THAT(read.value->grants, SizeIs(1));
  const grant& g = read.value->grants[0];
  EXPECT_EQ(g.service, "shop.v1.Orders");
  EXPECT_THAT(g.gives.uses, ElementsAre("shop.v1.Mailer", "waggle.state.v1.State"));
  EXPECT_EQ(g.gives.calls, 5U);
  EXPECT_THAT(g.gives.http.hosts, ElementsAre("api.example.com"));
  EXPECT_THAT(g.gives.http.methods, ElementsAre("GET"));
  EXPECT_TRUE(g.gives.http.private_addresses);
  EXPECT_EQ(g.gives.http.bytes, 7U);
  EXPECT_THAT(g.gives.state.prefixes, ElementsAre("a/"));
  EXPECT_EQ(g.gives.state.bytes, 9U);
  EXPECT_THAT(g.gives.config.keys, ElementsAre("rate"));
}

TEST(configuration, grants_print_as_what_reads_back_as_the_same) {
  const auto read = read_configuration(a_grant, "f");
  const std::string printed = print_configuration(*read.value);
  const auto again = read_configuration(printed, "f");
  ASSERT_TRUE(again.value) << printed;
  EXPECT_EQ(print_configuration(*again.value), printed);
}

TEST(configuration, a_section_is_printed_once) {
  const std::string printed = "\n" + print_configuration({});
  for (std::size_t at = printed.find("\n["); at != std::string::npos; at = printed.find("\n[", at + 1)) {
    const std::string section = printed.substr(at, printed.find('\n', at + 1) - at + 1);
    EXPECT_EQ(printed.find(section, at + 1), std::string::npos) << section;
  }
}

TEST(configuration, grant_errors) {
  EXPECT_THAT(errors_of("grant = 1"), SizeIs(1));
  EXPECT_THAT(errors_of("[[grant]]\nuses = []\n"), ElementsAre(HasSubstr("lacks service")));
  EXPECT_THAT(errors_of("[[grant]]\nservice = \"a.A\"\nuse = []\n"),
              ElementsAre(HasSubstr("unknown key use in [[grant]]")));
  EXPECT_THAT(errors_of("[[grant]]\nservice = \"a.A\"\nuses = [1]\n"), ElementsAre(HasSubstr("takes a list of texts")));
  EXPECT_THAT(errors_of("[[grant]]\nservice = \"a.A\"\nhttp = 1\n"), ElementsAre(HasSubstr("http is a table")));
  EXPECT_THAT(errors_of("[[grant]]\nservice = \"a.A\"\nhttp = { host = [] }\n"),
              ElementsAre(HasSubstr("unknown key host in http")));
  EXPECT_THAT(errors_of("[[grant]]\nservice = \"a.A\"\ncalls = 0\n"), ElementsAre(HasSubstr("whole number from 1")));
  EXPECT_THAT(errors_of("[[grant]]\nservice = \"a.A\"\n[[grant]]\nservice = \"a.A\"\n"),
              ElementsAre(HasSubstr("another [[grant]] for a.A")));
}

TEST(configuration, hosts_of_a_grant_that_can_never_match_are_errors_at_their_places) {
  EXPECT_THAT(errors_of("[[grant]]\nservice = \"a.A\"\n[grant.http]\nhosts = [\n  \"https://api.example.com/\",\n"
                        "  \"*.example.com:8443\",\n  \"api.example.com:99999\",\n  \"a b\", \"[::1]:*\", \"*:*\"]\n"),
              ElementsAre(AllOf(HasSubstr("waggle.toml:5:3: "), HasSubstr("https://api.example.com/")),
                          AllOf(HasSubstr("waggle.toml:7:3: "), HasSubstr("api.example.com:99999")),
                          AllOf(HasSubstr("waggle.toml:8:3: "), HasSubstr("a b"))));
}

TEST(configuration, a_service_gets_what_it_asks_for_and_is_granted) {
  configuration c = *read_configuration(a_grant, "f").value;
  contract about;
  about.name = "shop.v1.Orders";
  about.uses = {"shop.v1.Mailer", "waggle.http.v1.Http"};
  EXPECT_THAT(grants_for(about, c).uses, ElementsAre("shop.v1.Mailer"));
  EXPECT_THAT(not_granted(about, c), ElementsAre("waggle.http.v1.Http"));
  c.dev = true;
  EXPECT_THAT(grants_for(about, c).uses, ElementsAre("shop.v1.Mailer", "waggle.http.v1.Http"));
  about.name = "shop.v1.Other";
  c.dev = false;
  EXPECT_THAT(grants_for(about, c).uses, IsEmpty());
}

TEST(configuration, hosts_and_origins_that_can_never_match_are_errors_at_their_places) {
  EXPECT_THAT(
      errors_of("[http]\nallowed_origins = [\n  \"https://app.example.com/\",\n  \"https://app.example.com\",\n"
                "  \"app.example.com\", \"*\", \"null\"]\n"
                "allowed_hosts = [\"https://api.example.com\", \"api.example.com:8080\"]\n"),
      ElementsAre(HasSubstr("waggle.toml:3:3: http.allowed_origins: \"https://app.example.com/\" ends with a "
                            "slash; an origin is what"),
                  HasSubstr("waggle.toml:5:3: http.allowed_origins: \"app.example.com\" has no scheme; an"),
                  HasSubstr("waggle.toml:6:18: http.allowed_hosts: \"https://api.example.com\" has a scheme; a")));
}

TEST(configuration, hosts_and_origins_of_flags_and_variables_are_looked_at_too) {
  const auto read =
      read_configuration("", "f", parse({"--http-allowed-origins", "https://a.example", "--http-allowed-origins", "b"}),
                         variables({{"WAGGLE_HTTP_ALLOWED_HOSTS", "a.example,b.example/path"}}));
  ASSERT_THAT(read.findings, SizeIs(2));
  EXPECT_EQ(read.findings[0].file, "WAGGLE_HTTP_ALLOWED_HOSTS");
  EXPECT_THAT(read.findings[0].message, HasSubstr("\"b.example/path\" has more than a host"));
  EXPECT_EQ(read.findings[1].file, "--http-allowed-origins");
  EXPECT_THAT(read.findings[1].message, HasSubstr("\"b\" has no scheme"));
  EXPECT_FALSE(read.value);
}

TEST(configuration, pools) {
  const auto read = read_configuration("[[pool]]\nservice = \"a.A\"\nmax = 3\nqueue = 0\n", "f");
  ASSERT_TRUE(read.value);
  ASSERT_THAT(read.value->pools, SizeIs(1));
  EXPECT_EQ(read.value->pools[0].service, "a.A");
  EXPECT_EQ(read.value->pools[0].max, 3U);
  EXPECT_EQ(read.value->pools[0].queue, 0U);
  EXPECT_FALSE(read.value->pools[0].min);
}

TEST(configuration, limits) {
  const std::string text =
      "[[limit]]\nservice = \"a.A\"\nrate = 100\nburst = 7\nconcurrency = 3\ncpu_ms = 250\nmemory_mb = 8\n"
      "total_memory_mb = 64\nqueue_ms = 0\n";
  const auto read = read_configuration(text, "f");
  ASSERT_TRUE(read.value) << to_string(read.findings.front());
  const service_limits l = limits_for("a.A", *read.value);
  EXPECT_EQ(l.rate, 100U);
  EXPECT_EQ(l.burst, 7U);
  EXPECT_EQ(l.concurrency, 3U);
  EXPECT_EQ(l.cpu_ms, 250U);
  EXPECT_EQ(l.memory_mb, 8U);
  EXPECT_EQ(l.total_memory_mb, 64U);
  EXPECT_EQ(l.queue, std::chrono::milliseconds(0));
  EXPECT_EQ(limits_for("a.B", *read.value).rate, 0U);
  EXPECT_FALSE(limits_for("a.B", *read.value).queue);
  EXPECT_THAT(print_configuration(*read.value), HasSubstr(text)) << "it reads back as the same";
}

TEST(configuration, limit_errors) {
  EXPECT_THAT(errors_of("limit = 1"), ElementsAre(HasSubstr("[[limit]]")));
  EXPECT_THAT(errors_of("[[limit]]\nrate = 1\n"), ElementsAre(HasSubstr("lacks service")));
  EXPECT_THAT(errors_of("[[limit]]\nservice = \"waggle.http.v1.Http\"\nrate = 1\n"),
              ElementsAre(HasSubstr("is the node's own")));
  EXPECT_THAT(errors_of("[[limit]]\nservice = \"a.A\"\nrate = 0\n"),
              ElementsAre(HasSubstr("rate takes a whole number from 1")));
  EXPECT_THAT(errors_of("[[limit]]\nservice = \"a.A\"\nburst = 2\n"), ElementsAre(HasSubstr("there is none")));
  EXPECT_THAT(errors_of("[[limit]]\nservice = \"a.A\"\ncpu = 2\n"),
              ElementsAre(HasSubstr("unknown key cpu in [[limit]]")));
  EXPECT_THAT(errors_of("[[limit]]\nservice = \"a.A\"\n[[limit]]\nservice = \"a.A\"\n"),
              ElementsAre(HasSubstr("another [[limit]]")));
}

TEST(configuration, pool_errors) {
  EXPECT_THAT(errors_of("pool = 1"), SizeIs(1));
  EXPECT_THAT(errors_of("pool = []"), IsEmpty());
  EXPECT_THAT(errors_of("[[pool]]\nmax = 1\n"), ElementsAre(HasSubstr("lacks service")));
  EXPECT_THAT(errors_of("[[pool]]\nservice = \"a.A\"\nmax = 0\n"), ElementsAre(HasSubstr("from 1 to")));
  EXPECT_THAT(errors_of("[[pool]]\nservice = \"a.A\"\nmaximum = 1\n"), ElementsAre(HasSubstr("unknown key maximum")));
  EXPECT_THAT(errors_of("[[pool]]\nservice = \"a.A\"\nmin = 2\nmax = 1\n"),
              ElementsAre(HasSubstr("min 2 is more than max 1")));
  EXPECT_THAT(errors_of("[[pool]]\nservice = \"a.A\"\n[[pool]]\nservice = \"a.A\"\n"),
              ElementsAre(HasSubstr("a second")));
}

TEST(configuration, the_operator_narrows_a_pool_and_never_widens_it) {
  const auto read = read_configuration("[[pool]]\nservice = \"a.A\"\nmin = 1\nmax = 2\nqueue = 5000\n", "f");
  ASSERT_TRUE(read.value);
  pool_settings pool;
  pool.min = 4;
  EXPECT_THAT(narrow(pool, "a.A", *read.value),
              ElementsAre(HasSubstr("queue = 5000 is more than the contract's 1000")));
  EXPECT_EQ(pool.min, 1U);
  EXPECT_EQ(pool.max, 2U);
  EXPECT_EQ(pool.queue, 1000U);
  pool_settings other;
  EXPECT_THAT(narrow(other, "b.B", *read.value), IsEmpty());
  EXPECT_EQ(other.max, 8U);
}

TEST(configuration, a_narrower_maximum_takes_the_minimum_along) {
  const auto read = read_configuration("[[pool]]\nservice = \"a.A\"\nmax = 2\n", "f");
  ASSERT_TRUE(read.value);
  pool_settings pool;
  pool.min = 4;
  narrow(pool, "a.A", *read.value);
  EXPECT_EQ(pool.min, 2U);
}

TEST(configuration, what_is_printed_reads_back_the_same) {
  const auto read = read_configuration(R"(
data = "/tmp/\"odd\"\n\u007f/ü"
listen = "[::1]:1"
validate_output = "off"
http.allowed_origins = ["https://a", "null"]
[log]
level = "trace"
[[pool]]
service = "a.A"
min = 0
max = 2
[[pool]]
service = "b.B"
queue = 1
)",
                                       "f");
  ASSERT_TRUE(read.value);
  const std::string text = print_configuration(*read.value);
  const auto again = read_configuration(text, "printed");
  ASSERT_THAT(again.findings, IsEmpty()) << text;
  EXPECT_EQ(print_configuration(*again.value), text);
  EXPECT_EQ(again.value->data, "/tmp/\"odd\"\n\x7f/ü");
  EXPECT_EQ(again.value->validate_output, answer_check::off);
  EXPECT_THAT(again.value->pools, SizeIs(2));
  for (const config_key& key : config_keys()) EXPECT_EQ(print(*again.value, key), print(*read.value, key));
}

TEST(configuration, a_file_that_is_not_there) {
  command_line_settings given;
  given.file = "/nowhere/waggle.toml";
  const auto loaded = load_configuration(given, {});
  ASSERT_THAT(loaded.findings, SizeIs(1));
  EXPECT_EQ(loaded.findings[0].file, "/nowhere/waggle.toml");
  EXPECT_THAT(loaded.findings[0].message, HasSubstr("No such file"));
}

TEST(configuration, it_is_known_whether_a_data_folder_was_named_be_it_the_default_one) {
  const std::string same = default_data_folder();
  const auto none = [](const char*) -> const char* { return nullptr; };
  const auto variable = [&same](const char* name) {
    return std::string_view(name) == "WAGGLE_DATA" ? same.c_str() : nullptr;
  };
  command_line_settings flag;
  flag.values["data"] = same;
  const auto plain = read_configuration("", "f", {}, none).value;
  EXPECT_FALSE(plain->data_given);
  EXPECT_EQ(plain->data, same);
  EXPECT_TRUE(read_configuration("", "f", flag, none).value->data_given);
  EXPECT_TRUE(read_configuration("", "f", {}, variable).value->data_given);
  EXPECT_TRUE(read_configuration("data = \"" + same + "\"", "f", {}, none).value->data_given);
}

TEST(configuration, the_data_folder_follows_the_xdg_specification) {
  setenv("HOME", "/home/bee", 1);
  unsetenv("XDG_DATA_HOME");
  EXPECT_EQ(default_data_folder(), "/home/bee/.local/share/waggle");
  setenv("XDG_DATA_HOME", "/xdg", 1);
  EXPECT_EQ(default_data_folder(), "/xdg/waggle");
  setenv("XDG_DATA_HOME", "relative", 1);
  EXPECT_EQ(default_data_folder(), "/home/bee/.local/share/waggle");
  unsetenv("XDG_DATA_HOME");
}

TEST(configuration, tls_takes_a_certificate_and_its_key) {
  EXPECT_THAT(errors_of("[tls]\ncertificate = \"a.pem\"\nkey = \"a.key\"\n"), IsEmpty());
  EXPECT_THAT(errors_of("[tls]\ncertificate = \"a.pem\"\n"),
              ElementsAre(HasSubstr("tls.certificate is set and tls.key is not")));
  EXPECT_THAT(errors_of("[tls]\nkey = \"a.key\"\n"),
              ElementsAre(HasSubstr("tls.key is set and tls.certificate is not")));
}

TEST(configuration, only_stored_documents_takes_documents) {
  EXPECT_THAT(errors_of("[graphql]\nonly_stored = true\ndocuments = \"stored.json\"\n"), IsEmpty());
  EXPECT_THAT(errors_of("[graphql]\nonly_stored = true\n"),
              ElementsAre(HasSubstr("graphql.only_stored is set and graphql.documents is not")));
}

}  // namespace
}  // namespace waggle
