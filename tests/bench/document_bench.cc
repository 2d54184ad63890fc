// What a request's document costs before anything runs: parsing, limits, rules; of the documents in tests/bench/documents, which
// document_js.mjs gives to graphql-js too. `document_bench FOLDER [--json]`: microseconds, the median of many short rounds.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "schema/execute/query_schema.h"
#include "schema/execute/request_limits.h"
#include "schema/execute/validate.h"
#include "schema/language/parser.h"

namespace {

using namespace waggle;
using namespace waggle::graphql;

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

[[noreturn]] void refused(findings& found) {
  for (const diagnostic& d : found.take()) fmt::print(stderr, "{}\n", to_string(d));
  std::exit(1);
}

std::unique_ptr<query_schema> schema_of(std::string_view sdl) {
  const auto parsed = std::make_shared<parsed_schema>(sdl);
  findings found(parsed->text, "schema.graphql");
  parsed->doc = parse(parsed->text, {}, found);
  parsed->index = index_schema(parsed->doc, false, found);
  if (found.has_errors()) refused(found);
  return std::make_unique<query_schema>(parsed);
}

template <class Work>
double median_us(Work work) {
  constexpr int rounds = 101;
  constexpr int times = 100;
  std::vector<double> all;
  for (int round = 0; round < rounds; ++round) {
    const auto from = std::chrono::steady_clock::now();
    for (int i = 0; i < times; ++i) work();
    all.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - from).count() / times);
  }
  std::ranges::nth_element(all, all.begin() + rounds / 2);
  return all[rounds / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: document_bench FOLDER [--json]\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  const bool json = argc > 2 && std::string_view(argv[2]) == "--json";
  const auto schema = schema_of(content(folder / "schema.graphql"));
  const request_limits limits;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().stem().string();
    if (name == "schema") continue;
    const std::string text = content(entry.path());
    const auto parsed = [&](findings& found) { return parse_executable(text, source_limits_of(limits), found); };
    findings found(text, name);
    const executable_document doc = parsed(found);
    if (!found.has_errors()) validate(*schema, doc, found);
    if (found.has_errors()) refused(found);
    const double parse_us = median_us([&] { static_cast<void>(parsed(found)); });
    const double limits_us = median_us([&] { check_request_limits(doc, limits, found); });
    const double validate_us = median_us([&] { validate(*schema, doc, found); });
    if (json)
      fmt::print("{{\"document\":\"{}\",\"bytes\":{},\"parse\":{:.2f},\"limits\":{:.2f},\"validate\":{:.2f}}}\n", name,
                 text.size(), parse_us, limits_us, validate_us);
    else
      fmt::print("{:<12} {:>6} bytes: parse {:.2f} us, limits {:.2f} us, validate {:.2f} us\n", name, text.size(),
                 parse_us, limits_us, validate_us);
  }
}
