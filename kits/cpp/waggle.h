// Makes a C++ program (C++17 or later, clang, wasi-libc, libc++, no exceptions) a waggle service:
//
//   waggle::reply greet(const waggle::json& in) {
//     if (in["name"].text().empty()) return waggle::error("invalid_argument", "nobody to greet");
//     return waggle::object{{"text", "Hello, " + in["name"].text()}};
//   }
//   WAGGLE_METHOD(greet);
//
// The input has been validated against the contract before it arrives. README.md has the command that builds it.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace waggle {

struct member;

/// A JSON value. Reading never fails: what is missing or of another kind reads as null, "", 0, false or no items.
/// Numbers keep the text that they came with, so that none loses digits on its way through.
class json {
 public:
  json();
  json(const json&);
  json(json&&) noexcept;
  json& operator=(const json&);
  json& operator=(json&&) noexcept;
  ~json();
  json(std::nullptr_t);
  json(bool b);
  json(const char* s);
  json(std::string_view s);
  json(std::string s);
  json(double d);
  template <class T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, int> = 0>
  json(T n) : json(number{std::to_string(n)}) {}
  json(std::vector<json> items);
  json(std::vector<member> members);

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  [[nodiscard]] bool is_number() const { return std::holds_alternative<number>(value_); }
  [[nodiscard]] bool boolean() const { return read(static_cast<const bool*>(nullptr)); }
  [[nodiscard]] const std::string& text() const { return read(static_cast<const std::string*>(nullptr)); }
  /// Of `1.0` and `1e3` too, which answers may have where an Int stands.
  [[nodiscard]] std::int64_t integer() const {
    char* end = nullptr;
    const std::int64_t n = std::strtoll(digits(), &end, 10);
    if (*end == 0) return n;
    const double d = real();
    return d > -9.2e18 && d < 9.2e18 ? static_cast<std::int64_t>(d) : n;
  }
  [[nodiscard]] double real() const { return std::strtod(digits(), nullptr); }
  [[nodiscard]] const std::vector<json>& items() const { return read(static_cast<const std::vector<json>*>(nullptr)); }
  [[nodiscard]] const std::vector<member>& members() const {
    return read(static_cast<const std::vector<member>*>(nullptr));
  }
  /// The member of this name; null where there is none.
  [[nodiscard]] const json& operator[](std::string_view name) const;

  /// As JSON text.
  [[nodiscard]] std::string print() const;
  /// Null where the text is no JSON.
  [[nodiscard]] static json parse(std::string_view text);

 private:
  struct number {
    std::string digits;
  };
  class parser;

  explicit json(number n);
  template <class T>
  const T& read(const T*) const {
    static const T none{};
    const T* found = std::get_if<T>(&value_);
    return found ? *found : none;
  }
  const char* digits() const { return read(static_cast<const number*>(nullptr)).digits.c_str(); }

  static std::string print(double d) {
    if (!(d - d == 0)) return "null";  // JSON has no infinity
    char shorter[32];
    std::snprintf(shorter, sizeof shorter, "%.15g", d);
    if (std::strtod(shorter, nullptr) != d) std::snprintf(shorter, sizeof shorter, "%.17g", d);
    return shorter;
  }
  static void quote(std::string& out, std::string_view text);
  void print(std::string& out) const;

  std::variant<std::nullptr_t, bool, number, std::string, std::vector<json>, std::vector<member>> value_;
};

struct member {
  std::string name;
  json value;
};

// Here, because what is inside of a json is known only now.
inline json::json() = default;
inline json::json(const json&) = default;
inline json::json(json&&) noexcept = default;
inline json& json::operator=(const json&) = default;
inline json& json::operator=(json&&) noexcept = default;
inline json::~json() = default;
inline json::json(std::nullptr_t) {}
inline json::json(bool b) : value_(b) {}
inline json::json(const char* s) : value_(std::string(s)) {}
inline json::json(std::string_view s) : value_(std::string(s)) {}
inline json::json(std::string s) : value_(std::move(s)) {}
inline json::json(double d) : value_(number{print(d)}) {}
inline json::json(number n) : value_(std::move(n)) {}
inline json::json(std::vector<json> items) : value_(std::move(items)) {}
inline json::json(std::vector<member> members) : value_(std::move(members)) {}

using list = std::vector<json>;
/// `object{{"text", "hello"}, {"count", 3}}`
using object = std::vector<member>;

/// A failure with one of waggle's sixteen codes: "not_found", "invalid_argument", …
struct error {
  std::string code;
  std::string message;
  json details;
  error(std::string c, std::string m, json d = {}) : code(std::move(c)), message(std::move(m)), details(std::move(d)) {}
};

