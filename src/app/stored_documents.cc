#include "app/stored_documents.h"

#include <fmt/format.h>

#include "app/read_file.h"
#include "schema/execute/json_tape.h"
#include "schema/language/executable.h"

namespace waggle {
namespace {

using graphql::json_kind;
using graphql::json_tape;

constexpr std::size_t longest_file = std::size_t{64} << 20;
constexpr std::size_t deepest = 100;

}  // namespace

result<std::shared_ptr<const std::map<std::string, std::string, std::less<>>>> read_stored_documents(
    const std::string& path) {
  const auto wrong = [&path](std::string what) {
    return fail(error_code::invalid_argument, fault::host, fmt::format("{}: {}", path, what));
  };
  auto text = read_file(path, longest_file);
  if (!text) return wrong(std::move(text.error()));
  json_tape json;
  if (!json.read(*std::move(text), deepest) || json[0].kind != json_kind::object)
    return wrong("is no JSON object of ids and GraphQL documents");
  auto all = std::make_shared<std::map<std::string, std::string, std::less<>>>();
  std::string decoded;
  std::string bad;
  const auto add = [&](std::string id, std::uint32_t at) {
    if (json[at].kind != json_kind::string) {
      bad = fmt::format("{} is no text", json_quote(id));
      return;
    }
    std::string document(json.string(at, decoded));
    graphql::findings found(document, path);
    std::ignore = graphql::parse_executable(document, graphql::source_limits{}, found);
    if (found.has_errors()) bad = fmt::format("{} is no GraphQL: {}", json_quote(id), found.take().front().message);
    all->insert_or_assign(std::move(id), std::move(document));
  };
  const std::uint32_t format = json.find(0, "format");
  const std::uint32_t list = json.find(0, "operations");
  if (format != 0 && list != 0 && json[list].kind == json_kind::array) {
    for (std::uint32_t at = list + 1; at < json[list].next && bad.empty(); at = json[at].next) {
      const std::uint32_t id = json[at].kind == json_kind::object ? json.find(at, "id") : 0;
      const std::uint32_t body = json[at].kind == json_kind::object ? json.find(at, "body") : 0;
      if (id == 0 || body == 0 || json[id].kind != json_kind::string)
        bad = "an operation has no id, or no body";
      else
        add(std::string(json.string(id, decoded)), body);
    }
  } else {
    for (std::uint32_t key = 1; key < json[0].next && bad.empty(); key = json[key + 1].next)
      add(std::string(json.string(key, decoded)), key + 1);
  }
  if (!bad.empty()) return wrong(std::move(bad));
  return all;
}

}  // namespace waggle
