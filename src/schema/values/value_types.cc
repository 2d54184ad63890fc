#include "schema/values/value_types.h"

#include <algorithm>

namespace waggle::graphql {
namespace {

struct ends {
  std::uint64_t head;
  std::uint64_t tail;
};

ends ends_of(const char* text, std::size_t size) {
  return {load8(text) & first_bytes(size), size > 8 ? load8(text + size - 8) : 0};
}

__extension__ using wide = unsigned __int128;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const wide product = wide{a} * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t hash(const char* text, const ends& e, std::size_t size, std::uint64_t seed) {
  std::uint64_t h = mix(e.head ^ seed, e.tail ^ size ^ 0x9E3779B97F4A7C15ULL);
  for (std::size_t i = 8; i + 8 < size; i += 8) h = mix(load8(text + i) ^ h, seed ^ 0xD6E8FEB86659FD93ULL);
  return h;
}

std::string padded(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text_padding);
  out = text;
  return out;
}

}  // namespace

name_table::name_table(const std::vector<std::string_view>& names)
    : slots_(std::bit_ceil(2 * std::max<std::size_t>(names.size(), 1))) {
  // All names make the seed, so that nobody can choose names that meet in one slot.
  for (const std::string_view n : names) {
    const std::string text = padded(n);
    seed_ = mix(hash(text.data(), ends_of(text.data(), n.size()), n.size(), seed_), 0xA0761D6478BD642FULL);
  }
  for (const std::string_view n : names) {
    names_.emplace_back(n);
    const std::string text = padded(n);
    const ends e = ends_of(text.data(), n.size());
    std::size_t at = hash(text.data(), e, n.size(), seed_) & (slots_.size() - 1);
    while (slots_[at].number != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = {e.head, e.tail, static_cast<std::uint32_t>(n.size()), static_cast<std::uint32_t>(names_.size())};
  }
}

std::size_t name_table::find(const char* text, std::size_t size) const {
  const ends e = ends_of(text, size);
  for (std::size_t at = hash(text, e, size, seed_) & (slots_.size() - 1); slots_[at].number != 0;
       at = (at + 1) & (slots_.size() - 1)) {
    const slot& s = slots_[at];
    if (s.head != e.head || s.tail != e.tail || s.size != size) continue;
    if (size <= 16 || std::memcmp(names_[s.number - 1].data(), text, size) == 0) return s.number - 1;
  }
  return npos;
}

std::size_t name_table::find(std::string_view text) const {
  const std::string copy = padded(text);
  return find(copy.data(), text.size());
}

expected_key::expected_key(std::string_view name) : size_(name.size() + 2), text_(std::string(name) + "\":") {
  const std::string copy = padded(text_);
  head_mask_ = first_bytes(size_);
  tail_mask_ = size_ > 8 ? first_bytes(size_ - 8) : 0;
  head_ = load8(copy.data()) & head_mask_;
  tail_ = tail_mask_ == 0 ? 0 : load8(copy.data() + 8) & tail_mask_;
}

}  // namespace waggle::graphql
