// Any bytes as a request of GraphQL, as a JSON body and as a URL's parameters, against an endpoint: no crash, no hang; what is read
// is within its bounds, what is refused is JSON, and what a second look at the same document says is the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/graphql_operation.h"
#include "schema/contract.h"
#include "schema/values/json_scan.h"

namespace {

using namespace waggle;

constexpr std::string_view sdl = R"sdl(
schema @service(name: "f.v1.F") { query: Query mutation: Mutation subscription: Subscription }
type Query { a(n: Int, in: In): Int item: Item items: [Item!] any(x: Any): Any }
type Mutation { put(n: Int! = 1): Item! }
type Subscription { ticks(from: Int): Any }
type Item { id: ID! item: Item }
input In { n: Int in: In list: [In!] }
scalar Any
)sdl";

void must(bool holds) {
  if (!holds) std::abort();
}

bool is_json(std::string_view text) { return !find_json_problem(text, 1000); }

void check(graphql_front& front, const result<graphql_params>& params) {
  if (!params) return must(is_json(graphql_error(params.error(), true)));
  must(!params->query.empty() || !params->document_id.empty() || !params->sha256.empty());
  must(params->sha256.empty() || params->sha256.size() == 64);
  must(params->variables.empty() || is_json(params->variables));
  const auto asked = front.find("");
  auto first = begin_graphql(front, asked, *params, true);
  const auto second = begin_graphql(front, asked, *params, true);
  must(first.has_value() == second.has_value());
  if (!first) {
    must(is_json(first.error().response));
    return must(first.error().response == second.error().response);
  }
  must(first->document == second->document || first->document->text.size() > document_cache::most_bytes / 8);
  for (std::size_t i = 0; i < first->execution.calls().size(); ++i) {
    must(is_json(first->execution.calls()[i].payload));
    if (first->execution.kind() != operation::subscription) first->execution.answered(i, params->variables);
  }
  if (first->execution.kind() != operation::subscription) must(is_json(first->execution.finish()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static graphql_front front;
  if (front.endpoints == nullptr) {
    const std::vector<std::shared_ptr<const contract>> one{
        std::make_shared<const contract>(compile_contract(sdl, "f").value.value())};
    graphql_endpoints made;
    made.all = graphql::endpoint::make(one, true).value();
    front.settings.stored = std::make_shared<const stored_documents>(stored_documents{{"one", "{item{id}}"}});
    front.replace(std::make_shared<const graphql_endpoints>(std::move(made)));
  }
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check(front, read_graphql_json(bytes));
  check(front, read_graphql_url(bytes));
  // As a document alone, which is what mutations of JSON seldom reach.
  check(front, graphql_params{.query = std::string(bytes.empty() ? "{a}" : bytes)});
  return 0;
}
