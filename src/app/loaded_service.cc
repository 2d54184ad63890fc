#include "app/loaded_service.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "app/data_folder.h"
#include "gateway/gzip.h"
#include "host/admin_service.h"
#include "schema/describe/describe.h"

namespace waggle {
namespace {

/// Of an instance whose contract does not say. Not more: filling memory is one instruction, which nothing interrupts.
constexpr std::uint32_t default_memory_mb = 64;

std::uint64_t megabytes(std::uint32_t n) { return std::uint64_t{n} << 20; }

/// A contract's descriptions are many times as long as the contract. Without memory they stay as they are.
std::shared_ptr<const descriptions> packed(const descriptions& plain) {
  descriptions small{.gzipped = true, .tools = plain.tools};
  if (plain.json_schema && !(small.json_schema = gzip(*plain.json_schema)))
    return std::make_shared<descriptions>(plain);
  if (plain.openapi && !(small.openapi = gzip(*plain.openapi))) return std::make_shared<descriptions>(plain);
  for (auto* const text : {&small.json_schema, &small.openapi})
    if (*text) (*text)->shrink_to_fit();
  return std::make_shared<const descriptions>(std::move(small));
}

bool has_error(const std::vector<diagnostic>& findings) {
  return std::ranges::any_of(findings, [](const diagnostic& d) { return d.level == diagnostic::severity::error; });
}

}  // namespace

std::optional<loaded_service> load_service(engines& on, const target& from, const configuration& c,
                                           std::vector<diagnostic>& findings) {
  const auto about_module = [&](diagnostic::severity level, std::string text) {
    findings.push_back({.file = from.module, .level = level, .message = std::move(text)});
  };
  auto compiled = compile_contract(from.schema, from.schema_file);
  const bool bad_schema = has_error(compiled.findings);
  std::ranges::move(compiled.findings, std::back_inserter(findings));
  if (bad_schema || !compiled.value) return std::nullopt;
  contract about = *std::move(compiled.value);
  if (about.name.empty()) {
    findings.push_back({.file = from.schema_file,
                        .message = "it cannot be served: the schema has no @service(name: …), which is its address"});
    return std::nullopt;
  }
  if (about.name.starts_with("waggle.")) {
    findings.push_back(
        {.file = from.schema_file, .message = "names that begin with waggle. are the node's own: " + about.name});
    return std::nullopt;
  }
  if (std::ranges::find(about.uses, admin_service::name) != about.uses.end()) {
    findings.push_back({.file = from.schema_file,
                        .message = fmt::format("@uses asks for {}, which is the operator's: no service may call it",
                                               admin_service::name)});
    return std::nullopt;
  }
  for (std::string& text : narrow(about.pool, about.name, c))
    about_module(diagnostic::severity::warning, std::move(text));
  const std::uint64_t memory = settings_for(about, c, nullptr).instances.memory_bytes;
  loaded_service s;
  for (const auto& [id, m] : about.methods) {
    if (!m.schedule) continue;
    auto when = timetable::make(*m.schedule);
    if (!when) {
      findings.push_back({.file = from.schema_file, .message = id + ": " + when.error().message});
      return std::nullopt;
    }
    s.scheduled.push_back({id, *std::move(when)});
  }
  std::optional<time_point> began;
  s.report.on_compile = [&] {
    began = std::chrono::steady_clock::now();
    spdlog::info("compiling {} ({} KiB)", from.module, from.bytes.size() >> 10);
  };
  auto code = module::load(on, std::as_bytes(std::span(from.bytes)), memory, s.report);
  for (std::string& text : s.report.warnings) about_module(diagnostic::severity::warning, std::move(text));
  if (!code) {
    if (code.error().violations.empty()) about_module(diagnostic::severity::error, code.error().message);
    for (const violation& v : code.error().violations)
      about_module(diagnostic::severity::error, "it cannot be a service: " + v.message);
    return std::nullopt;
  }
  if (began)
    spdlog::info(
        "compiled {} in {} ms", from.module,
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - *began).count());
  s.report.on_compile = {};
  about.described = packed(*describe(about, c.mcp.enabled));
  s.about = std::make_shared<const contract>(std::move(about));
  s.code = *std::move(code);
  return s;
}

deployment_settings settings_for(const contract& about, const configuration& c, host_ground* ground) {
  const service_limits allowed = limits_for(about.name, c);
  std::uint32_t memory = std::min(about.memory_mb.value_or(default_memory_mb), c.wasm.memory_mb);
  if (allowed.memory_mb > 0) memory = std::min(memory, allowed.memory_mb);
  return {.chain = {.limits = c.payload(),
                    .outputs = static_cast<output_check>(c.validate_output),
                    .default_timeout = c.limits.timeout,
                    .max_timeout = c.limits.max_timeout,
                    .histograms = c.metrics.histograms},
          .instances = {.memory_bytes = megabytes(memory),
                        .output_bytes = c.limits.answer_bytes,
                        .call_bytes = c.limits.body_bytes,
                        .args = {about.name},
                        .environ = {},
                        .start_timeout = c.limits.start_timeout},
          .limits = allowed,
          .queue_wait = allowed.queue.value_or(c.limits.queue),
          .granted = std::make_shared<const service_grants>(grants_for(about, c)),
          .state = ground != nullptr ? &ground->state() : nullptr,
          .blocking = ground != nullptr ? &ground->blocking() : nullptr};
}

result<std::unique_ptr<engines>> open_engines(const configuration& c) {
  make_data_folder(c.data);
  std::optional<module_cache> cache;
  if (auto opened = module_cache::open(std::filesystem::path(c.data) / "modules"))
    cache = *std::move(opened);
  else
    spdlog::warn("modules are compiled at each start: {}", opened.error().message);
  auto made = engines::make({.slots = c.wasm.instances}, std::move(cache));
  if (made && (*made)->slots() > 0 && (*made)->slots() < c.wasm.instances)
    spdlog::warn(
        "room for {} instances, not for the {} of wasm.instances: each takes up to 20 memory maps, and "
        "vm.max_map_count allows this process {} (sysctl vm.max_map_count=…)",
        (*made)->slots(), c.wasm.instances, max_memory_maps());
  return made;
}

}  // namespace waggle
