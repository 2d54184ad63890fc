#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/error.h"

/// What waggle itself reads and writes of WebAssembly's binary format (core specification §5.5, "Modules"): the
/// sections' frame and one custom section. What is inside the others is the engine's affair.
///
/// All functions are pure, work on any thread, and take bytes that nobody has checked. Their errors are
/// `invalid_argument`, the guest's doing.
namespace waggle {

using wasm_bytes = std::span<const std::byte>;

/// The name of the custom section that holds a service's schema as SDL text.
inline constexpr std::string_view schema_section = "waggle.schema";
/// A longer schema is refused, in and out.
inline constexpr std::size_t max_schema_bytes = std::size_t{4} << 20;

/// A section of a module; views into the module's bytes.
struct wasm_section {
  std::uint8_t id = 0;     ///< 0 custom, 1 type, … 13 tag
  std::string_view name;   ///< of a custom section, not checked for UTF-8; else empty
  wasm_bytes content;      ///< without the frame and, for a custom section, without the name
  std::size_t offset = 0;  ///< of the section's id byte, from the module's first byte
  std::size_t size = 0;    ///< with the frame: the next section begins at `offset + size`
};

/// All sections of a core module, in order. The error says what the bytes are instead: a component, WebAssembly's text
/// form, another version, not WebAssembly, or cut off.
[[nodiscard]] result<std::vector<wasm_section>> read_wasm_sections(wasm_bytes module);

/// The schema in the module, a view into its bytes: valid UTF-8 of at most `max_schema_bytes`. Nothing where there is
/// none; an error where there are two.
[[nodiscard]] result<std::optional<std::string_view>> read_schema(wasm_bytes module);

/// The module with `schema` as its only schema section, which comes last. All else stays byte for byte.
[[nodiscard]] result<std::vector<std::byte>> pack_schema(wasm_bytes module, std::string_view schema);

/// An unsigned LEB128 number of at most 32 bits at the start of `bytes`, which is moved past it. Nothing where it is
/// cut off, too long or too large (core specification §5.2.2).
[[nodiscard]] std::optional<std::uint32_t> read_leb_u32(wasm_bytes& bytes);

/// Appends `value` in its shortest form.
void write_leb_u32(std::vector<std::byte>& to, std::uint32_t value);

}  // namespace waggle
