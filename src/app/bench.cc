#include <algorithm>
#include <chrono>
#include <expected>
#include <map>
#include <mutex>
#include <ranges>
#include <thread>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/commands.h"
#include "app/one_service.h"
#include "app/terminal_text.h"

namespace waggle {
namespace {

using clock = std::chrono::steady_clock;

/// Latencies in nanoseconds; errors by what they say.
struct samples {
  std::vector<std::int64_t> latencies;
  std::map<std::string, std::uint64_t> errors;
  duration wall{0};
  std::string first_failure;  // what the answer said

  void merge(samples&& other) {
    latencies.insert(latencies.end(), other.latencies.begin(), other.latencies.end());
    for (const auto& [what, n] : other.errors) errors[what] += n;
    wall = std::max(wall, other.wall);
    if (first_failure.empty()) first_failure = std::move(other.first_failure);
  }
};

constexpr std::size_t max_samples = 20'000'000;

/// In process: `concurrency` calls at a time on one core.
samples load_in_process(one_service& one, const bench_options& o) {
  struct lane {
    service_call call;
    time_point began;
    bool done = true;
  };
  samples all;
  const method* const asked = one.entry().description().find(o.method);
  const bool stream = asked != nullptr && asked->kind == operation::subscription;
  std::vector<lane> lanes(o.concurrency);
  const auto from = clock::now();
  const auto until = from + std::chrono::seconds(o.seconds);
  auto now = from;
  while (now < until && all.latencies.size() < max_samples) {
    for (lane& l : lanes) {
      if (!l.done) continue;
      if (l.began != time_point{}) {
        all.latencies.push_back((now - l.began).count());
        if (const auto& output = l.call.response.output; !output) {
          ++all.errors[std::string(to_string(output.error().code))];
          if (all.first_failure.empty()) all.first_failure = to_json(output.error());
        }
      }
      l.done = false;
      l.began = now;
      l.call.request.method = o.method;
      l.call.request.context.trusted = true;
      l.call.request.input = o.input;
      if (stream) l.call.request.stream_cursor = "";  // its first answer, again and again
      l.call.then(&l, [](void* self, service_call&) noexcept { static_cast<lane*>(self)->done = true; });
      one.entry().ask(l.call);
      now = clock::now();
    }
    if (o.concurrency > 1 || !lanes[0].done) one.core().io().poll();
    now = clock::now();
  }
  for (bool open = true; open;) {
    open = std::ranges::any_of(lanes, [](const lane& l) { return !l.done; });
    if (open) one.core().io().run_one();
  }
  all.wall = now - from;
  return all;
}

/// One keep-alive connection.
samples load_over_http(const std::string& host, const std::string& port, const std::string& path,
                       const bench_options& o) {
  namespace asio = boost::asio;
  samples all;
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  asio::connect(socket, asio::ip::tcp::resolver(io).resolve(host, port));
  socket.set_option(asio::ip::tcp::no_delay(true));
  const std::string request =
      fmt::format("POST {} HTTP/1.1\r\nHost: {}:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                  path, host, port, o.input.size(), o.input);
  std::string buffer(std::size_t{1} << 16, '\0');
  const auto from = clock::now();
  const auto until = from + std::chrono::seconds(o.seconds);
  for (auto now = from; now < until && all.latencies.size() < max_samples;) {
    asio::write(socket, asio::buffer(request));
    std::string answer;
    std::size_t head = std::string::npos;
    std::size_t length = 0;
    while (head == std::string::npos || answer.size() < head + 4 + length) {
      answer.append(buffer.data(), socket.read_some(asio::buffer(buffer)));
      if (head != std::string::npos) continue;
      head = answer.find("\r\n\r\n");
      if (head == std::string::npos) continue;
      const std::size_t at = answer.find("Content-Length: ");
      if (at < head) length = std::stoul(answer.substr(at + 16, 20));
    }
    const auto ended = clock::now();
    all.latencies.push_back((ended - now).count());
    now = ended;
    if (const std::string status = answer.substr(9, 3); status != "200") {
      ++all.errors["HTTP " + status];
      if (all.first_failure.empty()) all.first_failure = answer.substr(head + 4);
    }
  }
  all.wall = clock::now() - from;
  return all;
}

double at(const std::vector<std::int64_t>& sorted, double part) {
  return static_cast<double>(sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))]) / 1e3;
}

