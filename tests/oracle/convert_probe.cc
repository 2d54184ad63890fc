// Reads schemas, one JSON object a line: {"text": "…", "reads": "get*"}. Prints what `waggle convert` makes of each:
// {"text": "…", "findings": ["f:1:2: error: …"]}. Without `reads` the text is parsed and printed only.
#include <iostream>
#include <string>

#include <fmt/format.h>
#include <simdjson.h>

#include "schema/convert.h"
#include "schema/language/parser.h"
#include "schema/language/print_document.h"

namespace {

waggle::converted_schema printed(std::string_view text) {
  waggle::graphql::findings found(text, "f");
  const waggle::graphql::document doc = waggle::graphql::parse(text, {}, found);
  return {print_document(doc), found.take()};
}

}  // namespace

int main() {
  simdjson::dom::parser parser;
  for (std::string line; std::getline(std::cin, line);) {
    simdjson::dom::element one = parser.parse(line);
    const std::string_view text = one["text"].get_string().value();
    auto reads = one["reads"].get_string();
    const auto converted =
        reads.error() == simdjson::SUCCESS ? waggle::convert_schema(text, "f", reads.value()) : printed(text);
    std::string findings;
    for (const waggle::diagnostic& d : converted.findings)
      findings += (findings.empty() ? "" : ",") + waggle::json_quote(to_string(d));
    fmt::print("{{\"text\":{},\"findings\":[{}]}}\n", waggle::json_quote(converted.text), findings);
  }
}
