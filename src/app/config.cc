#include "app/config.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <thread>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <toml++/toml.h>

#include "app/config_keys.h"
#include "app/front_door_names.h"
#include "app/grants.h"
#include "app/limits.h"
#include "app/read_file.h"

namespace waggle {
namespace {

constexpr std::size_t max_file_bytes = std::size_t{1} << 20;

using severity = diagnostic::severity;

/// The parser took what should have been a text for something else.
std::string_view quotes_hint(std::string_view problem) {
  for (const std::string_view taken_for : {"value", "boolean", "integer", "floating-point", "date", "time"})
    if (problem.substr(0, problem.find(':')).ends_with(taken_for)) return "; a text stands in quotes: key = \"text\"";
  return "";
}

/// Without the quotes of `[config."shop.v1.Orders"]` TOML makes tables in each other: the name that was meant.
std::optional<std::string> name_of_nested(std::string_view first, const toml::table& keys) {
  if (first.contains('.')) return std::nullopt;
  std::string name(first);
  for (const toml::table* at = &keys; at != nullptr;) {
    const auto inner = std::ranges::find_if(*at, [](const auto& entry) { return entry.second.is_table(); });
    if (inner == at->end()) break;
    at = inner->second.as_table();
    if (at->is_inline()) return std::nullopt;
    name += "." + std::string(inner->first.str());
  }
  return name;
}

/// Why an item of the list `key` is of no use; nothing where it is of some.
std::optional<std::string> unusable_item(std::string_view key, std::string_view item) {
  if (key == "http.allowed_hosts") return unusable_host(item);
  if (key == "http.allowed_origins") return unusable_origin(item);
  return std::nullopt;
}

class reader {
 public:
  reader(std::string_view file, configuration& into, std::vector<diagnostic>& findings)
      : file_(file), into_(into), findings_(findings) {}

  void read(std::string_view text) try { table(toml::parse(text, file_), ""); } catch (const toml::parse_error& e) {
    error(e.source(), fmt::format("{}{}", e.description(), quotes_hint(e.description())));
  } catch (const std::exception& e) {
    error({}, e.what());
  }

 private:
  void error(const toml::source_region& at, std::string message) {
    findings_.push_back({file_, at.begin.line, at.begin.column, severity::error, std::move(message)});
  }

  void table(const toml::table& t, const std::string& prefix) {
    for (const auto& [key, node] : t) {
      const std::string name = prefix + std::string(key.str());
      const bool section =
          std::ranges::any_of(config_keys(), [&](const config_key& k) { return k.name.starts_with(name + "."); });
      if (const config_key* known = find_config_key(name)) {
        if (!set(into_, *known, value_of(node)))
          error(node.source(), fmt::format("{} takes {}", name, known->expected()));
        else if (const toml::array* list = node.as_array())
          items(name, *list);
      } else if (section) {
        if (const toml::table* inner = node.as_table())
          table(*inner, name + ".");
        else
          error(node.source(), fmt::format("{0} is a section: [{0}]", name));
      } else if (name == "pool") {
        pools(node);
      } else if (name == "grant") {
        grants(node);
      } else if (name == "limit") {
        limits(node);
      } else if (name == "config") {
        values(node);
      } else {
        error(key.source(), fmt::format("unknown key {}; the nearest is {}", name, nearest_config_key(name)));
      }
    }
  }

  /// A value of no type that a key takes comes out as something that `set` refuses for every key.
  static setting_value value_of(const toml::node& node) {
    if (const auto* b = node.as_boolean()) return b->get();
    if (const auto* n = node.as_integer()) return n->get();
    if (const auto* d = node.as_floating_point()) return d->get();
    if (const auto* s = node.as_string()) return s->get();
    constexpr std::int64_t never = -1;
    const toml::array* list = node.as_array();
    if (list == nullptr) return never;
    std::vector<std::string> items;
    for (const toml::node& item : *list) {
      const auto* text = item.as_string();
      if (text == nullptr || text->get().empty()) return never;
      items.push_back(text->get());
    }
    return items;
  }

  /// They are texts.
  void items(const std::string& key, const toml::array& list) {
    for (const toml::node& item : list)
      if (const auto problem = unusable_item(key, item.as_string()->get()))
        error(item.source(), fmt::format("{}: {}", key, *problem));
  }

