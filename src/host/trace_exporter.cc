#include "host/trace_exporter.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

#include <curl/curl.h>
#include <fmt/format.h>
#include <simdjson.h>
#include <spdlog/spdlog.h>

#include "host/http_url.h"
#include "host/otlp.h"

namespace waggle {
namespace {

constexpr std::size_t longest_answer = 64 << 10;
constexpr auto between_complaints = std::chrono::minutes(1);

struct easy_deleter {
  void operator()(CURL* c) const { curl_easy_cleanup(c); }
};
struct list_deleter {
  void operator()(curl_slist* l) const { curl_slist_free_all(l); }
};

std::uint64_t random_seed() {
  std::random_device random;
  return (std::uint64_t{random()} << 32) | random();
}

/// What a collector says of a batch that it took otherwise: how many spans it refused.
std::uint64_t refused_spans(std::string answer) {
  simdjson::dom::parser parser;
  simdjson::dom::element count;
  if (parser.parse(simdjson::padded_string(answer)).at_pointer("/partialSuccess/rejectedSpans").get(count)) return 0;
  if (std::uint64_t n = 0; !count.get_uint64().get(n)) return n;
  std::string_view text;  // 64-bit numbers are texts in Protobuf's JSON
  return count.get_string().get(text) ? 0 : std::strtoull(std::string(text).c_str(), nullptr, 10);
}

}  // namespace

/// The thread's side.
class trace_exporter::sender {
 public:
  sender(trace_settings s, std::string url, unsigned cores, const clock_source& clock)
      : settings_(std::move(s)), url_(std::move(url)), clock_(clock), batch_(settings_.node) {
    for (unsigned i = 0; i < cores; ++i)
      lanes_.push_back(std::make_unique<trace_lane>(settings_.ratio, settings_.room, random_seed()));
    curl_global_init(CURL_GLOBAL_DEFAULT);
    headers_.reset(curl_slist_append(nullptr, "Content-Type: application/json"));
    if (headers_) curl_slist_append(headers_.get(), "Expect:");
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "waggle-trace");
      sigset_t broken_pipe;
      sigemptyset(&broken_pipe);
      sigaddset(&broken_pipe, SIGPIPE);
      pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
      run();
    });
  }
  ~sender() {
    {
      const std::lock_guard lock(mutex_);
      until_ = std::chrono::steady_clock::now() + settings_.timeout;
      stop_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }
  sender(const sender&) = delete;
  sender& operator=(const sender&) = delete;

  [[nodiscard]] trace_lane& lane(unsigned core) { return *lanes_.at(core); }
  [[nodiscard]] figures stats() const {
    figures f{.sent = sent_, .dropped = 0, .lost = lost_};
    for (const auto& lane : lanes_) f.dropped += lane->dropped().get();
    return f;
  }

 private:
  /// True at the end.
  bool sleep(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return wake_.wait_for(lock, time, [this] { return stop_.load(); });
  }

  void run() {
    while (!sleep(settings_.every))
      while (!stop_ && fill()) post();
    while (fill()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - std::chrono::steady_clock::now());
      if (left <= std::chrono::milliseconds(0) || !post_once(left)) lost_ += waiting_;
    }
  }

  /// Takes what the lanes have, up to a batch, in turns. False where they have nothing.
  bool fill() {
    const time_point now = clock_.now();
    const wall_time wall = clock_.wall();
    const std::size_t share = std::max<std::size_t>(1, settings_.batch / lanes_.size());
    for (const auto& lane : lanes_) lane->take(share, [&](const span& s) { batch_.add(s, now, wall); });
    waiting_ = batch_.size();
    body_ = waiting_ > 0 ? batch_.take() : std::string();
    return waiting_ > 0;
  }

  void post() {
    auto wait = settings_.first_retry;
    for (unsigned i = 1;; ++i) {
      retry_after_ = std::chrono::milliseconds(0);
      if (post_once(settings_.timeout)) return;
      if (i >= settings_.tries) break;
      if (sleep(std::clamp(retry_after_, wait, settings_.longest_retry))) break;
      wait = std::min(wait * 2, settings_.longest_retry);
    }
    lost_ += waiting_;
  }

  /// False where it should be tried again.
  bool post_once(std::chrono::milliseconds timeout) {
    if (!easy_) easy_.reset(curl_easy_init());
    CURL* const c = easy_.get();
    if (c == nullptr || !headers_) return false;
    answer_.clear();
    curl_easy_setopt(c, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(c, CURLOPT_USERAGENT, "waggle/" WAGGLE_VERSION);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, this);
    curl_easy_setopt(
        c, CURLOPT_XFERINFOFUNCTION, +[](void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) -> int {
          const sender& me = *static_cast<sender*>(self);
          return me.stop_ && std::chrono::steady_clock::now() > me.until_ ? 1 : 0;
        });
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers_.get());
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, body_.data());
    curl_easy_setopt(c, CURLOPT_WRITEDATA, &answer_);
    curl_easy_setopt(
        c, CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t size, std::size_t n, void* to) -> std::size_t {
          std::string& answer = *static_cast<std::string*>(to);
          answer.append(data, std::min(size * n, longest_answer - answer.size()));
          return size * n;
        });
    const CURLcode how = curl_easy_perform(c);
    if (how != CURLE_OK) {
      complain(curl_easy_strerror(how));
      return false;
    }
    long status = 0;
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200 && status < 300) {
      const std::uint64_t refused = std::min<std::uint64_t>(refused_spans(answer_), waiting_);
      lost_ += refused;
      sent_ += waiting_ - refused;
      return true;
    }
    complain(fmt::format("it answers {}", status));
    if (status != 429 && status != 502 && status != 503 && status != 504) {
      lost_ += waiting_;
      return true;
    }
    curl_off_t seconds = 0;
    curl_easy_getinfo(c, CURLINFO_RETRY_AFTER, &seconds);
    retry_after_ = std::chrono::seconds(std::clamp<curl_off_t>(seconds, 0, 3600));
    return false;
  }

  void complain(const std::string& why) {
    const auto now = std::chrono::steady_clock::now();
    if (complained_ && now - *complained_ < between_complaints) return;
    complained_ = now;
    spdlog::warn("traces cannot be sent to {}: {}", url_, why);
  }

  const trace_settings settings_;
  const std::string url_;
  const clock_source& clock_;
  std::vector<std::unique_ptr<trace_lane>> lanes_;
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<std::uint64_t> lost_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<bool> stop_{false};
  std::chrono::steady_clock::time_point until_;  // of the end; since it stops

  // The thread's.
  otlp_batch batch_;
  std::size_t waiting_ = 0;  // spans in the body
  std::string body_;
  std::string answer_;
  std::chrono::milliseconds retry_after_{0};
  std::optional<std::chrono::steady_clock::time_point> complained_;
  std::unique_ptr<CURL, easy_deleter> easy_;
  std::unique_ptr<curl_slist, list_deleter> headers_;
  std::thread thread_;
};

result<std::unique_ptr<trace_exporter>> trace_exporter::open(trace_settings s, unsigned cores,
                                                             const clock_source& clock) {
  auto url = read_url(s.endpoint);
  if (!url)
    return fail(error_code::invalid_argument, fault::host,
                fmt::format("trace.endpoint {}: {}", s.endpoint, url.error().message));
  std::string whole = url->text;
  if (whole.substr(whole.find("://") + 3).find('/') == std::string::npos) whole += "/";
  if (whole == url->origin() + "/") whole += "v1/traces";
  std::unique_ptr<trace_exporter> made(new trace_exporter);
  made->sender_ = std::make_unique<sender>(std::move(s), std::move(whole), cores, clock);
  return made;
}

trace_exporter::~trace_exporter() = default;
trace_lane& trace_exporter::lane(unsigned core) { return sender_->lane(core); }
trace_exporter::figures trace_exporter::stats() const { return sender_->stats(); }

}  // namespace waggle
