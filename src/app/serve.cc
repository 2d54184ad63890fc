#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <functional>
#include <future>
#include <set>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include "app/certificate_expiry.h"
#include "app/commands.h"
#include "app/config_keys.h"
#include "app/data_folder.h"
#include "app/node.h"
#include "app/stored_documents.h"
#include "gateway/tls_source.h"

namespace waggle {
namespace {

namespace asio = boost::asio;
constexpr auto watch_period = std::chrono::milliseconds(300);
/// While the node drains: the signal that ends it at once is so far away.
std::atomic<int> signals_left{0};
static_assert(std::atomic<int>::is_always_lock_free);  // handlers use it

/// What the targets' files looked like: changes when one of them does.
using file_marks = std::map<std::string, std::pair<std::filesystem::file_time_type, std::uintmax_t>>;

file_marks marks_of(const std::vector<std::string>& targets) {
  file_marks marks;
  const auto note = [&](const std::filesystem::path& p) {
    std::error_code gone;
    const auto time = std::filesystem::last_write_time(p, gone);
    const auto size = std::filesystem::file_size(p, gone);
    if (!gone) marks[p.string()] = {time, size};
  };
  for (const std::string& t : targets) {
    std::error_code gone;
    if (std::filesystem::is_directory(t, gone)) {
      for (std::filesystem::directory_iterator i(t, gone), none; !gone && i != none; i.increment(gone)) note(i->path());
      continue;
    }
    note(t);
    if (!t.ends_with(".wasm")) continue;
    const std::string stem = t.substr(0, t.size() - 5);
    for (const std::string_view ending : {".graphql", ".okra.gql"}) note(stem + std::string(ending));
  }
  return marks;
}

/// What a service that was just loaded asks for, and does not get; under --dev what it gets for having asked.
void tell_grants(const contract& about, const configuration& c) {
  if (c.dev && !about.uses.empty())
    spdlog::info("--dev grants {} what it asks for: {}", about.name, fmt::join(about.uses, ", "));
  const std::vector<std::string> missing = not_granted(about, c);
  if (missing.empty()) return;
  std::vector<std::string> all;
  for (const std::string& used : about.uses) all.push_back(toml_quote(used));
  const bool has_one = std::ranges::find(c.grants, about.name, &grant::service) != c.grants.end();
  const std::string how = has_one ? fmt::format("its [[grant]] would have uses = [{}]", fmt::join(all, ", "))
                                  : fmt::format("the configuration would have\n[[grant]]\nservice = {}\nuses = [{}]",
                                                toml_quote(about.name), fmt::join(all, ", "));
  for (const std::string& used : missing)
    spdlog::warn("{} asks for {} and is not granted it: its calls there fail with permission_denied", about.name, used);
  spdlog::warn("to grant {} all that it asks for, {}", about.name, how);
}

/// Methods that nobody can call, because this node verifies nobody.
void tell_identity(const contract& about, const configuration& c) {
  if (c.auth.keys != "off" || c.auth.api_keys != "off") return;
  const auto asks = [](const auto& m) { return m.second.auth.has_value() && !m.second.internal; };
  if (const auto at = std::ranges::find_if(about.methods, asks); at != about.methods.end())
    spdlog::warn(
        "{}.{} is for verified callers (@auth), and this node verifies nobody: it refuses everybody from outside until "
        "auth.keys or auth.api_keys is set",
        about.name, at->first);
}

/// The services of the command line's targets on a node, and how they are brought up to date.
class served {
 public:
  served(const configuration& c, engines& on, node& at, const std::vector<std::string>& targets)
      : config_(c), engines_(on), node_(at), targets_(targets) {}

