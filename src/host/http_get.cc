#include "host/http_get.h"

#include <memory>
#include <mutex>

#include <curl/curl.h>
#include <fmt/format.h>

namespace waggle {
namespace {

struct easy_deleter {
  void operator()(CURL* c) const { curl_easy_cleanup(c); }
};
struct list_deleter {
  void operator()(curl_slist* l) const { curl_slist_free_all(l); }
};

struct sink {
  std::string body;
  std::size_t limit;
};

std::size_t take(char* data, std::size_t size, std::size_t n, void* to) {
  sink& into = *static_cast<sink*>(to);
  if (size * n > into.limit - into.body.size()) return CURL_WRITEFUNC_ERROR;
  into.body.append(data, size * n);
  return size * n;
}

int is_stopped(void* flag, curl_off_t /*all*/, curl_off_t /*got*/, curl_off_t /*send*/, curl_off_t /*sent*/) {
  const auto* const stopped = static_cast<const std::atomic<bool>*>(flag);
  return stopped != nullptr && *stopped ? 1 : 0;
}

}  // namespace

result<std::string> http_get(const std::string& url, const get_limits& limits) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  const std::unique_ptr<CURL, easy_deleter> easy(curl_easy_init());
  const std::unique_ptr<curl_slist, list_deleter> headers(
      curl_slist_append(nullptr, "Accept: application/json, */*;q=0.5"));
  if (!easy || !headers) return fail(error_code::unavailable, fault::host, "no memory");
  sink into{{}, limits.bytes};
  CURL* const c = easy.get();
  curl_easy_setopt(c, CURLOPT_URL, url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(c, CURLOPT_USERAGENT, "waggle/" WAGGLE_VERSION);
  curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, static_cast<long>(limits.timeout.count()));
  curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(c, CURLOPT_XFERINFODATA, const_cast<std::atomic<bool>*>(limits.stopped));
  curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, is_stopped);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &into);
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
  const CURLcode how = curl_easy_perform(c);
  if (how == CURLE_ABORTED_BY_CALLBACK) return fail(error_code::canceled, fault::host, "it is not needed any more");
  if (how == CURLE_WRITE_ERROR)
    return fail(error_code::unavailable, fault::host, fmt::format("it has more than {} bytes", limits.bytes));
  if (how != CURLE_OK) return fail(error_code::unavailable, fault::host, curl_easy_strerror(how));
  long status = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) return fail(error_code::unavailable, fault::host, fmt::format("it answers {}", status));
  return std::move(into.body);
}

}  // namespace waggle
