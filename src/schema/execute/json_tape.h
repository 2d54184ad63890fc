#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace waggle::graphql {

enum class json_kind : std::uint8_t { object, array, string, number, boolean, null };

/// One value of a JSON text. The members of an object follow it, key and value in turn; the items of an array likewise.
struct json_node {
  json_kind kind = json_kind::null;
  bool escaped = false;     ///< a string with a backslash
  std::uint32_t begin = 0;  ///< in the text, quotes and brackets included
  std::uint32_t end = 0;
  std::uint32_t next = 0;  ///< the node behind it and all that is in it
};

/// A JSON text (RFC 8259) as a flat list of its values. Numbers and strings stay as they are written, which no parser that
/// makes numbers of them could give back.
class json_tape {
 public:
  /// Is `text` one value, UTF-8, nested at most `depth` deep, without lone surrogates? One pass, without recursion. The values of
  /// an earlier text are gone. Otherwise the tape is empty.
  [[nodiscard]] bool read(std::string text, std::size_t depth);

  [[nodiscard]] bool empty() const { return nodes_.empty(); }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(nodes_.size()); }
  [[nodiscard]] const json_node& operator[](std::uint32_t at) const { return nodes_[at]; }
  /// As it is written.
  [[nodiscard]] std::string_view raw(std::uint32_t at) const {
    return std::string_view(text_).substr(nodes_[at].begin, nodes_[at].end - nodes_[at].begin);
  }
  /// What a string stands for; `decoded` is used where it has escapes.
  [[nodiscard]] std::string_view string(std::uint32_t at, std::string& decoded) const;
  /// The member of the object at `object`, the last of that name; 0 where there is none.
  [[nodiscard]] std::uint32_t find(std::uint32_t object, std::string_view key) const;

 private:
  bool parse(std::size_t depth);
  /// Reads the scalar at `p`; null where there is none.
  const char* scalar(const char* p);
  const char* string_at(const char* p);

  std::string text_;
  std::vector<json_node> nodes_;
  std::vector<std::uint32_t> open_;
};

}  // namespace waggle::graphql
