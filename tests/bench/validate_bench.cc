// What checking a payload costs, against simdjson's stage 1 alone (finding the tokens, which every parser must) in the same
// run: median of many short rounds in turns. `validate_bench --write FOLDER` writes the schema and the payloads for others
// (tests/bench/graphql_js.mjs), `--json` prints for programs.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <simdjson.h>

#include "schema/contract.h"

namespace {

using namespace waggle;

constexpr std::string_view sdl = R"(
type Query { place(input: Customer!): Int  order(input: Order!): Int  orders(input: [Order!]!): Int }
enum Status { NEW PAID SHIPPED CANCELED }
input Customer { id: ID! name: String! email: String! age: Int active: Boolean = true }
input Item { sku: String! title: String! quantity: Int! price: Float! }
input Order { id: ID! status: Status! customer: Customer! items: [Item!]! total: Float! note: String tags: [String!] }
)";

std::string customer(int i) {
  return fmt::format(
      R"({{"id":"c-{:06}","name":"Grace Hopper","email":"grace.hopper{}@example.org","age":{},"active":true}})", i,
      i % 10, 20 + i % 60);
}
std::string order(int i) {
  std::string items;
  for (int k = 0; k < 6; ++k)
    items += fmt::format(
        R"({}{{"sku":"SKU-{:05}-{}","title":"Ball bearing, {} mm, stainless steel","quantity":{},"price":{}.95}})",
        k == 0 ? "" : ",", i, k, 4 + k, 1 + k, 10 + i % 90);
  return fmt::format(
      R"({{"id":"o-{:07}","status":"{}","customer":{},"items":[{}],"total":{}.5,"note":"Please ring twice, the bell is old and the dog is not.","tags":["express","gift","b2b"]}})",
      i, i % 2 == 0 ? "PAID" : "NEW", customer(i), items, 100 + i);
}
std::string indented(std::string_view json) {
  std::string out;
  std::size_t level = 0;
  bool inside = false;
  const auto line = [&] { out += '\n' + std::string(level * 2, ' '); };
  for (const char c : json) {
    if (c == '"') inside = !inside;  // no escapes here
    if (!inside && (c == '}' || c == ']')) --level, line();
    out += c;
    if (inside) continue;
    if (c == ':') out += ' ';
    if (c == '{' || c == '[') ++level, line();
    if (c == ',') line();
  }
  return out;
}

struct subject {
  std::string name;
  std::string method;
  std::string payload;
  double budget_ns = 0;
  std::function<void()> ours;
  std::function<void()> stage1;
  std::vector<double> ours_ns;
  std::vector<double> stage1_ns;
};

double median(std::vector<double>& v) {
  std::ranges::nth_element(v, v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2));
  return v[v.size() / 2];
}

double time_of(const std::function<void()>& f, std::size_t times) {
  const auto from = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < times; ++i) f();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - from).count() /
         static_cast<double>(times);
}

std::vector<subject> subjects() {
  std::string many = "[";
  for (int i = 0; many.size() < 1'000'000; ++i) many += (i == 0 ? "" : ",") + order(i);
  many += "]";
  std::string umlauts = order(7);
  for (std::size_t at = 0; (at = umlauts.find("bearing", at)) != std::string::npos;) umlauts.replace(at, 7, "Größe–ß");
  const auto input = [](const std::string& value) { return "{\"input\":" + value + "}"; };
  std::string coerced = order(7);
  coerced.replace(coerced.find(R"("c-000007")"), 10, "7");
  std::vector<subject> all;
  const auto add = [&](std::string name, std::string method, std::string payload, double budget_ns) {
    subject s;
    s.name = std::move(name);
    s.method = std::move(method);
    s.payload = std::move(payload);
    s.budget_ns = budget_ns;
    all.push_back(std::move(s));
  };
  add("120 B", "place", input(customer(7)), 100);
  add("1 kB", "order", input(order(7)), 500);
  add("1 MB", "orders", input(many), static_cast<double>(many.size()) / 1.5);
  add("1 kB, indented", "order", indented(input(order(7))), 0);
  add("1 kB, not ASCII", "order", input(umlauts), 0);
  add("1 kB, one ID coerced", "order", input(coerced), 0);
  return all;
}

void prepare(subject& s, const contract& about) {
  const method& m = *about.find(s.method);
  payload_limits limits;
  limits.input_bytes = std::size_t{8} << 20;
  const auto text = std::make_shared<std::string>(s.payload);
  text->reserve(text->size() + simdjson::SIMDJSON_PADDING);
  if (auto fits = check_payload(m, *text, limits); !fits) {
    fmt::print(stderr, "{}: {}\n", s.name, fits.error().message);
    std::exit(1);
  }
  const bool changes = *text != s.payload;
  s.ours = [text, limits, &m, changes, &original = s.payload] {
    if (changes) text->assign(original);
    if (!check_payload(m, *text, limits)) std::abort();
  };
  std::shared_ptr<std::unique_ptr<simdjson::internal::dom_parser_implementation>> parser =
      std::make_shared<std::unique_ptr<simdjson::internal::dom_parser_implementation>>();
  if (simdjson::get_active_implementation()->create_dom_parser_implementation(text->size() + 64, 100, *parser) !=
      simdjson::SUCCESS)
    std::abort();
  s.stage1 = [text, parser] {
    if ((*parser)->stage1(reinterpret_cast<const std::uint8_t*>(text->data()), text->size(),
                          simdjson::stage1_mode::regular) != simdjson::SUCCESS)
      std::abort();
  };
}

void write(const std::string& folder, const std::vector<subject>& all) {
  std::ofstream(folder + "/schema.graphql") << sdl;
  for (const subject& s : all) std::ofstream(folder + "/" + s.method + "." + s.name + ".json") << s.payload;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<subject> all = subjects();
  const std::string_view option = argc > 1 ? argv[1] : "";
  if (option == "--write" && argc > 2) {
    write(argv[2], all);
    return 0;
  }
  const compiled_contract compiled = compile_contract(sdl, "bench.graphql");
  for (subject& s : all) prepare(s, *compiled.value);
  constexpr int rounds = 41;
  constexpr double round_ns = 1e6;
  for (int round = 0; round < rounds; ++round) {
    for (subject& s : all) {
      const auto times = static_cast<std::size_t>(std::max(1.0, round_ns / static_cast<double>(s.payload.size())));
      s.ours_ns.push_back(time_of(s.ours, times));
      s.stage1_ns.push_back(time_of(s.stage1, times));
    }
  }
  const bool json = option == "--json";
  if (!json)
    fmt::print("{:<22} {:>8} {:>12} {:>8} {:>12} {:>9}\n", "payload", "bytes", "ns", "GB/s", "to stage 1", "budget");
  for (subject& s : all) {
    const double ns = median(s.ours_ns);
    const double floor = median(s.stage1_ns);
    const auto bytes = static_cast<double>(s.payload.size());
    if (json)
      fmt::print("{{\"payload\":\"{}\",\"bytes\":{},\"ns\":{:.1f},\"stage1\":{:.1f},\"budget\":{:.0f}}}\n", s.name,
                 s.payload.size(), ns, floor, s.budget_ns);
    else
      fmt::print("{:<22} {:>8} {:>12.1f} {:>8.2f} {:>11.2f}x {:>9}\n", s.name, s.payload.size(), ns, bytes / ns,
                 ns / floor, s.budget_ns == 0 ? "" : fmt::format("{:.0f} ns", s.budget_ns));
  }
}
