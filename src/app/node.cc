#include "app/node.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <future>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "app/curl_line.h"
#include "app/data_folder.h"
#include "app/operator_view.h"
#include "gateway/held_answers.h"
#include "gateway/tls_source.h"
#include "host/admin_service.h"
#include "schema/language/text.h"

namespace waggle {
namespace {

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
  http.mcp = c.mcp.enabled;
  if (c.mcp.origin != "off") http.mcp_origin = c.mcp.origin;
  http.show_debug = c.dev;
  return http;
}

graphql_settings graphql_settings_for(const configuration& c) {
  graphql_settings g;
  g.introspection = c.graphql.introspection;
  g.timeout = c.graphql.timeout;
  g.limits = {.tokens = c.graphql.tokens,
              .depth = c.graphql.depth,
              .aliases = c.graphql.aliases,
              .root_fields = c.graphql.root_fields,
              .directives = c.graphql.directives,
              .cost = c.graphql.cost};
  g.stored = c.stored;
  g.only_stored = c.graphql.only_stored;
  return g;
}

}  // namespace

node::node(const configuration& c, const clock_source& clock, std::unique_ptr<host_ground> ground,
           const ticker& heartbeat, std::unique_ptr<trace_exporter> traces, std::unique_ptr<identity> callers,
           std::shared_ptr<tls_source> tls)
    : config_(c),
      heartbeat_(heartbeat),
      ground_(std::move(ground)),
      traces_(std::move(traces)),
      callers_(std::move(callers)),
      tls_(std::move(tls)),
      memory_(std::uint64_t{c.limits.memory_mb} << 20),
      answers_(std::make_shared<answer_memory>(std::size_t{c.http.answers_mb} << 20)),
      pages_(c, clock, [this](bool figures) { return shown_first(figures); }),
      metrics_(c.metrics.methods) {
  http_settings http = http_settings_for(c);
  http.tls = tls_;
  http.answers = answers_;
  for (unsigned i = 0; i < c.threads; ++i) {
    auto made = std::make_unique<one_core>();
    made->loop = std::make_unique<core_loop>(i, clock);
    made->calls = std::make_unique<sub_calls>(*made->loop, made->directory,
                                              call_limits{.depth = c.limits.call_depth, .calls = c.limits.calls});
    made->memory = std::make_unique<core_memory>(*made->loop, memory_);
    if (c.recorder.requests > 0 && c.recorder.bytes > 0)
      made->recorder = std::make_unique<flight_recorder>(
          clock, flight_recorder::limits{.requests = c.recorder.requests, .bytes = c.recorder.bytes / c.threads});
    made->host = std::make_unique<host_services>(*made->loop, made->directory, *ground_, c,
                                                 traces_ ? &traces_->lane(i) : nullptr);
    made->callers = callers_ ? callers_->for_core(*made->loop) : std::make_unique<authenticator>();
    made->graphql = std::make_unique<graphql_front>();
    made->graphql->settings = graphql_settings_for(c);
    made->server = std::make_unique<http_server>(
        *made->loop, made->directory, http, [this, i](std::string_view path) { return operator_page(i, path); },
        callers_ ? made->callers.get() : nullptr, made->graphql.get());
    cores_.push_back(std::move(made));
  }
  std::vector<core_memory*> memories;
  for (const auto& core : cores_) memories.push_back(core->memory.get());
  for (core_memory* const each : memories) each->connect(memories);
  one_core& first = *cores_.front();
  // Before the threads: the first core uses them.
  schedule_store_ = std::make_unique<schedule_store>(*first.loop, ground_->state(), ground_->blocking());
  schedules_ = std::make_unique<schedules>(*first.loop, first.directory, *schedule_store_);
  if (callers_) callers_->begin();
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
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  on_all_cores([](one_core& core) {
    core.server.reset();
    core.operators.reset();
  });
  for (const auto& core : cores_) core->loop->stop();
  for (const auto& core : cores_) core->thread.join();
  // Nothing runs on the cores any more. What blocks elsewhere may still post to them: it ends while they are there.
  schedules_.reset();
  callers_.reset();
  // A call under way may hold a repeat's turn, whose end its service is told of: before the services.
  for (const auto& core : cores_) core->calls.reset();
  services_.clear();
  retiring_.clear();
  for (const auto& core : cores_) core->host.reset();
  traces_.reset();
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
  does.cores = [this] { return static_cast<unsigned>(cores_.size()); };
  does.recent = [this](const recent_question& q, auto done) { recent(q, std::move(done)); };
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
                                                   [this](std::string_view path) { return operator_page(0, path); });
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

