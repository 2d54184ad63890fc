#pragma once
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "app/config.h"
#include "app/host_services.h"
#include "app/identity.h"
#include "app/loaded_service.h"
#include "app/metrics.h"
#include "app/pages.h"
#include "app/schedule_store.h"
#include "gateway/graphql_front.h"
#include "gateway/http_server.h"
#include "host/node_operator.h"
#include "host/trace_exporter.h"
#include "runtime/deployment.h"

namespace waggle {

/// The cores, their directories and servers, and the services on them: everything that lives while a node serves.
/// `deploy`, `begin_schedules` and `remove` are called from one thread, all others from one thread (another, or the same);
/// none is a core's.
class node {
 public:
  /// `heartbeat`, of the engines, outlives it. `traces` null: none are made. `callers` null: everybody is anonymous.
  /// `tls` null: plain HTTP.
  node(const configuration& c, const clock_source& clock, std::unique_ptr<host_ground> ground, const ticker& heartbeat,
       std::unique_ptr<trace_exporter> traces = nullptr, std::unique_ptr<identity> callers = nullptr,
       std::shared_ptr<tls_source> tls = nullptr);
  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// Listens on all cores; the real port.
  result<std::uint16_t> listen();
  /// Opens the operator's socket, `DATA/waggle.sock`, on the first core, with `waggle.admin.v1.Admin`; it stays until the node
  /// is gone. `reload` and `drain` do what SIGHUP and SIGTERM do: they are called on that core, do not block, and `reload`
  /// tells from any thread. Errors: `already_exists` where another process listens there; what http_server::listen_local
  /// says; `failed_precondition` where the folder is another user's or others may write to it, and so put a socket of
  /// theirs in its place.
  result<void> listen_to_operator(std::function<void(node_operator::told<void>)> reload, std::function<void()> drain);
  /// Starts the service beside the one of its name, and puts it in its place when it is ready; the old one finishes what
  /// it has. Waits until it is ready, a singleton until the old one has ended. An error leaves the old one serving. Its
  /// schedules wait for `begin_schedules`.
  result<void> deploy(const loaded_service& s);
  /// The schedules of what was deployed since the last time take effect. Once all services that belong together are
  /// deployed: a missed run begins at once, and calls others.
  void begin_schedules();
  /// What is served now is what `/graphql` has. Once all services that belong together are deployed or removed: it takes time
  /// for each service of the node.
  void publish_graphql();
  /// Looks for new keys to verify callers with. The error says which file is wrong; its old keys stay in force.
  result<void> reload_identity() { return callers_ ? callers_->reload() : result<void>(); }
  /// Takes a service out; it finishes what it has.
  void remove(const std::string& name);
  [[nodiscard]] std::vector<std::string> names() const;
  /// A service that is served, and one that it asks for and that is not there.
  struct missing_use {
    std::string service;
    std::string used;
  };
  [[nodiscard]] std::vector<missing_use> missing_uses();
  /// `example_curl` of what is served.
  [[nodiscard]] std::string example() const;

  /// From now on `/readyz` says 200.
  void ready() { ready_ = true; }
  /// SIGTERM's way out: not ready, grace, then finishes what runs; true where nothing had to be cut off. A `deploy` that
  /// waits then ends with an error.
  bool drain();

 private:
  struct one_core {
    std::unique_ptr<core_loop> loop;
    service_directory directory;
    std::unique_ptr<sub_calls> calls;
    std::unique_ptr<core_memory> memory;
    std::unique_ptr<flight_recorder> recorder;  // null: off
    std::unique_ptr<host_services> host;
    std::unique_ptr<graphql_front> graphql;
    std::unique_ptr<authenticator> callers;
    std::unique_ptr<http_server> server;
    std::unique_ptr<http_server> operators;  // the operator's socket, on the first core
    std::thread thread;
  };
  void on_all_cores(std::function<void(one_core&)> what);
  std::optional<page> operator_page(unsigned core, std::string_view path);
  std::string metrics_text();
  std::vector<served_view> served();
  shown_services shown_first(bool figures);
  /// On the first core.
  void recent(const recent_question& q, node_operator::told<std::vector<recorded_request>> done);
  void retire(std::shared_ptr<deployment> old);
  /// The versions of that name that serve or still finish what they have. `mutex_` is held.
  [[nodiscard]] std::vector<std::shared_ptr<deployment>> versions_of(const std::string& name) const;
  /// Waits until the versions before have ended, then lets it begin.
  result<void> take_over(const std::shared_ptr<deployment>& fresh);
  /// Who may call whom has changed, by what is served and by what still finishes. `mutex_` is held.
  void find_cycles();

  const configuration& config_;
  const ticker& heartbeat_;
  std::unique_ptr<host_ground> ground_;
  std::unique_ptr<trace_exporter> traces_;
  std::unique_ptr<identity> callers_;  // null: nobody is verified
  std::shared_ptr<tls_source> tls_;    // null: plain HTTP
  memory_budget memory_;
  const std::shared_ptr<answer_memory> answers_;
  node_pages pages_;
  std::vector<std::unique_ptr<one_core>> cores_;
  // On the first core.
  std::unique_ptr<schedule_store> schedule_store_;
  std::unique_ptr<schedules> schedules_;
  // On the caller's thread.
  std::map<std::string, std::vector<scheduled_method>> to_schedule_;
  mutable std::mutex mutex_;  // what the metrics read while services come and go, and what they remember
  node_metrics metrics_;
  std::map<std::string, std::shared_ptr<deployment>> services_;
  struct retiring_version {
    std::shared_ptr<deployment> it;
    bool ended = false;  // it has answered its last request: its figures may not be read any more
  };
  std::vector<retiring_version> retiring_;
  std::condition_variable retired_;
  bool over_ = false;    // the servers are being taken apart
  bool ending_ = false;  // nothing waits for those that retire any more
  std::atomic<bool> ready_{false};
};

}  // namespace waggle
