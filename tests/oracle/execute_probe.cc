// Executes requests against schemas. Each line of input is a JSON array of a schema's SDL and cases, each
// `[document, variables, {"response name": answer}]` in JSON texts (an answer that is no string is a failed call, `$payload` what
// the call was given). For each line it prints `{"sdl":…,"responses":[…]}`: the endpoint's SDL, and each case's response.
#include <iostream>

#include <fmt/format.h>
#include <simdjson.h>

#include "schema/execute/execution.h"

namespace {

using namespace waggle;
using namespace waggle::graphql;

std::shared_ptr<const prepared_document> prepare(std::shared_ptr<const endpoint> of, std::string_view text) {
  auto d = std::make_shared<prepared_document>(std::move(of), std::string(text));
  findings found(d->text, "q");
  d->doc = parse_executable(d->text, {}, found);
  if (found.has_errors()) return nullptr;
  d->plan();
  return d;
}

/// The response to a case; `answers` are looked up by the response's name: `{"name":"JSON" or null}`.
std::string respond(const std::shared_ptr<const endpoint>& of, std::string_view text, std::string_view variables,
                    simdjson::dom::object answers) {
  const auto document = prepare(of, text);
  if (document == nullptr) return "\"no document\"";
  execution_request request{.document = document, .operation_name = {}, .variables = variables};
  auto run = execution::begin(request);
  if (!run) return error_response(run.error(), document->text, false);
  const auto answer_of = [&](const root_call& call) -> result<std::string> {
    const method* const m = of->find(call.kind, call.method)->callee;
    std::string payload = call.payload;
    if (auto fits = check_payload(*m, payload, {}); !fits) return std::unexpected(std::move(fits.error()));
    const simdjson::dom::element answer = answers[call.response_name];
    if (!answer.is_string()) return fail(error_code::not_found, fault::guest, "failed");
    std::string json(answer.get_string().value());
    // What the guest was given, where it is to say it.
    if (json == "$payload") json = json_quote(payload);
    return json;
  };
  if (run->kind() == operation::subscription && !run->calls().empty())
    return run->respond_item(answer_of(run->calls().front()));
  const bool in_order = run->kind() == operation::mutation;
  for (std::size_t i = 0; i < run->calls().size() && !(in_order && run->lost()); ++i)
    run->answered(i, answer_of(run->calls()[i]));
  return run->finish();
}

std::string answer(simdjson::dom::array line) {
  compiled_contract compiled = compile_contract(line.at(0).get_string().value(), "f");
  if (!compiled.value) return fmt::format(R"({{"refused":{}}})", json_quote(to_string(compiled.findings.front())));
  const std::vector<std::shared_ptr<const contract>> services{
      std::make_shared<const contract>(std::move(*compiled.value))};
  const auto made = endpoint::make(services, false);
  if (!made) return fmt::format(R"({{"refused":{}}})", json_quote(made.error().message));
  std::string out = fmt::format(R"({{"sdl":{},"responses":[)", json_quote((*made)->sdl()));
  const char* comma = "";
  for (simdjson::dom::array one : line.at(1).get_array()) {
    out += comma + respond(*made, one.at(0), one.at(1), one.at(2));
    comma = ",";
  }
  return out + "]}";
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  simdjson::dom::parser parser;
  std::string line;
  while (std::getline(std::cin, line)) std::cout << answer(parser.parse(line)) << '\n';
}
