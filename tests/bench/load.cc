// load ADDRESS:PORT [OPTION VALUE]… <REQUESTS: a client that keeps its word about time.
//
// REQUESTS, on stdin: a line each, `PATH BODY`, posted in turn. Loopback only. Prints one line of JSON.
//   --rate R         open loop: R requests a second, evenly spaced, whether or not earlier ones were answered. Latency counts from
//                    the moment a request was due, so a server (or a client) that stalls cannot hide it (G. Tene's "coordinated
//                    omission"). Without it: each connection sends its next request when it has its answer.
//   --connections N  (1) at most that many requests under way; further ones wait in the client, and that counts too
//   --seconds S      (1) how long to send; --warm S before that, not counted; --count N: or until N were sent
//   --deadline MS    sends Connect-Timeout-Ms
//   --fds A,B,…      connected sockets that were given, instead of new ones
//
// It waits in `epoll`; shortly before a request is due it polls, so that waking up late is not the server's latency. What it was
// late by itself it tells (`late`).
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace {

using clock_type = std::chrono::steady_clock;
using moment = clock_type::time_point;

[[noreturn]] void die(const std::string& why) {
  fmt::print(stderr, "load: {}\n", why);
  std::exit(2);
}

struct options {
  std::string address;
  std::uint16_t port = 0;
  double rate = 0;
  std::size_t connections = 1;
  double seconds = 1;
  double warm = 0;
  std::uint64_t count = ~std::uint64_t{0};
  int deadline = 0;
  std::vector<int> fds;
};

double number(const std::string& text) {
  char* end = nullptr;
  const double n = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || n < 0) die(text + " is no number");
  return n;
}

options read_options(int argc, char** argv) {
  options o;
  const std::string where = argc > 1 ? argv[1] : "";
  const std::size_t colon = where.find(':');
  if (colon == std::string::npos || argc % 2 != 0) die("usage: load ADDRESS:PORT [OPTION VALUE]…");
  o.address = where.substr(0, colon);
  if (!o.address.starts_with("127.")) die("only for servers on this machine: 127.0.0.1:PORT");
  o.port = static_cast<std::uint16_t>(number(where.substr(colon + 1)));
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--rate")
      o.rate = number(value);
    else if (name == "--connections")
      o.connections = static_cast<std::size_t>(number(value));
    else if (name == "--seconds")
      o.seconds = number(value);
    else if (name == "--warm")
      o.warm = number(value);
    else if (name == "--count")
      o.count = static_cast<std::uint64_t>(number(value));
    else if (name == "--deadline")
      o.deadline = static_cast<int>(number(value));
    else if (name == "--fds")
      for (std::size_t at = 0; at < value.size();) {
        const std::size_t end = std::min(value.find(',', at), value.size());
        o.fds.push_back(static_cast<int>(number(value.substr(at, end - at))));
        at = end + 1;
      }
    else
      die(fmt::format("no option {}", name));
  }
  if (!o.fds.empty()) o.connections = o.fds.size();
  return o;
}

struct connection {
  int fd = -1;
  bool busy = false;
  bool counts = false;  // its request belongs to the measured time
  moment due;           // when its request should have been sent
  std::string unsent;
  std::string got;
  std::size_t whole = 0;  // of the answer, once its head is there
};

class client {
 public:
  client(options o, std::vector<std::string> requests) : o_(std::move(o)), requests_(std::move(requests)) {
    poll_ = ::epoll_create1(0);
    all_.resize(o_.connections);
    for (std::size_t i = 0; i < all_.size(); ++i) open(i);
  }

