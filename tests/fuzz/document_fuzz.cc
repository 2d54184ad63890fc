// Any bytes as a request to a schema that has everything: limits and rules end soon, whatever fragments do; what they find stands in
// the text; and the same document is judged the same way twice.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "schema/execute/query_schema.h"
#include "schema/execute/request_limits.h"
#include "schema/execute/validate.h"
#include "schema/language/parser.h"

namespace {

using namespace waggle;
using namespace waggle::graphql;

constexpr std::string_view sdl = R"(
directive @many(x: Int, p: P) repeatable on FIELD | QUERY | MUTATION | FRAGMENT_DEFINITION | VARIABLE_DEFINITION
directive @once(y: [E!]) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT | SUBSCRIPTION
scalar S
enum E { A B }
input P { x: Int! y: Int! = 0 z: [String!] p: P e: E s: S }
input O @oneOf { i: ID p: P l: [O!] }
interface N { n(b: Boolean): String! m: N l: [N!] }
interface M implements N { n(b: Boolean): String! m: M l: [N!] k: Int }
type D implements N { n(b: Boolean): String! m: N l: [N!] d: D i: ID! f: Float u: U }
type C implements N & M { n(b: Boolean, c: Int): String! m: C l: [N!] k: Int! d: C i: Int! u: U }
type R { r(x: Int! = 1, y: [[Int!]], s: S): R e: E! }
union U = D | C
union V = C | R
type Query { d: D n: N m: M u: U v: V r: R a(p: P!, e: E): Int o(o: O!, l: [O]): D x(i: ID!, f: Float): [[Int]!] }
type Mutation { d(p: P): D }
type Subscription { t(n: Int): Int! d: D }
)";

const query_schema& a_schema() {
  static const query_schema made = [] {
    const auto parsed = std::make_shared<parsed_schema>(sdl);
    findings found(parsed->text, "s");
    parsed->doc = parse(parsed->text, {}, found);
    parsed->index = index_schema(parsed->doc, false, found);
    if (found.has_errors()) std::abort();
    return query_schema(parsed);
  }();
  return made;
}

std::size_t errors_of(std::string_view text, const executable_document& doc) {
  findings found(text, "fuzz");
  validate(a_schema(), doc, found);
  const bool wrong = found.has_errors();
  const std::vector<diagnostic> all = found.take();
  if (wrong == all.empty()) std::abort();
  return all.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const request_limits limits;
  findings found(text, "fuzz");
  const executable_document doc = parse_executable(text, source_limits_of(limits), found);
  if (found.has_errors()) return 0;
  check_request_limits(doc, limits, found);
  if (errors_of(text, doc) != errors_of(text, doc)) std::abort();
  return 0;
}
