#include "state/transaction.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "state/keys.h"

namespace waggle {
namespace {

constexpr std::int64_t own_version = -1;
constexpr std::size_t steps_on_core = 4096;                      // of a list, over entries that it does not show too
constexpr std::int64_t last_moment = 253'402'300'799'999;        // the end of 9999, the last that RFC 3339 can write
constexpr std::size_t record_bytes = 4096;                       // of a kept answer's name
constexpr std::size_t accounted_for_a_read = 2 * sizeof(void*);  // besides its key

std::unexpected<error> refuse(error_code code, std::string message) {
  return fail(code, fault::guest, std::move(message));
}

std::string shown(std::string_view key) {
  constexpr std::size_t most = 80;
  return json_quote(key.size() > most ? std::string(key.substr(0, most)) + "…" : std::string(key));
}

std::int64_t milliseconds(wall_time t) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(t.time_since_epoch()).count();
}

}  // namespace

transaction::transaction(std::shared_ptr<const state_ground> ground, std::string service,
                         std::shared_ptr<const service_grants> granted, bool reads_only, std::shared_ptr<lease> held)
    : ground_(std::move(ground)),
      service_(std::move(service)),
      granted_(std::move(granted)),
      reads_only_(reads_only),
      held_(std::move(held)) {}

bool transaction::too_old() const {
  return begun_ && ground_->time.now() - since_ > ground_->settings.transaction_limit;
}

/// Before each operation.
result<void> transaction::begin() {
  needs_disk_ = false;
  if (ended_) return refuse(error_code::aborted, "this transaction is over: it has been committed or has failed");
  if (held_ && held_->broken())
    return fail(error_code::aborted, fault::host,
                "an earlier commit of this singleton failed, or another one took over: this request fails with it");
  if (!begun_ || !reads_.at) {
    begun_ = true;
    since_ = ground_->time.now();
    wall_ms_ = milliseconds(ground_->time.wall());
    // In this order: what becomes durable in between is in both, which does no harm.
    if (held_) pending_ = held_->pending();
    reads_.at = ground_->latest();
    if (!reads_.at) return fail(error_code::unavailable, fault::host, "the node is shutting down");
  } else if (too_old()) {
    return refuse(
        error_code::aborted,
        fmt::format("the transaction is older than {} s: use `commit` in between, or do less in one request",
                    std::chrono::duration_cast<std::chrono::seconds>(ground_->settings.transaction_limit).count()));
  }
  return {};
}

result<std::int64_t> transaction::wall_ms() {
  if (auto ok = begin(); !ok) return std::unexpected(std::move(ok.error()));
  return wall_ms_;
}

result<void> transaction::check_key(std::string_view key) const {
  if (key.empty()) return refuse(error_code::invalid_argument, "a key is not empty");
  if (key.size() > ground_->settings.key_bytes)
    return refuse(error_code::invalid_argument, fmt::format("the key {} has {} bytes; at most {} are allowed",
                                                            shown(key), key.size(), ground_->settings.key_bytes));
  if (!granted_ || granted_->state.prefixes.empty()) return {};
  for (const std::string& prefix : granted_->state.prefixes)
    if (key.starts_with(prefix)) return {};
  return refuse(error_code::permission_denied,
                fmt::format("the key {} is outside of what is granted to {}: keys that begin with {}", shown(key),
                            service_, fmt::join(granted_->state.prefixes, " or ")));
}

error transaction::disk_needed() {
  needs_disk_ = true;
  return fail(error_code::unavailable, fault::host, "this must be read from the disk, which may block").error();
}

result<void> transaction::note_read(std::size_t bytes) {
  ++read_count_;
  read_bytes_ += bytes + accounted_for_a_read;
  const state_settings& s = ground_->settings;
  if (read_count_ <= s.read_keys && read_bytes_ <= s.read_key_bytes) return {};
  return refuse(error_code::resource_exhausted,
                fmt::format("one transaction may read at most {} keys and lists, of {} bytes together; `commit` begins "
                            "a new one",
                            s.read_keys, s.read_key_bytes));
}

