#include "wasm/wasm_binary.h"

#include <string>

#include <gmock/gmock.h>

namespace waggle {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;

const std::string preamble = "\0asm\1\0\0\0"s;

wasm_bytes bytes(const std::string& s) { return std::as_bytes(std::span(s)); }
std::string text(const std::vector<std::byte>& b) { return {reinterpret_cast<const char*>(b.data()), b.size()}; }
std::vector<std::byte> pack(const std::string& module, std::string_view schema) {
  auto packed = pack_schema(bytes(module), schema);
  if (!packed) ADD_FAILURE() << packed.error().message;
  return packed.value_or(std::vector<std::byte>{});
}
std::string why(const std::string& module) {
  auto r = read_wasm_sections(bytes(module));
  if (r) return "it was read";
  EXPECT_EQ(r.error().code, error_code::invalid_argument);
  EXPECT_EQ(r.error().whose, fault::guest);
  return r.error().message;
}
std::optional<std::uint32_t> leb(const std::string& s, std::size_t* used = nullptr) {
  wasm_bytes b = bytes(s);
  auto v = read_leb_u32(b);
  if (used != nullptr) *used = s.size() - b.size();
  return v;
}

TEST(Leb128, ReadsWhatItWrites) {
  for (std::uint32_t v : {0U, 1U, 127U, 128U, 16383U, 16384U, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFFU}) {
    std::vector<std::byte> out;
    write_leb_u32(out, v);
    std::size_t used = 0;
    EXPECT_EQ(leb(text(out) + "rest", &used), v);
    EXPECT_EQ(used, out.size());
  }
}

TEST(Leb128, LongerFormsThanNeededAreFine) { EXPECT_EQ(leb("\x80\x80\x80\x80\x00"s), 0U); }

TEST(Leb128, CutOffTooLongAndTooLargeAreRefused) {
  std::size_t used = 9;
  for (const std::string& s : {""s, "\x80"s, "\xFF\xFF\xFF\xFF"s, "\x80\x80\x80\x80\x80\x00"s, "\xFF\xFF\xFF\xFF\x1F"s,
                               "\x80\x80\x80\x80\x10"s}) {
    EXPECT_EQ(leb(s, &used), std::nullopt);
    EXPECT_EQ(used, 0U);
  }
}

TEST(WasmBinary, SaysWhatIsNotACoreModule) {
  EXPECT_THAT(why(""), HasSubstr("empty"));
  EXPECT_THAT(why("#!/bin/sh"), HasSubstr("not a WebAssembly module"));
  EXPECT_THAT(why(" \n(module)"), HasSubstr("wat2wasm"));
  EXPECT_THAT(why("\0as"s), HasSubstr("not a WebAssembly module"));
  EXPECT_THAT(why("\0asm\1\0"s), HasSubstr("cut off"));
  EXPECT_THAT(why("\0asm\x0d\0\1\0"s), HasSubstr("component"));
  EXPECT_THAT(why("\0asm\2\0\0\0"s), HasSubstr("version 2"));
}

TEST(WasmBinary, ListsSectionsWithIdsAndSizes) {
  const std::string module = preamble + "\1\4\1\x60\0\0"s + "\0\5\3abcX"s + "\x0a\0"s;
  auto sections = read_wasm_sections(bytes(module));
  ASSERT_TRUE(sections);
  ASSERT_EQ(sections->size(), 3U);
  EXPECT_EQ((*sections)[0].id, 1);
  EXPECT_EQ((*sections)[0].offset, 8U);
  EXPECT_EQ((*sections)[0].size, 6U);
  EXPECT_EQ((*sections)[0].content.size(), 4U);
  EXPECT_EQ((*sections)[1].id, 0);
  EXPECT_EQ((*sections)[1].name, "abc");
  EXPECT_EQ((*sections)[1].content.size(), 1U);
  EXPECT_EQ((*sections)[2].id, 10);
  EXPECT_EQ((*sections)[2].offset + (*sections)[2].size, module.size());
}

TEST(WasmBinary, AModuleWithoutSectionsIsAModule) {
  EXPECT_TRUE(read_wasm_sections(bytes(preamble)));
  EXPECT_EQ(read_schema(bytes(preamble)).value(), std::nullopt);
}

TEST(WasmBinary, DamagedSectionsAreRefusedWithTheirPlace) {
  EXPECT_THAT(why(preamble + "\1"), HasSubstr("at byte 8 has no readable size"));
  EXPECT_THAT(why(preamble + "\1\x80"), HasSubstr("no readable size"));
  EXPECT_THAT(why(preamble + "\1\3ab"), HasSubstr("claims 3 bytes, and the file has 2 left"));
  EXPECT_THAT(why(preamble + "\1\xFF\xFF\xFF\xFF\x0F"), HasSubstr("claims 4294967295 bytes"));
  EXPECT_THAT(why(preamble + "\x0e\0"s), HasSubstr("section 14 at byte 8 has an unknown kind"));
  EXPECT_THAT(why(preamble + "\0\0"s), HasSubstr("name"));
  EXPECT_THAT(why(preamble + "\0\2\2a"s), HasSubstr("name"));
  // The name may not reach into the next section.
  EXPECT_THAT(why(preamble + "\0\3\5ab\1\1\1"s), HasSubstr("name"));
}

TEST(WasmBinary, MillionsOfEmptySectionsAreRefused) {
  std::string module = preamble;
  for (int i = 0; i < 10'001; ++i) module += "\1\0"s;
  EXPECT_THAT(why(module), HasSubstr("one too many"));
}

TEST(WasmBinary, EveryPrefixIsReadOrRefused) {
  const std::string module = text(pack(preamble + "\1\4\1\x60\0\0"s, "type Query { a: Int }"));
  for (std::size_t n = 0; n < module.size(); ++n) {
    const std::string prefix = module.substr(0, n);
    const bool whole = n == 8 || n == 14;
    EXPECT_EQ(read_wasm_sections(bytes(prefix)).has_value(), whole) << n;
  }
}

TEST(WasmBinary, PackAppendsTheSchemaAndKeepsTheRest) {
  const std::string module = preamble + "\1\4\1\x60\0\0"s;
  const std::string sdl = "type Query { grüße: String }" + std::string(300, '#');
  const std::string packed = text(pack(module, sdl));
  EXPECT_TRUE(packed.starts_with(module));
  EXPECT_EQ(read_schema(bytes(packed)).value(), sdl);
}

TEST(WasmBinary, PackReplacesASchemaWhereverItIs) {
  const std::string code = "\1\4\1\x60\0\0"s;
  const std::string first = text(pack(preamble, "old"));
  const std::string both = first + code + first.substr(8);
  auto twice = read_schema(bytes(both));
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().message, HasSubstr("two sections"));
  const std::string packed = text(pack(both, "new"));
  EXPECT_EQ(packed, text(pack(preamble + code, "new")));
  EXPECT_EQ(read_schema(bytes(packed)).value(), "new");
}

TEST(WasmBinary, ASchemaIsValidUtf8AndBounded) {
  for (const char* s :
       {"\xFF", "a\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80", "\xE0\x80\x80", "\xF5\x80\x80\x80"}) {
    EXPECT_FALSE(pack_schema(bytes(preamble), s)) << s;
    const std::string raw = preamble + "\0"s + static_cast<char>(14 + std::string(s).size()) + "\x0dwaggle.schema" + s;
    EXPECT_FALSE(read_schema(bytes(raw))) << s;
  }
  for (const char* s : {"", "\xC2\x80", "\xED\x9F\xBF", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_EQ(read_schema(bytes(text(pack(preamble, s)))).value(), s);
  EXPECT_FALSE(pack_schema(bytes(preamble), std::string(max_schema_bytes + 1, 'a')));
  EXPECT_TRUE(pack_schema(bytes(preamble), std::string(max_schema_bytes, 'a')));
}

TEST(WasmBinary, PackRefusesWhatIsNotAModule) { EXPECT_FALSE(pack_schema(bytes("garbage"), "type Query { a: Int }")); }

}  // namespace
}  // namespace waggle
