// What waggle says about payloads and answers. One request a line of standard input:
//   {"sdl":"…","method":"m","kind":"payload"|"answer","payloads":["raw JSON text" or {"hex":"…"}, …],"depth":n,"bytes":n}
// (kind, depth and bytes may be left out), and for each one line of standard output: an array with one of
//   {"ok":true,"json":"what comes out","fixed":is that coerced to itself?}
//   {"ok":false,"code":"…","message":"…","unchanged":is the text?,"count":n,"violations":[{"path","offset","message"}, …]}
// for each payload, or {"findings":["…", …]} where the contract is none or has no such method.
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <simdjson.h>

#include "schema/contract.h"

namespace {

using simdjson::dom::element;

std::string bytes_of(const element& payload) {
  std::string_view text;
  if (payload.get(text) == simdjson::SUCCESS) return std::string(text);
  // What is not UTF-8 cannot be said in a JSON string.
  text = payload["hex"].get_string().value();
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    out.push_back(static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  return out;
}

std::string verdict(const waggle::method& m, bool answer, std::string json, const waggle::payload_limits& limits) {
  const std::string given = json;
  const auto good = answer ? check_answer(m, json, limits) : check_payload(m, json, limits);
  if (!good) {
    const waggle::error& e = good.error();
    const std::string violations = waggle::violations_json(e);
    return fmt::format(R"({{"ok":false,"code":"{}","message":{},"unchanged":{},{}}})", waggle::to_string(e.code),
                       waggle::json_quote(e.message), json == given,
                       violations.empty() ? R"("count":0,"violations":[])"
                                          : std::string_view(violations).substr(1, violations.size() - 2));
  }
  // What was coerced is coerced to itself.
  std::string again = json;
  const bool fixed = answer || (check_payload(m, again, limits).has_value() && again == json);
  return fmt::format(R"({{"ok":true,"json":{},"fixed":{}}})", waggle::json_quote(json), fixed);
}

/// The contract that was compiled last: requests for one schema come in a row.
struct compiled {
  std::string sdl;
  waggle::compiled_contract contract;
};

std::string answer_to(const element& request, std::optional<compiled>& last) {
  const std::string_view sdl = request["sdl"].get_string().value();
  if (!last || last->sdl != sdl) last = compiled{std::string(sdl), waggle::compile_contract(sdl, "oracle.graphql")};
  const waggle::compiled_contract& c = last->contract;
  const std::string_view name = request["method"].get_string().value();
  const waggle::method* m = c.value ? c.value->find(name) : nullptr;
  std::string out;
  if (m == nullptr) {
    for (const waggle::diagnostic& d : c.findings)
      out += fmt::format("{}{}", out.empty() ? "" : ",", waggle::json_quote(to_string(d)));
    return fmt::format(R"({{"findings":[{}]}})", out);
  }
  std::string_view kind;
  const bool answer = request["kind"].get(kind) == simdjson::SUCCESS && kind == "answer";
  waggle::payload_limits limits;
  std::uint64_t number = 0;
  if (request["depth"].get(number) == simdjson::SUCCESS) limits.depth = number;
  if (request["bytes"].get(number) == simdjson::SUCCESS) limits.input_bytes = limits.output_bytes = number;
  const simdjson::dom::array payloads = request["payloads"].get_array().value();
  for (const element payload : payloads)
    out += fmt::format("{}{}", out.empty() ? "" : ",", verdict(*m, answer, bytes_of(payload), limits));
  return fmt::format("[{}]", out);
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  simdjson::dom::parser parser;
  std::optional<compiled> last;
  std::string line;
  while (std::getline(std::cin, line)) {
    element request;
    if (const auto problem = parser.parse(line).get(request); problem != simdjson::SUCCESS) {
      fmt::print(stderr, "coerce_probe: a request is not JSON: {}\n", simdjson::error_message(problem));
      return 2;
    }
    std::cout << answer_to(request, last) << '\n' << std::flush;
  }
}