  /// The node ends: `update` begins nothing more. From any thread.
  void stop() { stopped_ = true; }
  /// Deploys what is new or has changed. What does not load leaves the old one serving. False where anything failed.
  bool update(bool remove_gone) {
    found_targets found = read_targets(targets_);
    bool fine = !tell(found.errors);
    bool changed = false;
    std::map<std::string, std::string> names;  // service → module
    for (const target& t : found.targets) {
      if (stopped_) return false;
      const std::size_t content = std::hash<std::string>{}(t.bytes) ^ (std::hash<std::string>{}(t.schema) << 1);
      if (const auto known = known_.find(t.module); known != known_.end() && known->second.content == content) {
        names.emplace(known->second.service, t.module);
        continue;
      }
      tell(t.warnings);
      std::vector<diagnostic> findings;
      const auto loaded = load_service(engines_, t, config_, findings);
      tell(findings);
      if (!loaded) {
        fine = false;
        if (const auto known = known_.find(t.module); known != known_.end())
          names.emplace(known->second.service, t.module);
        continue;
      }
      const std::string& name = loaded->about->name;
      if (const auto [other, first] = names.emplace(name, t.module); !first) {
        tell({{.file = t.module,
               .message = fmt::format("{} is the name of the service in {} too", name, other->second)}});
        fine = false;
        continue;
      }
      if (auto ok = node_.deploy(*loaded); !ok) {
        tell({{.file = t.module, .message = ok.error().message}});
        fine = false;
        continue;
      }
      changed = true;
      const bool again = known_.contains(t.module);
      known_[t.module] = {content, name};
      spdlog::info("{} {} from {}{}{}", again ? "replaced" : "serving", name, t.module,
                   loaded->report.from_cache ? ", compiled before" : "",
                   loaded->report.pooled ? "" : ", on the on-demand engine: " + loaded->report.why_not_pooled);
      tell_grants(*loaded->about, config_);
      tell_identity(*loaded->about, config_);
    }
    // A file that is there and cannot be read leaves the old one serving too.
    for (const auto& [module, known] : known_)
      if (std::error_code odd; std::filesystem::exists(module, odd) || odd) names.emplace(known.service, module);
    if (remove_gone && found.errors.empty())  // a folder that cannot be read does not mean that its services have gone
      for (const std::string& name : node_.names()) {
        if (names.contains(name)) continue;
        spdlog::info("removed {}", name);
        changed = true;
        node_.remove(name);
        std::erase_if(known_, [&](const auto& k) { return k.second.service == name; });
      }
    if (changed)  // only now: they may come in any order
      for (const auto& [service, used] : node_.missing_uses())
        spdlog::warn("{} uses {}, which is not on this node: its calls there fail with not_found", service, used);
    if (changed) tell_idle_entries();
    if (changed) node_.publish_graphql();
    return fine;
  }

 private:
  struct version {
    std::size_t content = 0;
    std::string service;
  };
  /// Like a compiler, for people; for programs each is a line of the log. True where one of them is an error.
  bool tell(const std::vector<diagnostic>& findings) const {
    if (config_.log.format == log_format::text) return print(findings);
    const auto is_error = [](const diagnostic& d) { return d.level == diagnostic::severity::error; };
    for (const diagnostic& d : findings)
      spdlog::log(is_error(d) ? spdlog::level::err : spdlog::level::warn, "{}", to_string(d));
    return std::ranges::any_of(findings, is_error);
  }
  /// What the configuration says of services that are not here: it may be a slip of the pen.
  void tell_idle_entries() const {
    const std::vector<std::string> here = node_.names();
    const auto look = [&here](std::string_view entry, const std::string& service, std::string_view idle) {
      if (std::ranges::find(here, service) == here.end())
        spdlog::warn("{} is for {}, which is not on this node: {}", entry, service, idle);
    };
    for (const limit_entry& l : config_.limited) look("[[limit]]", l.service, "it limits nobody");
    for (const pool_override& p : config_.pools) look("[[pool]]", p.service, "it limits nobody");
    for (const grant& g : config_.grants) look("[[grant]]", g.service, "nobody gets it");
    for (const auto& [service, values] : config_.values)
      look(fmt::format("[config.{}]", toml_quote(service)), service, "nobody reads it");
  }
  const configuration& config_;
  engines& engines_;
  node& node_;
  const std::vector<std::string>& targets_;
  std::map<std::string, version> known_;  // by module file
  std::atomic<bool> stopped_{false};
};

/// Says in the log when the ticker is late or silent. On the main thread, which guests cannot hold.
class heartbeat_watch {
 public:
  heartbeat_watch(asio::io_context& io, const ticker& of) : timer_(io), of_(of), late_(of.late_beats()) { look(); }

 private:
  void look() {
    timer_.expires_after(std::chrono::seconds(1));
    timer_.async_wait([this](const boost::system::error_code& gone) {
      if (gone) return;
      const bool silent = of_.silent_for() >= ticker::dead;
      const std::uint64_t late = of_.late_beats();
      if (silent && !silent_)
        spdlog::critical(
            "the ticker, which ends the guests' slices, has been silent for {} ms: a guest that spins holds its core",
            std::chrono::duration_cast<std::chrono::milliseconds>(of_.silent_for()).count());
      if (!silent && late > late_)
        spdlog::warn("the ticker came late {} times in a second: the machine is overloaded, or stood still",
                     late - late_);
      silent_ = silent;
      late_ = late;
      look();
    });
  }

  asio::steady_timer timer_;
  const ticker& of_;
  std::uint64_t late_;
  bool silent_ = false;
};

/// Looks once a minute whether the files of the certificate have changed, and tells the log of its end. On the main thread.
class certificate_watch {
 public:
  certificate_watch(asio::io_context& io, std::shared_ptr<tls_source> of, std::string file, const clock_source& clock)
      : timer_(io), of_(std::move(of)), file_(std::move(file)), clock_(clock) {
    if (of_ == nullptr) return;
    tell();
    look();
  }

