#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "call/request_log.h"
#include "core/grants.h"
#include "core/limits.h"
#include "schema/contract.h"

namespace CLI {
class App;
}

namespace waggle {

/// Where to listen: an IP address, IPv6 without its brackets, and a port; 0 lets the system choose one.
struct endpoint {
  std::string address;
  std::uint16_t port = 0;
  friend bool operator==(const endpoint&, const endpoint&) = default;
};
/// `127.0.0.1:8080`, `[::1]:8080`
[[nodiscard]] std::string to_string(const endpoint& e);

enum class answer_check : std::uint8_t { enforce, log, off };
enum class log_level : std::uint8_t { trace, debug, info, warn, error, off };

/// `[[pool]]`: the operator's bounds for one service's pool.
struct pool_override {
  std::string service;
  std::optional<std::uint32_t> min, max, queue;
};

/// `[[grant]]`: what the operator lets one service do.
struct grant {
  std::string service;
  service_grants gives;
};

/// `[[limit]]`: the most that one service may use.
struct limit_entry {
  std::string service;
  service_limits allows;
};

/// What the operator has decided. The members' initial values are the defaults. `config_keys.cc` has the range and the
/// meaning of each.
struct configuration {
  endpoint listen{"127.0.0.1", 8080};
  std::uint32_t threads;    ///< initially as many as the machine runs at a time
  std::string data;         ///< initially `default_data_folder()`
  bool data_given = false;  ///< somebody named it, be it the same: flag, variable or file; not a key
  bool dev = false;
  answer_check validate_output = answer_check::enforce;
  struct {
    log_level level = log_level::info;
    log_format format = log_format::text;
  } log;
  struct {
    bool histograms = true;
    std::uint32_t methods = 200;
  } metrics;
  struct {
    std::string endpoint = "off";
    double sample = 0.01;
  } trace;
  struct {
    std::chrono::milliseconds grace{0};
    std::chrono::milliseconds timeout{30'000};
  } drain;
  struct {
    std::uint32_t body_bytes = 1U << 20;
    std::uint32_t answer_bytes = 1U << 20;
    std::uint32_t header_bytes = 32U << 10;
    std::uint32_t depth = 128;
    std::uint32_t calls = 10'000;
    std::uint32_t call_depth = 16;
    std::chrono::milliseconds queue{100};
    std::uint32_t memory_mb = 0;
    std::chrono::milliseconds timeout{30'000};
    std::chrono::milliseconds max_timeout{300'000};
    std::chrono::milliseconds start_timeout{30'000};
  } limits;
  struct {
    std::uint32_t connections = 10'000;
    std::chrono::milliseconds header_timeout{10'000};
    std::chrono::milliseconds body_timeout{30'000};
    std::chrono::milliseconds write_timeout{30'000};
    std::chrono::milliseconds idle_timeout{60'000};
    std::vector<std::string> allowed_hosts;
    std::vector<std::string> allowed_origins;
    bool landing_page = true;
    std::uint32_t answers_mb = 512;
  } http;
  struct {
    bool introspection = true;
    std::chrono::milliseconds timeout{30'000};
    std::string documents = "none";  ///< file with stored documents
    bool only_stored = false;
    std::uint32_t tokens = 10'000;
    std::uint32_t depth = 20;
    std::uint32_t aliases = 100;
    std::uint32_t root_fields = 50;
    std::uint32_t directives = 100;
    std::uint32_t cost = 10'000;
    bool graphiql = false;
  } graphql;
  struct {
    std::string issuer = "off";
    std::string audience = "off";
    std::string keys = "off";
    std::chrono::milliseconds refresh{300'000};
    std::string api_keys = "off";
  } auth;
  struct {
    bool enabled = false;
    std::string origin = "off";
  } mcp;
  struct {
    std::string certificate = "off";
    std::string key = "off";
  } tls;
  struct {
    std::uint32_t instances = 1000;
    std::uint32_t memory_mb = 256;
  } wasm;
  struct {
    std::uint32_t requests = 100;
    std::uint32_t bytes = 16U << 20;
  } recorder;
  std::vector<pool_override> pools;
  std::vector<grant> grants;
  std::vector<limit_entry> limited;
  /// What is in `graphql.documents`, by id; null without. Read by `serve`.
  std::shared_ptr<const std::map<std::string, std::string, std::less<>>> stored;
  std::string secrets = "/run/secrets";  ///< folder with secrets
  /// `[config."SERVICE"]`: service → key → JSON.
  std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>> values;

  configuration();

  [[nodiscard]] payload_limits payload() const { return {limits.body_bytes, limits.answer_bytes, limits.depth}; }
};

/// `$XDG_DATA_HOME/waggle`, else `$HOME/.local/share/waggle`, else `./waggle-data`.
[[nodiscard]] std::string default_data_folder();

/// What was given on the command line; filled while it is parsed.
struct command_line_settings {
  std::string file;                                        ///< `--config`; empty without
  bool print = false;                                      ///< `--print-config`
  std::map<std::string, std::string, std::less<>> values;  ///< key → text; the items of a list joined by commas
};

/// Adds `--config`, `--print-config` and a flag for each key (`drain.grace_ms` → `--drain-grace-ms`) to `command`, which
/// fills `into` when it parses. `only`: these keys and no others; empty: all.
/// `into` must stay where it is until then.
void add_configuration_flags(CLI::App& command, command_line_settings& into,
                             std::span<const std::string_view> only = {});

/// The value of an environment variable or null.
using variable_source = std::function<const char*(const char* name)>;

/// A configuration where there is no error, and everything that was found.
struct loaded_configuration {
  std::optional<configuration> value;
  std::vector<diagnostic> findings;
};

/// What is in force: flag over variable (`WAGGLE_DRAIN_GRACE_MS`) over file over default. Reads the file `given.file`.
/// All errors at once; a file that is not TOML has just one.
[[nodiscard]] loaded_configuration load_configuration(const command_line_settings& given,
                                                      const variable_source& variable);
/// The same with the environment of this process. Not while another thread changes that.
[[nodiscard]] loaded_configuration load_configuration(const command_line_settings& given);

/// The same for a file that was read already: `toml` is its text, any bytes are safe to give; `file` is for the findings.
[[nodiscard]] loaded_configuration read_configuration(std::string_view toml, std::string_view file,
                                                      const command_line_settings& given = {},
                                                      const variable_source& variable = {});

/// TOML text, with comments, that reads back as the same configuration.
[[nodiscard]] std::string print_configuration(const configuration& c);

/// Narrows what the contract of `service` asks for by the operator's `[[pool]]` entry, if there is one. Nothing gets wider.
/// Tells, as texts for the log, where the operator wrote more than the contract has.
std::vector<std::string> narrow(pool_settings& pool, std::string_view service, const configuration& c);

/// What a service may do: what it asks for as far as it is granted; under --dev everything that it asks for.
[[nodiscard]] service_grants grants_for(const contract& about, const configuration& c);

/// The operator's limits for that service.
[[nodiscard]] service_limits limits_for(std::string_view service, const configuration& c);

/// Of what it asks for, what it is not granted.
[[nodiscard]] std::vector<std::string> not_granted(const contract& about, const configuration& c);

}  // namespace waggle