/// What is under a full key for this transaction. It counts as read where it is not this transaction's own.
result<std::optional<transaction::found>> transaction::look(const std::string& full) {
  const auto as_found = [this](const written_value& w, std::int64_t version) -> std::optional<found> {
    if (!w.value || expired(w.expires)) return std::nullopt;
    return found{version, w.expires, *w.value};
  };
  if (const auto own = writes_->keys.find(full); own != writes_->keys.end()) return as_found(own->second, own_version);
  if (reads_.keys.insert(full).second)
    if (auto noted = note_read(full.size()); !noted) return std::unexpected(std::move(noted.error()));
  for (auto set = pending_.rbegin(); set != pending_.rend(); ++set)
    if (const auto w = (*set)->keys.find(full); w != (*set)->keys.end()) return as_found(w->second, (*set)->version);
  std::optional<stored> s;
  const auto read = reads_.at->view->get(full, may_block_, s);
  if (!read) return std::unexpected(read.error());
  if (!*read) return std::unexpected(disk_needed());
  if (!s || expired(s->expires)) return std::nullopt;
  return found{s->version, s->expires, std::move(s->value)};
}

result<std::optional<state_entry>> transaction::get(std::string_view key) {
  if (auto begun = begin(); !begun) return std::unexpected(std::move(begun.error()));
  if (auto allowed = check_key(key); !allowed) return std::unexpected(std::move(allowed.error()));
  auto f = look(full_key(key_kind::entry, service_, key));
  if (!f) return std::unexpected(std::move(f.error()));
  if (!*f) return std::nullopt;
  return state_entry{std::string(key), std::move((*f)->value), (*f)->version, (*f)->expires};
}

result<state_page> transaction::list(std::string_view prefix, const std::optional<std::string>& after,
                                     std::size_t first) {
  if (auto begun = begin(); !begun) return std::unexpected(std::move(begun.error()));
  const state_settings& s = ground_->settings;
  if (prefix.size() > s.key_bytes || (after && after->size() > s.key_bytes))
    return refuse(error_code::invalid_argument,
                  fmt::format("a prefix or cursor has at most {} bytes, as a key has", s.key_bytes));
  if (granted_ && !granted_->state.prefixes.empty()) {
    const auto covers = [prefix](const std::string& p) { return prefix.starts_with(p); };
    if (std::none_of(granted_->state.prefixes.begin(), granted_->state.prefixes.end(), covers))
      return refuse(error_code::permission_denied,
                    fmt::format("the prefix {} is outside of what is granted to {}: keys that begin with {}",
                                shown(prefix), service_, fmt::join(granted_->state.prefixes, " or ")));
  }
  const std::size_t head = service_.size() + 2;  // of a full key
  range r{full_key(key_kind::entry, service_, prefix), {}};
  r.to = after_prefix(r.from);
  if (after) r.from = std::max(r.from, full_key(key_kind::entry, service_, *after) + '\0');
  if (r.from >= r.to) return state_page{};

  // What is on top of the moment, newest last.
  struct upper {
    const written_value* value;
    std::int64_t version;
  };
  std::map<std::string_view, upper> on_top;
  const auto lay = [&](const write_set& set, std::int64_t version) {
    for (auto w = set.keys.lower_bound(r.from); w != set.keys.end() && w->first < r.to; ++w)
      on_top.insert_or_assign(w->first, upper{&w->second, version});
  };
  for (const auto& set : pending_) lay(*set, set->version);
  lay(*writes_, own_version);

  state_page page;
  std::string seen_up_to = r.to;
  std::size_t bytes = 0;
  std::size_t steps = 0;
  const auto take = [&](std::string_view full, const stored_view& e) {
    if (page.next) return false;
    if (expired(e.expires)) return true;
    const std::size_t more = full.size() + e.value.size();
    if (page.entries.size() >= first || (!page.entries.empty() && bytes + more > s.page_bytes)) {
      page.next = page.entries.empty() ? after.value_or(std::string()) : page.entries.back().key;
      seen_up_to = std::string(full) + '\0';  // that there is one more has been seen too
      return false;
    }
    bytes += more;
    page.entries.push_back({std::string(full.substr(head)), std::string(e.value), e.version, e.expires});
    return true;
  };
  auto top = on_top.begin();
  const auto take_top = [&] {
    const auto& [full, u] = *top;
    const bool go_on = !u.value->value || take(full, {u.version, u.value->expires, *u.value->value});
    ++top;
    return go_on;
  };
  bool too_long = false;
  const auto read = reads_.at->view->scan(r.from, r.to, may_block_, [&](std::string_view full, const stored_view& e) {
    too_long = !may_block_ && ++steps > steps_on_core;
    if (too_long) return false;
    while (top != on_top.end() && top->first < full)
      if (!take_top()) return false;
    if (top != on_top.end() && top->first == full) return take_top();
    return take(full, e);
  });
  if (!read) return std::unexpected(read.error());
  if (!*read || too_long) return std::unexpected(disk_needed());
  while (top != on_top.end() && take_top()) {
  }
  r.to = std::move(seen_up_to);
  if (auto noted = note_read(r.from.size() + r.to.size()); !noted) return std::unexpected(std::move(noted.error()));
  reads_.ranges.push_back(std::move(r));
  return page;
}

