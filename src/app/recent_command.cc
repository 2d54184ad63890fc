#include <fmt/format.h>
#include <simdjson.h>

#include "app/commands.h"
#include "app/operator_client.h"
#include "app/terminal_text.h"

namespace waggle {
namespace {

using simdjson::dom::element;

std::string_view text(const element& of, std::string_view key) {
  std::string_view found;
  return of[key].get_string().get(found) == simdjson::SUCCESS ? found : std::string_view();
}

std::int64_t number(const element& of, std::string_view key) {
  std::int64_t found = 0;
  return of[key].get_int64().get(found) == simdjson::SUCCESS ? found : 0;
}

/// Each line of it indented; nothing where there is none.
void print_part(std::string_view title, std::string_view lines) {
  for (bool first = true; !lines.empty(); first = false) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    fmt::print("    {:<11}{}\n", first ? title : "", printable(lines.substr(0, end)));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

void print_failure(const element& f) {
  print_part("message", text(f, "message"));
  if (element details; !f["details"].get(details) && !details.is_null())
    print_part("details", simdjson::minify(details));
  print_part("input", text(f, "input"));
  print_part("answer", text(f, "answer"));
  std::string log;
  if (simdjson::dom::array all; !f["log"].get_array().get(all))
    for (const element line : all) log += std::string(line.get_string().value_unsafe()) + "\n";
  print_part("log", log);
  print_part("backtrace", text(f, "backtrace"));
  print_part("callers", text(f, "callers"));
  print_part("trace", text(f, "traceparent"));
}

void print_request(const element& r) {
  element receipt;
  element failure;
  if (r["receipt"].get(receipt) || r["failure"].get(failure)) return;
  const std::string outcome =
      failure.is_null() ? "ok" : fmt::format("{} ({})", text(failure, "code"), text(failure, "fault"));
  fmt::print("{}  {:<20} {:<28} {:>9} us  in {} B, out {} B; queue {}, guest {}, waited {}, commit {} us, id {}\n",
             text(r, "at"), printable(text(r, "method")), outcome, number(receipt, "totalUs"), number(r, "inputBytes"),
             number(r, "outputBytes"), number(receipt, "queueUs"), number(receipt, "guestUs"),
             number(receipt, "waitedUs"), number(receipt, "commitUs"), text(r, "id"));
  if (!failure.is_null()) print_failure(failure);
}

}  // namespace

int recent(const configuration& c, const recent_options& o) {
  const auto answer = ask_running_node(
      c, "recent",
      fmt::format(R"({{"service":{},"failedOnly":{},"first":{}}})", json_quote(o.service), o.failed, o.first));
  if (!answer) {
    fmt::print(stderr, "{}\n", to_json(answer.error()));
    return exit_failed;
  }
  simdjson::dom::parser parser;
  simdjson::dom::array all;
  if (parser.parse(*answer).get_array().get(all)) {
    fmt::print(stderr, "waggle: the node's answer cannot be read; is it of another version?\n");
    return exit_failed;
  }
  for (const element r : all) {
    if (o.json)
      fmt::print("{}\n", simdjson::minify(r));
    else
      print_request(r);
  }
  return exit_fine;
}

}  // namespace waggle
