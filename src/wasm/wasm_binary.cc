#include "wasm/wasm_binary.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "core/utf8.h"

namespace waggle {
namespace {

constexpr std::size_t preamble_bytes = 8;
constexpr std::uint8_t custom_id = 0;
constexpr std::uint8_t last_known_id = 13;
/// Toolchains write a few dozen; an index of millions of empty ones is nobody's need.
constexpr std::size_t max_sections = 10'000;

std::unexpected<error> bad(std::string message) {
  return fail(error_code::invalid_argument, fault::guest, std::move(message));
}

std::string_view as_text(wasm_bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

result<void> check_preamble(wasm_bytes module) {
  const std::string_view text = as_text(module);
  if (!text.starts_with(std::string_view("\0asm", 4))) {
    if (module.empty()) return bad("the file is empty: give a WebAssembly module");
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first != text.npos && text.substr(first).starts_with("(module"))
      return bad("this is WebAssembly text: translate it first, for example with wat2wasm");
    return bad("this is not a WebAssembly module: it does not begin with the bytes 00 61 73 6d");
  }
  if (module.size() < preamble_bytes) return bad("the WebAssembly module is cut off within its first 8 bytes");
  std::array<std::uint8_t, 4> v{};
  std::memcpy(v.data(), module.data() + 4, v.size());
  const unsigned version = v[0] | static_cast<unsigned>(v[1]) << 8;
  const unsigned layer = v[2] | static_cast<unsigned>(v[3]) << 8;
  if (layer == 1)
    return bad(
        "this is a WebAssembly component: waggle runs core modules; build for wasm32-wasip1 or wasm32-unknown-unknown");
  if (layer != 0 || version != 1)
    return bad(fmt::format("WebAssembly version {} (layer {}) is not known: only core modules of version 1 are",
                           version, layer));
  return {};
}

}  // namespace

std::optional<std::uint32_t> read_leb_u32(wasm_bytes& bytes) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 5 && i < bytes.size(); ++i) {
    const auto b = std::to_integer<std::uint64_t>(bytes[i]);
    value |= (b & 0x7F) << (7 * i);
    if ((b & 0x80) != 0) continue;
    if (value > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    bytes = bytes.subspan(i + 1);
    return static_cast<std::uint32_t>(value);
  }
  return std::nullopt;
}

void write_leb_u32(std::vector<std::byte>& to, std::uint32_t value) {
  for (; value >= 0x80; value >>= 7) to.push_back(static_cast<std::byte>((value & 0x7F) | 0x80));
  to.push_back(static_cast<std::byte>(value));
}

result<std::vector<wasm_section>> read_wasm_sections(wasm_bytes module) {
  if (auto ok = check_preamble(module); !ok) return std::unexpected(std::move(ok.error()));
  std::vector<wasm_section> sections;
  for (wasm_bytes rest = module.subspan(preamble_bytes); !rest.empty();) {
    wasm_section s;
    s.offset = module.size() - rest.size();
    s.id = std::to_integer<std::uint8_t>(rest[0]);
    auto broken = [&](std::string_view why) {
      return bad(fmt::format("the WebAssembly module is damaged: section {} at byte {} {}", s.id, s.offset, why));
    };
    if (s.id > last_known_id) return broken("has an unknown kind");
    if (sections.size() == max_sections) return broken("is one too many: 10,000 are allowed");
    rest = rest.subspan(1);
    const auto size = read_leb_u32(rest);
    if (!size) return broken("has no readable size");
    if (*size > rest.size())
      return broken(fmt::format("claims {} bytes, and the file has {} left", *size, rest.size()));
    s.content = rest.first(*size);
    rest = rest.subspan(*size);
    s.size = module.size() - rest.size() - s.offset;
    if (s.id == custom_id) {
      const auto length = read_leb_u32(s.content);
      if (!length || *length > s.content.size()) return broken("has a name that does not fit into it");
      s.name = as_text(s.content.first(*length));
      s.content = s.content.subspan(*length);
    }
    sections.push_back(s);
  }
  return sections;
}

result<std::optional<std::string_view>> read_schema(wasm_bytes module) {
  const auto sections = read_wasm_sections(module);
  if (!sections) return std::unexpected(sections.error());
  std::optional<std::string_view> found;
  for (const wasm_section& s : *sections) {
    if (s.id != custom_id || s.name != schema_section) continue;
    if (found) return bad("the module has two sections waggle.schema: pack it anew with waggle pack");
    if (s.content.size() > max_schema_bytes)
      return bad(fmt::format("the section waggle.schema has {} bytes; at most {} are allowed", s.content.size(),
                             max_schema_bytes));
    found = as_text(s.content);
    if (!is_utf8(*found))
      return bad("the section waggle.schema is not valid UTF-8: pack the module anew with waggle pack");
  }
  return found;
}

result<std::vector<std::byte>> pack_schema(wasm_bytes module, std::string_view schema) {
  const auto sections = read_wasm_sections(module);
  if (!sections) return std::unexpected(sections.error());
  if (schema.size() > max_schema_bytes)
    return bad(fmt::format("the schema has {} bytes; at most {} are allowed", schema.size(), max_schema_bytes));
  if (!is_utf8(schema)) return bad("the schema is not valid UTF-8");

  std::vector<std::byte> out;
  out.reserve(module.size() + schema_section.size() + schema.size() + 16);
  auto append = [&](wasm_bytes bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); };
  append(module.first(preamble_bytes));
  for (const wasm_section& s : *sections)
    if (s.id != custom_id || s.name != schema_section) append(module.subspan(s.offset, s.size));

  std::vector<std::byte> name_length;
  write_leb_u32(name_length, static_cast<std::uint32_t>(schema_section.size()));
  out.push_back(std::byte{custom_id});
  write_leb_u32(out, static_cast<std::uint32_t>(name_length.size() + schema_section.size() + schema.size()));
  append(name_length);
  append(std::as_bytes(std::span(schema_section)));
  append(std::as_bytes(std::span(schema)));
  return out;
}

}  // namespace waggle