shown_services node::shown_first(bool figures) {
  const std::lock_guard lock(mutex_);
  shown_services all;
  if (over_) return all;
  all.count = services_.size();
  for (const auto& [name, s] : services_) {
    if (all.first.size() == shown_services::most) break;
    all.first.push_back(shown(*s, figures));
  }
  return all;
}

void node::recent(const recent_question& q, node_operator::told<std::vector<recorded_request>> done) {
  if (!cores_.front()->recorder)
    return done(fail(error_code::failed_precondition, fault::caller,
                     "nothing is recorded: recorder.requests or recorder.bytes is 0"));
  {
    const std::lock_guard lock(mutex_);
    if (!services_.contains(q.service))
      return done(fail(error_code::not_found, fault::caller, "no service " + graphql::shown(q.service) + " is served"));
  }
  struct gathering {
    std::vector<recorded_request> all;
    std::size_t open;
    node_operator::told<std::vector<recorded_request>> done;
  };
  const auto g = std::make_shared<gathering>(gathering{{}, cores_.size(), std::move(done)});
  core_loop* const home = cores_.front()->loop.get();
  for (const auto& core : cores_)
    core->loop->post([q, g, home, recorder = core->recorder.get()] {
      home->post([g, first = q.first, some = recorder->recent(q.service, q.failed_only, q.first)]() mutable {
        std::ranges::move(some, std::back_inserter(g->all));
        if (--g->open > 0) return;
        std::ranges::stable_sort(g->all, std::ranges::greater{}, &recorded_request::ended);
        g->all.resize(std::min(g->all.size(), first));
        g->done(std::move(g->all));
      });
    });
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
  for (const auto& r : retiring_)
    if (r.it->about().name == name) all.push_back(r.it);
  if (const auto at = services_.find(name); at != services_.end()) all.push_back(at->second);
  return all;
}

result<void> node::deploy(const loaded_service& s) {
  const std::string& name = s.about->name;
  std::vector<service_core> all;
  for (const auto& core : cores_)
    all.push_back({.loop = core->loop.get(),
                   .calls = core->calls.get(),
                   .memory = core->memory.get(),
                   .traces = traces_ ? &traces_->lane(core->loop->index()) : nullptr,
                   .recorder = core->recorder.get()});
  deployment_settings settings = settings_for(*s.about, config_, ground_.get());
  {
    const std::lock_guard lock(mutex_);
    const auto before = versions_of(name);
    if (!before.empty()) settings.before = before.back()->share();
    settings.waits = std::ranges::any_of(before, [](const auto& d) { return d->about().singleton; });
  }
  const bool waits = settings.waits || s.about->singleton;
  auto fresh = std::make_shared<deployment>(all, s.about, s.code, settings);
  std::promise<bool> started;
  fresh->start([&started](bool fine) { started.set_value(fine); });
  if (!started.get_future().get()) {
    {
      const std::lock_guard lock(mutex_);
      retiring_.push_back({fresh});
    }
    retire(std::move(fresh));
    return fail(error_code::internal, fault::guest, fmt::format("{} did not start; the log above says why", name));
  }
  std::shared_ptr<deployment> old;
  {
    // Edges of the old version are there until it has ended, those of the new one before it can be called.
    const std::lock_guard lock(mutex_);
    old = std::exchange(services_[name], fresh);
    if (old) retiring_.push_back({old});
    find_cycles();
    metrics_.loaded(s.report);
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

void node::publish_graphql() {
  auto made = std::make_shared<graphql_endpoints>();
  std::vector<std::shared_ptr<const contract>> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, s] : services_) all.push_back(s->shared_about());
  }
  const auto add = [](std::span<const std::shared_ptr<const contract>> of, bool combined) {
    auto one = graphql::endpoint::make(of, combined);
    if (one) return *std::move(one);
    spdlog::error("no GraphQL for {}: {}", combined ? "all services" : of.front()->name, one.error().message);
    return std::shared_ptr<const graphql::endpoint>();
  };
  for (const auto& c : all)
    if (auto one = add({&c, 1}, false)) made->by_service.emplace(c->name, std::move(one));
  if (!all.empty()) made->all = add(all, true);
  for (const auto& core : cores_) core->loop->post([front = core->graphql.get(), made] { front->replace(made); });
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
    retiring_.push_back({old});
  }
  to_schedule_.erase(name);
  cores_.front()->loop->post([this, name] { schedules_->remove(name); });
  on_all_cores([&](one_core& core) {
    core.directory.remove(name);
    if (core.recorder) core.recorder->forget(name);
  });
  retire(std::move(old));
}

