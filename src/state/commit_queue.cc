#include "state/commit_queue.h"

#include <algorithm>

namespace waggle {
namespace {

/// How often it is looked whether a hold has lasted too long, while there are any.
constexpr std::chrono::milliseconds hold_check{50};

}  // namespace

class commit_queue::hold {
 public:
  hold(std::weak_ptr<commit_queue> of, std::string service) : of_(std::move(of)), service_(std::move(service)) {}
  ~hold() {
    if (const auto queue = of_.lock()) queue->let_go(service_, this);
  }
  hold(const hold&) = delete;
  hold& operator=(const hold&) = delete;

 private:
  std::weak_ptr<commit_queue> of_;
  std::string service_;
};

commit_queue::commit_queue(std::shared_ptr<const state_ground> ground, std::int64_t last_version)
    : ground_(std::move(ground)), last_version_(last_version) {}

void commit_queue::put(commit_job j) {
  const std::lock_guard lock(mutex_);
  if (j.t && !j.t->held() && !j.t->passes_holds())
    if (const auto at = lines_.find(j.t->service()); at != lines_.end() && j.t->hold().get() != at->second.active) {
      at->second.waiting.push_back(std::move(j));
      return;
    }
  enter(std::move(j));
}

void commit_queue::enter(commit_job j) {
  if (j.t) {
    j.t->written()->version = ++last_version_;
    if (j.t->held()) j.t->held()->submitted(j.t->written());
  }
  queue_.push_back(std::move(j));
  length_.add();
  if (queue_.size() == 1 || queue_.size() >= wanted_) more_.notify_one();
}

void commit_queue::hold_off_others(const std::string& service, core_loop& core, ready tell) {
  const std::lock_guard lock(mutex_);
  const auto [at, is_new] = lines_.try_emplace(service);
  at->second.next.emplace_back(&core, std::move(tell));
  if (is_new) activate(at);
}

void commit_queue::activate(lines::iterator at) {
  line& l = at->second;
  auto [core, tell] = std::move(l.next.front());
  l.next.pop_front();
  auto h = std::make_shared<hold>(weak_from_this(), at->first);
  l.active = h.get();
  l.until = ground_->time.now() + ground_->settings.transaction_limit;
  commit_job turn;
  turn.core = core;
  turn.tell = [tell = std::move(tell), h = std::move(h)](result<void>) mutable { tell(std::move(h)); };
  enter(std::move(turn));
}

/// Whoever waited goes before the next that wants to be alone.
void commit_queue::next_of(lines::iterator at) {
  line& l = at->second;
  l.active = nullptr;
  for (commit_job& j : l.waiting) enter(std::move(j));
  l.waiting.clear();
  if (l.next.empty())
    lines_.erase(at);
  else
    activate(at);
}

void commit_queue::let_go(const std::string& service, const hold* h) {
  const std::lock_guard lock(mutex_);
  if (const auto at = lines_.find(service); at != lines_.end() && at->second.active == h) next_of(at);
}

/// Those that lasted too long.
void commit_queue::end_holds() {
  if (lines_.empty()) return;
  const time_point now = ground_->time.now();
  for (auto at = lines_.begin(); at != lines_.end();) {
    const auto l = at++;
    if (closed_ || now >= l->second.until) next_of(l);
  }
}

std::vector<commit_job> commit_queue::take(std::size_t most, std::size_t most_bytes, duration gather) {
  std::unique_lock lock(mutex_);
  for (;;) {
    end_holds();
    if (!queue_.empty() || (closed_ && lines_.empty())) break;
    if (closed_) continue;  // holds that were waiting get their turn
    if (lines_.empty())
      more_.wait(lock);
    else
      more_.wait_for(lock, hold_check);
  }
  if (gather > duration(0))
    more_.wait_for(lock, gather, [&] { return closed_ || queue_.size() >= std::min(wanted_, most); });
  std::vector<commit_job> out;
  for (std::size_t bytes = 0; !queue_.empty() && out.size() < most && bytes < most_bytes; queue_.pop_front()) {
    if (const commit_job& j = queue_.front(); j.t) bytes += j.t->written_bytes();
    out.push_back(std::move(queue_.front()));
  }
  taken_ = out.size();
  length_.sub(taken_);
  return out;
}

void commit_queue::about_to_tell() {
  const std::lock_guard lock(mutex_);
  // Whoever is told will often submit the next one soon. Without waiting for them, they and those that are here already
  // would take turns for good, and each sync would serve a half of all.
  wanted_ = taken_ + queue_.size();
}

void commit_queue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  more_.notify_one();
}

}  // namespace waggle