  void pools(const toml::node& node) {
    const toml::array* list = node.as_array();
    if (list == nullptr || (!list->empty() && !list->is_homogeneous(toml::node_type::table))) {
      error(node.source(), "pool is a list of tables: [[pool]]");
      return;
    }
    for (const toml::node& entry : *list) pool(*entry.as_table());
  }

  void values(const toml::node& node) {
    const toml::table* services = node.as_table();
    if (services == nullptr)
      return error(node.source(), "config is a section for each service: [config.\"shop.v1.Orders\"]");
    for (const auto& [service, inner] : *services) {
      const toml::table* keys = inner.as_table();
      if (keys == nullptr) {
        error(inner.source(), fmt::format("[config.\"{0}\"] is a section with the values of {0}", service.str()));
        continue;
      }
      for (const auto& [key, value] : *keys) {
        std::string json;
        const auto nested = value.is_table() ? name_of_nested(service.str(), *keys) : std::nullopt;
        if (nested)
          error(value.source(), fmt::format("a service's name stands in quotes: [config.{}]", toml_quote(*nested)));
        else if (as_json(value, json))
          into_.values[std::string(service.str())][std::string(key.str())] = std::move(json);
        else
          error(value.source(),
                fmt::format("{}: a value is a text, a number, true or false, or a list of those", key.str()));
      }
    }
  }

  /// What is both TOML and JSON.
  static bool as_json(const toml::node& node, std::string& out) {
    if (const auto* b = node.as_boolean()) return out += b->get() ? "true" : "false", true;
    if (const auto* n = node.as_integer()) return out += std::to_string(n->get()), true;
    if (const auto* d = node.as_floating_point())
      return std::isfinite(d->get()) &&
             (out += fmt::format("{:#}", d->get()), out.ends_with('.') && (out += '0', true), true);
    if (const auto* s = node.as_string()) return out += json_quote(s->get()), true;
    const toml::array* list = node.as_array();
    if (list == nullptr) return false;
    out += '[';
    for (const toml::node& item : *list) {
      if (!out.ends_with('[')) out += ", ";
      if (!as_json(item, out)) return false;
    }
    out += ']';
    return true;
  }

  void grants(const toml::node& node) {
    const toml::array* list = node.as_array();
    if (list == nullptr || (!list->empty() && !list->is_homogeneous(toml::node_type::table))) {
      error(node.source(), "grant is a list of tables: [[grant]]");
      return;
    }
    for (const toml::node& entry : *list) {
      grant made = read_grant(*entry.as_table(), [this](const toml::source_region& at, std::string message) {
        error(at, std::move(message));
      });
      if (std::ranges::find(into_.grants, made.service, &grant::service) != into_.grants.end())
        error(entry.source(), fmt::format("there is another [[grant]] for {}; write both as one", made.service));
      into_.grants.push_back(std::move(made));
    }
  }

  void limits(const toml::node& node) {
    const toml::array* list = node.as_array();
    if (list == nullptr || (!list->empty() && !list->is_homogeneous(toml::node_type::table)))
      return error(node.source(), "limit is a list of tables: [[limit]]");
    for (const toml::node& entry : *list) {
      limit_entry made = read_limit(*entry.as_table(), [this](const toml::source_region& at, std::string message) {
        error(at, std::move(message));
      });
      if (std::ranges::find(into_.limited, made.service, &limit_entry::service) != into_.limited.end())
        error(entry.source(), fmt::format("there is another [[limit]] for {}; write both as one", made.service));
      into_.limited.push_back(std::move(made));
    }
  }

  void pool(const toml::table& t) {
    pool_override made;
    for (const auto& [key, node] : t) {
      const std::string_view name = key.str();
      if (name == "service") {
        if (const auto* text = node.as_string(); text != nullptr && !text->get().empty())
          made.service = text->get();
        else
          error(node.source(), "service takes a service's full name, like shop.v1.Orders");
      } else if (name == "min") {
        number(node, name, 0, made.min);
      } else if (name == "max") {
        number(node, name, 1, made.max);
      } else if (name == "queue") {
        number(node, name, 0, made.queue);
      } else {
        error(key.source(), fmt::format("unknown key {} in [[pool]], which has service, min, max, queue", name));
      }
    }
    if (!t.contains("service")) error(t.source(), "[[pool]] lacks service: whose pool it is about");
    if (made.min && made.max && *made.min > *made.max)
      error(t.source(), fmt::format("min {} is more than max {}", *made.min, *made.max));
    if (!made.service.empty() &&
        std::ranges::find(into_.pools, made.service, &pool_override::service) != into_.pools.end())
      error(t.source(), fmt::format("a second [[pool]] for {}", made.service));
    into_.pools.push_back(std::move(made));
  }

