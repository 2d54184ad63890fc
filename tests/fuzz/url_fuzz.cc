// Any bytes as a guest's URL, and as where a redirect leads. What must hold: no crash; what is accepted reads back as itself,
// and its host is one name or address, with nothing of a user, a path or a second host in it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "host/http_url.h"

namespace {

void check(const waggle::http_url& url) {
  const auto again = waggle::read_url(url.text);
  if (!again || *again != url) std::abort();
  if (url.host.empty() || url.port == 0) std::abort();
  if (url.host.find_first_of("@/?#\\% \t\r\n") != std::string::npos) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto url = waggle::read_url(text)) check(*url);
  static const waggle::http_url from = *waggle::read_url("https://example.com/a/b?c");
  if (const auto next = waggle::follow_url(from, text); next && !next->host.empty() && next->port != 0)
    if (const auto again = waggle::read_url(next->text); again && again->host != next->host) std::abort();
  return 0;
}
