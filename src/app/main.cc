#include <unistd.h>

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "app/commands.h"
#include "app/log_sink.h"
#include "schema/language/text.h"

namespace {

using namespace waggle;

/// The configuration in force, or the exit status.
std::optional<configuration> configure(const command_line_settings& given, int& status) {
  auto loaded = load_configuration(given);
  if (print(loaded.findings) || !loaded.value) {
    status = exit_usage;
    return std::nullopt;
  }
  if (given.print) {
    fmt::print("{}", print_configuration(*loaded.value));
    status = exit_fine;
    return std::nullopt;
  }
  spdlog::set_level(static_cast<spdlog::level::level_enum>(
      loaded.value->log.level == log_level::off ? spdlog::level::off : static_cast<int>(loaded.value->log.level)));
  set_log_format(loaded.value->log.format);
  return loaded.value;
}

/// What is wrong with the command line, and where to read on: a line each.
std::string wrong_usage(const CLI::App* app, const CLI::Error& e) {
  std::string command = app->get_name();
  while (!app->get_subcommands().empty()) {
    app = app->get_subcommands().front();
    command += " " + app->get_name();
  }
  std::vector<std::string> flags;
  for (const CLI::Option* option : app->get_options())
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  std::string hint;
  for (const std::string& given : app->remaining())
    if (hint.empty() && given.starts_with("--")) hint = graphql::did_you_mean(given.substr(0, given.find('=')), flags);
  return fmt::format("waggle: {}{}\n{} --help shows what there is\n", e.what(), hint, command);
}

int run(int argc, char** argv) {
  CLI::App app("waggle: services described in GraphQL, compiled to WebAssembly", "waggle");
  app.set_version_flag("--version", "waggle " WAGGLE_VERSION);
  app.require_subcommand(1);
  app.failure_message(wrong_usage);
  command_line_settings given;
  constexpr std::array<std::string_view, 5> local = {"data", "dev", "limits.timeout_ms", "wasm.memory_mb", "log.level"};

  std::vector<std::string> targets;
  CLI::App* const serve_command = app.add_subcommand("serve", "serve the targets over HTTP");
  serve_command->add_option("TARGET", targets, "a .wasm with its schema, or a folder of those");
  add_configuration_flags(*serve_command, given);

  invoke_options call;
  CLI::App* const invoke_command =
      app.add_subcommand("invoke", "run one request, without a network, and print its answer");
  invoke_command->add_option("TARGET", call.target)->required();
  invoke_command->add_option("METHOD", call.method)->required();
  invoke_command->add_option("JSON", call.input, "the payload; - reads it from standard input");
  add_configuration_flags(*invoke_command, given, local);

  std::string target;
  bool json = false;
  CLI::App* const check_command = app.add_subcommand("check", "the schema's errors, and what the module lacks for it");
  check_command->add_option("TARGET", target, "a .wasm, a folder, or a schema: FILE.graphql")->required();
  std::string against;
  check_command->add_option("--against", against, "compares the contract with this older one: breaking changes fail")
      ->option_text("OLD");
  check_command->add_flag("--json", json, "for programs");
  add_configuration_flags(*check_command, given, local);

  CLI::App* const inspect_command = app.add_subcommand("inspect", "what a target is: ABI, methods, imports, memory");
  inspect_command->add_option("TARGET", target)->required();
  inspect_command->add_flag("--json", json, "for programs");
  add_configuration_flags(*inspect_command, given, local);

  std::string format = "graphql";
  CLI::App* const describe_command = app.add_subcommand("describe", "a service's contract, for other programs");
  describe_command->add_option("TARGET", target, "a .wasm, or a schema: FILE.graphql")->required();
  describe_command->add_option("--format", format, "graphql, json-schema, openapi; stubs for callers: cpp, go");

  std::string module;
  std::string schema;
  std::string out;
  CLI::App* const pack_command = app.add_subcommand("pack", "put a schema into a module");
  pack_command->add_option("MODULE", module)->required();
  pack_command->add_option("SCHEMA", schema)->required();
  pack_command->add_option("-o,--output", out)->required();

  std::string reads;
  CLI::App* const convert_command =
      app.add_subcommand("convert", "print a schema in the standard form, also okra's service blocks");
  convert_command->add_option("FILE", schema, "FILE.graphql or FILE.okra.gql")->required();
  convert_command->add_option("--reads", reads, "mutations that become queries: 'get*,list*'");

  bench_options load;
  CLI::App* const bench_command =
      app.add_subcommand("bench", "load a service, in process or by URL, and tell its latencies");
  bench_command->add_option("TARGET", load.target, "a .wasm, or http://HOST:PORT/SERVICE on this machine")->required();
  bench_command->add_option("METHOD", load.method)->required();
  bench_command->add_option("JSON", load.input);
  bench_command->add_option("--seconds", load.seconds)->check(CLI::Range(1, 3600));
  bench_command->add_option("--concurrency", load.concurrency)->check(CLI::Range(1, 1000));
  bench_command->add_flag("--json", load.json, "for programs");
  add_configuration_flags(*bench_command, given, local);

  CLI::App* const state_command = app.add_subcommand("state", "what services keep: look at it, save it, bring it back");
  state_command->require_subcommand(1);
  constexpr std::array<std::string_view, 2> folder = {"data", "log.level"};
  std::string service;
  std::string key;
  std::string file;
  CLI::App* const get_command = state_command->add_subcommand("get", "one entry");
  get_command->add_option("SERVICE", service)->required();
  get_command->add_option("KEY", key)->required();
  CLI::App* const list_command = state_command->add_subcommand("list", "a service's entries, a line each");
  list_command->add_option("SERVICE", service)->required();
  list_command->add_option("PREFIX", key, "only keys that begin with it");
  CLI::App* const export_command = state_command->add_subcommand("export", "entries as lines of JSON; no node may run");
  export_command->add_option("SERVICE", service, "only this one's");
  export_command->add_option("-o,--output", out, "a file, instead of standard output");
  CLI::App* const import_command = state_command->add_subcommand("import", "put in what was exported; no node may run");
  import_command->add_option("FILE", file)->required();
  bool replace = false;
  import_command->add_flag("--replace", replace, "first remove what the file's services have");
  for (CLI::App* const one : {get_command, list_command, export_command, import_command})
    add_configuration_flags(*one, given, folder);

  recent_options asked;
  CLI::App* const recent_command = app.add_subcommand("recent", "the last requests of a service, the newest first");
  recent_command->add_option("SERVICE", asked.service)->required();
  recent_command->add_flag("--failed", asked.failed, "only those that failed");
  recent_command->add_option("--first", asked.first, "at most so many")->check(CLI::Range(1, 1000));
  recent_command->add_flag("--json", asked.json, "for programs: a line each");
  add_configuration_flags(*recent_command, given, folder);

  top_options look;
  CLI::App* const top_command = app.add_subcommand("top", "what the services of a running node do now");
  top_command->add_option("--seconds", look.seconds, "between two looks")->check(CLI::Range(0.1, 60.0));
  top_command->add_flag("--once", look.once, "one table");
  top_command->add_flag("--json", look.json, "for programs: a line for each table");
  add_configuration_flags(*top_command, given, folder);

  std::vector<std::string> commands;
  for (const CLI::App* const command : app.get_subcommands([](const auto*) { return true; }))
    commands.push_back(command->get_name());
  if (argc > 1 && argv[1][0] != '-' && std::ranges::find(commands, argv[1]) == commands.end()) {
    fmt::print(stderr, "waggle: there is no command {}{}\nwaggle --help shows what there is\n", argv[1],
               graphql::did_you_mean(argv[1], commands));
    return exit_usage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_fine : exit_usage;
  }
  if (*pack_command) return pack(module, schema, out);
  if (*check_command && check_command->count("--against") > 0) return check_against(against, target, json);
  if (*convert_command) return convert(schema, reads);
  if (*describe_command) return describe(target, format);
  int status = exit_fine;
  const auto c = configure(given, status);
  if (!c) return status;
  if (*serve_command) return serve(*c, targets);
  if (*invoke_command) return invoke(*c, call);
  if (*get_command) return state_get(*c, service, key);
  if (*list_command) return state_list(*c, service, key);
  if (*export_command) return state_export(*c, service, out);
  if (*import_command) return state_import(*c, file, replace);
  if (*recent_command) return recent(*c, asked);
  if (*top_command) return top(*c, look);
  if (*check_command) return check(*c, target, json);
  if (*inspect_command) return inspect(*c, target, json);
  return bench(*c, load);
}

}  // namespace

int main(int argc, char** argv) {
  spdlog::set_default_logger(
      isatty(STDERR_FILENO) != 0
          ? spdlog::stderr_color_mt("waggle")
          : std::make_shared<spdlog::logger>("waggle", std::make_shared<waggle::log_sink>(STDERR_FILENO)));
  waggle::set_log_format(waggle::log_format::text);
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    fmt::print(stderr, "waggle: {}\n", e.what());
    return waggle::exit_failed;
  }
}