 private:
  void tell() {
    auto now_used = of_->current();
    const wall_time now = clock_.wall();
    const wall_time end = now_used->expires();
    // Of one that had expired before it was loaded the log has heard when it was.
    if (now_used != about_) told_ = end < now ? std::optional(now) : std::nullopt;
    about_ = std::move(now_used);
    const auto warning = expiry_warning(file_, now, end, told_);
    if (!warning) return;
    spdlog::warn("{}", *warning);
    told_ = now;
  }
  void look() {
    timer_.expires_after(std::chrono::minutes(1));
    timer_.async_wait([this](const boost::system::error_code& gone) {
      if (gone) return;
      of_->refresh(false);
      tell();
      look();
    });
  }

  asio::steady_timer timer_;
  std::shared_ptr<tls_source> of_;
  const std::string file_;
  const clock_source& clock_;
  std::shared_ptr<const tls_context> about_;  // what was looked at last
  std::optional<wall_time> told_;             // when the log heard of its end
};

/// Opens the operator's socket. A node without one serves all the same, unless another process has it.
bool listen_to_operator(node& n, const configuration& c, std::function<void(node_operator::told<void>)> reload,
                        std::function<void()> drain) {
  const auto open = n.listen_to_operator(std::move(reload), std::move(drain));
  if (open) {
    spdlog::info("the operator's socket is {}", operator_socket(c.data));
    return true;
  }
  if (open.error().code != error_code::already_exists) {
    spdlog::warn("no operator's socket: {}", open.error().message);
    return true;
  }
  fmt::print(stderr, "waggle: {}\n", open.error().message);
  return false;
}

/// Who looks at the log is to know why callers still get in: with a grace they do.
void tell_drain(std::chrono::milliseconds grace) {
  const std::string first =
      grace.count() == 0
          ? "no new connections"
          : fmt::format("new requests are taken for {} ms more, /readyz says 503; then no new connections",
                        grace.count());
  spdlog::info("draining: {}, what runs is finished; a second signal ends at once", first);
}

/// Stays until SIGTERM or SIGINT; `reload` (SIGHUP), and under --dev a changed file, bring the services up to date.
int stay(asio::io_context& io, asio::signal_set& reload, const configuration& c, node& n, served& services,
         const std::vector<std::string>& targets, std::uint16_t port, const ticker& heartbeat,
         const std::shared_ptr<tls_source>& tls) {
  asio::signal_set end(io, SIGTERM, SIGINT);
  asio::steady_timer watch(io);
  asio::thread_pool updates(1);  // it compiles, and waits for what is replaced: the signals are not to wait with it
  int status = exit_fine;

  // `by_signal`: the first one. Where the operator asked for it, the first only joins in.
  const auto leave = [&](bool by_signal) {
    tell_drain(c.drain.grace);
    signals_left = by_signal ? 1 : 2;
    for (const int s : {SIGTERM, SIGINT})
      std::signal(s, [](int) {
        if (--signals_left <= 0) _exit(exit_failed);
      });
    services.stop();
    if (!n.drain()) {
      spdlog::warn("some requests did not finish in time and were cut off");
      status = exit_failed;
    }
    io.stop();
  };
  end.async_wait([&](const boost::system::error_code& gone, int) {
    if (!gone) leave(true);
  });
  // `then` is called on the thread of `io`.
  const auto update = [&](bool remove_gone, std::move_only_function<void(bool fine)> then) {
    asio::post(updates, [&, remove_gone, then = std::move(then)]() mutable {
      bool fine = false;
      try {
        const bool certificate = tls == nullptr || !remove_gone || tls->refresh(true);
        fine = services.update(remove_gone) && certificate;
        if (const auto read = remove_gone ? n.reload_identity() : result<void>(); !read) {
          spdlog::error("{}; what was read before stays in force", read.error().message);
          fine = false;
        }
      } catch (const std::exception& e) {  // files that go while they are looked at, a closed stderr
        spdlog::error("the services were not brought up to date: {}", e.what());
      }
      n.begin_schedules();  // of what was deployed all the same
      asio::post(io, [fine, then = std::move(then)]() mutable { then(fine); });
    });
  };
  std::function<void()> wait_for_hangup = [&] {
    reload.async_wait([&](const boost::system::error_code& gone, int) {
      if (!gone) update(true, [&](bool) { wait_for_hangup(); });
    });
  };
  wait_for_hangup();
  file_marks seen = marks_of(targets);
  file_marks pending = seen;
  std::function<void()> look = [&] {
    watch.expires_after(watch_period);
    watch.async_wait([&](const boost::system::error_code& gone) {
      if (gone) return;
      // A file is taken when it has stayed the same from one look to the next: it is written whole by then.
      file_marks now = marks_of(targets);
      const bool changed = now != seen && now == pending;
      pending = now;
      if (!changed) return look();
      seen = std::move(now);
      update(false, [&](bool) { look(); });
    });
  };
  if (c.dev) look();
  heartbeat_watch health(io, heartbeat);
  const auto ask_for_reload = [&io, update](node_operator::told<void> done) {
    asio::post(io, [update, done = std::move(done)]() mutable {
      update(true, [done = std::move(done)](bool fine) mutable {
        if (fine) return done({});
        done(fail(error_code::failed_precondition, fault::host,
                  "something did not load, and what served before goes on serving; the node's log says why"));
      });
    });
  };
  const auto drain = [&] {
    asio::post(io, [&] {
      if (signals_left == 0) leave(false);
    });
  };
  if (!listen_to_operator(n, c, ask_for_reload, drain)) return exit_failed;
  n.begin_schedules();  // not earlier: a start that fails takes nobody's run
  n.ready();
  const std::string address = to_string(endpoint{c.listen.address, port});
  const std::string_view scheme = tls != nullptr ? "https" : "http";
  spdlog::info("listening on {}://{} with {} core{}", scheme, address, c.threads, c.threads == 1 ? "" : "s");
  const std::string example = c.log.format == log_format::text ? n.example() : "";
  if (!example.empty()) fmt::print(stderr, "try: curl {}://{}{}\n", scheme, address, example);
  io.run();
  updates.join();
  return status;
}

/// As many descriptors as the system lets us have: a connection is one.
void raise_descriptor_limit(std::uint32_t connections) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < connections)
    spdlog::warn("http.connections is {}, but this process may only have {} descriptors (ulimit -n)", connections,
                 limit.rlim_cur);
}

