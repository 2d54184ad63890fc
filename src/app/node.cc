#include "app/node.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <future>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "app/data_folder.h"
#include "app/metrics.h"
#include "app/operator_view.h"
#include "host/admin_service.h"
#include "schema/describe/describe.h"

namespace waggle {
namespace {

/// Of an instance whose contract does not say. Not more: filling memory is one instruction, which nothing interrupts.
constexpr std::uint32_t default_memory_mb = 64;

std::uint64_t megabytes(std::uint32_t n) { return std::uint64_t{n} << 20; }

/// The cores share the port (SO_REUSEPORT), and so would another node of the same user, without a word: half of the
/// requests would go there. A socket that does not share finds it out.
std::optional<error> taken_by_another(const endpoint& at) {
  using boost::asio::ip::tcp;
  boost::system::error_code bad;
  const auto address = boost::asio::ip::make_address(at.address, bad);
  if (bad || at.port == 0) return std::nullopt;
  boost::asio::io_context io;
  tcp::acceptor probe(io);
  const tcp::endpoint where(address, at.port);
  probe.open(where.protocol(), bad);
  if (!bad) probe.set_option(tcp::acceptor::reuse_address(true), bad);
  if (!bad) probe.bind(where, bad);
  if (!bad) return std::nullopt;
  error e;
  e.code = error_code::unavailable;
  e.whose = fault::host;
  e.message = fmt::format("cannot listen on {}: {}", to_string(at), bad.message());
  return e;
}

bool has_error(const std::vector<diagnostic>& findings) {
  return std::ranges::any_of(findings, [](const diagnostic& d) { return d.level == diagnostic::severity::error; });
}

http_settings http_settings_for(const configuration& c) {
  http_settings http;
  http.header_limit = c.limits.header_bytes;
  http.body_limit = c.limits.body_bytes;
  http.max_connections = std::max<std::size_t>(1, c.http.connections / c.threads);
  http.header_timeout = c.http.header_timeout;
  http.body_timeout = c.http.body_timeout;
  http.idle_timeout = c.http.idle_timeout;
  http.write_timeout = c.http.write_timeout;
  http.allowed_hosts = c.http.allowed_hosts;
  http.allowed_origins = c.http.allowed_origins;
  http.show_debug = c.dev;
  return http;
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
  about.described = describe(about);
  s.about = std::make_shared<const contract>(std::move(about));
  s.code = *std::move(code);
  return s;
}

deployment_settings settings_for(const contract& about, const configuration& c, host_ground* ground) {
  return {
      .chain = {.limits = c.payload(),
                .outputs = static_cast<output_check>(c.validate_output),
                .default_timeout = c.limits.timeout,
                .max_timeout = c.limits.max_timeout},
      .instances = {.memory_bytes = megabytes(std::min(about.memory_mb.value_or(default_memory_mb), c.wasm.memory_mb)),
                    .output_bytes = c.limits.answer_bytes,
                    .call_bytes = c.limits.body_bytes,
                    .args = {about.name},
                    .environ = {},
                    .start_timeout = c.limits.start_timeout},
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
  return engines::make({.slots = c.wasm.instances}, std::move(cache));
}

node::node(const configuration& c, const clock_source& clock, std::unique_ptr<host_ground> ground)
    : config_(c), ground_(std::move(ground)) {
  const http_settings http = http_settings_for(c);
  for (unsigned i = 0; i < c.threads; ++i) {
    auto made = std::make_unique<one_core>();
    made->loop = std::make_unique<core_loop>(i, clock);
    made->calls = std::make_unique<sub_calls>(*made->loop, made->directory,
                                              call_limits{.depth = c.limits.call_depth, .calls = c.limits.calls});
    made->host = std::make_unique<host_services>(*made->loop, made->directory, *ground_, c);
    made->server = std::make_unique<http_server>(*made->loop, made->directory, http,
                                                 [this](std::string_view path) { return operator_page(path); });
    cores_.push_back(std::move(made));
  }
  one_core& first = *cores_.front();
  // Before the threads: the first core uses them.
  schedule_store_ = std::make_unique<schedule_store>(*first.loop, ground_->state(), ground_->blocking());
  schedules_ = std::make_unique<schedules>(*first.loop, first.directory, *schedule_store_);
  for (const auto& core : cores_)
    core->thread = std::thread([loop = core->loop.get()] {
      pthread_setname_np(pthread_self(), fmt::format("waggle-core-{}", loop->index()).c_str());
      try {
        loop->run();
      } catch (const std::exception& e) {  // out of memory, or a defect: what this core was doing is lost
        spdlog::critical("core {} ends: {}", loop->index(), e.what());
        std::abort();
      }
    });
}

node::~node() {
  on_all_cores([](one_core& core) {
    core.server.reset();
    core.operators.reset();
  });
  for (const auto& core : cores_) core->loop->stop();
  for (const auto& core : cores_) core->thread.join();
  // Nothing runs on the cores any more. What blocks elsewhere may still post to them: it ends while they are there.
  schedules_.reset();
  // A call under way may hold a repeat's turn, whose end its service is told of: before the services.
  for (const auto& core : cores_) core->calls.reset();
  services_.clear();
  retiring_.clear();
  for (const auto& core : cores_) core->host.reset();
  ground_.reset();
}

/// Runs `what` on every core and waits until it has.
void node::on_all_cores(std::function<void(one_core&)> what) {
  std::vector<std::future<void>> done;
  for (const auto& core : cores_) {
    std::promise<void> ran;
    done.push_back(ran.get_future());
    core->loop->post([&what, &core = *core, ran = std::move(ran)]() mutable {
      what(core);
      ran.set_value();
    });
  }
  for (auto& d : done) d.wait();
}

result<std::uint16_t> node::listen() {
  std::uint16_t port = config_.listen.port;
  if (auto taken = taken_by_another(config_.listen)) return std::unexpected(*std::move(taken));
  std::optional<error> failed;
  for (const auto& core : cores_) {  // one after the other: the first may choose the port
    std::promise<void> ran;
    core->loop->post([&] {
      if (auto ok = core->server->listen(config_.listen.address, port); !ok)
        failed = std::move(ok.error());
      else
        port = core->server->port();
      ran.set_value();
    });
    ran.get_future().wait();
    if (failed) return std::unexpected(*failed);
  }
  return port;
}

result<void> node::listen_to_operator(std::function<void(node_operator::told<void>)> reload,
                                      std::function<void()> drain) {
  struct stat folder {};
  if (::stat(config_.data.c_str(), &folder) != 0 || folder.st_uid != ::geteuid())
    return fail(error_code::failed_precondition, fault::host,
                fmt::format("the data folder {} is not this user's own, so another could put a socket there: chown it",
                            config_.data));
  if ((folder.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return fail(error_code::failed_precondition, fault::host,
                fmt::format("others may write to the data folder {}: chmod 700 it", config_.data));
  one_core& core = *cores_.front();
  node_operator does;
  does.services = [this] { return served(); };
  does.schedules = [this] {
    std::vector<scheduled_view> all;
    for (schedule_view& s : schedules_->list()) all.push_back(view_of(std::move(s)));
    return all;
  };
  does.trigger = [this](const std::string& service, const std::string& method, node_operator::told<std::string> done) {
    schedules_->trigger(service, method, std::move(done));
  };
  does.reload = [loop = core.loop.get(), reload = std::move(reload)](node_operator::told<void> done) {
    reload([loop, done = std::move(done)](result<void> outcome) mutable {
      loop->post([done = std::move(done), outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
    });
  };
  does.drain = std::move(drain);
  http_settings http = http_settings_for(config_);
  http.for_operator = true;
  http.max_connections = 64;
  std::promise<result<void>> ran;
  core.loop->post([&] {
    core.host->add(std::make_unique<admin_service>(*core.loop, ground_->state(), ground_->blocking(), std::move(does)));
    core.operators = std::make_unique<http_server>(*core.loop, core.directory, std::move(http),
                                                   [this](std::string_view path) { return operator_page(path); });
    ran.set_value(core.operators->listen_local(operator_socket(config_.data)));
  });
  return ran.get_future().get();
}

std::vector<served_view> node::served() {
  const std::lock_guard lock(mutex_);
  std::vector<served_view> all;
  for (const auto& [name, s] : services_) all.push_back(view_of(*s, config_));
  return all;
}

std::vector<node::missing_use> node::missing_uses() {
  std::vector<missing_use> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, s] : services_)
      for (const std::string& used : s->about().uses) all.push_back({name, used});
  }
  std::promise<void> ran;
  one_core& core = *cores_.front();
  core.loop->post([&] {
    std::erase_if(all, [&](const missing_use& m) { return core.directory.find(m.used) != nullptr; });
    ran.set_value();
  });
  ran.get_future().wait();
  return all;
}

std::vector<std::shared_ptr<deployment>> node::versions_of(const std::string& name) const {
  std::vector<std::shared_ptr<deployment>> all;
  for (const auto& d : retiring_)
    if (d->about().name == name) all.push_back(d);
  if (const auto at = services_.find(name); at != services_.end()) all.push_back(at->second);
  return all;
}

result<void> node::deploy(const loaded_service& s) {
  const std::string& name = s.about->name;
  std::vector<service_core> all;
  for (const auto& core : cores_) all.push_back({core->loop.get(), core->calls.get()});
  deployment_settings settings = settings_for(*s.about, config_, ground_.get());
  {
    const std::lock_guard lock(mutex_);
    const auto before = versions_of(name);
    if (!before.empty()) settings.running = before.back()->running();
    settings.waits = std::ranges::any_of(before, [](const auto& d) { return d->about().singleton; });
  }
  const bool waits = settings.waits || s.about->singleton;
  auto fresh = std::make_shared<deployment>(all, s.about, s.code, settings);
  std::promise<bool> started;
  fresh->start([&started](bool fine) { started.set_value(fine); });
  if (!started.get_future().get()) {
    {
      const std::lock_guard lock(mutex_);
      retiring_.push_back(fresh);
    }
    retire(std::move(fresh));
    return fail(error_code::internal, fault::guest, fmt::format("{} did not start; the log above says why", name));
  }
  std::shared_ptr<deployment> old;
  {
    // Edges of the old version are there until it has ended, those of the new one before it can be called.
    const std::lock_guard lock(mutex_);
    old = std::exchange(services_[name], fresh);
    if (old) retiring_.push_back(old);
    find_cycles();
  }
  on_all_cores([&](one_core& core) { core.directory.put(name, fresh->on(core.loop->index())); });
  if (old) retire(std::move(old));
  if (waits)
    if (auto ok = take_over(fresh); !ok) return ok;
  to_schedule_[name] = s.scheduled;
  return {};
}

void node::begin_schedules() {
  cores_.front()->loop->post([this, all = std::exchange(to_schedule_, {})]() mutable {
    for (auto& [name, methods] : all) schedules_->put(name, std::move(methods));
  });
}

/// A singleton begins when the one before has committed its last; requests wait meanwhile.
result<void> node::take_over(const std::shared_ptr<deployment>& fresh) {
  const std::string& name = fresh->about().name;
  {
    std::unique_lock lock(mutex_);
    retired_.wait(lock, [&] { return ending_ || versions_of(name).size() == 1; });
    if (ending_)
      return fail(error_code::unavailable, fault::host, fmt::format("{} was not replaced: the node ends", name));
  }
  if (!fresh->about().singleton) {
    fresh->take_over(nullptr);
    return {};
  }
  auto held = ground_->state().acquire(name);
  if (!held) return std::unexpected(std::move(held.error()));
  fresh->take_over(*std::move(held));
  return {};
}

void node::remove(const std::string& name) {
  std::shared_ptr<deployment> old;
  {
    const std::lock_guard lock(mutex_);
    const auto at = services_.find(name);
    if (at == services_.end()) return;
    old = std::move(at->second);
    services_.erase(at);
    retiring_.push_back(old);
  }
  to_schedule_.erase(name);
  cores_.front()->loop->post([this, name] { schedules_->remove(name); });
  on_all_cores([&](one_core& core) { core.directory.remove(name); });
  retire(std::move(old));
}

void node::find_cycles() {
  std::map<std::string, std::vector<std::string>> uses;
  const auto add = [&uses](const deployment& d) {
    std::ranges::copy(d.about().uses, std::back_inserter(uses[d.about().name]));
  };
  for (const auto& [name, s] : services_) add(*s);
  for (const auto& d : retiring_) add(*d);
  const auto cycles = std::make_shared<const uses_cycles>(uses);
  // Posted under the mutex: the newest comes last on each core.
  for (const auto& core : cores_) core->loop->post([calls = core->calls.get(), cycles] { calls->set_cycles(cycles); });
}

/// It is in `retiring_` and has left the directories.
void node::retire(std::shared_ptr<deployment> old) {
  old->retire([this, raw = old.get()] {
    const std::lock_guard lock(mutex_);
    std::erase_if(retiring_, [raw](const auto& d) { return d.get() == raw; });
    find_cycles();
    retired_.notify_all();
  });
}

std::vector<std::string> node::names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  for (const auto& [name, s] : services_) all.push_back(name);
  return all;
}

std::string node::example() const {
  const std::lock_guard lock(mutex_);
  for (const operation kind : {operation::query, operation::mutation})
    for (const auto& [name, s] : services_)
      for (const auto& [method, m] : s->about().methods)
        if (m.kind == kind && !m.internal)
          return fmt::format("/{}/{} -H 'content-type: application/json' -d '{}'", name, method, m.example);
  return {};
}

bool node::drain() {
  ready_ = false;
  const auto all_closed = std::make_shared<std::promise<void>>();
  const auto open = std::make_shared<std::atomic<std::size_t>>(cores_.size() + 1);
  const auto one_less = [all_closed, open] {
    if (--*open == 0) all_closed->set_value();
  };
  cores_.front()->loop->post([this, one_less] { schedules_->stop(one_less); });
  for (const auto& core : cores_)
    core->loop->post([&core = *core, this, one_less] { core.server->drain(config_.drain.grace, one_less); });
  const auto limit = config_.drain.grace + config_.drain.timeout;
  const bool fine = all_closed->get_future().wait_for(limit) == std::future_status::ready;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    retired_.notify_all();
    if (fine) return true;
    for (const auto& [name, s] : services_) s->cut_off();
    for (const auto& s : retiring_) s->cut_off();
  }
  on_all_cores([](one_core& core) { core.server->close(); });
  return false;
}

std::optional<page> node::operator_page(std::string_view path) {
  constexpr std::string_view text = "text/plain; charset=utf-8";
  if (path == "/healthz") return page{.status = 200, .content_type = std::string(text), .body = "ok\n"};
  if (path == "/readyz") {
    const bool yes = ready_.load(std::memory_order_relaxed);
    return page{
        .status = yes ? 200U : 503U, .content_type = std::string(text), .body = yes ? "ready\n" : "not ready\n"};
  }
  if (path == "/metrics")
    return page{.status = 200, .content_type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics_text()};
  if (path == "/") {
    std::string body = "waggle " WAGGLE_VERSION "\n\n";
    for (const std::string& name : names()) body += fmt::format("GET  /{0}\nPOST /{0}/METHOD\n", name);
    return page{.status = 200, .content_type = std::string(text), .body = std::move(body)};
  }
  return std::nullopt;
}

std::string node::metrics_text() {
  // Held all the while: a service is only taken apart after it has left `services_`.
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<deployment>> services;
  for (const auto& [name, s] : services_) services.push_back(s);
  std::vector<const http_stats*> servers;
  for (const auto& core : cores_) servers.push_back(&core->server->stats());
  return waggle::metrics_text(services, servers);
}

}  // namespace waggle
