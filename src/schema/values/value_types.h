#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "schema/values/constraint.h"
#include "schema/values/scalars.h"

/// The types of payloads and answers as flat tables, made once for each contract (schema/values/compile_types.h), read for each
/// request (schema/values/check_value.h). Places refer to each other by index, so that the tables may grow while they are made.
namespace waggle::graphql {

/// So many bytes behind the end of a text that is looked up or checked may be read, whatever they are.
inline constexpr std::size_t text_padding = 16;

[[nodiscard]] inline std::uint64_t load8(const char* p) {
  std::uint64_t v = 0;
  std::memcpy(&v, p, sizeof v);
  return v;
}
/// Keeps the first `n` bytes of what `load8` read; all of them where `n` is 8 or more.
[[nodiscard]] constexpr std::uint64_t first_bytes(std::size_t n) {
  if (n >= 8) return ~std::uint64_t{0};
  const std::uint64_t low = (std::uint64_t{1} << (8 * n)) - 1;
  return std::endian::native == std::endian::little ? low : ~(~std::uint64_t{0} >> (8 * n));
}

/// Numbers names in the order in which they were added.
class name_table {
 public:
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);

  explicit name_table(const std::vector<std::string_view>& names = {});
  /// The name's number or npos. `text_padding` bytes behind it are readable.
  [[nodiscard]] std::size_t find(const char* text, std::size_t size) const;
  /// The same for any text.
  [[nodiscard]] std::size_t find(std::string_view text) const;
  [[nodiscard]] std::string_view name(std::size_t number) const { return names_[number]; }
  [[nodiscard]] std::size_t size() const { return names_.size(); }

 private:
  struct slot {
    std::uint64_t head = 0;  ///< the first eight bytes
    std::uint64_t tail = 0;  ///< the last eight, of a longer name
    std::uint32_t size = 0;
    std::uint32_t number = 0;  ///< plus one; 0: free
  };
  std::uint64_t seed_ = 0xE7037ED1A0B428DBULL;
  std::vector<slot> slots_;  ///< open addressing, at most half full
  std::vector<std::string> names_;
};

/// `name":` as it most often stands behind a quote, compared in two steps of eight bytes.
class expected_key {
 public:
  explicit expected_key(std::string_view name);
  /// Is it at `p`, of which `text_padding` bytes can be read and that ends with a NUL?
  [[nodiscard]] bool at(const char* p) const {
    const std::uint64_t differs = ((load8(p) ^ head_) & head_mask_) | ((load8(p + 8) ^ tail_) & tail_mask_);
    return differs == 0 && (size_ <= 16 || rest_at(p));
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  [[nodiscard]] bool rest_at(const char* p) const { return std::strncmp(p, text_.data(), size_) == 0; }

  std::uint64_t head_ = 0;
  std::uint64_t tail_ = 0;
  std::uint64_t head_mask_ = 0;
  std::uint64_t tail_mask_ = 0;
  std::size_t size_ = 0;
  std::string text_;
};

/// How the values of a type look in JSON.
enum class shape : std::uint8_t {
  any,  ///< a scalar that is passed through
  integer,
  floating,
  string,
  boolean,
  id,
  known,        ///< `value_type::scalar` says which
  enumeration,  ///< `of`: into `enumerations`
  list,         ///< `of`: the items' type
  record,       ///< `of`: into `records`
  abstract,     ///< an interface or a union; `of`: into `abstracts`
};

/// The type of one or more places.
struct value_type {
  static constexpr std::uint32_t unchecked = static_cast<std::uint32_t>(-1);

  shape what = shape::any;
  bool nullable = true;
  known_scalar scalar = known_scalar::none;
  std::uint32_t of = 0;
  std::uint32_t check = unchecked;  ///< into `checks`
};

/// A field of an input type or of an answer, or an argument.
struct record_field {
  expected_key key;
  std::uint32_t type = 0;
  bool sensitive = false;
  std::string default_value;  ///< JSON, coerced; empty without a default
};

/// An input type, a method's arguments, or an object type of answers, which has `__typename` as its last field.
struct record {
  std::string name;  ///< of the type; of arguments the method's
  bool one_of = false;
  std::vector<record_field> fields;
  name_table names;
  /// Bit sets over the fields, of `words()` words each.
  std::vector<std::uint64_t> required;
  std::vector<std::uint64_t> defaulted;

  [[nodiscard]] std::size_t words() const { return required.size(); }
};

struct enumeration {
  std::string name;
  name_table values;
};

/// The object types that an interface or a union stands for.
struct abstract {
  std::string name;
  name_table types;
  std::vector<std::uint32_t> records;  ///< by the type's number
};

struct type_tables {
  std::vector<value_type> types;
  std::vector<std::string> texts;  ///< of each type: `[String!]!`
  std::vector<record> records;
  std::vector<enumeration> enumerations;
  std::vector<abstract> abstracts;
  std::vector<std::vector<constraint>> checks;  ///< a place's own and its scalar's
  bool sensitive = false;                       ///< has a field that is
};

}  // namespace waggle::graphql
