// What waggle says about requests' documents. One line of standard input each: {"schema": "…", "documents": ["…", …]}, and for each
// one line of standard output: {"schema": ["finding", …], "documents": [["finding", …], …]}. A schema with errors has no documents.
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <simdjson.h>

#include "schema/execute/query_schema.h"
#include "schema/execute/validate.h"
#include "schema/language/executable.h"
#include "schema/language/parser.h"
#include "schema/rules/directives.h"
#include "schema/rules/type_rules.h"

namespace {

using namespace waggle;
using namespace waggle::graphql;

std::string listed(findings& found) {
  std::string out;
  for (const diagnostic& d : found.take()) out += (out.empty() ? "" : ",") + json_quote(to_string(d));
  return "[" + out + "]";
}

std::string verdict(const query_schema& s, std::string_view text) {
  findings found(text, "q");
  const executable_document doc = parse_executable(text, {}, found);
  if (!found.has_errors()) validate(s, doc, found);
  return listed(found);
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  simdjson::dom::parser json;
  for (std::string line; std::getline(std::cin, line);) {
    const simdjson::dom::element request = json.parse(line);
    const auto made = std::make_shared<parsed_schema>(request["schema"].get_string().value());
    findings found(made->text, "s");
    made->doc = parse(made->text, {}, found);
    made->index = index_schema(made->doc, false, found);
    check_references(made->index, made->doc, found);
    check_types(made->index, made->doc, found);
    check_directives(made->index, made->doc, found);
    std::string documents;
    if (!found.has_errors()) {
      const query_schema schema(made);
      const simdjson::dom::array texts = request["documents"].get_array().value();
      for (const simdjson::dom::element text : texts)
        documents += (documents.empty() ? "" : ",") + verdict(schema, text.get_string().value());
    }
    std::cout << fmt::format(R"({{"schema":{},"documents":[{}]}})", listed(found), documents) << '\n' << std::flush;
  }
}
