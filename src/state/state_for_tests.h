#pragma once
// A keeper on each kind of store, with a clock that the test moves. Only for *_test.cc.
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "state/memory_store.h"
#include "state/state_keeper.h"

namespace waggle::testing_state {

/// A folder that goes when the test ends.
struct temporary_folder {
  std::filesystem::path path;
  temporary_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "waggle-state-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path = name;
  }
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
};

/// In memory; its writes wait while it is shut, and fail when told to.
class gated_store final : public store {
 public:
  std::shared_ptr<const store_view> view() override { return of_->view(); }
  result<void> write(std::span<const change> changes) override {
    if (fails) return fail(error_code::internal, fault::host, "no space left on device");
    std::unique_lock lock(mutex_);
    ++writing_;
    moved_.notify_all();
    moved_.wait(lock, [this] { return !shut_; });
    --writing_;
    return of_->write(changes);
  }
  void drop_expired(std::int64_t before) override { of_->drop_expired(before); }

  void shut() { set(true); }
  void open() { set(false); }
  void wait_for_writer() {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [this] { return writing_ > 0; });
  }
  std::atomic<bool> fails{false};

 private:
  void set(bool shut) {
    const std::lock_guard lock(mutex_);
    shut_ = shut;
    moved_.notify_all();
  }
  std::unique_ptr<store> of_ = make_memory_store();
  std::mutex mutex_;
  std::condition_variable moved_;
  bool shut_ = false;
  int writing_ = 0;
};

enum class store_kind { memory, rocksdb };

/// "-" for nothing.
inline std::string value_in(transaction& t, const std::string& key) {
  const auto e = t.get(key);
  return !e ? to_json(e.error()) : *e ? (*e)->value : "-";
}

/// Run on both stores.
class state_on : public testing::TestWithParam<store_kind> {
 protected:
  state_on() { open({}); }

  void open(state_settings s) {
    keeper.reset();
    fatal.clear();
    const auto note = [this](const std::string& why) { fatal = why; };
    if (GetParam() == store_kind::memory) {
      keeper = state_keeper::in_memory(clock, s, note);
    } else {
      auto opened = state_keeper::open(folder.path / "state", clock, s, note);
      ASSERT_TRUE(opened) << opened.error().message;
      keeper = *std::move(opened);
    }
  }

  std::shared_ptr<transaction> begin(std::shared_ptr<lease> held = nullptr, service_grants granted = {},
                                     const std::string& service = "shop.v1.Orders") {
    auto t = keeper->begin(service, std::make_shared<const service_grants>(std::move(granted)), false, std::move(held));
    t->may_block(true);
    return t;
  }
  result<void> commit(std::shared_ptr<transaction> t) { return keeper->commit_now(std::move(t)); }
  /// Commits one value.
  void put(const std::string& key, const std::string& value, std::optional<std::int64_t> ttl = {}) {
    auto t = begin();
    ASSERT_TRUE(t->put(key, value, {}, ttl));
    ASSERT_TRUE(commit(std::move(t)));
  }
  /// What a new transaction sees; "-" for nothing.
  std::string value(const std::string& key) { return value(*begin(), key); }
  static std::string value(transaction& t, const std::string& key) { return value_in(t, key); }
  std::int64_t version(const std::string& key) {
    const auto e = begin()->get(key);
    return e && *e ? (*e)->version : 0;
  }

  temporary_folder folder;
  manual_clock clock;
  std::string fatal;
  core_loop core{0, clock};  // outlives the keeper, which posts to it
  std::unique_ptr<state_keeper> keeper;
};

inline std::string code_of(const error& e) {
  return std::string(to_string(e.code)) + " " + std::string(to_string(e.whose));
}
template <class T>
std::string code_of(const result<T>& r) {
  return r ? "ok" : code_of(r.error());
}

inline const auto both_stores = testing::Values(store_kind::memory, store_kind::rocksdb);
inline std::string store_name(const testing::TestParamInfo<store_kind>& info) {
  return info.param == store_kind::memory ? "memory" : "rocksdb";
}

}  // namespace waggle::testing_state
