#pragma once
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace waggle {

/// A guest's linear memory as it is now. Every offset and length comes from the guest and is checked, in 64 bits.
///
/// A view: good until the guest runs again or its memory grows. Take it anew after each call into the guest.
struct guest_memory {
  std::byte* base = nullptr;
  std::uint64_t size = 0;  ///< in bytes

  /// The `length` bytes from `offset` on; nothing where they are not all inside.
  [[nodiscard]] std::optional<std::span<std::byte>> at(std::uint64_t offset, std::uint64_t length) const {
    if (offset > size || length > size - offset) return std::nullopt;
    return std::span(base + offset, length);
  }

  /// The same bytes as text, whatever they are.
  [[nodiscard]] std::optional<std::string_view> text(std::uint64_t offset, std::uint64_t length) const {
    const auto bytes = at(offset, length);
    if (!bytes) return std::nullopt;
    return std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  }

  /// A little-endian number, aligned or not.
  template <std::unsigned_integral T>
  [[nodiscard]] std::optional<T> read(std::uint64_t offset) const {
    const auto bytes = at(offset, sizeof(T));
    if (!bytes) return std::nullopt;
    T value;
    std::memcpy(&value, bytes->data(), sizeof(T));
    return value;
  }

  /// False, and nothing written, where it is not all inside.
  template <std::unsigned_integral T>
  [[nodiscard]] bool write(std::uint64_t offset, T value) const {
    const auto bytes = at(offset, sizeof(T));
    if (!bytes) return false;
    std::memcpy(bytes->data(), &value, sizeof(T));
    return true;
  }

  static_assert(std::endian::native == std::endian::little, "WebAssembly's memory is little-endian");
};

}  // namespace waggle