/// May this be written? With its full key, and what is there compared where a version is given.
result<void> transaction::check_write(std::string_view key, std::optional<std::int64_t> if_version, std::string& full) {
  if (auto begun = begin(); !begun) return begun;
  if (reads_only_)
    return refuse(error_code::failed_precondition,
                  "a Query only reads: make the method a Mutation, or leave the write out");
  if (auto allowed = check_key(key); !allowed) return allowed;
  full = full_key(key_kind::entry, service_, key);
  if (!if_version) return {};
  const auto f = look(full);
  if (!f) return std::unexpected(f.error());
  const std::int64_t version = *f ? (*f)->version : 0;
  if (version == *if_version) return {};
  return refuse(error_code::aborted, fmt::format("the key {} is at version {}, not {}{}", shown(key), version,
                                                 *if_version, version == 0 ? " (0: it is not there)" : ""));
}

result<void> transaction::set(std::string full, written_value now) {
  const auto cost = [&full](const written_value& w) { return full.size() + (w.value ? w.value->size() : 0); };
  const std::size_t most = granted_ ? granted_->state.bytes : service_grants{}.state.bytes;
  const auto known = writes_->keys.find(full);
  const bool is_new = known == writes_->keys.end();
  const std::size_t bytes = written_bytes_ + cost(now) - (is_new ? 0 : cost(known->second));
  if (bytes > most)
    return refuse(
        error_code::resource_exhausted,
        fmt::format("one transaction of {} may write at most {} bytes; `commit` begins a new one", service_, most));
  if (is_new && written_keys_ >= ground_->settings.written_keys)
    return refuse(error_code::resource_exhausted,
                  fmt::format("one transaction may write at most {} keys; `commit` begins a new one",
                              ground_->settings.written_keys));
  if (keep_undo_) undo_.emplace_back(full, is_new ? std::nullopt : std::optional(known->second));
  written_bytes_ = bytes;
  if (is_new) {
    ++written_keys_;
    writes_->keys.emplace(std::move(full), std::move(now));
  } else {
    known->second = std::move(now);
  }
  return {};
}

result<void> transaction::put(std::string_view key, std::string value, std::optional<std::int64_t> if_version,
                              std::optional<std::int64_t> ttl_ms) {
  std::string full;
  if (auto may = check_write(key, if_version, full); !may) return may;
  if (value.size() > ground_->settings.value_bytes)
    return refuse(error_code::resource_exhausted, fmt::format("the value for {} has {} bytes; at most {} are allowed",
                                                              shown(key), value.size(), ground_->settings.value_bytes));
  written_value now{std::move(value), 0};
  if (ttl_ms) {
    if (*ttl_ms < 1 || *ttl_ms > last_moment - wall_ms_)
      return refuse(error_code::invalid_argument,
                    fmt::format("ttlMs for {} is {}: give at least 1, and an end before the year 10000, or none",
                                shown(key), *ttl_ms));
    now.expires = wall_ms_ + *ttl_ms;
  }
  return set(std::move(full), std::move(now));
}

result<bool> transaction::remove(std::string_view key, std::optional<std::int64_t> if_version) {
  std::string full;
  if (auto may = check_write(key, if_version, full); !may) return std::unexpected(std::move(may.error()));
  const auto f = look(full);
  if (!f) return std::unexpected(f.error());
  if (!*f) return false;
  if (auto done = set(std::move(full), {}); !done) return std::unexpected(std::move(done.error()));
  return true;
}

