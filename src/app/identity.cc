#include "app/identity.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "app/read_file.h"
#include "host/http_get.h"
#include "host/http_url.h"
#include "host/ip_class.h"

namespace waggle {
namespace {

constexpr std::string_view off = "off";
/// After a look that failed, where that is sooner than the next one.
constexpr std::chrono::milliseconds retry{10'000};

bool is_url(std::string_view text) { return text.starts_with("http://") || text.starts_with("https://"); }

/// Keys that came over a network without TLS are whoever's is in between.
bool is_loopback(std::string_view host) {
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return host == "localhost" || special_class(host) == "loopback";
}

std::unexpected<error> broken(const std::string& where, const std::string& what) {
  return fail(error_code::invalid_argument, fault::host, fmt::format("{}: {}", where, what));
}

/// One of the two texts that the cores' knowledge is made of, and how it came to be what it is.
template <class Made>
struct source {
  std::string at;  // a path or a URL; empty: there is none
  std::string text;
  std::shared_ptr<const Made> made;  // null: it never came

  /// True where it has changed. `sep`: between its name and what `Made::read` says.
  result<bool> take(std::string fresh, std::string_view sep) {
    if (made && fresh == text) return false;
    auto read = Made::read(fresh);
    if (!read) return fail(error_code::invalid_argument, fault::host, at + std::string(sep) + read.error().message);
    made = std::make_shared<const Made>(std::move(*read));
    text = std::move(fresh);
    return true;
  }
};

/// Says what has come into force.
void tell(const source<key_set>& from) {
  for (const std::string& why : from.made->unusable())
    spdlog::warn("{}: {}; the key is passed over: tokens that it signed are refused", from.at, why);
  spdlog::info("tokens are verified with {} key{} from {}", from.made->size(), from.made->size() == 1 ? "" : "s",
               from.at);
}

/// A file that was emptied by mistake is not wrong by itself: perhaps nobody has a key any more.
void tell(const source<api_keys>& from) {
  if (from.made->size() == 0)
    spdlog::warn("API keys: 0 from {}: all callers with an API key are refused; a line is NAME SHA256 [SCOPE …]",
                 from.at);
  else
    spdlog::info("API keys: {} from {}", from.made->size(), from.at);
}

}  // namespace

std::string wrong_identity(const configuration& c) {
  const bool tokens = c.auth.keys != off;
  if (tokens && c.auth.issuer == off) return "auth.keys needs auth.issuer: whose tokens are taken, their claim iss";
  if (tokens && c.auth.audience == off)
    return "auth.keys needs auth.audience: what tokens must be made for, in their claim aud";
  if (!tokens && (c.auth.issuer != off || c.auth.audience != off))
    return "auth.issuer and auth.audience are about tokens, and auth.keys, which they are verified with, is off";
  if (!tokens || !is_url(c.auth.keys)) return {};
  const auto url = read_url(c.auth.keys);
  if (!url) return fmt::format("auth.keys {}: {}", c.auth.keys, url.error().message);
  if (url->scheme != "https" && !is_loopback(url->host))
    return fmt::format("auth.keys {}: keys are fetched over https; http is for this machine's own addresses",
                       c.auth.keys);
  return {};
}

class identity::keeper {
 public:
  keeper(const configuration& c, const clock_source& clock, fetcher fetch)
      : rules_{.tokens = c.auth.keys != off,
               .api_keys = c.auth.api_keys != off,
               .token = {.issuer = c.auth.issuer, .audience = c.auth.audience}},
        refresh_(c.auth.refresh),
        clock_(clock),
        fetch_(std::move(fetch)) {
    if (rules_.tokens) keys_.at = c.auth.keys;
    if (rules_.api_keys) api_keys_.at = c.auth.api_keys;
    if (!fetch_)
      fetch_ = [this](const std::string& url) {
        return http_get(url, {.bytes = key_set::longest_text, .stopped = &asked_->stop});
      };
  }
  ~keeper() {
    {
      const std::lock_guard lock(asked_->mutex);
      asked_->stop = true;
    }
    asked_->wake.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  keeper(const keeper&) = delete;
  keeper& operator=(const keeper&) = delete;

  std::unique_ptr<authenticator> for_core(core_loop& core) {
    // A file does not change because a token came: who changes it says so.
    auto made = std::make_unique<authenticator>(
        rules_, is_url(keys_.at) ? [this, asked = asked_] { return look_soon(*asked); } : authenticator::refresher());
    made->set_keys(keys_.made);
    made->set_api_keys(api_keys_.made);
    cores_.push_back({&core, made.get()});
    return made;
  }

  void begin() {
    asked_->look = is_url(keys_.at);
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "waggle-keys");
      sigset_t broken_pipe;
      sigemptyset(&broken_pipe);
      sigaddset(&broken_pipe, SIGPIPE);
      pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
      run();
    });
  }

