#include "host/http_client.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

#include <curl/curl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <spdlog/spdlog.h>

#include "host/http_transfer.h"

namespace waggle {
namespace {

using steady = std::chrono::steady_clock;

struct multi_deleter {
  void operator()(CURLM* m) const { curl_multi_cleanup(m); }
};
struct share_deleter {
  void operator()(CURLSH* s) const { curl_share_cleanup(s); }
};

CURLM* new_multi() {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  return ready == CURLE_OK ? curl_multi_init() : nullptr;
}

/// An exchange with whom to tell.
struct job {
  std::uint64_t number = 0;
  core_loop* home = nullptr;
  http_client::done when;  // empty: it was given up
  std::unique_ptr<http_transfer> transfer;
};

}  // namespace

/// What the cores and the thread both use. Permits keep it alive.
struct http_client::shared {
  explicit shared(http_client_settings s) : settings(std::move(s)), multi(new_multi()) {}

  const http_client_settings settings;
  const std::unique_ptr<CURLM, multi_deleter> multi;  // of other threads' `curl_multi_wakeup` only
  std::atomic<std::uint64_t> connections{0};
  std::mutex mutex;
  // All below are guarded by it.
  std::vector<job> starts;
  std::vector<std::uint64_t> cancels;
  std::uint64_t next = 1;
  bool stop = false;
  std::map<std::string, std::size_t> running;
  std::size_t in_all = 0;

  void give_back(const std::string& service) {
    const std::lock_guard lock(mutex);
    --in_all;
    const auto of = running.find(service);
    if (--of->second == 0) running.erase(of);
  }
};

namespace {

/// The thread's side: everything of libcurl but the wake-up happens here.
class worker {
 public:
  explicit worker(http_client::shared& s) : shared_(s), multi_(s.multi.get()) {
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(s.settings.kept_connections));
  }
  ~worker() {
    for (auto& [number, j] : jobs_) forget(j);
  }
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  void run() {
    while (take()) {
      int running = 0;
      curl_multi_perform(multi_, &running);
      finish();
      sweep();
      constexpr int look_again_ms = 10'000;
      curl_multi_poll(multi_, nullptr, 0, look_again_ms, nullptr);
    }
  }

 private:
  /// The connections of one service under one rule: what is used again was made under the same rule.
  struct cache {
    std::unique_ptr<CURLSH, share_deleter> connections;
    std::size_t used_by = 0;
    steady::time_point idle_since;
  };
  using cache_key = std::pair<std::string, bool>;

  static cache_key key_of(const http_transfer& t) { return {t.limits().service, t.limits().private_addresses}; }

  /// New work. False at the end.
  bool take() {
    std::vector<job> starts;
    std::vector<std::uint64_t> cancels;
    {
      const std::lock_guard lock(shared_.mutex);
      if (shared_.stop) return false;
      starts.swap(shared_.starts);
      cancels.swap(shared_.cancels);
    }
    for (job& j : starts) begin(std::move(j));
    for (const std::uint64_t number : cancels) cancel(number);
    return true;
  }

