#include "call/guest_error.h"

#include <fmt/format.h>
#include <simdjson.h>

namespace waggle {
namespace {

constexpr std::size_t max_details = 64 << 10;
constexpr std::size_t max_message = 4 << 10;

error malformed(std::string_view how) {
  error e;
  e.whose = fault::guest;
  e.message = fmt::format("the guest said that it failed, but what it answered is not {{\"error\":{{…}}}}: {}", how);
  return e;
}

/// Cut to what an error may carry, not in the middle of a UTF-8 sequence.
std::string cut(std::string_view text) {
  if (text.size() <= max_message) return std::string(text);
  std::size_t n = max_message;
  while (n > 0 && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80) --n;
  return std::string(text.substr(0, n)) + "…";
}

}  // namespace

error guest_error(std::string& answer) {
  thread_local simdjson::dom::parser parser;
  answer.reserve(answer.size() + simdjson::SIMDJSON_PADDING);
  simdjson::dom::element document;
  if (const auto bad = parser.parse(answer.data(), answer.size(), false).get(document))
    return malformed(simdjson::error_message(bad));
  simdjson::dom::object body;
  if (document["error"].get_object().get(body)) return malformed("there is no object `error`");
  error e;
  e.code = error_code::unknown;
  e.whose = fault::guest;
  if (std::string_view name; !body["code"].get_string().get(name))
    if (const auto code = code_from(name)) e.code = *code;
  if (std::string_view text; !body["message"].get_string().get(text)) e.message = cut(text);
  if (simdjson::dom::element details; !body["details"].get(details) && !details.is_null()) {
    e.details = simdjson::minify(details);
    if (e.details.size() > max_details) {
      e.details.clear();
      e.message += fmt::format(" (its details were over {} bytes and are left out)", max_details);
    }
  }
  return e;
}

}  // namespace waggle
