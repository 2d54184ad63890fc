// What the stubs of services are made of: JSON to and from C++ types. `waggle describe FILE --format cpp` makes stubs.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "waggle.h"

namespace waggle {

// These two have constructors of their own, because compilers look into those that can be constexpr at once, and what they
// hold is not complete then.

/// A std::optional whose value lies on the heap, where a type comes back to itself. Copying it copies the value.
template <class T>
class box {
 public:
  box() {}
  box(std::nullopt_t) {}
  box(const T& value) : at_(std::make_unique<T>(value)) {}
  box(T&& value) : at_(std::make_unique<T>(std::move(value))) {}
  box(const box& other) { *this = other; }
  box(box&&) noexcept = default;
  box& operator=(const box& other) {
    if (this != &other) at_ = other.at_ ? std::make_unique<T>(*other.at_) : nullptr;
    return *this;
  }
  box& operator=(box&&) noexcept = default;
  ~box() {}

  [[nodiscard]] bool has_value() const { return at_ != nullptr; }
  explicit operator bool() const { return has_value(); }
  T& operator*() { return *at_; }
  const T& operator*() const { return *at_; }
  T* operator->() { return at_.get(); }
  const T* operator->() const { return at_.get(); }
  T& emplace() { return *(at_ = std::make_unique<T>()); }
  void reset() { at_.reset(); }

 private:
  std::unique_ptr<T> at_;
};

/// A std::vector, where a type comes back to itself.
template <class T>
class many : public std::vector<T> {
 public:
  using std::vector<T>::vector;
  many() {}
  many(std::vector<T> items) : std::vector<T>(std::move(items)) {}
  many(const many& other) : std::vector<T>(other) {}
  many(many&& other) noexcept : std::vector<T>(std::move(other)) {}
  many& operator=(const many& other) {
    std::vector<T>::operator=(other);
    return *this;
  }
  many& operator=(many&& other) noexcept {
    std::vector<T>::operator=(std::move(other));
    return *this;
  }
  ~many() {}
};

// to_json and from_json are found by their first argument, whatever the other's namespace. Stubs add theirs.

template <class T, std::enable_if_t<std::is_convertible_v<const T&, json>, int> = 0>
void to_json(json& out, const T& value) {
  out = value;
}
template <class T>
void to_json(json& out, const std::vector<T>& values) {
  list items;
  items.reserve(values.size());
  for (const auto& value : values) to_json(items.emplace_back(), static_cast<const T&>(value));
  out = std::move(items);
}
template <class T>
void to_json(json& out, const std::optional<T>& value) {
  if (value) to_json(out, *value);
}
template <class T>
void to_json(json& out, const box<T>& value) {
  if (value) to_json(out, *value);
}

inline void from_json(const json& in, bool& out) { out = in.boolean(); }
inline void from_json(const json& in, std::int32_t& out) { out = static_cast<std::int32_t>(in.integer()); }
inline void from_json(const json& in, std::int64_t& out) { out = in.integer(); }
inline void from_json(const json& in, double& out) { out = in.real(); }
/// An answer may have an ID and a BigInt as a number.
inline void from_json(const json& in, std::string& out) { out = in.is_number() ? in.print() : in.text(); }
inline void from_json(const json& in, json& out) { out = in; }
template <class T>
void from_json(const json& in, std::vector<T>& out) {
  out.clear();
  out.reserve(in.items().size());
  for (const json& item : in.items()) {
    T value{};
    from_json(item, value);
    out.push_back(std::move(value));
  }
}
template <class T>
void from_json(const json& in, std::optional<T>& out) {
  out.reset();
  if (!in.is_null()) from_json(in, out.emplace());
}
template <class T>
void from_json(const json& in, box<T>& out) {
  out.reset();
  if (!in.is_null()) from_json(in, out.emplace());
}

/// Adds a member, unless it is left out.
template <class T>
void add(object& to, const char* name, const T& value) {
  to.push_back({name, {}});
  to_json(to.back().value, value);
}
template <class T>
void add(object& to, const char* name, const std::optional<T>& value) {
  if (value) add(to, name, *value);
}
template <class T>
void add(object& to, const char* name, const box<T>& value) {
  if (value) add(to, name, *value);
}

/// What a call comes back with: `if (a.failed()) return a.error();`, else `a.value()`.
template <class T>
class [[nodiscard]] answer {
 public:
  explicit answer(reply r) : reply_(std::move(r)) {
    if (!failed()) from_json(reply_.value(), value_);
  }

  [[nodiscard]] bool failed() const { return reply_.failed(); }
  [[nodiscard]] const std::string& code() const { return reply_.code(); }
  [[nodiscard]] const std::string& message() const { return reply_.message(); }
  [[nodiscard]] const json& details() const { return reply_.details(); }
  [[nodiscard]] waggle::error error() const { return reply_.error(); }

  /// Empty where it failed.
  [[nodiscard]] const T& value() const& { return value_; }
  [[nodiscard]] T&& value() && { return std::move(value_); }
  const T& operator*() const { return value_; }
  const T* operator->() const { return &value_; }

 private:
  reply reply_;
  T value_{};
};

}  // namespace waggle
