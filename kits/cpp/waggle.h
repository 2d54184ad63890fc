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
  json() = default;
  json(std::nullptr_t) {}
  json(bool b) : value_(b) {}
  json(const char* s) : value_(std::string(s)) {}
  json(std::string_view s) : value_(std::string(s)) {}
  json(std::string s) : value_(std::move(s)) {}
  json(double d) : value_(number{print(d)}) {}
  template <class T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, int> = 0>
  json(T n) : value_(number{std::to_string(n)}) {}
  json(std::vector<json> items) : value_(std::move(items)) {}
  json(std::vector<member> members);

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  [[nodiscard]] bool boolean() const { return read(static_cast<const bool*>(nullptr)); }
  [[nodiscard]] const std::string& text() const { return read(static_cast<const std::string*>(nullptr)); }
  [[nodiscard]] std::int64_t integer() const { return std::strtoll(digits(), nullptr, 10); }
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

  std::variant<std::nullptr_t, bool, number, std::string, std::vector<json>, std::vector<member>> value_{nullptr};
};

struct member {
  std::string name;
  json value;
};

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

/// What a method returns: a value or an error.
struct reply {
  json value;
  bool failed = false;

  template <class T, std::enable_if_t<std::is_convertible_v<T, json>, int> = 0>
  reply(T&& v) : value(std::forward<T>(v)) {}
  reply(error e) : failed(true) {
    object inner{{"code", std::move(e.code)}, {"message", std::move(e.message)}};
    if (!e.details.is_null()) inner.push_back({"details", std::move(e.details)});
    value = object{{"error", std::move(inner)}};
  }
};

enum class level : std::int32_t { trace, debug, info, warn, error };

namespace abi {
__attribute__((import_module("waggle"), import_name("log"))) void log(std::int32_t level, const char* text,
                                                                      std::uint32_t size);
__attribute__((import_module("waggle"), import_name("context"))) std::uint32_t context(char* out,
                                                                                       std::uint32_t capacity);
}  // namespace abi

/// A line in the service's log.
inline void log(level at, std::string_view text) {
  abi::log(static_cast<std::int32_t>(at), text.data(), static_cast<std::uint32_t>(text.size()));
}

/// What the host says of the request that is being handled: id, service, method, caller, path, remainingMs, …
inline json context() {
  std::string text(1024, '\0');
  std::uint32_t size = abi::context(text.data(), static_cast<std::uint32_t>(text.size()));
  if (size > text.size()) {
    text.resize(size);
    size = abi::context(text.data(), size);
  }
  return json::parse(std::string_view(text).substr(0, size));
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
    static method* list = nullptr;
    return list;
  }
  std::string_view name_;
  handler run_;
  method* next_;
};

#define WAGGLE_METHOD(name) static const ::waggle::method waggle_method_##name(#name, name)

// ---------------------------------------------------------------------------------------------------------------------

inline json::json(std::vector<member> members) : value_(std::move(members)) {}

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

// The guest ABI. The host frees method, input and answer with `deallocate`.
extern "C" {
__attribute__((used, export_name("allocate"))) inline void* waggle_allocate(std::size_t size) {
  return std::malloc(size);
}

__attribute__((used, export_name("deallocate"))) inline void waggle_deallocate(void* at) { std::free(at); }

__attribute__((used, export_name("handle_request"))) inline std::uint64_t waggle_handle_request(
    const char* method, std::size_t method_size, const char* input, std::size_t input_size) {
  const waggle::reply reply = waggle::method::handle({method, method_size}, {input, input_size});
  const std::string text = reply.value.print();
  void* const out = std::malloc(text.size());
  if (!out) __builtin_trap();
  std::memcpy(out, text.data(), text.size());
  return std::uint64_t{reply.failed} << 63 | std::uint64_t{reinterpret_cast<std::uintptr_t>(out)} << 32 | text.size();
}
}
