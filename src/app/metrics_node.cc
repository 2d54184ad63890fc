#include "app/metric_family.h"
#include "app/metrics.h"
#include "gateway/held_answers.h"

namespace waggle {
namespace {

constexpr auto gauge = family::type::Gauge;
constexpr auto total = family::type::Counter;
constexpr auto histogram = family::type::Histogram;

double seconds(std::chrono::nanoseconds d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

void node_metrics::loaded(const load_report& how) {
  if (how.from_cache)
    ++from_cache_;
  else
    ++compiled_;
  compile_time_ += how.compiled_in;
}

/// What is not of a service.
void node_metrics::of_node(const sources& from, std::vector<prometheus::MetricFamily>& to) const {
  const auto add = [&to](family& f) { to.push_back(f.take()); };

  family modules("waggle_modules_loaded_total", "Modules of services, compiled or from the cache", total);
  modules.add({{"from", "cache"}}, static_cast<double>(from_cache_));
  modules.add({{"from", "compiler"}}, static_cast<double>(compiled_));
  add(modules);
  family compiling("waggle_compile_seconds_total", "Time that compiling modules took", total);
  compiling.add({}, seconds(compile_time_));
  add(compiling);

  const state_stats& state = from.state.stats();
  family commits("waggle_state_commits_total", "Transactions that had something to write, by what became of them",
                 total);
  commits.add({{"outcome", "written"}}, static_cast<double>(state.commits.get()));
  commits.add({{"outcome", "conflict"}}, static_cast<double>(state.conflicts.get()));
  commits.add({{"outcome", "refused"}}, static_cast<double>(state.refused.get()));
  add(commits);
  family write("waggle_state_write_seconds", "Time to write a batch of commits and sync it to the disk", histogram);
  duration_sum written;
  written.add(state.write);
  write.add({}, written);
  add(write);
  family waiting("waggle_state_commits_waiting", "Transactions that wait to be written", gauge);
  waiting.add({}, static_cast<double>(from.state.waiting()));
  add(waiting);

  if (from.traces) {
    family spans("waggle_trace_spans_total", "Parts of traces, by what became of them", total);
    spans.add({{"outcome", "sent"}}, static_cast<double>(from.traces->sent));
    spans.add({{"outcome", "dropped"}}, static_cast<double>(from.traces->dropped));
    spans.add({{"outcome", "lost"}}, static_cast<double>(from.traces->lost));
    add(spans);
  }

  family silence("waggle_ticker_silent_seconds", "Since the ticker beat, which ends the guests' slices", gauge);
  silence.add({}, seconds(from.heartbeat.silent_for()));
  add(silence);
  family late("waggle_ticker_late_total", "Beats of the ticker that came 20 ms late or later", total);
  late.add({}, static_cast<double>(from.heartbeat.late_beats()));
  add(late);

  const auto over = [&](auto get) {
    double n = 0;
    for (const auto* s : from.servers) n += static_cast<double>(get(*s).load(std::memory_order_relaxed));
    return n;
  };
  using stats = http_stats;
  family connections("waggle_http_connections", "Open connections", gauge);
  connections.add({}, over([](const stats& s) -> auto& { return s.connections_open; }));
  add(connections);
  family answers("waggle_http_answers_total", "HTTP answers, by the status's first digit", total);
  for (std::size_t digit = 1; digit < 6; ++digit)
    answers.add({{"status", std::to_string(digit) + "xx"}},
                over([digit](const stats& s) -> auto& { return s.answers[digit]; }));
  add(answers);
  family held("waggle_http_answers_held_bytes", "Answers that callers have not taken yet", gauge);
  held.add({}, static_cast<double>(from.answers.used.load(std::memory_order_relaxed)));
  add(held);
  family no_room("waggle_http_answers_refused_total", "Answers that there was no room for", total);
  no_room.add({}, static_cast<double>(from.answers.refused.load(std::memory_order_relaxed)));
  add(no_room);
  family bad("waggle_http_bad_requests_total", "Requests that were malformed, too large or too slow", total);
  bad.add({}, over([](const stats& s) -> auto& { return s.bad_requests; }));
  add(bad);
  family strangers("waggle_http_bad_credentials_total", "Requests and WebSockets whose credentials show nobody", total);
  strangers.add({}, over([](const stats& s) -> auto& { return s.bad_credentials; }));
  add(strangers);
  family handshakes("waggle_tls_failures_total", "Connections whose TLS handshake came to nothing", total);
  handshakes.add({}, over([](const stats& s) -> auto& { return s.tls_failures; }));
  add(handshakes);
  family http2("waggle_http2_connections_total", "Connections that speak HTTP/2", total);
  http2.add({}, over([](const stats& s) -> auto& { return s.http2_connections; }));
  add(http2);
  family resets("waggle_http2_resets_total", "Requests over HTTP/2 that were ended before their answer was", total);
  resets.add({}, over([](const stats& s) -> auto& { return s.http2_resets; }));
  add(resets);
  family bytes("waggle_http_bytes_total", "Bytes over HTTP", total);
  bytes.add({{"direction", "in"}}, over([](const stats& s) -> auto& { return s.bytes_in; }));
  bytes.add({{"direction", "out"}}, over([](const stats& s) -> auto& { return s.bytes_out; }));
  add(bytes);
}

}  // namespace waggle