void node::find_cycles() {
  std::map<std::string, std::vector<std::string>> uses;
  const auto add = [&uses](const deployment& d) {  // those that call nobody are on no cycle, and may be thousands
    if (!d.about().uses.empty()) std::ranges::copy(d.about().uses, std::back_inserter(uses[d.about().name]));
  };
  for (const auto& [name, s] : services_) add(*s);
  for (const auto& r : retiring_) add(*r.it);
  const auto cycles = std::make_shared<const uses_cycles>(uses);
  // Posted under the mutex: the newest comes last on each core.
  for (const auto& core : cores_) core->loop->post([calls = core->calls.get(), cycles] { calls->set_cycles(cycles); });
}

/// It is in `retiring_` and has left the directories.
void node::retire(std::shared_ptr<deployment> old) {
  const auto is_it = [raw = old.get()](const retiring_version& r) { return r.it.get() == raw; };
  const auto ended = [this, raw = old.get(), is_it] {
    const std::lock_guard lock(mutex_);
    std::ranges::find_if(retiring_, is_it)->ended = true;
    const std::string& name = raw->about().name;
    const auto is_other = [&name](const retiring_version& r) { return !r.ended && r.it->about().name == name; };
    metrics_.ended(*raw, !services_.contains(name) && std::ranges::none_of(retiring_, is_other));
  };
  old->retire(
      [this, is_it] {
        const std::lock_guard lock(mutex_);
        std::erase_if(retiring_, is_it);
        find_cycles();
        retired_.notify_all();
      },
      ended);
}

std::vector<std::string> node::names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  for (const auto& [name, s] : services_) all.push_back(name);
  return all;
}

std::string node::example() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<const contract>> all;
  for (const auto& [name, s] : services_) all.push_back(s->shared_about());
  return example_curl(all);
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
    for (const auto& r : retiring_) r.it->cut_off();
  }
  on_all_cores([](one_core& core) { core.server->close(); });
  return false;
}

std::optional<page> node::operator_page(unsigned core, std::string_view path) {
  constexpr std::string_view text = "text/plain; charset=utf-8";
  if (path == "/healthz") {
    // Without the ticker a guest that spins holds its core for ever: better to start anew.
    if (heartbeat_.silent_for() < ticker::dead) return page{.status = 200, .content_type = text, .body = "ok\n"};
    return page{.status = 503, .content_type = text, .body = "the ticker, which ends slices, is silent\n"};
  }
  if (path == "/readyz") {
    const bool yes = ready_.load(std::memory_order_relaxed);
    return page{.status = yes ? 200U : 503U, .content_type = text, .body = yes ? "ready\n" : "not ready\n"};
  }
  if (path == "/metrics")
    return page{.status = 200, .content_type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics_text()};
  return pages_.find(core, path);
}

std::string node::metrics_text() {
  // Held all the while: a service is only taken apart after it has left `services_`, a server only when all is over.
  const std::lock_guard lock(mutex_);
  if (over_) return {};
  std::vector<std::shared_ptr<deployment>> services;
  for (const auto& [name, s] : services_) services.push_back(s);
  std::vector<std::shared_ptr<deployment>> retiring;
  for (const auto& r : retiring_)
    if (!r.ended) retiring.push_back(r.it);
  std::vector<const http_stats*> servers;
  for (const auto& core : cores_) servers.push_back(&core->server->stats());
  return metrics_.text({.services = services,
                        .retiring = retiring,
                        .servers = servers,
                        .heartbeat = heartbeat_,
                        .state = ground_->state(),
                        .schedules = schedules_->counts(),
                        .traces = traces_ ? std::optional(traces_->stats()) : std::nullopt,
                        .answers = *answers_,
                        .certificate_ends = tls_ ? std::optional(tls_->current()->expires()) : std::nullopt});
}

}  // namespace waggle