/// What a method returns, and what a call of another service comes back with: a value or an error.
class reply {
 public:
  template <class T, std::enable_if_t<std::is_convertible_v<T, json>, int> = 0>
  reply(T&& v) : value_(std::forward<T>(v)) {}
  reply(waggle::error e) : failed_(true) {
    object members{{"code", std::move(e.code)}, {"message", std::move(e.message)}};
    if (!e.details.is_null()) members.push_back({"details", std::move(e.details)});
    value_ = std::move(members);
  }

  [[nodiscard]] bool failed() const { return failed_; }
  /// Null where it failed.
  [[nodiscard]] const json& value() const {
    static const json none;
    return failed_ ? none : value_;
  }
  /// "not_found", …; "" where it did not fail.
  [[nodiscard]] const std::string& code() const { return of_error("code").text(); }
  [[nodiscard]] const std::string& message() const { return of_error("message").text(); }
  [[nodiscard]] const json& details() const { return of_error("details"); }
  /// The same failure, to be passed on: `if (r.failed()) return r.error();`
  [[nodiscard]] waggle::error error() const { return {code(), message(), details()}; }

  /// As the guest ABI has it.
  [[nodiscard]] std::string print() const { return failed_ ? json(object{{"error", value_}}).print() : value_.print(); }

 private:
  const json& of_error(std::string_view name) const {
    static const json none;
    return failed_ ? value_[name] : none;
  }

  json value_;  ///< or the error's members
  bool failed_ = false;
};

enum class level : std::int32_t { trace, debug, info, warn, error };

/// The host's imports. A module has only those that it uses.
namespace abi {
#ifdef __wasm__
#define WAGGLE_IMPORT(name) __attribute__((import_module("waggle"), import_name(name)))
WAGGLE_IMPORT("log") void log(std::int32_t level, const char* text, std::uint32_t size);
WAGGLE_IMPORT("context") std::uint32_t context(char* out, std::uint32_t capacity);
WAGGLE_IMPORT("call")
std::uint64_t call(const char* service, std::uint32_t service_size, const char* method, std::uint32_t method_size,
                   const char* input, std::uint32_t input_size, char* out, std::uint32_t capacity);
WAGGLE_IMPORT("rest") std::uint32_t rest(char* out, std::uint32_t capacity);
#undef WAGGLE_IMPORT
#else
inline void log(std::int32_t level, const char* text, std::uint32_t size);
inline std::uint32_t context(char* out, std::uint32_t capacity);
inline std::uint64_t call(const char* service, std::uint32_t service_size, const char* method,
                          std::uint32_t method_size, const char* input, std::uint32_t input_size, char* out,
                          std::uint32_t capacity);
inline std::uint32_t rest(char* out, std::uint32_t capacity);
#endif
}  // namespace abi

/// A line in the service's log.
inline void log(level at, std::string_view text) {
  abi::log(static_cast<std::int32_t>(at), text.data(), static_cast<std::uint32_t>(text.size()));
}

/// What the host says of the request that is being handled: id, service, method, caller, path, remainingMs, cursor, …
inline json context() {
  std::string text(1024, '\0');
  std::uint32_t size = abi::context(text.data(), static_cast<std::uint32_t>(text.size()));
  if (size > text.size()) {
    text.resize(size);
    size = abi::context(text.data(), size);
  }
  return json::parse(std::string_view(text).substr(0, size));
}

/// In the handler of a subscription: where its stream goes on, as an earlier answer said it; "" at its beginning. It may come from a
/// client that resumes, so it may be any text.
inline std::string cursor() { return context()["cursor"].text(); }

/// What the handler of a subscription returns: the next items, and where the stream goes on behind them.
///
///   return waggle::stream().item(order).cursor(version).after_ms(500);
///
/// The node asks again, with this cursor, when the items have been taken: at once after items, in 1 s where there were none.
class stream {
 public:
  /// A whole value of the field's type. Any number of them, in their order.
  stream& item(json value) { return items_.push_back(std::move(value)), *this; }
  /// At most 4,096 bytes. Without it the cursor stays as it was.
  stream& cursor(std::string at) { return set("cursor", std::move(at)); }
  /// Not to be asked again earlier than that: at most an hour, at least 10 ms where there are no items.
  stream& after_ms(std::int32_t ms) { return set("afterMs", ms); }
  /// Nothing comes after these items.
  stream& done() { return set("done", true); }

  operator json() const {
    object members{{"items", items_}};
    members.insert(members.end(), rest_.begin(), rest_.end());
    return members;
  }

 private:
  stream& set(const char* name, json value) {
    for (member& m : rest_)
      if (m.name == name) return m.value = std::move(value), *this;
    return rest_.push_back({name, std::move(value)}), *this;
  }

  list items_;
  object rest_;
};

