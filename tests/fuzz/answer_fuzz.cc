// Any bytes as what a guest answered: as its error, and as the answer of methods of every kind. What must hold: no crash,
// the bytes are not changed by being looked at, what becomes an error is bounded and is JSON again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "call/guest_error.h"
#include "schema/contract.h"
#include "schema/json_scan.h"

namespace {

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

void look_at_answer(const std::string& text, std::uint8_t kinds) {
  waggle::payload_limits limits;
  limits.depth = 20;
  waggle::method m;
  m.name = "m";
  m.answer = kinds;
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
  // All kinds together refuse only what is no JSON.
  if (kinds == waggle::json_any) require(waggle::find_json_problem(text, limits.depth).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  look_at_error(text);
  for (const std::uint8_t kinds : {waggle::json_any, waggle::json_object, waggle::json_string, waggle::json_number})
    look_at_answer(text, kinds);
  look_at_answer(text, waggle::json_null | waggle::json_array);
  look_at_answer(text, waggle::json_null | waggle::json_boolean);
  return 0;
}
