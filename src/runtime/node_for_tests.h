#pragma once
// A small node for tests: engines, one core, services from build/guests. Only for *_test.cc and benchmarks.
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "runtime/deployment.h"
#include "schema/contract.h"

namespace waggle::testing_node {

inline std::string file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline engines& shared_engines() {
  static const std::unique_ptr<engines> all = [] {
    auto made = engines::make({.slots = 100}, std::nullopt);
    if (!made) throw std::runtime_error(made.error().message);
    return *std::move(made);
  }();
  return *all;
}

/// What a core has besides its loop; made when it is first asked for.
struct around_core {
  explicit around_core(core_loop& core) : calls(core, directory, {}) {}
  service_directory directory;
  sub_calls calls;
  trace_lane* traces = nullptr;  // of the services that are deployed from now on
};
inline around_core& around(core_loop& core) {
  static std::map<core_loop*, std::unique_ptr<around_core>> known;
  auto& one = known[&core];
  if (!one) one = std::make_unique<around_core>(core);
  return *one;
}
inline std::vector<service_core> with_calls(std::span<core_loop* const> cores) {
  std::vector<service_core> all;
  for (core_loop* const core : cores)
    all.push_back({.loop = core, .calls = &around(*core).calls, .traces = around(*core).traces});
  return all;
}

/// The guest NAME.wasm with its NAME.graphql, or with `sdl` where it is given.
inline std::unique_ptr<deployment> deploy(std::span<core_loop* const> cores, const std::string& name,
                                          deployment_settings settings = {}, const std::string& sdl = "") {
  const std::string base = std::string(WAGGLE_GUESTS) + "/" + name;
  auto compiled = compile_contract(sdl.empty() ? file(base + ".graphql") : sdl, name + ".graphql");
  if (!compiled.value)
    throw std::runtime_error(compiled.findings.empty() ? name : to_string(compiled.findings.front()));
  const std::string bytes = file(base + ".wasm");
  load_report report;
  auto code = module::load(shared_engines(), std::as_bytes(std::span(bytes)), settings.instances.memory_bytes, report);
  if (!code) throw std::runtime_error(code.error().message);
  return std::make_unique<deployment>(with_calls(cores), std::make_shared<const contract>(*std::move(compiled.value)),
                                      *code, settings);
}

/// How often its guests failed, on its first core.
inline std::uint64_t failed(const deployment& d) {
  std::uint64_t n = 0;
  for (const counter& c : d.view(0).failures) n += c.get();
  return n;
}

/// One request, run to its end on a core that this thread drives.
inline service_response ask(core_loop& core, service& s, std::string method, std::string input) {
  service_call call;
  bool done = false;
  call.request.method = std::move(method);
  call.request.input = std::move(input);
  call.then(&done, [](void* self, service_call&) noexcept { *static_cast<bool*>(self) = true; });
  s.ask(call);
  while (!done) core.poll();
  return std::move(call.response);
}

}  // namespace waggle::testing_node
