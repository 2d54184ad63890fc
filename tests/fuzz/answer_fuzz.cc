// Any bytes as what a guest answered: as its error, and as the answer of methods of every kind. What must hold: no crash,
// the bytes are not changed by being looked at, what becomes an error is bounded and is JSON again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "call/guest_error.h"
#include "schema/contract.h"
#include "schema/values/json_scan.h"

namespace {

constexpr std::string_view sdl = R"(
type Query { i: Int f: Float! s: String b: Boolean id: ID! list: [[Int!]]! e: E node: Node any: Thing t: T! }
enum E { A B }
interface Node { id: ID! }
type T implements Node { id: ID! name: String more: [T!] e: E }
type U implements Node { id: ID! when: DateTime! }
union Thing = T | U
scalar DateTime @specifiedBy(url: "https://scalars.graphql.org/andimarek/date-time")
)";

void require(bool what) {
  if (!what) std::abort();
}

void look_at_error(const std::string& text) {
  std::string answer = text;
  const waggle::error e = waggle::guest_error(answer);
  require(answer == text);
  require(e.whose == waggle::fault::guest);
  require(e.message.size() < (5U << 10));
  require(e.details.size() <= (64U << 10));
  require(e.details.empty() || !waggle::find_json_problem(e.details, 2000));
  std::string whole = waggle::to_json(e, true);
  require(!waggle::find_json_problem(whole, 2000));
}

void look_at_answer(const std::string& text, const waggle::method& m) {
  waggle::payload_limits limits;
  limits.depth = 20;
  std::string answer = text;
  const auto fits = waggle::check_answer(m, answer, limits);
  require(answer == text);
  if (fits) {
    require(!waggle::find_json_problem(text, limits.depth));
    return;
  }
  require(fits.error().code == waggle::error_code::internal);
  require(fits.error().whose == waggle::fault::guest);
  require(!waggle::find_json_problem(waggle::to_json(fits.error()), 2000));
  // A type that takes anything refuses only what is no JSON.
  if (!m.types) require(waggle::find_json_problem(text, limits.depth).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  look_at_error(text);
  static const waggle::contract about = std::move(*waggle::compile_contract(sdl, "fuzz.graphql").value);
  for (const auto& [name, m] : about.methods) look_at_answer(text, m);
  waggle::method anything;
  anything.name = "m";
  look_at_answer(text, anything);
  return 0;
}