int report(samples all, const bench_options& o) {
  if (all.latencies.empty()) {
    fmt::print(stderr, "no request was answered: {}\n", fmt::join(std::views::keys(all.errors), "; "));
    return exit_failed;
  }
  if (!all.first_failure.empty())
    fmt::print(stderr, "the first failure: {}\n", printable(all.first_failure.substr(0, 1000)));
  std::ranges::sort(all.latencies);
  std::uint64_t failed = 0;
  for (const auto& [what, n] : all.errors) failed += n;
  const double seconds = static_cast<double>(all.wall.count()) / 1e9;
  const double rate = static_cast<double>(all.latencies.size()) / seconds;
  const auto& l = all.latencies;
  if (o.json) {
    fmt::print(
        R"({{"requests":{},"failed":{},"seconds":{:.3f},"perSecond":{:.0f},"us":{{"p50":{:.2f},"p90":{:.2f},"p99":{:.2f},"p999":{:.2f},"max":{:.2f}}}}})"
        "\n",
        l.size(), failed, seconds, rate, at(l, 0.5), at(l, 0.9), at(l, 0.99), at(l, 0.999), at(l, 1));
  } else {
    fmt::print("{} requests in {:.2f} s: {:.0f}/s, {} failed\n", l.size(), seconds, rate, failed);
    for (const auto& [what, n] : all.errors) fmt::print("  {} × {}\n", n, what);
    fmt::print("latency   p50 {:.2f} µs   p90 {:.2f}   p99 {:.2f}   p99.9 {:.2f}   max {:.2f}\n", at(l, 0.5),
               at(l, 0.9), at(l, 0.99), at(l, 0.999), at(l, 1));
  }
  return failed == 0 ? exit_fine : exit_failed;
}

/// A service of a node on this machine.
struct place {
  std::string host, port, path;
};

/// `authority/path` in its parts, or which of them it lacks.
std::expected<place, std::string_view> read_place(std::string_view url) {
  const std::size_t slash = url.find('/');
  const std::string_view authority = url.substr(0, slash);
  const std::size_t colon = authority.find(':', authority.find(']') + 1);  // behind the brackets, if there are any
  const std::string_view host = authority.substr(0, colon);
  if (host != "localhost" && !host.starts_with("127.") && host != "[::1]")
    return std::unexpected("is not on this machine, and bench loads only what is");
  if (colon == std::string_view::npos || colon + 1 == authority.size()) return std::unexpected("lacks the port");
  if (slash == std::string_view::npos || slash + 1 == url.size()) return std::unexpected("lacks the service");
  return place{std::string(host == "[::1]" ? "::1" : host), std::string(authority.substr(colon + 1)),
               std::string(url.substr(slash))};
}

}  // namespace

int bench(const configuration& c, const bench_options& given) {
  bench_options o = given;
  constexpr std::string_view scheme = "http://";
  if (o.target.contains("://") && !o.target.starts_with(scheme)) {
    fmt::print(
        stderr,
        "waggle bench: {} is not http://: it speaks plain HTTP only, and with this machine only, as "
        "http://127.0.0.1:PORT/SERVICE. To measure a service of a node with TLS, name its .wasm instead of the URL, "
        "or serve it on a loopback address without tls.certificate; for TLS itself take a tool like h2load\n",
        json_quote(o.target));
    return exit_usage;
  }
  if (!o.target.starts_with(scheme)) {
    int status = exit_fine;
    const auto one = one_service::load(c, o.target, status);
    if (!one) return status;
    if (o.input.empty()) o.input = "{}";
    return report(load_in_process(*one, o), o);
  }
  if (o.input.empty()) o.input = "{}";
  const auto to = read_place(std::string_view(o.target).substr(scheme.size()));
  if (!to) {
    fmt::print(stderr, "waggle bench: {} {}: http://127.0.0.1:PORT/SERVICE\n", json_quote(o.target), to.error());
    return exit_usage;
  }
  samples all;
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < o.concurrency; ++i)
    threads.emplace_back([&] {
      samples mine;
      try {
        mine = load_over_http(to->host, to->port, to->path + "/" + o.method, o);
      } catch (const boost::system::system_error& e) {
        ++mine.errors[e.code().message()];
      } catch (const std::exception& e) {
        ++mine.errors[e.what()];
      }
      const std::lock_guard lock(mutex);
      all.merge(std::move(mine));
    });
  for (auto& t : threads) t.join();
  return report(std::move(all), o);
}

}  // namespace waggle