/// Of this process, for those who look at several: `host:pid`.
std::string node_name() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) return std::to_string(getpid());
  return fmt::format("{}:{}", host.data(), getpid());
}

}  // namespace

int serve(configuration c, const std::vector<std::string>& targets) {
  if (targets.empty()) {
    fmt::print(stderr, "waggle serve: name at least one target: a .wasm with its schema, or a folder of those\n");
    return exit_usage;
  }
  std::signal(SIGPIPE, SIG_IGN);  // whoever reads the log may go
  raise_descriptor_limit(c.http.connections);
  for (const std::string& note : idle_variables(environ)) spdlog::warn("{}", note);
  const steady_clock_source clock;
  std::shared_ptr<tls_source> tls;
  if (c.tls.certificate != "off") {
    auto open = tls_source::open(c.tls.certificate, c.tls.key, clock);
    if (!open) {
      fmt::print(stderr, "waggle: {}\n", open.error().message);
      return exit_usage;
    }
    tls = *std::move(open);
  }
  if (c.graphql.documents != "none") {
    auto stored = read_stored_documents(c.graphql.documents);
    if (!stored) {
      fmt::print(stderr, "waggle: {}\n", stored.error().message);
      return exit_usage;
    }
    c.stored = *std::move(stored);
  }
  asio::io_context io;
  asio::signal_set reload(io, SIGHUP);  // one that comes while the services are loaded is looked at afterwards
  // Both take their time: the store looks through its log, the engine takes its address space.
  auto opening = std::async(std::launch::async, [&] { return host_ground::open(c, clock, true); });
  auto engines = open_engines(c);
  if (!engines) {
    fmt::print(stderr, "waggle: {}\n", engines.error().message);
    return exit_failed;
  }
  auto ground = opening.get();
  if (!ground) {
    fmt::print(stderr, "waggle: {}\n", ground.error().message);
    return exit_failed;
  }
  std::unique_ptr<trace_exporter> traces;
  if (c.trace.endpoint != "off") {
    auto open = trace_exporter::open({.endpoint = c.trace.endpoint, .ratio = c.trace.sample, .node = node_name()},
                                     c.threads, clock);
    if (!open) {
      fmt::print(stderr, "waggle: {}\n", open.error().message);
      return exit_usage;
    }
    traces = *std::move(open);
  }
  auto callers = identity::open(c, clock);
  if (!callers) {
    fmt::print(stderr, "waggle: {}\n", callers.error().message);
    return exit_usage;
  }
  node n(c, clock, *std::move(ground), (*engines)->heartbeat(), std::move(traces), *std::move(callers), tls);
  served services(c, **engines, n, targets);
  if (!services.update(false)) return exit_failed;
  const auto port = n.listen();
  if (!port) {
    fmt::print(stderr, "waggle: {}\n", port.error().message);
    return exit_failed;
  }
  certificate_watch certificates(io, tls, c.tls.certificate, clock);
  return stay(io, reload, c, n, services, targets, *port, (*engines)->heartbeat(), tls);
}

}  // namespace waggle