  void run() {
    const moment first = clock_type::now();
    const moment from = first + seconds(o_.warm);
    moment until = from + seconds(o_.seconds);
    moment next = first;
    const auto step = o_.rate > 0 ? seconds(1 / o_.rate) : clock_type::duration(0);
    std::uint64_t made = 0;
    for (moment now = first; now < until && made < o_.count; now = clock_type::now()) {
      if (o_.rate > 0) {
        for (; next <= now && made < o_.count; next += step, ++made) {
          if (next >= from) late_.push_back((now - next).count());
          waiting_.push_back(next);
        }
      } else {
        for (; !free_.empty() && waiting_.size() < free_.size() && made < o_.count; ++made) waiting_.push_back(now);
      }
      send_waiting(from);
      longest_ = std::max(longest_, waiting_.size());
      wait(o_.rate > 0 ? std::min(next, until) : until);
    }
    if (made >= o_.count) until = clock_type::now() + std::chrono::hours(1);
    sending_ended_ = clock_type::now();
    measured_ = std::chrono::duration<double>(std::min(sending_ended_, until) - from).count();
    // What is under way is waited for: leaving it out would leave out the slowest.
    const moment patience = sending_ended_ + std::chrono::seconds(10);
    while (free_.size() < all_.size() && clock_type::now() < patience) {
      if (!waiting_.empty()) send_waiting(from);
      wait(patience);
    }
    for (const connection& c : all_) unanswered_ += c.busy && c.counts ? 1 : 0;
    unanswered_ += waiting_.size();
  }

  void report() {
    std::string statuses;
    for (const auto& [status, n] : statuses_)
      statuses += fmt::format("{}\"{}\":{}", statuses.empty() ? "" : ",", status, n);
    fmt::print(R"({{"seconds":{:.3f},"sent":{},"statuses":{{{}}},"unanswered":{},"broken":{},"most_waiting":{},)"
               R"("ok_us":{},"other_us":{},"late_us":{},"ok_in_time":{}}})"
               "\n",
               measured_, sent_, statuses, unanswered_, broken_, longest_, quantiles(ok_), quantiles(other_),
               quantiles(late_), ok_in_time_);
  }

 private:
  static clock_type::duration seconds(double s) {
    return std::chrono::duration_cast<clock_type::duration>(std::chrono::duration<double>(s));
  }

