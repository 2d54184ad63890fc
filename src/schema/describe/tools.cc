#include "schema/describe/tools.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <simdjson.h>

#include "schema/describe/json_schema.h"

namespace waggle {
namespace {

using graphql::described_method;
using graphql::json_tree;
using graphql::schema_maker;

/// Each tool repeats the types that it uses: what one and what all of a contract may have.
constexpr std::size_t positions_of_one = 4'000;
constexpr std::size_t positions_of_all = 200'000;
constexpr std::size_t bytes_of_all = std::size_t{8} << 20;
constexpr std::size_t longest_description = 4096;

/// Services of the host whose use leads nowhere outside of the node.
constexpr std::array<std::string_view, 3> closed = {"waggle.config.v1.Config", "waggle.log.v1.Log",
                                                    "waggle.state.v1.State"};

std::string one_line(const json_tree& tree) {
  const std::string text = tree.print();
  std::string out(text.size(), '\0');
  std::size_t size = 0;
  if (simdjson::minify(text.data(), text.size(), out.data(), size) != simdjson::SUCCESS) return text;
  out.resize(size);
  return out;
}

/// Not in the middle of a character.
std::string shortened(std::string_view text) {
  if (text.size() <= longest_description) return std::string(text);
  std::size_t end = longest_description;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return std::string(text.substr(0, end)) + "…";
}

json_tree any_object() {
  json_tree out;
  out.add("type", "object");
  return out;
}

json_tree wrapped(std::string_view name, json_tree value) {
  return any_object()
      .add("properties", json_tree().add(name, std::move(value)))
      .add("required", json_tree::array({name}))
      .add("additionalProperties", false);
}

/// A value of this type is an object, whatever it is.
bool is_object(const graphql::schema& s, const graphql::type_ref& type) {
  if (type.modifiers != "!") return false;
  const auto it = s.types.find(type.named.text);
  if (it == s.types.end() || it->second.defined == nullptr) return false;
  const graphql::definition_kind kind = it->second.defined->kind;
  return kind == graphql::definition_kind::object || kind == graphql::definition_kind::interface ||
         kind == graphql::definition_kind::union_type;
}

json_tree annotations_of(const contract& c, const method& m) {
  const bool reads = m.kind == operation::query;
  const bool open =
      std::ranges::any_of(c.uses, [](const std::string& s) { return std::ranges::find(closed, s) == closed.end(); });
  json_tree out;
  out.add("readOnlyHint", reads).add("destructiveHint", !reads).add("idempotentHint", reads || m.idempotent);
  out.add("openWorldHint", open);
  return out;
}

/// The schemas of one contract's tools, within their limits.
class tool_maker {
 public:
  explicit tool_maker(const contract& c) : about_(c), make_(c.parsed->index, schema_maker::dialect::json_schema) {}

  tool operator()(const described_method& m) {
    const method& of = *m.about;
    tool out{.name = tool_name(about_.name, of.name),
             .method = of.name,
             .wraps_payload = of.bare && !m.defined->arguments.empty(),
             .wraps_answer = !is_object(about_.parsed->index, m.defined->type),
             .json = {}};
    json_tree all;
    const std::size_t point = about_.name.rfind('.');
    const std::string_view last = std::string_view(about_.name).substr(point == std::string::npos ? 0 : point + 1);
    all.add("name", out.name).add("title", fmt::format("{}.{}", last, of.name));
    json_tree told;
    graphql::add_description(told, shortened(of.description.empty() ? about_.description : of.description),
                             m.defined->directives);
    if (const json_tree* text = told.find("description")) all.add("description", *text);
    all.add("inputSchema", input(m, out.wraps_payload).value_or(json_tree::raw(R"({"type":"object"})")));
    if (auto schema = output(*m.defined, out.wraps_answer)) all.add("outputSchema", *std::move(schema));
    all.add("annotations", annotations_of(about_, of));
    out.json = one_line(all);
    return out;
  }

 private:
  std::optional<json_tree> input(const described_method& m, bool wraps) {
    graphql::field plain = *m.defined;  // the tool itself has its description
    plain.description = {};
    plain.directives.clear();
    begin();
    json_tree out;
    if (wraps)
      out = wrapped("value", make_.payload({m.about, &plain}));
    else if (m.about->bare)
      out = any_object().add("additionalProperties", false);
    else
      out = make_.payload({m.about, &plain});
    return finish(std::move(out));
  }

  std::optional<json_tree> output(const graphql::field& f, bool wraps) {
    begin();
    json_tree answer = make_.answer(f);
    if (wraps) return finish(wrapped("result", std::move(answer)));
    json_tree out = any_object();  // clients look for the type at the root
    out.add_all(std::move(answer));
    return finish(std::move(out));
  }

  void begin() { make_.restart(bytes_ == 0 ? 0 : std::min(positions_of_one, positions_)); }

  /// With the types that it refers to; nothing where that is too much.
  std::optional<json_tree> finish(json_tree schema) {
    json_tree types;
    make_.add_types(types);
    positions_ -= std::min(positions_, make_.spent());
    if (!make_.whole()) return std::nullopt;
    if (!types.empty()) schema.add("$defs", std::move(types));
    const std::string text = one_line(schema);
    const bool fits = text.size() <= std::min(longest_tool_schema, bytes_);
    bytes_ -= std::min(bytes_, text.size());  // what was made in vain took its time too
    return fits ? std::optional(json_tree::raw(text)) : std::nullopt;
  }

  const contract& about_;
  schema_maker make_;
  std::size_t positions_ = positions_of_all;
  std::size_t bytes_ = bytes_of_all;
};

/// FNV-1a: the same on each machine.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t h = 0xcbf29ce484222325ULL;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return h;
}

}  // namespace

std::string tool_name(std::string_view service, std::string_view method) {
  std::string out = fmt::format("{}-{}", service, method);
  std::ranges::replace(out, '.', '-');
  if (out.size() <= longest_tool_name) return out;
  constexpr std::size_t digits = 16;
  return fmt::format("{:016x}-{}", hash_of(out), out.substr(out.size() - (longest_tool_name - digits - 1)));
}

tool_place find_tool_place(std::string_view name) {
  const std::size_t end = name.rfind('-');
  if (end == std::string_view::npos) return {{}, name};
  tool_place out{std::string(name.substr(0, end)), name.substr(end + 1)};
  std::ranges::replace(out.service, '-', '.');
  return out;
}

std::vector<tool> describe_tools(const contract& c) {
  tool_maker make(c);
  std::vector<tool> out;
  for (const described_method& m : graphql::methods_of(c))
    if (!m.about->internal && m.about->kind != operation::subscription) out.push_back(make(m));
  return out;
}

}  // namespace waggle
