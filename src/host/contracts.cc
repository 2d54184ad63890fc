#include "host/contracts.h"

#include <cstdlib>
#include <map>
#include <mutex>
#include <string>

#include <spdlog/spdlog.h>

namespace waggle {

std::shared_ptr<const contract> compiled_host_contract(std::string_view file) {
  static std::mutex mutex;
  static std::map<std::string_view, std::shared_ptr<const contract>> known;
  const std::lock_guard lock(mutex);
  for (const host_contract& c : host_contracts()) {
    if (c.file != file) continue;
    auto& slot = known[c.file];
    if (slot) return slot;
    auto compiled = compile_contract(c.sdl, c.file);
    if (compiled.value) return slot = std::make_shared<const contract>(*std::move(compiled.value));
    for (const diagnostic& d : compiled.findings) spdlog::critical("{}", to_string(d));
    break;
  }
  spdlog::critical("the built-in contract {} does not compile", file);
  std::abort();
}

}  // namespace waggle
