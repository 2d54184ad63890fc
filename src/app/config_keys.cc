#include "app/config_keys.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <type_traits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "schema/language/text.h"

namespace waggle {
namespace {

constexpr std::uint64_t hour = 3'600'000;
constexpr std::uint64_t day = 24 * hour;

constexpr std::string_view choices(const answer_check*) { return "enforce, log, off"; }
constexpr std::string_view choices(const log_format*) { return "text, json"; }
constexpr std::string_view choices(const log_level*) { return "trace, debug, info, warn, error, off"; }

#define AT(member) [](configuration& c) -> setting_place { return &c.member; }
constexpr config_key keys[] = {
    {"listen", AT(listen), "address and port to listen on; only this machine reaches the default"},
    {"threads", AT(threads), "cores to use, each with one thread", 1, 1024},
    {"data", AT(data), "folder for compiled modules, state and the operator's socket"},
    {"secrets", AT(secrets), "folder with services' secrets: SERVICE/KEY, as Kubernetes and Docker mount them"},
    {"dev", AT(dev), "for development: grants what is asked, shows traps in answers, watches the targets"},
    {"validate_output", AT(validate_output), "what becomes of answers that do not fit the contract"},
    {"log.level", AT(log.level), "the least that is logged"},
    {"log.format", AT(log.format), "lines for people, or a JSON object a line for programs"},
    {"metrics.histograms", AT(metrics.histograms), "keeps how long requests took, by service and method"},
    {"metrics.methods", AT(metrics.methods), "methods, and services, that /metrics shows one by one", 1, 100'000},
    {"trace.endpoint", AT(trace.endpoint), "URL of a collector that takes OTLP over HTTP; off: no traces"},
    {"trace.sample", AT(trace.sample), "part of the requests to trace that belong to no trace yet", 0, 1},
    {"drain.grace_ms", AT(drain.grace), "after SIGTERM, how long to go on accepting while /readyz says 503", 0, hour},
    {"drain.timeout_ms", AT(drain.timeout), "then, how long queued and running requests may take to finish", 0, day},
    {"limits.body_bytes", AT(limits.body_bytes), "the longest payload", 1, 1U << 30},
    {"limits.answer_bytes", AT(limits.answer_bytes), "the longest answer of a service", 1, 1U << 30},
    {"limits.header_bytes", AT(limits.header_bytes), "the longest header of an HTTP request", 1024, 1U << 20},
    {"limits.depth", AT(limits.depth), "nested arrays and objects in a payload or answer", 1, 1000},
    {"limits.calls", AT(limits.calls), "calls between services that one request may lead to", 1, 1'000'000'000},
    {"limits.call_depth", AT(limits.call_depth), "services that may call one another in a row", 1, 100},
    {"limits.queue_ms", AT(limits.queue), "for a request to wait for a worker; 0: as long as it likes", 0, day},
    {"limits.memory_mb", AT(limits.memory_mb), "memory of all instances together; 0: no bound", 0, 1U << 30},
    {"limits.timeout_ms", AT(limits.timeout), "of a method whose contract has no time-out", 1, day},
    {"limits.max_timeout_ms", AT(limits.max_timeout), "the longest time-out that a contract may have", 1, day},
    {"limits.start_timeout_ms", AT(limits.start_timeout), "for an instance to start, before its first request", 1, day},
    {"http.connections", AT(http.connections), "open connections, over all cores", 1, 1'000'000},
    {"http.header_timeout_ms", AT(http.header_timeout), "for a request's header to arrive", 1, hour},
    {"http.body_timeout_ms", AT(http.body_timeout), "for a request's body to arrive", 1, hour},
    {"http.write_timeout_ms", AT(http.write_timeout), "for a client to take its answer", 1, hour},
    {"http.idle_timeout_ms", AT(http.idle_timeout), "for a connection to stay open without a request", 1, day},
    {"http.allowed_hosts", AT(http.allowed_hosts), "Host names to accept besides this machine's own"},
    {"http.allowed_origins", AT(http.allowed_origins), "Origins to accept besides this machine's own; *: any"},
    {"http.answers_mb", AT(http.answers_mb), "memory for answers that wait to be taken", 1, 1'000'000},
    {"http.landing_page", AT(http.landing_page), "shows services and figures at / and /services.json"},
    {"graphql.graphiql", AT(graphql.graphiql), "a page to write queries in, at /graphiql; --dev has it, too"},
    {"graphql.introspection", AT(graphql.introspection), "clients may ask GraphQL for its schema"},
    {"graphql.timeout_ms", AT(graphql.timeout), "for a GraphQL request as a whole, streams aside", 1, day},
    {"graphql.documents", AT(graphql.documents), "JSON file with stored documents, by id; none: there are none"},
    {"graphql.only_stored", AT(graphql.only_stored), "executes stored documents only"},
    {"graphql.tokens", AT(graphql.tokens), "tokens of a GraphQL document", 1, 1'000'000},
    {"graphql.depth", AT(graphql.depth), "fields of a GraphQL operation inside each other", 1, 100},
    {"graphql.aliases", AT(graphql.aliases), "aliases in a GraphQL operation", 0, 1'000'000},
    {"graphql.root_fields", AT(graphql.root_fields), "methods that a GraphQL operation may ask", 1, 10'000},
    {"graphql.directives", AT(graphql.directives), "directives in a GraphQL operation", 0, 1'000'000},
    {"graphql.cost", AT(graphql.cost), "fields in a GraphQL operation, fragments filled in", 1, 1'000'000'000},
    {"auth.issuer", AT(auth.issuer), "whose tokens are taken: what their claim iss is"},
    {"auth.audience", AT(auth.audience), "for whom tokens must be made: what their claim aud is or holds"},
    {"auth.keys", AT(auth.keys), "keys to verify tokens with: a file or URL, JSON Web Key Set or PEM; off: no tokens"},
    {"auth.refresh_ms", AT(auth.refresh), "how often to look for new keys", 1000, day},
    {"auth.api_keys", AT(auth.api_keys), "file with the hashes of API keys; off: there are none"},
    {"mcp.enabled", AT(mcp.enabled), "methods as tools for agents, at /mcp (Model Context Protocol)"},
    {"mcp.origin", AT(mcp.origin), "where agents reach this node, https://NAME; off: as their field Host says"},
    {"tls.certificate", AT(tls.certificate), "file with the chain of certificates, PEM; off: plain HTTP"},
    {"tls.key", AT(tls.key), "file with the certificate's private key, PEM"},
    {"wasm.instances", AT(wasm.instances), "instances at the same time, over all services", 1, 100'000},
    {"wasm.memory_mb", AT(wasm.memory_mb), "the most memory of an instance; a contract may ask for less", 1, 2048},
    {"recorder.requests", AT(recorder.requests), "the last requests of each service to remember; 0: none", 0, 10'000},
    {"recorder.bytes", AT(recorder.bytes), "memory for them, over all services; 0: none is remembered", 0, 1U << 30},
};
#undef AT

constexpr std::array<std::string_view, 4> tables = {"pool", "grant", "limit", "config"};

configuration& defaults() {
  static configuration c;
  return c;
}

/// Calls `use(index, name)` for each name of `a, b, c`, until it returns true; whether it did.
template <class Use>
bool any_choice(std::string_view list, Use use) {
  for (std::uint8_t index = 0; !list.empty(); ++index) {
    const std::size_t end = list.find(", ");
    if (use(index, list.substr(0, end))) return true;
    list.remove_prefix(end == std::string_view::npos ? list.size() : end + 2);
  }
  return false;
}

/// `ADDR:PORT` with an IP address; IPv6 in brackets (RFC 3986 §3.2.2).
std::optional<endpoint> read_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view address = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool six = address.starts_with('[') && address.ends_with(']');
  if (six) address = address.substr(1, address.size() - 2);
  endpoint e{std::string(address), 0};
  const auto [end, wrong] = std::from_chars(port.data(), port.data() + port.size(), e.port);
  if (wrong != std::errc{} || end != port.data() + port.size()) return std::nullopt;
  std::array<unsigned char, 16> bytes{};
  if (e.address.contains('\0') || inet_pton(six ? AF_INET6 : AF_INET, e.address.c_str(), bytes.data()) != 1)
    return std::nullopt;
  return e;
}

std::string lower_case_with_dashes(std::string_view name) {
  std::string out(name);
  std::ranges::replace(out, '.', '-');
  std::ranges::replace(out, '_', '-');
  return out;
}

}  // namespace

std::string to_string(const endpoint& e) {
  const bool six = e.address.contains(':');
  return fmt::format("{}{}{}:{}", six ? "[" : "", e.address, six ? "]" : "", e.port);
}

std::string config_key::flag() const { return "--" + lower_case_with_dashes(name); }

std::string config_key::variable() const {
  std::string out = "WAGGLE_";
  for (const char c : name) out += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

std::string config_key::expected() const {
  return std::visit(
      [this](auto* at) -> std::string {
        using type = std::remove_pointer_t<decltype(at)>;
        if constexpr (std::is_same_v<type, bool>) return "true or false";
        if constexpr (std::is_same_v<type, std::uint32_t>)
          return fmt::format("a whole number from {} to {}", least, most);
        if constexpr (std::is_same_v<type, double>) return fmt::format("a number from {} to {}", least, most);
        if constexpr (std::is_same_v<type, std::chrono::milliseconds>)
          return fmt::format("a whole number of milliseconds from {} to {}", least, most);
        if constexpr (std::is_same_v<type, endpoint>)
          return "an IP address and a port, like 127.0.0.1:8080 or [::1]:8080";
        if constexpr (std::is_same_v<type, std::vector<std::string>>) return "a list of strings";
        if constexpr (std::is_enum_v<type>) return fmt::format("one of {}", choices(at));
        return "a string that is not empty";
      },
      place(defaults()));
}

std::span<const config_key> config_keys() { return keys; }

const config_key* find_config_key(std::string_view name) {
  const auto* found = std::ranges::find(keys, name, &config_key::name);
  return found == std::end(keys) ? nullptr : found;
}

std::string_view nearest_config_key(std::string_view name) {
  std::string_view best;
  std::size_t distance = std::numeric_limits<std::size_t>::max();
  auto offer = [&](std::string_view candidate, std::string_view part) {
    const std::size_t d = graphql::edit_distance(name.substr(0, 64), part, 64);
    if (d < distance) best = candidate, distance = d;
  };
  for (const config_key& key : keys) offer(key.name, key.name);
  for (const std::string_view table : tables) offer(table, table);
  for (const config_key& key : keys)
    if (const std::size_t dot = key.name.find('.'); dot != std::string_view::npos)
      offer(key.name.substr(0, dot), key.name.substr(0, dot));
  for (const config_key& key : keys) offer(key.name, key.name.substr(key.name.find('.') + 1));  // the section left out
  return best;
}

std::vector<std::string> idle_variables(const char* const* environment) {
  constexpr std::string_view prefix = "WAGGLE_";
  std::vector<std::string> known;
  for (const config_key& key : keys) known.push_back(key.variable().substr(prefix.size()));
  std::vector<std::string> notes;
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    std::string_view name = *environment;
    name = name.substr(0, name.find('='));
    if (!name.starts_with(prefix) || name.starts_with("WAGGLE_SECRET_")) continue;
    const std::string_view rest = name.substr(prefix.size());  // what all have in common brings nothing nearer
    if (std::ranges::find(known, rest) != known.end()) continue;
    graphql::near_name near(rest);
    for (const std::string& key : known) near.offer(key);
    notes.push_back(
        fmt::format("the variable {} is of no key and is ignored{}", graphql::shown(name), near.hint(prefix)));
  }
  return notes;
}

bool set(configuration& c, const config_key& key, const setting_value& value) {
  const auto* number = std::get_if<std::int64_t>(&value);
  const bool in_range = number != nullptr && *number >= 0 && static_cast<std::uint64_t>(*number) >= key.least &&
                        static_cast<std::uint64_t>(*number) <= key.most;
  const auto* text = std::get_if<std::string>(&value);
  return std::visit(
      [&](auto* at) {
        using type = std::remove_pointer_t<decltype(at)>;
        if constexpr (std::is_same_v<type, std::uint32_t>) {
          if (in_range) *at = static_cast<std::uint32_t>(*number);
          return in_range;
        } else if constexpr (std::is_same_v<type, std::chrono::milliseconds>) {
          if (in_range) *at = std::chrono::milliseconds(*number);
          return in_range;
        } else if constexpr (std::is_same_v<type, double>) {
          const auto* real = std::get_if<double>(&value);
          const double given = real != nullptr ? *real : number != nullptr ? static_cast<double>(*number) : -1;
          const bool fits = given >= static_cast<double>(key.least) && given <= static_cast<double>(key.most);
          if (fits) *at = given;
          return fits;
        } else if constexpr (std::is_same_v<type, endpoint>) {
          auto read = text != nullptr ? read_endpoint(*text) : std::nullopt;
          if (!read) return false;
          *at = *std::move(read);
          return true;
        } else if constexpr (std::is_enum_v<type>) {
          return text != nullptr && any_choice(choices(at), [&](std::uint8_t index, std::string_view name) {
                   if (name == *text) *at = static_cast<type>(index);
                   return name == *text;
                 });
        } else {  // bool, string, list: as they are
          const auto* given = std::get_if<type>(&value);
          if (given == nullptr) return false;
          if constexpr (std::is_same_v<type, std::string>) {
            if (given->empty() || given->contains('\0')) return false;
          }
          *at = *given;
          return true;
        }
      },
      key.place(c));
}

bool set_from_text(configuration& c, const config_key& key, std::string_view text) {
  const setting_place at = key.place(c);
  if (std::holds_alternative<bool*>(at)) {
    if (text == "true" || text == "1") return set(c, key, true);
    return (text == "false" || text == "0") && set(c, key, false);
  }
  if (std::holds_alternative<std::uint32_t*>(at) || std::holds_alternative<std::chrono::milliseconds*>(at)) {
    std::int64_t number = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
    return wrong == std::errc{} && end == text.data() + text.size() && set(c, key, number);
  }
  if (std::holds_alternative<double*>(at)) {
    double number = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
    return wrong == std::errc{} && end == text.data() + text.size() && set(c, key, number);
  }
  if (std::holds_alternative<std::vector<std::string>*>(at)) {
    std::vector<std::string> items;
    while (!text.empty()) {
      const std::size_t comma = text.find(',');
      if (comma != 0) items.emplace_back(text.substr(0, comma));
      text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    }
    return set(c, key, std::move(items));
  }
  return set(c, key, std::string(text));
}

std::string toml_quote(std::string_view text) {
  std::string out = json_quote(text);  // the same escapes, except that TOML wants DEL escaped too
  for (std::size_t at = 0; (at = out.find('\x7f', at)) != std::string::npos;) out.replace(at, 1, "\\u007F");
  return out;
}

std::string print(const configuration& c, const config_key& key) {
  configuration copy = c;  // `place` gives what can be written to
  return std::visit(
      [](auto* at) -> std::string {
        using type = std::remove_pointer_t<decltype(at)>;
        if constexpr (std::is_same_v<type, std::chrono::milliseconds>) {
          return fmt::format("{}", at->count());
        } else if constexpr (std::is_same_v<type, std::string>) {
          return toml_quote(*at);
        } else if constexpr (std::is_same_v<type, double>) {
          return fmt::format("{:#}", *at).ends_with('.') ? fmt::format("{:.1f}", *at) : fmt::format("{}", *at);
        } else if constexpr (std::is_same_v<type, endpoint>) {
          return toml_quote(to_string(*at));
        } else if constexpr (std::is_same_v<type, std::vector<std::string>>) {
          std::vector<std::string> quoted;
          for (const std::string& item : *at) quoted.push_back(toml_quote(item));
          return fmt::format("[{}]", fmt::join(quoted, ", "));
        } else if constexpr (std::is_enum_v<type>) {
          std::string out;
          any_choice(choices(at), [&](std::uint8_t index, std::string_view name) {
            if (index != static_cast<std::uint8_t>(*at)) return false;
            out = toml_quote(name);
            return true;
          });
          return out;
        } else {
          return fmt::format("{}", *at);
        }
      },
      key.place(copy));
}

}  // namespace waggle
