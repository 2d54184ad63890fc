// Compiles the texts of standard input and prints what was found. Each text comes as its length in bytes, a newline and the
// text; for each there is one line of JSON: {"errors":["LINE:COL message",…],"warnings":N,"ms":…}. With a file as argument:
// compiles that one and prints the milliseconds, the best of five, and the most memory that it took.
#include <algorithm>
#include <ctime>
#include <fstream>
#include <iostream>
#include <iterator>

#include <fmt/format.h>

#include "core/error.h"
#include "schema/contract.h"

namespace {

using namespace waggle;

/// Of this program's own time, so that others at work on the machine do not count.
double milliseconds_since(std::clock_t start) {
  return static_cast<double>(std::clock() - start) * 1000 / CLOCKS_PER_SEC;
}

void answer(const std::string& text) {
  const std::clock_t start = std::clock();
  const compiled_contract compiled = compile_contract(text, "f");
  const double ms = milliseconds_since(start);
  std::string errors;
  std::size_t warnings = 0;
  for (const diagnostic& d : compiled.findings) {
    if (d.level == diagnostic::severity::warning) ++warnings;
    if (d.level != diagnostic::severity::error) continue;
    errors += fmt::format("{}{}", errors.empty() ? "" : ",",
                          json_quote(fmt::format("{}:{} {}", d.line, d.column, d.message)));
  }
  fmt::print("{{\"errors\":[{}],\"warnings\":{},\"ms\":{:.3f}}}\n", errors, warnings, ms);
}

/// A row of /proc/self/status, in KiB.
double memory(std::string_view row) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(row)) return std::stod(line.substr(row.size()));
  return 0;
}

int measure(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const double before = memory("VmRSS:");
  double best = 0;
  std::size_t errors = 0;
  double peak = 0;
  for (int i = 0; i < 5; ++i) {
    const std::clock_t start = std::clock();
    const compiled_contract compiled = compile_contract(text, path);
    const double ms = milliseconds_since(start);
    best = i == 0 ? ms : std::min(best, ms);
    if (i == 0) peak = memory("VmHWM:");  // during compilation too
    errors = static_cast<std::size_t>(
        std::ranges::count(compiled.findings, diagnostic::severity::error, &diagnostic::level));
    if (i == 0)
      for (const diagnostic& d : compiled.findings)
        if (d.level == diagnostic::severity::error) std::cerr << to_string(d) << '\n';
  }
  fmt::print("{{\"bytes\":{},\"errors\":{},\"ms\":{:.1f},\"mib\":{:.1f}}}\n", text.size(), errors, best,
             (peak - before) / 1024);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) return measure(argv[1]);
  std::string length;
  while (std::getline(std::cin, length)) {
    std::string text(std::stoul(length), '\0');
    std::cin.read(text.data(), static_cast<std::streamsize>(text.size()));
    answer(text);
  }
}
