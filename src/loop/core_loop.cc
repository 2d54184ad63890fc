#include "loop/core_loop.h"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <pthread.h>

namespace waggle {

namespace asio = boost::asio;

core_loop::core_loop(unsigned index, const clock_source& time)
    : index_(index), time_(time), io_(1), alarm_(io_.get_executor()), slices_(time), timers_(time.now()) {
  slices_.on_work(this, [](void* self) { static_cast<core_loop*>(self)->wake(); });
}

core_loop::~core_loop() = default;

void core_loop::post(job what) { asio::post(io_, std::move(what)); }

void core_loop::wake() {
  if (woken_) return;
  woken_ = true;
  queued_.store(true, std::memory_order_relaxed);
  asio::post(io_, [this] {
    look();
    woken_ = false;
    if (slices_.run(scheduler::slice)) return wake();
    queued_.store(false, std::memory_order_relaxed);
  });
}

/// What came to the sockets while a slice ran goes before the next one, and what comes meanwhile, for as long as two slices: a
/// look by itself takes 128 events at most, which a busy service sends faster than that.
void core_loop::look() {
  const time_point until = now() + 2 * scheduler::slice;
  while (io_.poll_one() > 0 && now() < until) {
  }
}

void core_loop::start(timer& t, time_point when) {
  timers_.start(t, when);
  if (const time_point next = timers_.next(); next < armed_) arm(next);
}

void core_loop::arm(time_point when) {
  armed_ = when;
  if (when == time_point::max() || time_.manual()) return;
  alarm_.expires_at(when);
  alarm_.async_wait([this](const boost::system::error_code& gone) {
    if (!gone) on_alarm();
  });
}

void core_loop::on_alarm() {
  timers_.advance(now());
  arm(timers_.next());
}

void core_loop::run() {
  const auto open = asio::make_work_guard(io_);
  io_.run();
}

void core_loop::stop() { io_.stop(); }

std::size_t core_loop::poll() {
  timers_.advance(now());
  io_.restart();
  return io_.poll();
}

bool core_loop::poll_one() {
  io_.restart();
  return io_.poll_one() > 0;
}

struct blocking_pool::state {
  asio::thread_pool threads;
};

blocking_pool::blocking_pool(unsigned threads) : state_(new state{asio::thread_pool(threads)}) {}

blocking_pool::~blocking_pool() {
  state_->threads.stop();
  state_->threads.join();
}

void blocking_pool::run(core_loop::job what) { asio::post(state_->threads, std::move(what)); }

ticker::ticker(duration period, std::move_only_function<void()> tick)
    : last_(time_point::clock::now().time_since_epoch().count()),
      thread_([this, period, tick = std::move(tick)]() mutable {
        pthread_setname_np(pthread_self(), "waggle-ticker");
        while (!stop_.load(std::memory_order_relaxed)) {
          std::this_thread::sleep_for(period);
          tick();
          if (silent_for() > period + late) late_beats_.add();
          last_.store(time_point::clock::now().time_since_epoch().count(), std::memory_order_relaxed);
        }
      }) {}

duration ticker::silent_for() const {
  return time_point::clock::now().time_since_epoch() - duration(last_.load(std::memory_order_relaxed));
}

ticker::~ticker() {
  stop_ = true;
  thread_.join();
}

}  // namespace waggle