  void number(const toml::node& node, std::string_view name, std::int64_t least, std::optional<std::uint32_t>& into) {
    constexpr std::int64_t most = 1'000'000;
    const auto* n = node.as_integer();
    if (n == nullptr || n->get() < least || n->get() > most)
      error(node.source(), fmt::format("{} takes a whole number from {} to {}", name, least, most));
    else
      into = static_cast<std::uint32_t>(n->get());
  }

  std::string file_;
  configuration& into_;
  std::vector<diagnostic>& findings_;
};

void set_or_tell(configuration& c, const config_key& key, std::string_view text, std::string from,
                 std::vector<diagnostic>& findings) {
  if (!set_from_text(c, key, text)) {
    findings.push_back({std::move(from), 0, 0, severity::error,
                        fmt::format("takes {}, not {}", key.expected(), json_quote(text.substr(0, 60)))});
    return;
  }
  const setting_place at = key.place(c);
  const auto* const list = std::get_if<std::vector<std::string>*>(&at);
  if (list == nullptr) return;
  for (const std::string& item : **list)
    if (auto problem = unusable_item(key.name, item))
      findings.push_back({from, 0, 0, severity::error, *std::move(problem)});
}

}  // namespace

configuration::configuration()
    : threads(std::clamp(std::thread::hardware_concurrency(), 1U, 1024U)), data(default_data_folder()) {}

std::string default_data_folder() {
  // XDG Base Directory Specification: a path that is not absolute is to be ignored.
  if (const char* home = std::getenv("XDG_DATA_HOME"); home != nullptr && home[0] == '/')
    return std::string(home) + "/waggle";
  if (const char* home = std::getenv("HOME"); home != nullptr && home[0] != '\0')
    return std::string(home) + "/.local/share/waggle";
  return "waggle-data";
}

void add_configuration_flags(CLI::App& command, command_line_settings& into, std::span<const std::string_view> only) {
  command.add_option("--config", into.file, "a TOML file")->type_name("FILE");
  command.add_flag("--print-config", into.print, "print what is in force, as TOML, and end");
  configuration defaults;
  for (const config_key& key : config_keys()) {
    if (!only.empty() && std::ranges::find(only, key.name) == only.end()) continue;
    const std::string help = fmt::format("{} [{}]", key.help, print(defaults, key));
    if (std::holds_alternative<bool*>(key.place(defaults))) {
      command.add_flag_function(
          key.flag(),
          [&into, &key](std::int64_t on) { into.values[std::string(key.name)] = on > 0 ? "true" : "false"; }, help);
    } else if (std::holds_alternative<std::vector<std::string>*>(key.place(defaults))) {
      const CLI::callback_t take = [&into, &key](const CLI::results_t& items) {
        into.values[std::string(key.name)] = fmt::format("{}", fmt::join(items, ","));
        return true;
      };
      command.add_option(key.flag(), take, help)
          ->type_name("NAME")
          ->expected(1)
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    } else {
      const CLI::callback_t take = [&into, &key](const CLI::results_t& items) {
        into.values[std::string(key.name)] = items.front();
        return true;
      };
      command.add_option(key.flag(), take, help)->type_name("VALUE")->expected(1);
    }
  }
}

loaded_configuration read_configuration(std::string_view toml, std::string_view file,
                                        const command_line_settings& given, const variable_source& variable) {
  loaded_configuration out;
  configuration c;
  const std::string default_data = std::exchange(c.data, {});  // no key can give an empty one
  if (!toml.empty()) reader(file, c, out.findings).read(toml);
  for (const config_key& key : config_keys()) {
    const std::string name = key.variable();
    const char* text = variable ? variable(name.c_str()) : nullptr;
    if (text != nullptr && *text != '\0') set_or_tell(c, key, text, name, out.findings);
    if (const auto flag = given.values.find(key.name); flag != given.values.end())
      set_or_tell(c, key, flag->second, key.flag(), out.findings);
  }
  c.data_given = !c.data.empty();
  if (!c.data_given) c.data = default_data;
  std::ranges::stable_sort(out.findings, {}, [](const diagnostic& d) {
    return std::pair(d.line == 0, std::pair(d.line, d.column));  // toml++ gives keys in the order of the alphabet
  });
  if (out.findings.empty() && c.limits.timeout > c.limits.max_timeout)
    out.findings.push_back({std::string(file), 0, 0, severity::error,
                            fmt::format("limits.timeout_ms ({}) is more than limits.max_timeout_ms ({})",
                                        c.limits.timeout.count(), c.limits.max_timeout.count())});
  if ((c.tls.certificate == "off") != (c.tls.key == "off"))
    out.findings.push_back(
        {std::string(file), 0, 0, severity::error,
         fmt::format("tls.{0} is set and tls.{1} is not: TLS takes both, a certificate and its key",
                     c.tls.key == "off" ? "certificate" : "key", c.tls.key == "off" ? "key" : "certificate")});
  if (c.graphql.only_stored && c.graphql.documents == "none")
    out.findings.push_back({std::string(file), 0, 0, severity::error,
                            "graphql.only_stored is set and graphql.documents is not: every GraphQL request would be "
                            "refused"});
  if (const std::string_view at = c.mcp.origin;
      at != "off" && (!(at.starts_with("https://") || at.starts_with("http://")) || unusable_origin(at)))
    out.findings.push_back(
        {std::string(file), 0, 0, severity::error,
         fmt::format("mcp.origin {} must be a scheme, a name and perhaps a port, with nothing behind: "
                     "https://api.example.com",
                     at)});
  if (out.findings.empty()) out.value = std::move(c);
  return out;
}

loaded_configuration load_configuration(const command_line_settings& given, const variable_source& variable) {
  if (given.file.empty()) return read_configuration("", "configuration", given, variable);
  auto text = read_file(given.file, max_file_bytes);
  if (!text) return {std::nullopt, {{given.file, 0, 0, severity::error, std::move(text.error())}}};
  return read_configuration(*text, given.file, given, variable);
}

loaded_configuration load_configuration(const command_line_settings& given) {
  return load_configuration(given, [](const char* name) -> const char* { return std::getenv(name); });
}

std::string print_configuration(const configuration& c) {
  std::string out;
  std::string_view section;
  for (const config_key& key : config_keys()) {
    const std::size_t dot = key.name.find('.');
    const std::string_view in = dot == std::string_view::npos ? std::string_view() : key.name.substr(0, dot);
    if (in != section) out += fmt::format("\n[{}]\n", in);
    section = in;
    out += fmt::format("# {}: {}\n{} = {}\n", key.help, key.expected(), key.name.substr(in.empty() ? 0 : dot + 1),
                       print(c, key));
  }
  for (const pool_override& p : c.pools) {
    out += fmt::format("\n[[pool]]\nservice = {}\n", toml_quote(p.service));
    if (p.min) out += fmt::format("min = {}\n", *p.min);
    if (p.max) out += fmt::format("max = {}\n", *p.max);
    if (p.queue) out += fmt::format("queue = {}\n", *p.queue);
  }
  for (const auto& [service, keys] : c.values) {
    out += fmt::format("\n[config.{}]\n", toml_quote(service));
    for (const auto& [key, json] : keys) out += fmt::format("{} = {}\n", toml_quote(key), json);
  }
  for (const grant& g : c.grants) out += "\n" + print(g);
  for (const limit_entry& l : c.limited) out += "\n" + print(l);
  return out;
}

std::vector<std::string> narrow(pool_settings& pool, std::string_view service, const configuration& c) {
  std::vector<std::string> notes;
  const auto found = std::ranges::find(c.pools, service, &pool_override::service);
  if (found == c.pools.end()) return notes;
  auto bound = [&](std::string_view name, std::uint32_t& value, const std::optional<std::uint32_t>& most) {
    if (!most) return;
    if (*most > value)
      notes.push_back(fmt::format("[[pool]] of {}: {} = {} is more than the contract's {}, which stays", service, name,
                                  *most, value));
    value = std::min(value, *most);
  };
  bound("min", pool.min, found->min);
  bound("max", pool.max, found->max);
  bound("queue", pool.queue, found->queue);
  pool.min = std::min(pool.min, pool.max);
  return notes;
}

}  // namespace waggle
