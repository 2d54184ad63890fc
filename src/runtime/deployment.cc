#include "runtime/deployment.h"

namespace waggle {

deployment::deployment(std::span<const service_core> cores, std::shared_ptr<const contract> about,
                       std::shared_ptr<const module> code, const deployment_settings& settings)
    : about_(std::move(about)),
      permits_(std::make_shared<pool_permits>(about_->pool.max, static_cast<unsigned>(cores.size()))) {
  const auto count = static_cast<std::uint32_t>(cores.size());
  std::vector<wasm_worker_pool*> pools;
  for (std::uint32_t i = 0; i < count; ++i) {
    const pool_settings& pool = about_->pool;
    const pool_limits limits{.min = pool.min / count + (i < pool.min % count ? 1 : 0),
                             .queue = pool.queue,
                             .idle = pool.idle,
                             .max_requests = pool.max_requests,
                             .fresh = pool.fresh};
    shard s;
    s.core = cores[i].loop;
    s.actor = std::make_unique<wasm_actor>(*s.core, *cores[i].calls,
                                           wasm_actor::parts{.about = about_,
                                                             .code = code,
                                                             .permits = permits_,
                                                             .trips = trips_,
                                                             .granted = settings.granted,
                                                             .settings = settings.instances,
                                                             .limits = limits});
    s.chain = std::make_unique<call_chain>(*s.core, *about_, *s.actor, settings.chain);
    pools.push_back(&s.actor->pool());
    shards_.push_back(std::move(s));
  }
  for (wasm_worker_pool* const pool : pools) pool->connect(pools);
}

void deployment::start(std::function<void(bool)> done) {
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

void deployment::retire(std::function<void()> done) {
  pending_ = static_cast<unsigned>(shards_.size());
  for (shard& s : shards_)
    s.core->post([this, &s, done] {
      s.actor->close();
      s.actor->pool().drain([this, done] {
        if (--pending_ > 0) return;
        // Messages between the shards may still be in the cores' queues; behind them nothing comes any more. Each core
        // takes its shard apart itself: timers and turns are its own.
        pending_ = static_cast<unsigned>(shards_.size());
        for (shard& each : shards_)
          each.core->post([this, &each, done] {
            each.chain.reset();
            each.actor.reset();
            if (--pending_ == 0) done();
          });
      });
    });
}

void deployment::cut_off() {
  for (shard& s : shards_)
    s.core->post([alive = weak_from_this().lock(), &s] {
      if (!s.actor) return;
      error why;
      why.code = error_code::unavailable;
      why.message = "the node is shutting down";
      why.retry_after = std::chrono::seconds(1);
      s.actor->close();
      s.actor->pool().shutdown(why);
    });
}

deployment::shard_view deployment::view(std::size_t core) const {
  const shard& s = shards_[core];
  return {s.chain->stats(), s.actor->pool().stats(), s.actor->guest_failures()};
}

}  // namespace waggle
