#include "gateway/gzip.h"

#include <algorithm>

#include <zlib.h>

namespace waggle {
namespace {

constexpr int gzip_window = 15 + 16;  // 32 KiB, and gzip's frame instead of zlib's
constexpr std::size_t padding = 64;   // simdjson reads past the end

Bytef* bytes_of(const char* p) { return reinterpret_cast<Bytef*>(const_cast<char*>(p)); }

}  // namespace

std::optional<std::string> gzip(std::string_view bytes) {
  if (bytes.size() > UINT32_MAX / 2) return std::nullopt;
  z_stream z{};
  if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK) return std::nullopt;
  std::string out(deflateBound(&z, bytes.size()), '\0');
  z.next_in = bytes_of(bytes.data());
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = bytes_of(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  const int end = deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  if (end != Z_STREAM_END) return std::nullopt;
  return out;
}

gunzipped gunzip(std::string_view bytes, std::size_t limit) {
  gunzipped result;
  std::string& out = result.bytes;
  z_stream z{};
  if (bytes.size() > UINT32_MAX / 2 || inflateInit2(&z, gzip_window) != Z_OK) {
    result.failure = gunzip_failure::too_large;
    return result;
  }
  z.next_in = bytes_of(bytes.data());
  z.avail_in = static_cast<uInt>(bytes.size());
  std::size_t size = 0;
  result.failure = gunzip_failure::malformed;  // until the last member's end
  for (;;) {
    if (size == out.size()) {
      if (size > limit) {
        result.failure = gunzip_failure::too_large;
        break;
      }
      // One byte more than is allowed, to tell too much from just enough.
      out.resize(std::min(std::max<std::size_t>(size * 2, 4096), limit + 1));
    }
    z.next_out = bytes_of(out.data() + size);
    z.avail_out = static_cast<uInt>(out.size() - size);
    const int now = inflate(&z, Z_NO_FLUSH);
    size = out.size() - z.avail_out;
    if (now == Z_STREAM_END && z.avail_in == 0) {
      result.failure = size > limit ? std::optional(gunzip_failure::too_large) : std::nullopt;
      break;
    }
    if (now == Z_STREAM_END) {
      if (inflateReset(&z) != Z_OK) break;
    } else if (now != Z_OK || (z.avail_in == 0 && z.avail_out > 0)) {
      break;
    }
  }
  inflateEnd(&z);
  if (result.failure) {
    std::string().swap(out);  // assigning an empty one would keep the memory
  } else {
    out.reserve(size + padding);
    out.resize(size);
  }
  return result;
}

}  // namespace waggle
