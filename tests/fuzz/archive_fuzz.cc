// Any bytes as an exported state. What must hold: no crash; what the check lets pass is imported whole, and is exported again
// as lines that import to the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>

#include "state/archive.h"

namespace {

using waggle::state_keeper;

std::string exported(state_keeper& keeper) {
  std::string out;
  if (!export_state(*keeper.view(), "", [&out](std::string_view line) { out += line; })) std::abort();
  return out;
}

auto lines_of(std::istringstream& in) {
  return [&in]() -> std::optional<std::string> {
    std::string line;
    if (!std::getline(in, line)) return std::nullopt;
    return line;
  };
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const waggle::manual_clock clock;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto first = state_keeper::in_memory(clock);
  std::istringstream checked(text);
  if (!check_archive(*first, lines_of(checked))) return 0;
  std::istringstream in(text);
  if (!import_state(*first, lines_of(in))) std::abort();
  const std::string out = exported(*first);
  const auto second = state_keeper::in_memory(clock);
  std::istringstream again(out);
  if (!import_state(*second, lines_of(again)) || exported(*second) != out) std::abort();
  return 0;
}
