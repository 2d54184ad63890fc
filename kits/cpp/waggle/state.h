// waggle.state.v1.State 1.0.0 for its callers. Made by `waggle describe --format cpp`; do not edit.
// clang-format off
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "waggle/typed.h"

/// Durable key-value state of the calling service. The host scopes every key to the service that calls; no guest can name another's.
///
/// **One request is one transaction.**
/// - It reads one moment: that of its first state call (the clock for expiry too), and its own writes on top.
/// - Its writes become visible and durable together, before its answer reaches whoever asked, outside or another service. A request that fails (error, trap, time-out) leaves none.
/// After a crash the outcome of a request without an answer is unknown, but whole: all of its writes or none.
/// - Requests are serializable: at the end, what it read (keys, and prefixes that it listed) is checked against what others committed since. A blind `put` reads nothing.
/// On conflict it runs again from the start in a fresh instance, up to 3 more times, the last one alone, if so far it called only state, log and config and never `commit`; else it ends with `aborted`.
/// A singleton never conflicts: it reads on top of its own writes that are still being made durable, and fails with them.
/// - A call to another service is a transaction of its own: the caller's failure does not undo it.
/// - In a Query, writes are refused (`failed_precondition`).
/// - `commit` makes what was written so far final, for work that is long. A transaction older than 30 s is `aborted`.
namespace waggle {
namespace state {
inline namespace v1 {

inline constexpr const char* service_name = "waggle.state.v1.State";

struct Delete;
struct Entry;
struct Increment;
struct Put;
struct Page;
struct Op;

struct Delete {
  std::string key{};
  std::optional<std::int64_t> ifVersion{};
};

struct Entry {
  std::string key{};
  waggle::json value{};
  /// of the commit that wrote it: grows over the whole service, never used twice
  std::int64_t version{};
  std::optional<std::string> expiresAt{};
};

struct Increment {
  std::string key{};
  /// Default: 1
  std::optional<std::int64_t> by{};
};

struct Put {
  std::string key{};
  waggle::json value{};
  std::optional<std::int64_t> ifVersion{};
  std::optional<std::int64_t> ttlMs{};
};

struct Page {
  std::vector<Entry> entries{};
  std::optional<std::string> next{};
};

/// Exactly one member is set.
struct Op {
  std::optional<Put> put{};
  std::optional<Delete> delete_{};
  std::optional<Increment> increment{};
};

inline void to_json(waggle::json& out, const Delete& v);
inline void from_json(const waggle::json& in, Entry& out);
inline void to_json(waggle::json& out, const Increment& v);
inline void to_json(waggle::json& out, const Put& v);
inline void from_json(const waggle::json& in, Page& out);
inline void to_json(waggle::json& out, const Op& v);

inline void to_json(waggle::json& out, const Delete& v) {
  waggle::object members;
  waggle::add(members, "key", v.key);
  waggle::add(members, "ifVersion", v.ifVersion);
  out = std::move(members);
}

inline void from_json(const waggle::json& in, Entry& out) {
  from_json(in["key"], out.key);
  from_json(in["value"], out.value);
  from_json(in["version"], out.version);
  from_json(in["expiresAt"], out.expiresAt);
}

inline void to_json(waggle::json& out, const Increment& v) {
  waggle::object members;
  waggle::add(members, "key", v.key);
  waggle::add(members, "by", v.by);
  out = std::move(members);
}

inline void to_json(waggle::json& out, const Put& v) {
  waggle::object members;
  waggle::add(members, "key", v.key);
  if (!v.value.is_null()) waggle::add(members, "value", v.value);
  waggle::add(members, "ifVersion", v.ifVersion);
  waggle::add(members, "ttlMs", v.ttlMs);
  out = std::move(members);
}

inline void from_json(const waggle::json& in, Page& out) {
  from_json(in["entries"], out.entries);
  from_json(in["next"], out.next);
}

inline void to_json(waggle::json& out, const Op& v) {
  waggle::object members;
  waggle::add(members, "put", v.put);
  waggle::add(members, "delete", v.delete_);
  waggle::add(members, "increment", v.increment);
  out = std::move(members);
}

inline waggle::answer<bool> commit() {
  waggle::object in;
  return waggle::answer<bool>(waggle::call(service_name, "commit", std::move(in)));
}

/// What `delete_` may be given beside what it must.
struct delete_options {
  std::optional<std::int64_t> ifVersion{};
};

/// false where there was nothing
inline waggle::answer<bool> delete_(const std::string& key, const delete_options& options = {}) {
  waggle::object in;
  waggle::add(in, "key", key);
  waggle::add(in, "ifVersion", options.ifVersion);
  return waggle::answer<bool>(waggle::call(service_name, "delete", std::move(in)));
}

/// null where the key does not exist or has expired
inline waggle::answer<std::optional<Entry>> get(const std::string& key) {
  waggle::object in;
  waggle::add(in, "key", key);
  return waggle::answer<std::optional<Entry>>(waggle::call(service_name, "get", std::move(in)));
}

/// What `increment` may be given beside what it must.
struct increment_options {
  /// Default: 1
  std::optional<std::int64_t> by{};
};

/// the new value. It must be an integer or absent (then 0) and not overflow, else `failed_precondition`
inline waggle::answer<std::int64_t> increment(const std::string& key, const increment_options& options = {}) {
  waggle::object in;
  waggle::add(in, "key", key);
  waggle::add(in, "by", options.by);
  return waggle::answer<std::int64_t>(waggle::call(service_name, "increment", std::move(in)));
}

/// What `list` may be given beside what it must.
struct list_options {
  /// Default: ""
  std::optional<std::string> prefix{};
  std::optional<std::string> after{};
  /// Default: 100
  std::optional<std::int32_t> first{};
};

/// in key order (bytes); `next` is the cursor for `after`, null at the end
inline waggle::answer<Page> list(const list_options& options = {}) {
  waggle::object in;
  waggle::add(in, "prefix", options.prefix);
  waggle::add(in, "after", options.after);
  waggle::add(in, "first", options.first);
  return waggle::answer<Page>(waggle::call(service_name, "list", std::move(in)));
}

/// What `put` may be given beside what it must.
struct put_options {
  waggle::json value{};
  std::optional<std::int64_t> ifVersion{};
  std::optional<std::int64_t> ttlMs{};
};

/// a missing value is null. ifVersion: only if the key is at that version (0: only if absent), else `aborted`
inline waggle::answer<bool> put(const std::string& key, const put_options& options = {}) {
  waggle::object in;
  waggle::add(in, "key", key);
  if (!options.value.is_null()) waggle::add(in, "value", options.value);
  waggle::add(in, "ifVersion", options.ifVersion);
  waggle::add(in, "ttlMs", options.ttlMs);
  return waggle::answer<bool>(waggle::call(service_name, "put", std::move(in)));
}

/// all in order, at most 1,000; the first that fails fails all
inline waggle::answer<bool> write(const std::vector<Op>& ops) {
  waggle::object in;
  waggle::add(in, "ops", ops);
  return waggle::answer<bool>(waggle::call(service_name, "write", std::move(in)));
}

}  // namespace v1
}  // namespace state
}  // namespace waggle
