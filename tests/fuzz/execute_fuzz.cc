// A document, variables and an answer (NUL between them) against an endpoint: nothing may crash, hang or read outside, though the
// document was not validated; every response is JSON and within its bound.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "schema/execute/execution.h"
#include "schema/values/json_scan.h"

namespace {

using namespace waggle;
using namespace waggle::graphql;

constexpr std::string_view sdl = R"sdl(
extend schema @service(name: "f.v1.F")
type Query { item(id: ID!, in: In): Item sure: Item! items: [[Item!]] thing: U node: N any: Any n: Int f: Float b: Boolean c: C
             bare(in: In = {c: A}): String @bare }
type Mutation { set(id: ID!): Item! }
type Subscription { all(from: Int): Item }
input In { c: C, x: Float = 1.5, ids: [ID!], in: In }
enum C { A B }
scalar Any
interface N { id: ID! }
union U = Item | Other
type Item implements N { id: ID! name: String! c: C node: N things: [U!] in(x: Int): Int }
type Other implements N { id: ID! n: Int! item: Item }
)sdl";

constexpr std::size_t most_bytes = 20'000;

void check(const std::string& response) {
  if (find_json_problem(response, 1000)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::shared_ptr<const endpoint> of = [] {
    const std::vector<std::shared_ptr<const contract>> one{
        std::make_shared<const contract>(compile_contract(sdl, "f").value.value())};
    return endpoint::make(one, true).value();
  }();
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto next = [&] {
    const std::size_t end = rest.find('\0');
    const std::string_view part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    return part;
  };
  const auto document = std::make_shared<prepared_document>(of, std::string(next()));
  findings found(document->text, "fuzz");
  document->doc = parse_executable(document->text, {.depth = 50}, found);
  if (found.has_errors()) return 0;
  document->plan();
  const std::string_view variables = next();
  for (const operation_definition& o : document->doc.operations) {
    auto run = execution::begin({.document = document,
                                 .operation_name = o.id.text,
                                 .variables = variables,
                                 .limits = {.response_bytes = most_bytes}});
    if (!run) {
      check(error_response(run.error(), document->text, true));
      continue;
    }
    for (std::size_t i = 0; i < run->calls().size(); ++i) {
      if (find_json_problem(run->calls()[i].payload, 1000)) std::abort();
      run->answered(i, std::string(rest));
    }
    check(run->finish());
    if (run->kind() == operation::subscription) check(run->respond_item(std::string(rest)));
  }
  return 0;
}