result<std::int64_t> transaction::increment(std::string_view key, std::int64_t by) {
  std::string full;
  if (auto may = check_write(key, std::nullopt, full); !may) return std::unexpected(std::move(may.error()));
  const auto f = look(full);
  if (!f) return std::unexpected(f.error());
  std::int64_t n = 0;
  if (*f) {
    const std::string& text = (*f)->value;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (bad != std::errc() || end != text.data() + text.size())
      return refuse(error_code::failed_precondition,
                    fmt::format("what is under the key {} is not an integer of 64 bits", shown(key)));
  }
  if (__builtin_add_overflow(n, by, &n))
    return refuse(error_code::failed_precondition,
                  fmt::format("the key {} would go over the 64 bits of an integer", shown(key)));
  if (auto done = set(std::move(full), {std::to_string(n), *f ? (*f)->expires : 0}); !done)
    return std::unexpected(std::move(done.error()));
  return n;
}

result<void> transaction::apply(const state_write& op) {
  const auto nothing = [](auto r) -> result<void> {
    if (!r) return std::unexpected(std::move(r.error()));
    return {};
  };
  switch (op.what) {
    case state_write::kind::put: return put(op.key, op.value, op.if_version, op.ttl_ms);
    case state_write::kind::remove: return nothing(remove(op.key, op.if_version));
    case state_write::kind::increment: return nothing(increment(op.key, op.by));
  }
  return {};
}

result<void> transaction::write(std::span<const state_write> ops) {
  constexpr std::size_t most = 1000;
  if (auto begun = begin(); !begun) return begun;
  if (reads_only_) return refuse(error_code::failed_precondition, "a Query only reads: make the method a Mutation");
  if (ops.size() > most)
    return refuse(error_code::invalid_argument,
                  fmt::format("one write has at most {} operations, not {}", most, ops.size()));
  keep_undo_ = true;
  result<void> done;
  for (std::size_t i = 0; done && i < ops.size(); ++i) {
    done = apply(ops[i]);
    if (!done) done.error().message = fmt::format("ops[{}]: {}", i, done.error().message);
  }
  keep_undo_ = false;
  if (!done) undo();
  undo_.clear();
  return done;
}

void transaction::undo() {
  const auto cost = [](const std::string& full, const written_value& w) {
    return full.size() + (w.value ? w.value->size() : 0);
  };
  for (auto u = undo_.rbegin(); u != undo_.rend(); ++u) {
    const auto known = writes_->keys.find(u->first);
    written_bytes_ -= cost(u->first, known->second);
    if (u->second) {
      written_bytes_ += cost(u->first, *u->second);
      known->second = std::move(*u->second);
    } else {
      --written_keys_;
      writes_->keys.erase(known);
    }
  }
}

result<std::optional<kept_answer>> transaction::find_answer(std::string_view record) {
  if (auto begun = begin(); !begun) return std::unexpected(std::move(begun.error()));
  if (record.size() > record_bytes)
    return fail(error_code::invalid_argument, fault::caller, "the Idempotency-Key is too long");
  auto f = look(full_key(key_kind::answer, service_, record));
  if (!f) return std::unexpected(std::move(f.error()));
  if (!*f) return std::nullopt;
  // The hash's length, the hash, the answer.
  const std::string& bytes = (*f)->value;
  const std::size_t n = bytes.empty() ? 0 : static_cast<unsigned char>(bytes[0]);
  if (bytes.size() < 1 + n)
    return fail(error_code::data_loss, fault::host, "a kept answer is damaged; `waggle state export` saves the rest");
  return kept_answer{bytes.substr(1, n), bytes.substr(1 + n)};
}

result<void> transaction::keep_answer(std::string_view record, const kept_answer& a) {
  if (auto begun = begin(); !begun) return begun;
  if (record.size() > record_bytes || a.input_hash.size() > 255)
    return fail(error_code::invalid_argument, fault::caller, "the Idempotency-Key is too long");
  const auto life = std::chrono::duration_cast<std::chrono::milliseconds>(ground_->settings.answer_lifetime);
  std::string bytes(1, static_cast<char>(a.input_hash.size()));
  bytes += a.input_hash;
  bytes += a.answer;
  writes_->keys.insert_or_assign(full_key(key_kind::answer, service_, record),
                                 written_value{std::move(bytes), wall_ms_ + life.count()});
  return {};
}

}  // namespace waggle
