#include "app/grants.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/config_keys.h"
#include "host/http_rules.h"

namespace waggle {
namespace {

using complaint = std::function<void(const toml::source_region&, std::string)>;

/// The keys of a table, each with what reads it.
struct reader {
  std::string_view key;
  std::function<void(const toml::node&)> read;
};

void read_table(const toml::table& t, std::string_view what, const std::vector<reader>& keys,
                const complaint& complain) {
  std::vector<std::string_view> names;
  for (const reader& r : keys) names.push_back(r.key);
  for (const auto& [key, node] : t) {
    const auto known = std::ranges::find(keys, key.str(), &reader::key);
    if (known != keys.end())
      known->read(node);
    else
      complain(key.source(),
               fmt::format("unknown key {} in {}, which has {}", key.str(), what, fmt::join(names, ", ")));
  }
}

auto texts(std::vector<std::string>& into, const complaint& complain) {
  return [&](const toml::node& node) {
    const toml::array* list = node.as_array();
    std::vector<std::string> read;
    bool fine = list != nullptr;
    for (std::size_t i = 0; fine && i < list->size(); ++i) {
      const auto* text = list->get(i)->as_string();
      fine = text != nullptr && !text->get().empty();
      if (fine) read.push_back(text->get());
    }
    if (fine)
      into = std::move(read);
    else
      complain(node.source(), "takes a list of texts");
  };
}

/// One that is no pattern would match nothing, and nobody would know why.
auto host_patterns(std::vector<std::string>& into, const complaint& complain) {
  return [&](const toml::node& node) {
    texts(into, complain)(node);
    const toml::array* list = node.as_array();
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      const auto* text = list->get(i)->as_string();
      if (text == nullptr || text->get().empty()) continue;
      if (const auto fine = check_host_pattern(text->get()); !fine) complain(text->source(), fine.error().message);
    }
  };
}

auto number(std::uint32_t& into, const complaint& complain) {
  return [&](const toml::node& node) {
    const auto* n = node.as_integer();
    if (n != nullptr && n->get() >= 1 && n->get() <= std::numeric_limits<std::int32_t>::max())
      into = static_cast<std::uint32_t>(n->get());
    else
      complain(node.source(), "takes a whole number from 1 to 2147483647");
  };
}

auto yes_or_no(bool& into, const complaint& complain) {
  return [&](const toml::node& node) {
    if (const auto* b = node.as_boolean())
      into = b->get();
    else
      complain(node.source(), "takes true or false");
  };
}

auto table(std::string_view what, std::vector<reader> keys, const complaint& complain) {
  return [what, keys = std::move(keys), &complain](const toml::node& node) {
    if (const toml::table* inner = node.as_table())
      read_table(*inner, what, keys, complain);
    else
      complain(node.source(), fmt::format("{0} is a table: {0} = {{ … }}", what));
  };
}

const grant* grant_of(std::string_view service, const configuration& c) {
  const auto at = std::ranges::find(c.grants, service, &grant::service);
  return at == c.grants.end() ? nullptr : &*at;
}

std::string list(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const std::string& t : texts) quoted.push_back(toml_quote(t));
  return fmt::format("[{}]", fmt::join(quoted, ", "));
}

}  // namespace

grant read_grant(const toml::table& t, const complaint& complain) {
  grant made;
  service_grants& g = made.gives;
  std::vector<std::string> uses;
  read_table(
      t, "[[grant]]",
      {{"service",
        [&](const toml::node& node) {
          if (const auto* text = node.as_string(); text != nullptr && !text->get().empty())
            made.service = text->get();
          else
            complain(node.source(), "service takes a service's full name, like shop.v1.Orders");
        }},
       {"uses", texts(uses, complain)},
       {"calls", number(g.calls, complain)},
       {"http", table("http",
                      {{"hosts", host_patterns(g.http.hosts, complain)},
                       {"methods", texts(g.http.methods, complain)},
                       {"private_addresses", yes_or_no(g.http.private_addresses, complain)},
                       {"bytes", number(g.http.bytes, complain)}},
                      complain)},
       {"state",
        table("state", {{"prefixes", texts(g.state.prefixes, complain)}, {"bytes", number(g.state.bytes, complain)}},
              complain)},
       {"config", table("config", {{"keys", texts(g.config.keys, complain)}}, complain)}},
      complain);
  if (!t.contains("service")) complain(t.source(), "[[grant]] lacks service: who it is for");
  g.uses.insert(uses.begin(), uses.end());
  return made;
}

std::string print(const grant& g) {
  const service_grants& s = g.gives;
  std::string out =
      fmt::format("[[grant]]\nservice = {}\nuses = {}\n", toml_quote(g.service), list({s.uses.begin(), s.uses.end()}));
  if (s.calls != 0) out += fmt::format("calls = {}\n", s.calls);
  out += fmt::format("http = {{ hosts = {}, methods = {}, private_addresses = {}, bytes = {} }}\n", list(s.http.hosts),
                     list(s.http.methods), s.http.private_addresses, s.http.bytes);
  out += fmt::format("state = {{ prefixes = {}, bytes = {} }}\n", list(s.state.prefixes), s.state.bytes);
  return out + fmt::format("config = {{ keys = {} }}\n", list(s.config.keys));
}

service_grants grants_for(const contract& about, const configuration& c) {
  const grant* const given = grant_of(about.name, c);
  service_grants g = given != nullptr ? given->gives : service_grants{};
  std::set<std::string, std::less<>> uses;
  for (const std::string& name : about.uses)
    if (c.dev || g.uses.contains(name)) uses.insert(name);
  g.uses = std::move(uses);
  if (c.dev && given == nullptr) {
    g.http.hosts = {"*:*"};
    g.http.methods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    g.http.private_addresses = true;
  }
  return g;
}

std::vector<std::string> not_granted(const contract& about, const configuration& c) {
  const service_grants g = grants_for(about, c);
  std::vector<std::string> missing;
  for (const std::string& name : about.uses)
    if (!g.uses.contains(name)) missing.push_back(name);
  return missing;
}

}  // namespace waggle
