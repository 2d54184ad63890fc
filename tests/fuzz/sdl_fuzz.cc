// Any bytes as a schema and as JSON: nothing may crash, hang or read outside; the two JSON parsers must agree.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "schema/contract.h"
#include "schema/values/json_scan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const waggle::compiled_contract compiled = waggle::compile_contract(text, "fuzz.graphql");
  bool errors = false;
  for (const waggle::diagnostic& d : compiled.findings) {
    errors |= d.level == waggle::diagnostic::severity::error;
    if (waggle::to_string(d).empty()) std::abort();
  }
  if (errors == compiled.value.has_value()) std::abort();  // a contract exactly where there is no error
  if (compiled.value && compiled.value->methods.empty()) std::abort();

  waggle::method m;
  m.name = "m";
  waggle::payload_limits limits;
  limits.depth = 20;
  std::string payload = text;
  const bool accepted = waggle::check_payload(m, payload, limits).has_value();
  if (payload != text) std::abort();
  if (accepted == waggle::find_json_problem(text, limits.depth).has_value()) std::abort();
  if (waggle::check_answer(m, payload, limits).has_value() != accepted) std::abort();
  return 0;
}