  void begin(job j) {
    cache& c = caches_[key_of(*j.transfer)];
    if (!c.connections) {
      c.connections.reset(curl_share_init());
      curl_share_setopt(c.connections.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
    }
    // Without a share of its own it would use connections of others.
    if (!c.connections || !j.transfer->prepare(shared_.settings, c.connections.get()) ||
        curl_multi_add_handle(multi_, j.transfer->handle()) != CURLM_OK) {
      return tell(std::move(j), fail(error_code::internal, fault::host, "an HTTP request could not be prepared"));
    }
    ++c.used_by;
    const std::uint64_t number = j.number;
    jobs_.emplace(number, std::move(j));
  }

  void cancel(std::uint64_t number) {
    const auto found = jobs_.find(number);
    if (found == jobs_.end()) return;
    job& j = found->second;
    j.when = nullptr;
    if (j.transfer->looking_up()) {
      // Its thread runs on, so it keeps its place: else a guest could have any number of them.
      j.transfer->abandon();
      return;
    }
    forget(j);
    jobs_.erase(found);
  }

  /// Takes it out of libcurl's hands.
  void forget(job& j) {
    curl_multi_remove_handle(multi_, j.transfer->handle());
    const auto of = caches_.find(key_of(*j.transfer));
    shared_.connections += j.transfer->connections();
    j.transfer.reset();  // before its connections
    if (--of->second.used_by == 0) of->second.idle_since = steady::now();
  }

  void finish() {
    int left = 0;
    while (CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      void* self = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &self);
      const auto found = std::ranges::find(jobs_, self, [](const auto& e) -> void* { return e.second.transfer.get(); });
      if (found == jobs_.end()) continue;
      job j = std::move(found->second);
      jobs_.erase(found);
      auto outcome = j.transfer->ended(message->data.result);
      forget(j);
      tell(std::move(j), std::move(outcome));
    }
  }

  static void tell(job j, result<outbound_response> outcome) {
    j.transfer.reset();
    if (!j.when) return;
    j.home->post([when = std::move(j.when), outcome = std::move(outcome)]() mutable { when(std::move(outcome)); });
  }

  /// Closes the connections of services that have been silent.
  void sweep() {
    const auto now = steady::now();
    std::erase_if(caches_, [&](const auto& e) {
      return e.second.used_by == 0 && now - e.second.idle_since >= shared_.settings.idle_timeout;
    });
  }

  http_client::shared& shared_;
  CURLM* const multi_;
  std::map<cache_key, cache> caches_;
  std::unordered_map<std::uint64_t, job> jobs_;
};

}  // namespace

http_client::http_client(http_client_settings settings) : shared_(std::make_shared<shared>(std::move(settings))) {
  if (!shared_->multi) {
    spdlog::critical("libcurl cannot be started: no memory");
    std::abort();
  }
  thread_ = std::thread([s = shared_] {
    pthread_setname_np(pthread_self(), "waggle-http");
    // A TLS connection that is closed under a write raises it, and libcurl does nothing about that with CURLOPT_NOSIGNAL.
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    worker(*s).run();
  });
}

http_client::~http_client() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stop = true;
  }
  curl_multi_wakeup(shared_->multi.get());
  thread_.join();
  std::vector<job> never_begun;
  const std::lock_guard lock(shared_->mutex);
  never_begun.swap(shared_->starts);
}

result<http_client::permit> http_client::admit(const std::string& service) {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->in_all >= shared_->settings.in_all) {
    error full;
    full.code = error_code::resource_exhausted;
    full.whose = fault::overload;
    full.message = fmt::format("{} HTTP requests of services run already, the most at a time", shared_->in_all);
    full.retry_after = std::chrono::milliseconds(1000);
    return std::unexpected(std::move(full));
  }
  std::size_t& running = shared_->running[service];
  if (running >= shared_->settings.per_service)
    return fail(error_code::resource_exhausted, fault::guest,
                fmt::format("{} HTTP requests of {} run already, the most at a time", running, service));
  ++running;
  ++shared_->in_all;
  return permit(static_cast<const void*>(this), [s = shared_, service](const void*) { s->give_back(service); });
}

std::uint64_t http_client::start(core_loop& home, const outbound_request& request, const http_limits& limits,
                                 permit place, done when) {
  job j{.home = &home,
        .when = std::move(when),
        .transfer = std::make_unique<http_transfer>(request, limits, std::move(place))};
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(shared_->mutex);
    number = j.number = shared_->next++;
    shared_->starts.push_back(std::move(j));
  }
  curl_multi_wakeup(shared_->multi.get());
  return number;
}

void http_client::cancel(std::uint64_t number) {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->cancels.push_back(number);
  }
  curl_multi_wakeup(shared_->multi.get());
}

std::uint64_t http_client::connections() const { return shared_->connections; }

}  // namespace waggle