/// Calls a method of another service, or of the host: `call("shop.v1.Mailer", "send", object{{"to", address}})`. The
/// contract must ask for the service (`@uses`) and the operator must grant it. Stubs (README.md) say the same with types.
inline reply call(std::string_view service, std::string_view method, const json& input) {
  const auto size_of = [](std::string_view text) { return static_cast<std::uint32_t>(text.size()); };
  const std::string sent = input.print();
  std::string text(1024, '\0');
  const std::uint64_t result = abi::call(service.data(), size_of(service), method.data(), size_of(method), sent.data(),
                                         size_of(sent), text.data(), size_of(text));
  const auto size = static_cast<std::uint32_t>(result);
  if (size > text.size()) {  // it did not fit: once more from its first byte
    text.resize(size);
    abi::rest(text.data(), size);
  }
  text.resize(size);
  json answer = json::parse(text);
  if (result >> 32 == 0) return answer;
  return error(answer["code"].text(), answer["message"].text(), answer["details"]);
}

/// The handler of the contract's method `name`. `WAGGLE_METHOD` makes one where both have the same name.
class method {
 public:
  using handler = reply (*)(const json& in);
  method(const char* name, handler run) : name_(name), run_(run), next_(first()) { first() = this; }

  static reply handle(std::string_view name, std::string_view input) {
    for (const method* m = first(); m; m = m->next_)
      if (m->name_ == name) return m->run_(json::parse(input));
    return error("unimplemented", "the service has no handler for method " + std::string(name));
  }

 private:
  static method*& first() {
    static method* newest = nullptr;
    return newest;
  }
  std::string_view name_;
  handler run_;
  method* next_;
};

#define WAGGLE_METHOD(name) static const ::waggle::method waggle_method_##name(#name, name)

// ---------------------------------------------------------------------------------------------------------------------

inline const json& json::operator[](std::string_view name) const {
  static const json none;
  for (const member& m : members())
    if (m.name == name) return m.value;
  return none;
}

inline void json::quote(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (static_cast<unsigned char>(c) >= 0x20)
      out += c;
    else {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", c);
      out += escaped;
    }
  }
  out += '"';
}

inline void json::print(std::string& out) const {
  const char* between = "";
  if (is_null())
    out += "null";
  else if (const auto* b = std::get_if<bool>(&value_))
    out += *b ? "true" : "false";
  else if (const auto* n = std::get_if<number>(&value_))
    out += n->digits;
  else if (const auto* s = std::get_if<std::string>(&value_))
    quote(out, *s);
  else if (const auto* items = std::get_if<list>(&value_)) {
    out += '[';
    for (const json& item : *items) {
      out += std::exchange(between, ",");
      item.print(out);
    }
    out += ']';
  } else {
    out += '{';
    for (const member& m : members()) {
      quote(out += std::exchange(between, ","), m.name);
      m.value.print(out += ':');
    }
    out += '}';
  }
}

inline std::string json::print() const {
  std::string out;
  print(out);
  return out;
}

class json::parser {
 public:
  explicit parser(std::string_view text) : rest_(text) {}

  bool document(json& out) { return value(out, 0) && (space(), rest_.empty()); }

 private:
  static constexpr int max_depth = 256;  // the host's own limit is lower

  void space() {
    const auto n = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(n == rest_.npos ? rest_.size() : n);
  }
  bool eat(std::string_view what) {
    if (rest_.substr(0, what.size()) != what) return false;
    rest_.remove_prefix(what.size());
    return true;
  }
  bool next(char c) {
    space();
    return eat({&c, 1});
  }

  bool value(json& out, int depth) {
    if (depth > max_depth) return false;
    space();
    if (eat("null")) return true;
    if (eat("true")) return out = true, true;
    if (eat("false")) return out = false, true;
    if (!rest_.empty() && rest_[0] == '"') {
      std::string s;
      return string(s) && (out = std::move(s), true);
    }
    if (eat("[")) return sequence(out, depth);
    if (eat("{")) return record(out, depth);
    const std::string_view digits = rest_.substr(0, rest_.find_first_not_of("+-.0123456789eE"));
    rest_.remove_prefix(digits.size());
    out.value_ = number{std::string(digits)};
    return !digits.empty();
  }

  bool sequence(json& out, int depth) {
    list items;
    if (!next(']')) do {
        if (!value(items.emplace_back(), depth + 1)) return false;
      } while (next(','));
    else
      return out = std::move(items), true;
    return next(']') && (out = std::move(items), true);
  }

  bool record(json& out, int depth) {
    object members;
    if (!next('}')) do {
        space();
        member& m = members.emplace_back();
        if (!string(m.name) || !next(':') || !value(m.value, depth + 1)) return false;
      } while (next(','));
    else
      return out = std::move(members), true;
    return next('}') && (out = std::move(members), true);
  }