  void open(std::size_t i) {
    connection& c = all_[i];
    c = {};
    if (!o_.fds.empty()) {
      c.fd = o_.fds[i];
    } else {
      c.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_port = htons(o_.port);
      ::inet_pton(AF_INET, o_.address.c_str(), &to.sin_addr);
      if (c.fd < 0 || ::connect(c.fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
        die(fmt::format("connection {}: {}", i, std::strerror(errno)));
    }
    const int on = 1;
    ::setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.u64 = i;
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, c.fd, &e);
    free_.push_back(i);
  }

  void send_waiting(moment from) {
    while (!waiting_.empty() && !free_.empty()) {
      const std::size_t i = free_.back();
      free_.pop_back();
      connection& c = all_[i];
      c.due = waiting_.front();
      waiting_.pop_front();
      c.busy = true;
      c.counts = c.due >= from;
      if (c.counts) ++sent_;
      c.unsent = requests_[turn_++ % requests_.size()];
      push(i);
    }
  }

  void push(std::size_t i) {
    connection& c = all_[i];
    while (!c.unsent.empty()) {
      const ssize_t n = ::send(c.fd, c.unsent.data(), c.unsent.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n < 0 && errno == EAGAIN) return watch(i, EPOLLIN | EPOLLOUT);
      if (n < 0) return lost(i);
      c.unsent.erase(0, static_cast<std::size_t>(n));
    }
    watch(i, EPOLLIN);
  }

  void watch(std::size_t i, std::uint32_t events) {
    if (events == EPOLLIN && !watched_writes_) return;  // as it is
    watched_writes_ = true;
    epoll_event e{};
    e.events = events;
    e.data.u64 = i;
    ::epoll_ctl(poll_, EPOLL_CTL_MOD, all_[i].fd, &e);
  }

  /// Handles what came, waiting for it until `when` at most.
  void wait(moment when) {
    const auto left = when - clock_type::now();
    timespec t{};
    if (left > poll_before) {
      const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(left - poll_before).count();
      t = {ns / 1'000'000'000, ns % 1'000'000'000};
    }
    epoll_event events[256];
    const int n = ::epoll_pwait2(poll_, events, 256, &t, nullptr);
    for (int e = 0; e < n; ++e) {
      const std::size_t i = events[e].data.u64;
      if ((events[e].events & EPOLLOUT) != 0) push(i);
      if ((events[e].events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) receive(i);
    }
  }

  void receive(std::size_t i) {
    static char buffer[1 << 16];
    connection& c = all_[i];
    const ssize_t n = ::recv(c.fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return lost(i);
    if (!c.busy)
      die(fmt::format("an answer that nobody asked for: {}", std::string_view(buffer, static_cast<std::size_t>(n))));
    c.got.append(buffer, static_cast<std::size_t>(n));
    if (c.whole == 0) {
      const std::size_t head = c.got.find("\r\n\r\n");
      if (head == std::string::npos) return;
      const std::size_t at = c.got.find("Content-Length: ");
      std::size_t length = 0;
      if (at < head) std::from_chars(c.got.data() + at + 16, c.got.data() + head, length);
      c.whole = head + 4 + length;
    }
    if (c.got.size() < c.whole) return;
    if (c.got.size() > c.whole) die("more than one answer to a request");
    answered(c);
    c.busy = false;
    c.whole = 0;
    c.got.clear();
    free_.push_back(i);
  }

  void answered(const connection& c) {
    if (!c.counts) return;
    const moment now = clock_type::now();
    const std::string status = c.got.substr(9, 3);
    ++statuses_[status];
    const auto took = (now - c.due).count();
    (status == "200" ? ok_ : other_).push_back(took);
    if (status == "200" && sending_ended_ == moment{}) ++ok_in_time_;
  }

  /// The server ended the connection: a new one takes its place.
  void lost(std::size_t i) {
    if (!o_.fds.empty()) die("a connection that was given has ended");
    connection& c = all_[i];
    if (c.busy && c.counts) ++broken_;
    if (!c.busy) std::erase(free_, i);
    ::close(c.fd);
    open(i);
  }

  static std::string quantiles(std::vector<std::int64_t>& all) {
    if (all.empty()) return "null";
    std::ranges::sort(all);
    const auto at = [&](double part) {
      return static_cast<double>(all[static_cast<std::size_t>(part * static_cast<double>(all.size() - 1))]) / 1e3;
    };
    return fmt::format(R"({{"n":{},"p50":{:.1f},"p90":{:.1f},"p99":{:.1f},"p999":{:.1f},"max":{:.1f}}})", all.size(),
                       at(0.5), at(0.9), at(0.99), at(0.999), at(1));
  }

  static constexpr auto poll_before = std::chrono::microseconds(100);

  options o_;
  std::vector<std::string> requests_;
  int poll_ = -1;
  bool watched_writes_ = false;
  std::vector<connection> all_;
  std::vector<std::size_t> free_;
  std::deque<moment> waiting_;  // due, but no connection was free
  std::size_t turn_ = 0;
  std::size_t longest_ = 0;
  moment sending_ended_{};
  double measured_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t unanswered_ = 0;
  std::uint64_t broken_ = 0;
  std::uint64_t ok_in_time_ = 0;  // answered while requests were sent: the goodput
  std::map<std::string, std::uint64_t> statuses_;
  std::vector<std::int64_t> ok_, other_, late_;  // nanoseconds
};

}  // namespace

int main(int argc, char** argv) {
  ::prctl(PR_SET_TIMERSLACK, 1);
  const options o = read_options(argc, argv);
  std::vector<std::string> requests;
  for (std::string line; std::getline(std::cin, line);) {
    const std::size_t space = line.find(' ');
    if (space == std::string::npos) die("a request is a line `PATH BODY`: " + line);
    const std::string body = line.substr(space + 1);
    requests.push_back(fmt::format(
        "POST {} HTTP/1.1\r\nHost: {}:{}\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n{}",
        line.substr(0, space), o.address, o.port,
        o.deadline > 0 ? fmt::format("Connect-Timeout-Ms: {}\r\n", o.deadline) : "", body.size(), body));
  }
  if (requests.empty()) die("no requests on stdin");
  client c(o, std::move(requests));
  c.run();
  c.report();
}
