// The shop's rate limiter, on waggle's kit for C++; limiter.graphql is the contract.
//
// A singleton, because each instance of a pool would have buckets of its own. In memory, not in state: a bucket that is lost in a restart
// is a full one, which does no harm, and a write to state would cost each order a sync of its own.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <unordered_map>

#include "waggle/config.h"

using moment = std::chrono::steady_clock::time_point;

struct bucket {
  double tokens;
  moment at;
};

struct limits {
  double burst;
  double per_ms;
};

constexpr std::size_t most_buckets = 20'000;
static std::unordered_map<std::string, bucket> buckets;

static double filled(const bucket& b, const limits& l, moment now) {
  const std::chrono::duration<double, std::milli> passed = now - b.at;
  return std::min(l.burst, b.tokens + passed.count() * l.per_ms);
}

/// A full bucket is as good as none.
static void forget_full_ones(const limits& l, moment now) {
  for (auto at = buckets.begin(); at != buckets.end();)
    at = filled(at->second, l, now) >= l.burst ? buckets.erase(at) : std::next(at);
}

static waggle::reply take(const waggle::json& in) {
  const auto burst = waggle::config::get("burst");
  if (burst.failed()) return burst.error();
  const auto per_minute = waggle::config::get("perMinute");
  if (per_minute.failed()) return per_minute.error();
  const limits l{.burst = burst->is_null() ? 5 : std::max(1.0, burst->real()),
                 .per_ms = (per_minute->is_null() ? 30 : std::max(0.001, per_minute->real())) / 60'000};

  const moment now = std::chrono::steady_clock::now();
  if (buckets.size() >= most_buckets) forget_full_ones(l, now);
  if (buckets.size() >= most_buckets) return waggle::error("resource_exhausted", "too many keys at a time");
  bucket& b = buckets.try_emplace(in["key"].text(), bucket{l.burst, now}).first->second;
  b = {filled(b, l, now), now};
  const bool allowed = b.tokens >= 1;
  if (allowed) b.tokens -= 1;
  const double lacks = std::max(0.0, 1 - b.tokens);
  return waggle::object{{"allowed", allowed}, {"retryAfterMs", static_cast<std::int64_t>(std::ceil(lacks / l.per_ms))}};
}
WAGGLE_METHOD(take);