  bool hex(std::uint32_t& unit) {
    if (rest_.size() < 4) return false;
    char* end = nullptr;
    const std::string digits(rest_.substr(0, 4));
    unit = static_cast<std::uint32_t>(std::strtoul(digits.c_str(), &end, 16));
    rest_.remove_prefix(4);
    return *end == 0;
  }

  static void utf8(std::string& out, std::uint32_t c) {
    const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (c >> shift & 0x3f)); };
    if (c < 0x80)
      out += static_cast<char>(c);
    else if (c < 0x800)
      out += static_cast<char>(0xc0 | c >> 6), tail(0);
    else if (c < 0x10000)
      out += static_cast<char>(0xe0 | c >> 12), tail(6), tail(0);
    else
      out += static_cast<char>(0xf0 | c >> 18), tail(12), tail(6), tail(0);
  }

  bool string(std::string& out) {
    if (!eat("\"")) return false;
    for (;;) {
      const auto n = rest_.find_first_of("\"\\");
      if (n == rest_.npos) return false;
      out += rest_.substr(0, n);
      rest_.remove_prefix(n);
      if (eat("\"")) return true;
      if (rest_.size() < 2) return false;
      const char c = rest_[1];
      rest_.remove_prefix(2);
      static constexpr std::string_view names = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
      if (const auto i = names.find(c); i != names.npos) {
        out += meanings[i];
        continue;
      }
      std::uint32_t unit = 0, low = 0;
      if (c != 'u' || !hex(unit)) return false;
      if (unit >= 0xd800 && unit < 0xe000) {  // two units make one character
        if (unit >= 0xdc00 || !eat("\\u") || !hex(low) || low < 0xdc00 || low >= 0xe000) return false;
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
      }
      utf8(out, unit);
    }
  }

  std::string_view rest_;
};

inline json json::parse(std::string_view text) {
  json out;
  return parser(text).document(out) ? out : json();
}

}  // namespace waggle

#ifdef __wasm__
// The guest ABI. The host frees method, input and answer with `deallocate`.
extern "C" {
__attribute__((used, export_name("allocate"))) inline void* waggle_allocate(std::size_t size) {
  return std::malloc(size);
}

__attribute__((used, export_name("deallocate"))) inline void waggle_deallocate(void* at) { std::free(at); }

__attribute__((used, export_name("handle_request"))) inline std::uint64_t waggle_handle_request(
    const char* method, std::size_t method_size, const char* input, std::size_t input_size) {
  const waggle::reply reply = waggle::method::handle({method, method_size}, {input, input_size});
  const std::string text = reply.print();
  void* const out = std::malloc(text.size());
  if (!out) __builtin_trap();
  std::memcpy(out, text.data(), text.size());
  return std::uint64_t{reply.failed()} << 63 | std::uint64_t{reinterpret_cast<std::uintptr_t>(out)} << 32 | text.size();
}
}
#else
// Outside of waggle, as in a service's own tests: `method::handle` runs a method, the log goes to stderr, and the context and
// what is called are what a test puts here.
namespace waggle {

/// `fake_context() = object{{"cursor", "7"}};`
inline json& fake_context() {
  static json c = object{};
  return c;
}

using fake = std::function<reply(std::string_view service, std::string_view method, const json& input)>;
inline fake& fake_calls() {
  static fake f = [](std::string_view service, std::string_view, const json&) -> reply {
    return error("unavailable", std::string(service) + " cannot be called outside of waggle; set waggle::fake_calls()");
  };
  return f;
}

namespace abi {

inline std::string& last_answer() {
  static std::string text;
  return text;
}

inline void log(std::int32_t level, const char* text, std::uint32_t size) {
  std::fprintf(stderr, "%d %.*s\n", static_cast<int>(level), static_cast<int>(size), text);
}

inline std::uint32_t context(char* out, std::uint32_t capacity) {
  const std::string text = fake_context().print();
  text.copy(out, capacity);
  return static_cast<std::uint32_t>(text.size());
}

inline std::uint32_t rest(char* out, std::uint32_t capacity) {
  return static_cast<std::uint32_t>(last_answer().copy(out, capacity));
}

inline std::uint64_t call(const char* service, std::uint32_t service_size, const char* method,
                          std::uint32_t method_size, const char* input, std::uint32_t input_size, char* out,
                          std::uint32_t capacity) {
  const reply r = fake_calls()({service, service_size}, {method, method_size}, json::parse({input, input_size}));
  last_answer() = r.failed()
                      ? json(object{{"code", r.code()}, {"message", r.message()}, {"details", r.details()}}).print()
                      : r.value().print();
  rest(out, capacity);
  return std::uint64_t{r.failed() ? 2U : 0U} << 32 | last_answer().size();
}

}  // namespace abi
}  // namespace waggle
#endif
