// A schema, a method's name and a JSON text, with a NUL between each: the text as the method's payload and as its answer.
// What must hold: the fast pass and the slow one give the same verdict; what is refused stays as it was; what comes out of
// coercion is JSON and is coerced to itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "schema/contract.h"
#include "schema/values/explain.h"
#include "schema/values/json_scan.h"

namespace {

constexpr std::size_t depth = 20;

void require(bool what) {
  if (!what) std::abort();
}

/// Takes the text before the next NUL from the front.
std::string_view take_part(std::string_view& rest) {
  const std::size_t end = rest.find('\0');
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

void look_at_refusal(const waggle::error& e, waggle::error_code unfit, waggle::fault whose) {
  // Another fault than the sender's is said where the two passes disagree.
  require(e.whose == whose);
  require(e.code == unfit || e.code == waggle::error_code::resource_exhausted);
  require(!e.violations.empty() && e.violation_count >= e.violations.size());
  require(!waggle::find_json_problem(waggle::to_json(e), 2000));
}

void look_at_payload(const waggle::method& m, const std::string& text, const waggle::payload_limits& limits) {
  std::string json = text;
  const auto fits = waggle::check_payload(m, json, limits);
  if (!fits) {
    require(json == text);
    return look_at_refusal(fits.error(), waggle::error_code::invalid_argument, waggle::fault::caller);
  }
  require(!waggle::find_json_problem(text, depth));
  require(waggle::graphql::explain(*m.types, m.payload.type, text, true, false).count == 0);
  // A default may be nested deeper, or make it longer, than what is taken from outside.
  waggle::payload_limits wide;
  wide.input_bytes = std::size_t{1} << 30;
  wide.depth = 1000;
  std::string again = json;
  require(waggle::check_payload(m, again, wide).has_value());
  require(again == json);
}

void look_at_answer(const waggle::method& m, const std::string& text, const waggle::payload_limits& limits) {
  std::string json = text;
  const auto fits = waggle::check_answer(m, json, limits);
  require(json == text);
  if (!fits) return look_at_refusal(fits.error(), waggle::error_code::internal, waggle::fault::guest);
  require(!waggle::find_json_problem(text, depth));
  require(waggle::graphql::explain(*m.types, m.answer.type, text, false, false).count == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view sdl = take_part(rest);
  const std::string_view name = take_part(rest);
  const waggle::compiled_contract compiled = waggle::compile_contract(sdl, "fuzz.graphql");
  const waggle::method* m = compiled.value ? compiled.value->find(name) : nullptr;
  if (m == nullptr) return 0;
  waggle::payload_limits limits;
  limits.depth = depth;
  const std::string text(rest);
  look_at_payload(*m, text, limits);
  look_at_answer(*m, text, limits);
  return 0;
}
