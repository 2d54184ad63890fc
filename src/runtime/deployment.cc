#include "runtime/deployment.h"

namespace waggle {
namespace {

const pool_stats nothing_here;
const guest_failures no_failures{};
const worker_stats no_workers;

/// Limits that are as they were go on counting: a reload gives nobody his rate or time anew.
version_share share_with(const version_share& before, const std::string& service, const service_limits& now) {
  const service_limits& old = before.limits;
  version_share all{.running = before.running ? before.running : std::make_shared<repeats>(),
                    .limits = now,
                    .admits = before.admits,
                    .cpu = before.cpu};
  if (old.rate != now.rate || old.burst != now.burst || old.concurrency != now.concurrency ||
      old.rate_per_caller != now.rate_per_caller)
    all.admits = admission::make(service, now);
  if (old.cpu_ms != now.cpu_ms) all.cpu = now.cpu_ms > 0 ? std::make_shared<cpu_budget>(now.cpu_ms) : nullptr;
  return all;
}

}  // namespace

deployment::deployment(std::span<const service_core> cores, std::shared_ptr<const contract> about,
                       std::shared_ptr<const module> code, const deployment_settings& settings)
    : about_(std::move(about)),
      permits_(std::make_shared<pool_permits>(about_->pool.max, static_cast<unsigned>(cores.size()))),
      share_(share_with(settings.before, about_->name, settings.limits)),
      memory_(std::make_shared<memory_budget>(std::uint64_t{settings.limits.total_memory_mb} << 20)),
      shards_(cores.size()) {
  const actor_parts parts{.about = about_,
                          .code = std::move(code),
                          .trips = std::make_shared<breaker>(),
                          .granted = settings.granted,
                          .state = settings.state,
                          .settings = settings.instances,
                          .cpu = share_.cpu,
                          .queue_wait = settings.queue_wait};
  for (std::size_t i = 0; i < cores.size(); ++i) shards_[i].core = cores[i].loop;
  if (cores.front().memory != nullptr) cores.front().memory->node().holders().add(about_->name, memory_);
  if (about_->singleton)
    make_singleton(cores, parts, settings);
  else
    make_pools(cores, parts, settings);
}

void deployment::make_pools(std::span<const service_core> cores, const actor_parts& parts,
                            const deployment_settings& settings) {
  const auto count = static_cast<std::uint32_t>(cores.size());
  const wasm_actor::shared between{permits_, share_.running};
  std::vector<wasm_worker_pool*> pools;
  chain_settings around = settings.chain;
  around.admits = share_.admits;
  for (std::uint32_t i = 0; i < count; ++i) {
    const pool_settings& pool = about_->pool;
    const pool_limits limits{
        .min = pool.min / count + (i < pool.min % count ? 1 : 0),
        .queue = pool.queue,
        .queue_wait = settings.queue_wait,
        .idle = pool.idle,
        .max_requests = pool.max_requests,
        .fresh = pool.fresh,
        .needs = {.bytes = parts.code->shape().memory_min_bytes, .slots = parts.code->engine().slots}};
    actor_parts here = parts;
    here.memory = {cores[i].memory, memory_};
    shard& s = shards_[i];
    s.actor =
        std::make_unique<wasm_actor>(*s.core, *cores[i].calls, settings.blocking, std::move(here), between, limits);
    if (settings.waits) s.actor->open(false);
    around.traces = cores[i].traces;
    s.chain = std::make_unique<call_chain>(*s.core, *about_, *s.actor, around, cores[i].recorder);
    pools.push_back(&s.actor->pool());
  }
  for (wasm_worker_pool* const pool : pools) pool->connect(pools);
}

void deployment::make_singleton(std::span<const service_core> cores, const actor_parts& parts,
                                const deployment_settings& settings) {
  home_ = static_cast<unsigned>(std::hash<std::string>{}(about_->name) % cores.size());
  shard& home = shards_[home_];
  actor_parts here = parts;
  here.memory = {cores[home_].memory, memory_};
  home.singleton = std::make_unique<wasm_singleton_actor>(
      *home.core, *cores[home_].calls, settings.blocking, std::move(here),
      wasm_singleton_actor::settings{
          .queue = about_->pool.queue, .limits = settings.chain.limits, .outputs = settings.chain.outputs});
  chain_settings around = settings.chain;
  around.admits = share_.admits;
  around.outputs = output_check::off;  // the actor looks at them, before it commits
  for (std::size_t i = 0; i < cores.size(); ++i) {
    shard& s = shards_[i];
    around.traces = cores[i].traces;
    if (!s.singleton) s.door = std::make_unique<remote_service>(*s.core, *home.core, *home.singleton);
    service& inner = s.singleton ? static_cast<service&>(*s.singleton) : *s.door;
    s.chain = std::make_unique<call_chain>(*s.core, *about_, inner, around, cores[i].recorder);
  }
}

void deployment::start(std::function<void(bool)> done) {
  if (about_->singleton) {
    shard& home = shards_[home_];
    home.core->post([&home, done = std::move(done)]() mutable { home.singleton->warm(std::move(done)); });
    return;
  }
  pending_ = static_cast<unsigned>(shards_.size());
  failed_ = false;
  for (shard& s : shards_)
    s.core->post([this, &s, done] {
      s.actor->pool().warm([this, done](bool fine) {
        if (!fine) failed_ = true;
        if (--pending_ == 0) done(!failed_);
      });
    });
}

void deployment::take_over(std::shared_ptr<lease> held) {
  if (!about_->singleton) {
    for (shard& s : shards_) s.core->post([&s] { s.actor->open(true); });
    return;
  }
  shard& home = shards_[home_];
  home.core->post([&home, held = std::move(held)]() mutable { home.singleton->take_over(std::move(held)); });
}

void deployment::drain(shard& s, std::function<void()> done) {
  if (s.actor) return s.actor->drain(std::move(done));
  if (s.singleton) return s.singleton->drain(std::move(done));
  s.door->drain(std::move(done));
}

void deployment::retire(std::function<void()> done, std::function<void()> ended) {
  // A singleton's home last: what the others have sent is to find it.
  pending_ = static_cast<unsigned>(shards_.size());
  const auto one_less = [this, done = std::move(done), ended = std::move(ended)] {
    if (--pending_ > 0) return;
    ended();
    take_apart(done);
  };
  if (!about_->singleton) {
    for (shard& s : shards_) s.core->post([&s, one_less] { drain(s, one_less); });
    return;
  }
  shard& home = shards_[home_];
  if (shards_.size() == 1) return home.core->post([&home, one_less] { drain(home, one_less); });
  const auto doors = std::make_shared<std::atomic<std::size_t>>(shards_.size() - 1);
  for (shard& s : shards_) {
    if (!s.door) continue;
    s.core->post([&s, &home, one_less, doors] {
      drain(s, [&home, one_less, doors] {
        one_less();
        if (--*doors == 0) home.core->post([&home, one_less] { drain(home, one_less); });
      });
    });
  }
}

/// Messages between the shards may still be in the cores' queues; behind them nothing comes any more. Each core takes its
/// shard apart itself: timers and turns are its own.
void deployment::take_apart(const std::function<void()>& done) {
  pending_ = static_cast<unsigned>(shards_.size());
  for (shard& each : shards_)
    each.core->post([this, &each, done] {
      each.chain.reset();
      each.actor.reset();
      each.singleton.reset();
      each.door.reset();
      if (--pending_ == 0) done();
    });
}

void deployment::cut_off() {
  for (shard& s : shards_)
    s.core->post([alive = weak_from_this().lock(), &s] {
      error why;
      why.code = error_code::unavailable;
      why.message = "the node is shutting down";
      why.retry_after = std::chrono::seconds(1);
      if (s.actor) s.actor->shutdown(why);
      if (s.singleton) s.singleton->shutdown(why);
    });
}

std::uint32_t deployment::workers() const {
  if (!about_->singleton) return permits_->live();
  const auto& home = shards_[home_].singleton;
  return home ? static_cast<std::uint32_t>(home->stats().idle.get() + home->stats().busy.get()) : 0;
}

deployment::shard_view deployment::view(std::size_t core) const {
  const shard& s = shards_[core];
  const auto of = [&s](const auto& actor, const pool_stats& pool) -> shard_view {
    const actor_common& all = actor.common();
    return {s.chain->stats(), pool, all.failures, all.around.stats, all.share.used()};
  };
  if (s.actor) return of(*s.actor, s.actor->pool().stats());
  if (s.singleton) return of(*s.singleton, s.singleton->stats());
  return {s.chain->stats(), nothing_here, no_failures, no_workers, {}};
}

}  // namespace waggle
