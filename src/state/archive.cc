#include "state/archive.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <simdjson.h>

#include "state/keys.h"

namespace waggle {
namespace {

constexpr std::size_t keys_at_once = 1000;
constexpr std::size_t bytes_at_once = std::size_t{4} << 20;

struct line {
  std::string service;
  std::string key;
  std::string value;
  std::int64_t expires = 0;
};

bool is_number(std::string_view text) {
  const auto digits = [&text] {
    const std::size_t n = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(n);
    return n;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool zero = text.starts_with('0');
  if (const std::size_t n = digits(); n == 0 || (zero && n > 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return text.empty();
}

/// Is it JSON, all of it? simdjson alone would refuse numbers that it has no type for, which values may hold.
bool is_json(std::string_view text) {
  std::string rest;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!quoted && (c == '-' || (c >= '0' && c <= '9'))) {
      const std::size_t end = std::min(text.find_first_not_of("0123456789+-.eE", i), text.size());
      if (!is_number(text.substr(i, end - i))) return false;
      rest += '0';
      i = end - 1;
      continue;
    }
    rest += c;
    if (c == '"') quoted = !quoted;
    if (quoted && c == '\\' && i + 1 < text.size()) rest += text[++i];
  }
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element ignored;
  return !parser.parse(rest).get(ignored);
}

/// False: it is not such a line.
bool read_line(std::string& text, line& out) {
  namespace json = simdjson::ondemand;
  thread_local json::parser parser;
  if (!is_json(text)) return false;
  text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  bool has_value = false;
  try {
    json::document document = parser.iterate(text.data(), text.size(), text.capacity());
    for (auto field : document.get_object()) {
      const std::string_view name = field.unescaped_key();
      json::value v = field.value();
      if (name == "service") {
        out.service = std::string(std::string_view(v.get_string()));
      } else if (name == "key") {
        out.key = std::string(std::string_view(v.get_string()));
      } else if (name == "expires") {
        out.expires = std::int64_t(v.get_int64());
      } else if (name == "value") {
        out.value = std::string(std::string_view(simdjson::to_json_string(v)));
        has_value = true;
      } else {
        return false;
      }
    }
  } catch (const simdjson::simdjson_error&) {
    return false;
  }
  return has_value && !out.service.empty() && out.service.find('\0') == std::string::npos;
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

std::unexpected<error> no_entry(std::size_t number, std::size_t done) {
  return fail(
      error_code::invalid_argument, fault::caller,
      fmt::format("line {} is not {{\"service\":…,\"key\":…,\"value\":…}}; {} entries were imported", number, done));
}

/// Puts what a line says. False: it has expired, and nothing was done.
result<bool> put(transaction& t, line l) {
  std::optional<std::int64_t> ttl;
  if (l.expires != 0) {
    // By the transaction's clock: a millisecond between two readings would move the expiry.
    const auto now = t.wall_ms();
    if (!now) return std::unexpected(now.error());
    if (l.expires <= *now) return false;
    ttl = l.expires - *now;
  }
  if (auto ok = t.put(l.key, std::move(l.value), {}, ttl); !ok) return std::unexpected(std::move(ok.error()));
  return true;
}

/// The same; its error names the line.
result<bool> put_line(transaction& t, line l, std::size_t number, std::size_t done) {
  auto did = put(t, std::move(l));
  if (did) return did;
  did.error().message = fmt::format("line {}: {}; {} entries were imported", number, did.error().message, done);
  did.error().whose = fault::caller;
  return did;
}

std::string line_of(std::string_view full, const stored_view& e) {
  const std::size_t zero = full.find('\0');
  std::string text = fmt::format(R"({{"service":{},"key":{},"value":)", json_quote(full.substr(1, zero - 1)),
                                 json_quote(full.substr(zero + 1)));
  text += e.value;
  if (e.expires != 0) text += fmt::format(",\"expires\":{}", e.expires);
  // A line has no line breaks; between the parts of a value they mean nothing, and within its texts there are none.
  for (char& c : text)
    if (c == '\n' || c == '\r') c = ' ';
  return text += "}\n";
}

/// A full key, for people.
std::string shown(std::string_view full) {
  if (full.empty()) return {};
  const std::size_t zero = full.find('\0');
  return fmt::format("{} {}", full.substr(1, zero - 1), json_quote(full.substr(zero + 1)));
}

/// The middle of two texts, taken as fractions: `low` where there is none between them.
std::string between(const std::string& low, const std::string& high) {
  const std::size_t n = std::max(low.size(), high.size()) + 1;
  const auto at = [](const std::string& text, std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  std::string sum(n, '\0');
  unsigned carry = 0;
  for (std::size_t i = n; i-- > 0; carry >>= 8U) {
    carry += at(low, i) + at(high, i);
    sum[i] = static_cast<char>(carry & 0xFFU);
  }
  for (char& c : sum) {  // the half of it
    const unsigned digit = carry << 8U | static_cast<unsigned char>(c);
    c = static_cast<char>(digit >> 1U);
    carry = digit & 1U;
  }
  while (sum.ends_with('\0')) sum.pop_back();
  return sum > low && sum < high ? sum : low;
}

/// About the first place after `damaged`, where nothing can be read, from which it can; `to` where there is none. It is looked
/// for by trying, since only the store's own files know how far their damaged parts reach.
std::string readable_after(const store_view& view, const std::string& damaged, const std::string& to) {
  constexpr int halvings = 512;
  const auto readable = [&](const std::string& from) {
    return view.scan(from, to, true, [](std::string_view, const stored_view&) { return false; }).has_value();
  };
  std::string low = damaged;
  std::string high = to;
  for (std::size_t n = damaged.size(); n > 0; --n) {  // farther and farther
    std::string next = after_prefix(damaged.substr(0, n));
    if (next.empty() || next >= to) break;
    if (next <= low) continue;
    if (readable(next)) {
      high = std::move(next);
      break;
    }
    low = std::move(next);
  }
  for (int i = 0; i < halvings; ++i) {
    std::string middle = between(low, high);
    if (middle == low) break;
    (readable(middle) ? high : low) = std::move(middle);
  }
  return high;
}

}  // namespace

result<std::size_t> export_state(const store_view& view, std::string_view service,
                                 const std::function<void(std::string_view line)>& write,
                                 const unread_handler& unread) {
  std::string from =
      service.empty() ? std::string(1, static_cast<char>(key_kind::entry)) : full_key(key_kind::entry, service);
  const std::string to = after_prefix(from);
  std::size_t lines = 0;
  std::string last;          // full key
  std::optional<error> why;  // of what could not be read after it
  const auto tell = [&](std::string_view before) {
    if (why) unread(shown(last), shown(before), *std::exchange(why, std::nullopt));
  };
  while (from < to) {
    const auto read = view.scan(from, to, true, [&](std::string_view full, const stored_view& e) {
      tell(full);
      write(line_of(full, e));
      last = full;
      ++lines;
      return true;
    });
    if (read) break;
    if (!unread) return std::unexpected(read.error());
    if (!why) why = read.error();
    from = readable_after(view, std::max(from, last + '\0'), to);
  }
  tell({});
  return lines;
}

result<std::set<std::string>> check_archive(state_keeper& keeper,
                                            const std::function<std::optional<std::string>()>& read) {
  std::set<std::string> services;
  for (std::size_t number = 1; auto text = read(); ++number) {
    line l;
    if (is_blank(*text)) continue;
    if (!read_line(*text, l)) return no_entry(number, 0);
    services.insert(l.service);
    // A transaction that is forgotten has the same limits as one that is not.
    const auto t = keeper.begin(l.service, nullptr, false, nullptr);
    if (auto fits = put_line(*t, std::move(l), number, 0); !fits) return std::unexpected(std::move(fits.error()));
  }
  return services;
}

result<std::size_t> import_state(state_keeper& keeper, const std::function<std::optional<std::string>()>& read) {
  std::shared_ptr<transaction> t;
  std::size_t keys = 0;
  std::size_t done = 0;
  std::size_t number = 0;
  const auto commit = [&]() -> result<void> {
    if (!t) return {};
    auto committed = keeper.commit_now(std::move(t));
    t = nullptr;
    if (!committed) return committed;
    done += std::exchange(keys, 0);
    return {};
  };
  while (auto text = read()) {
    ++number;
    if (is_blank(*text)) continue;
    line l;
    if (!read_line(*text, l)) return no_entry(number, done);
    if (t && (t->service() != l.service || keys >= keys_at_once || t->written_bytes() >= bytes_at_once))
      if (auto committed = commit(); !committed) return std::unexpected(std::move(committed.error()));
    if (!t) t = keeper.begin(l.service, nullptr, false, nullptr);
    const auto put = put_line(*t, std::move(l), number, done);
    if (!put) return std::unexpected(put.error());
    if (*put) ++keys;
  }
  if (auto committed = commit(); !committed) return std::unexpected(std::move(committed.error()));
  return done;
}

}  // namespace waggle
