// Random transactions from several threads; afterwards there must be an order of whole transactions that explains all they
// saw. That of the commits' versions is tried, one without writes at the moment that it read: the model is a plain map.
#include <algorithm>
#include <map>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "state/state_for_tests.h"

namespace waggle {
namespace {

using namespace testing_state;

struct step {
  enum class kind { get, list, put, remove, increment };
  kind what;
  std::string key;
  std::string value;  // put
  std::string seen;   // what it was answered
};

struct one {
  std::int64_t version = 0;  // where it stands in the order
  bool wrote = false;
  std::vector<step> steps;
};

std::string do_it(transaction& t, const step& s) {
  switch (s.what) {
    case step::kind::get: return value_in(t, s.key);
    case step::kind::list: {
      std::string out;
      const auto page = t.list(s.key, {}, 3);
      if (!page) return "failed";
      for (const auto& e : page->entries) out += e.key + "=" + e.value + " ";
      return out + (page->next ? "more" : "");
    }
    case step::kind::put: return t.put(s.key, s.value) ? "" : "failed";
    case step::kind::remove: return *t.remove(s.key) ? "true" : "false";
    case step::kind::increment: return std::to_string(*t.increment(s.key, 1));
  }
  return {};
}

using model = std::map<std::string, std::string>;

std::string do_it(model& m, const step& s) {
  switch (s.what) {
    case step::kind::get: return m.contains(s.key) ? m[s.key] : "-";
    case step::kind::list: {
      std::string out;
      int n = 0;
      for (auto at = m.lower_bound(s.key); at != m.end() && at->first.starts_with(s.key); ++at) {
        if (++n > 3) return out + "more";
        out += at->first + "=" + at->second + " ";
      }
      return out;
    }
    case step::kind::put: m[s.key] = s.value; return {};
    case step::kind::remove: return m.erase(s.key) > 0 ? "true" : "false";
    case step::kind::increment: {
      const auto n = std::to_string((m.contains(s.key) ? std::stoll(m[s.key]) : 0) + 1);
      return m[s.key] = n;
    }
  }
  return {};
}

class serializability : public state_on {};
INSTANTIATE_TEST_SUITE_P(stores, serializability, both_stores, store_name);

TEST_P(serializability, some_order_of_whole_transactions_explains_what_all_have_seen) {
  constexpr int threads = 4;
  const int transactions = GetParam() == store_kind::memory ? 3000 : 300;
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::vector<one> committed[threads];
  std::atomic<int> aborted{0};
  std::vector<std::thread> all;
  for (int n = 0; n < threads; ++n)
    all.emplace_back([&, n] {
      std::mt19937 random(seed + static_cast<unsigned>(n));
      const auto up_to = [&random](unsigned most) { return static_cast<int>(random() % most); };
      for (int i = 0; i < transactions; ++i) {
        const auto t = begin();
        one o;
        for (int steps = 1 + up_to(4); steps > 0; --steps) {
          step s{static_cast<step::kind>(up_to(5)), "k" + std::to_string(up_to(8)), {}, {}};
          if (s.what == step::kind::list) s.key = "k";
          if (s.what == step::kind::put) s.value = std::to_string(up_to(1000));
          s.seen = do_it(*t, s);
          o.steps.push_back(std::move(s));
          if (up_to(4) == 0) std::this_thread::yield();
        }
        o.wrote = t->writes();
        if (o.wrote && !commit(t)) {
          ++aborted;
          continue;
        }
        o.version = o.wrote ? t->written()->version : t->seen().at->version;
        committed[n].push_back(std::move(o));
      }
    });
  for (auto& t : all) t.join();
  std::vector<one> order;
  for (auto& some : committed) order.insert(order.end(), some.begin(), some.end());
  std::stable_sort(order.begin(), order.end(), [](const one& a, const one& b) {
    return a.version != b.version ? a.version < b.version : a.wrote && !b.wrote;
  });
  model m;
  for (const one& o : order)
    for (const step& s : o.steps) ASSERT_EQ(do_it(m, s), s.seen) << "version " << o.version << ", key " << s.key;
  for (int k = 0; k < 8; ++k) {
    const std::string key = "k" + std::to_string(k);
    EXPECT_EQ(value(key), m.contains(key) ? m[key] : "-");
  }
  EXPECT_GT(order.size(), static_cast<std::size_t>(transactions)) << "most of it comes through";
  RecordProperty("aborted", aborted);
}

}  // namespace
}  // namespace waggle
