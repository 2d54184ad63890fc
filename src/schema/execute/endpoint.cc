#include "schema/execute/endpoint.h"

#include <fmt/format.h>

#include "schema/execute/compose.h"
#include "schema/language/parser.h"
#include "schema/language/print_document.h"

namespace waggle::graphql {
namespace {

/// What is parsed here is what we printed: as long as all contracts together.
constexpr source_limits no_limits{.bytes = std::size_t{1} << 31, .tokens = std::size_t{1} << 31, .name = 4096};

}  // namespace

result<std::shared_ptr<const endpoint>> endpoint::make(std::span<const std::shared_ptr<const contract>> services,
                                                       bool combined) {
  std::shared_ptr<endpoint> e(new endpoint);
  std::vector<std::shared_ptr<const contract>> with_text;
  for (const auto& c : services)
    if (c != nullptr && c->parsed != nullptr) with_text.push_back(c);
  composition made = compose(with_text, combined);
  const auto parsed = std::make_shared<parsed_schema>(print_document(made.doc));
  if (made.sensitive) drop_sensitive(made.doc);
  e->sdl_ = made.sensitive ? print_document(made.doc) : parsed->text;
  findings found(parsed->text, "the endpoint's schema");
  parsed->doc = parse(parsed->text, no_limits, found);
  parsed->index = index_schema(parsed->doc, false, found);
  check_references(parsed->index, parsed->doc, found);
  if (found.has_errors())
    return fail(error_code::internal, fault::host,
                fmt::format("the services' schemas could not be put together: {}", to_string(found.take().front())));
  e->parsed_ = parsed;
  e->schema_ = std::make_unique<const query_schema>(parsed, made.sensitive);
  if (!parsed->doc.definitions.empty()) e->description_ = parsed->doc.definitions.front().description;
  for (auto& c : with_text) {
    e->parts_.push_back(std::make_unique<part>());
    e->parts_.back()->described = std::move(c);
  }
  for (const composition::renamed& t : made.types) {
    part& of = *e->parts_[t.source];
    const query_schema::composite* const here = e->schema_->find(t.here);
    if (here == nullptr) continue;
    // The name is the contract's own: that text lives as long as this.
    of.types.emplace(of.described->parsed->index.find_type(t.name)->id.text, here);
  }
  for (const composition::root& r : made.roots) {
    const part& of = *e->parts_[r.source];
    const query_schema::composite* const root = e->schema_->root(r.kind);
    const field* const definition = root == nullptr ? nullptr : root->find(r.name);
    const method* const callee = of.described->find(r.method);
    if (definition != nullptr && callee != nullptr)
      e->targets_[static_cast<std::size_t>(r.kind)].emplace(std::string(r.name), target{&of, callee, definition});
  }
  return std::shared_ptr<const endpoint>(std::move(e));
}

const endpoint::target* endpoint::find(operation kind, std::string_view root_field) const {
  const auto& of_kind = targets_[static_cast<std::size_t>(kind)];
  const auto at = of_kind.find(std::string(root_field));
  return at == of_kind.end() ? nullptr : &at->second;
}

}  // namespace waggle::graphql