  result<void> read_files() {
    const std::lock_guard lock(sources_);
    bool changed = false;
    result<void> outcome;
    const auto read = [&](auto& from, std::string_view sep, std::size_t limit) {
      if (from.at.empty() || is_url(from.at)) return;
      auto text = read_file(from.at, limit);
      const auto taken = text ? from.take(*std::move(text), sep) : broken(from.at, text.error());
      if (!taken && outcome) outcome = std::unexpected(taken.error());
      if (!taken.value_or(false)) return;
      tell(from);
      changed = true;
    };
    read(keys_, ": ", key_set::longest_text);
    read(api_keys_, ":", api_keys::longest_text);
    if (changed) give({});
    return outcome;
  }

  result<void> reload() {
    auto outcome = read_files();
    {
      const std::lock_guard lock(asked_->mutex);
      asked_->look = true;
    }
    asked_->wake.notify_all();
    return outcome;
  }

 private:
  /// What cores and the thread say to each other. Jobs on a core may be dropped after the keeper has gone, so they share it.
  struct conversation {
    std::mutex mutex;
    std::condition_variable wake;
    std::atomic<bool> stop{false};
    bool look = false;       // soon
    bool under_way = false;  // until all cores have what was found
    std::optional<time_point> began;
  };
  struct place {
    core_loop* core;
    authenticator* of;
  };

  /// On a core: it waits for no disk and no network.
  bool look_soon(conversation& asked) const {
    const std::lock_guard lock(asked.mutex);
    if (asked.look || asked.under_way) return true;
    const time_point now = clock_.now();
    if (asked.began && now - *asked.began < between_looks) return false;
    asked.look = true;
    asked.wake.notify_all();
    return true;
  }

  /// `when_all_have` goes when the last core has them.
  void give(const std::shared_ptr<void>& when_all_have) {
    for (const place& p : cores_)
      p.core->post([of = p.of, keys = keys_.made, api = api_keys_.made, when_all_have] {
        of->set_keys(keys);
        of->set_api_keys(api);
      });
  }

  void run() {
    bool fine = true;
    for (;;) {
      std::shared_ptr<void> under_way;
      {
        std::unique_lock lock(asked_->mutex);
        const auto due = [this] { return asked_->look || asked_->stop; };
        if (clock_.manual())
          asked_->wake.wait(lock, due);
        else
          asked_->wake.wait_for(lock, fine ? refresh_ : std::min(refresh_, retry), due);
        if (asked_->stop) return;
        asked_->look = false;
        asked_->under_way = true;
        asked_->began = clock_.now();
        under_way = {nullptr, [asked = asked_](void*) {
                       const std::lock_guard over(asked->mutex);
                       asked->under_way = false;
                     }};
      }
      fine = look(under_way);
    }
  }

  bool look(const std::shared_ptr<void>& under_way) {
    bool fine = true;
    if (const auto read = read_files(); !read) {
      spdlog::warn("{}; what was read before stays in force", read.error().message);
      fine = false;
    }
    if (!is_url(keys_.at)) return fine;
    auto text = fetch_(keys_.at);
    if (asked_->stop) return fine;
    const std::lock_guard lock(sources_);
    const auto taken = text ? keys_.take(*std::move(text), ": ") : broken(keys_.at, text.error().message);
    if (!taken) {
      spdlog::warn("keys were not fetched: {}; {}", taken.error().message,
                   keys_.made ? "those that were fetched before stay in force" : "no token is taken until they are");
      return false;
    }
    if (!*taken) return fine;
    tell(keys_);
    give(under_way);
    return fine;
  }

  const identity_rules rules_;
  const std::chrono::milliseconds refresh_;
  const clock_source& clock_;
  fetcher fetch_;
  const std::shared_ptr<conversation> asked_ = std::make_shared<conversation>();
  std::vector<place> cores_;  // not changed once the thread runs
  std::mutex sources_;        // of the two; not held while something is fetched
  source<key_set> keys_;
  source<waggle::api_keys> api_keys_;
  std::thread thread_;
};

identity::identity(std::unique_ptr<keeper> k) : keeper_(std::move(k)) {}
identity::~identity() = default;

result<std::unique_ptr<identity>> identity::open(const configuration& c, const clock_source& clock, fetcher fetch) {
  if (std::string wrong = wrong_identity(c); !wrong.empty())
    return fail(error_code::invalid_argument, fault::host, std::move(wrong));
  if (c.auth.keys == off && c.auth.api_keys == off) return nullptr;
  auto made = std::make_unique<keeper>(c, clock, std::move(fetch));
  if (auto read = made->read_files(); !read) return std::unexpected(std::move(read.error()));
  return std::unique_ptr<identity>(new identity(std::move(made)));
}

std::unique_ptr<authenticator> identity::for_core(core_loop& core) { return keeper_->for_core(core); }
void identity::begin() { keeper_->begin(); }
result<void> identity::reload() { return keeper_->reload(); }

}  // namespace waggle
