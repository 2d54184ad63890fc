#include "host/log_service.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

#include "core/utf8.h"
#include "host/contracts.h"
#include "host/guest_call.h"

namespace waggle {
namespace {

constexpr std::array<std::string_view, 5> levels = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR"};
constexpr std::string_view ellipsis = "…";

/// A line that is being written, up to its limit.
class bounded_line {
 public:
  [[nodiscard]] bool full() const { return full_; }

  void add(std::string_view text, bool quoted = false) {
    while (!text.empty() && !full_) {
      const auto [length, value] = first_utf8_character(text);
      const std::size_t taken = std::max<std::size_t>(length, 1);
      add_character(text.substr(0, taken), value, length == 0, quoted);
      text.remove_prefix(taken);
    }
  }
  void add_word(std::string_view text) {
    const bool plain = !text.empty() && std::ranges::all_of(text, [](char c) {
      return c > ' ' && c != 0x7F && c != '"' && c != '=' && c != '\\' && static_cast<unsigned char>(c) < 0x80;
    });
    if (plain) return add(text);
    put("\"");
    add(text, true);
    put("\"");
  }
  void put(std::string_view harmless) {
    if (full_) return;
    if (out_.size() + harmless.size() <= max_log_line) {
      // The last place where the line can still be cut with a mark behind it.
      if (out_.size() + harmless.size() <= max_log_line - ellipsis.size()) cut_ = out_.size() + harmless.size();
      out_ += harmless;
      return;
    }
    out_.resize(cut_);
    out_ += ellipsis;
    full_ = true;
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void add_character(std::string_view bytes, char32_t value, bool malformed, bool quoted) {
    if (malformed) return put(fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes[0])));
    if (quoted && (value == '"' || value == '\\')) return put(value == '"' ? "\\\"" : "\\\\");
    if (value == '\n') return put("\\n");
    if (value == '\r') return put("\\r");
    if (value == '\t') return put("\\t");
    if (!disturbs_a_line(value)) return put(bytes);
    if (value < 0x80) return put(fmt::format("\\x{:02x}", static_cast<unsigned>(value)));
    put(fmt::format("\\u{{{:04x}}}", static_cast<unsigned>(value)));
  }

  std::string out_;
  std::size_t cut_ = 0;
  bool full_ = false;
};

}  // namespace

std::string log_line(std::string_view message, const simdjson::dom::object* fields) {
  bounded_line line;
  line.add(message);
  if (fields != nullptr) {
    for (const auto& [name, value] : *fields) {
      if (line.full()) break;
      line.put(" ");
      line.add_word(name);
      line.put("=");
      if (std::string_view text; !value.get_string().get(text))
        line.add_word(text);
      else
        line.add(simdjson::minify(value));
    }
  }
  return line.take();
}

log_service::log_service() : contract_(compiled_host_contract("log.graphql")) {}

void log_service::ask(service_call& call) {
  const auto guest = calling_guest(call);
  if (!guest) return call.finish(guest.error());
  const auto in = payload_of(call);
  if (!in) return call.finish(in.error());
  const std::string level = text_of(*in, "level");
  const auto known = std::ranges::find(levels, std::string_view(level));
  const int number = known == levels.end() ? 2 : static_cast<int>(known - levels.begin());
  simdjson::dom::element given;
  simdjson::dom::object fields;
  const bool some = in->at_key("fields").get(given) == simdjson::SUCCESS && !given.is_null();
  if (some && given.get_object().get(fields) != simdjson::SUCCESS) {
    error why;
    why.code = error_code::invalid_argument;
    why.whose = fault::guest;
    why.message = "fields: expected an object, whose members are shown as name=value";
    return call.finish(std::move(why));
  }
  const auto& log = (*guest)->log;
  const bool kept = log && log(number, log_line(text_of(*in, "message"), some ? &fields : nullptr));
  call.response.output = kept ? "true" : "false";
  call.finish();
}

}  // namespace waggle
