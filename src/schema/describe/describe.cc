#include "schema/describe/describe.h"

#include <algorithm>

#include <fmt/format.h>

#include "schema/describe/json_schema.h"
#include "schema/describe/openapi.h"
#include "schema/language/text.h"

namespace waggle {

const format_row* find_description_format(std::string_view name) {
  const auto* it = std::ranges::find(description_formats, name, &format_row::name);
  return it == description_formats.end() ? nullptr : it;
}

std::string unknown_description_format(std::string_view name) {
  return fmt::format("there is no format \"{}\"; there are graphql, json-schema and openapi", graphql::shown(name));
}

std::shared_ptr<const descriptions> describe(const contract& c, bool with_tools) {
  return std::make_shared<const descriptions>(graphql::json_schema(c), graphql::openapi(c), false,
                                              with_tools ? describe_tools(c) : std::vector<tool>{});
}

const std::string* description_of(const contract& c, description_format format) {
  if (format == description_format::graphql) return &c.sdl;
  if (c.described == nullptr) return nullptr;
  const auto& text = format == description_format::openapi ? c.described->openapi : c.described->json_schema;
  return text ? &*text : nullptr;
}

}  // namespace waggle
