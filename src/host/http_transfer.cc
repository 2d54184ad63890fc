#include "host/http_transfer.h"

#include <algorithm>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "core/ascii.h"
#include "host/ip_class.h"

namespace waggle {
namespace {

constexpr std::size_t most_header_bytes = std::size_t{64} << 10;
constexpr std::size_t most_headers = 200;
/// Callers have their own time; this ends what they have forgotten.
constexpr long backstop_ms = 120'000;

/// May be sent again without harm where the first one was perhaps lost (RFC 9110 §9.2.2).
bool is_idempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" || method == "OPTIONS";
}

/// Empty for what is no IP address.
std::string text_of(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (address.sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    inet_ntop(AF_INET, &in.sin_addr, out.data(), out.size());
  } else if (address.sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address, sizeof in);
    inet_ntop(AF_INET6, &in.sin6_addr, out.data(), out.size());
  }
  return out.data();
}

bool append(curl_list& list, const std::string& text) {
  curl_slist* const longer = curl_slist_append(list.get(), text.c_str());
  if (longer == nullptr) return false;
  (void)list.release();
  list.reset(longer);
  return true;
}

}  // namespace

http_transfer::http_transfer(const outbound_request& request, http_limits limits, http_client::permit place)
    : request_(request), limits_(std::move(limits)), place_(std::move(place)) {}

bool http_transfer::prepare(const http_client_settings& settings, CURLSH* connections) {
  settings_ = &settings;
  easy_.reset(curl_easy_init());
  return easy_ != nullptr && curl_easy_setopt(easy_.get(), CURLOPT_SHARE, connections) == CURLE_OK && set_request() &&
         set_rules(settings);
}

bool http_transfer::set_request() {
  bool content_type = false;
  for (const auto& [name, value] : request_.headers) {
    const std::string_view text = trim(value);
    // An empty value has to be asked for: `name:` would be curl's word for leaving it out.
    if (!append(headers_, text.empty() ? name + ";" : fmt::format("{}: {}", name, text))) return false;
    content_type |= equal_ignoring_case(name, "content-type");
  }
  // Not curl's own idea of a body's type, and no waiting for a leave to send it.
  if (!content_type && !append(headers_, "Content-Type:")) return false;
  if (!append(headers_, "Expect:")) return false;
  CURL* const e = easy_.get();
  bool fine = true;
  const auto set = [&](CURLoption option, auto value) { fine &= curl_easy_setopt(e, option, value) == CURLE_OK; };
  set(CURLOPT_URL, request_.url.text.c_str());
  set(CURLOPT_HTTPHEADER, headers_.get());
  set(CURLOPT_USERAGENT, "waggle/" WAGGLE_VERSION);
  if (request_.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (request_.body || request_.method == "POST" || request_.method == "PUT" || request_.method == "PATCH") {
    static constexpr char nothing[] = "";
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body ? request_.body->size() : 0));
    set(CURLOPT_POSTFIELDS, request_.body ? request_.body->data() : nothing);
    set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  } else {
    set(CURLOPT_HTTPGET, 1L);
    set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
  return fine;
}

bool http_transfer::set_rules(const http_client_settings& settings) {
  for (const std::string& entry : settings.resolve)
    if (!append(resolve_, entry)) return false;
  CURL* const e = easy_.get();
  bool fine = true;
  const auto set = [&](CURLoption option, auto value) { fine &= curl_easy_setopt(e, option, value) == CURLE_OK; };
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_ERRORBUFFER, words_.data());
  set(CURLOPT_NOSIGNAL, 1L);
  // Without it, an exchange that ends while its name is looked up would hold the thread until it was found.
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_TIMEOUT_MS, backstop_ms);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_HTTP09_ALLOWED, 0L);
  set(CURLOPT_PROXY, "");  // nor one from the environment
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!settings.ca_file.empty()) {
    set(CURLOPT_CAINFO, settings.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  if (resolve_) set(CURLOPT_RESOLVE, resolve_.get());
  set(CURLOPT_OPENSOCKETFUNCTION, &http_transfer::open_socket);
  set(CURLOPT_OPENSOCKETDATA, this);
  set(CURLOPT_PREREQFUNCTION, &http_transfer::before_request);
  set(CURLOPT_PREREQDATA, this);
  set(CURLOPT_HEADERFUNCTION, &http_transfer::on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &http_transfer::on_body);
  set(CURLOPT_WRITEDATA, this);
  return fine;
}

bool http_transfer::may_connect(const std::string& address) {
  looked_up_ = true;
  if (abandoned_) return false;
  const auto special = special_class(address);
  if (!special || limits_.private_addresses) return true;
  const auto& open = settings_->count_as_public;
  if (std::ranges::find(open, address) != open.end()) return true;
  refused_ = *special;
  return false;
}

curl_socket_t http_transfer::open_socket(void* self, curlsocktype purpose, curl_sockaddr* address) {
  auto& t = *static_cast<http_transfer*>(self);
  if (purpose != CURLSOCKTYPE_IPCXN || !t.may_connect(text_of(address->addr))) return CURL_SOCKET_BAD;
  const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd >= 0) ++t.connections_;
  return fd;
}

int http_transfer::before_request(void* self, char* remote_ip, char*, int, int) {
  auto& t = *static_cast<http_transfer*>(self);
  // Of a connection that is used again, too. And where a request is lost with a connection that was used before, curl sends it
  // once more: it may have been carried out.
  if (!t.may_connect(remote_ip) || (++t.sent_ > 1 && !is_idempotent(t.request_.method))) return CURL_PREREQFUNC_ABORT;
  return CURL_PREREQFUNC_OK;
}

std::size_t http_transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<http_transfer*>(self)->take_header({data, size * count}) ? size * count : 0;
}

bool http_transfer::take_header(std::string_view line) {
  header_bytes_ += line.size();
  if (line.starts_with("HTTP/"))
    whole_head_ = false;
  else if (line.find_first_not_of("\r\n") == std::string_view::npos)
    whole_head_ = true;
  else
    ++header_lines_;
  if (header_lines_ <= most_headers && header_bytes_ <= most_header_bytes) return true;
  too_large_ = fmt::format("more than {} headers or {} bytes of them", most_headers, most_header_bytes);
  return false;
}

std::size_t http_transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& t = *static_cast<http_transfer*>(self);
  const std::size_t more = size * count;
  if (more > t.limits_.body_bytes - t.body_.size()) {
    t.too_large_ = fmt::format("more than the {} bytes that are granted (http = {{ bytes = … }} in [[grant]])",
                               t.limits_.body_bytes);
    return more + 1;  // anything but `more` ends it
  }
  t.body_.append(data, more);
  return more;
}

result<outbound_response> http_transfer::ended(CURLcode how) {
  const std::string origin = request_.url.origin();
  if (how == CURLE_OK && !whole_head_)  // which curl takes for a response without a body
    return fail(error_code::unavailable, fault::host, fmt::format("the response of {} ends among its headers", origin));
  if (how == CURLE_OK) {
    outbound_response out;
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    out.status = static_cast<int>(status);
    for (curl_header* h = nullptr; (h = curl_easy_nextheader(easy_.get(), CURLH_HEADER, -1, h)) != nullptr;)
      out.headers.emplace_back(to_lower(h->name), h->value);
    out.content = content_members(body_);
    return out;
  }
  if (!too_large_.empty())
    return fail(error_code::resource_exhausted, fault::guest,
                fmt::format("the response of {} has {}", origin, too_large_));
  if (!refused_.empty() && connections_ == 0)
    return fail(error_code::permission_denied, fault::guest,
                fmt::format("{} leads to an address that is not public ({}); to allow that, the operator has to write "
                            "http = {{ private_addresses = true }} into the [[grant]] of {}",
                            origin, refused_, limits_.service));
  if (sent_ > 1 && !is_idempotent(request_.method))
    return fail(error_code::unavailable, fault::host,
                fmt::format("{} closed the connection without a response; whether it carried out the {} is not known",
                            origin, request_.method));
  const std::string_view words = words_[0] != '\0' ? words_.data() : curl_easy_strerror(how);
  return fail(how == CURLE_OPERATION_TIMEDOUT ? error_code::deadline_exceeded : error_code::unavailable, fault::host,
              fmt::format("no response from {}: {}", origin, words));
}

}  // namespace waggle
