#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <curl/curl.h>

#include "host/http_client.h"

namespace waggle {

struct curl_easy_deleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct curl_list_deleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using curl_list = std::unique_ptr<curl_slist, curl_list_deleter>;

/// One exchange in libcurl's hands: what it is told, what it says, and what is made of that. On the client's thread.
class http_transfer {
 public:
  http_transfer(const outbound_request& request, http_limits limits, http_client::permit place);
  http_transfer(const http_transfer&) = delete;
  http_transfer& operator=(const http_transfer&) = delete;

  /// Makes the handle, with its connections from `connections`. Both outlive it. False where there is no memory. At most once.
  bool prepare(const http_client_settings& settings, CURLSH* connections);
  [[nodiscard]] CURL* handle() const { return easy_.get(); }
  [[nodiscard]] const http_limits& limits() const { return limits_; }

  /// Nobody waits for it any more. It makes no connection from now on.
  void abandon() { abandoned_ = true; }
  /// Its name is still being looked up, by a thread that cannot be stopped.
  [[nodiscard]] bool looking_up() const { return !looked_up_; }
  [[nodiscard]] std::uint64_t connections() const { return connections_; }

  /// What became of it. Once, at its end.
  [[nodiscard]] result<outbound_response> ended(CURLcode how);

 private:
  bool set_request();
  bool set_rules(const http_client_settings& settings);
  bool may_connect(const std::string& address);
  bool take_header(std::string_view line);

  static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int before_request(void* self, char* remote_ip, char* local_ip, int remote_port, int local_port);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);

  outbound_request request_;
  http_limits limits_;
  const http_client_settings* settings_ = nullptr;
  http_client::permit place_;
  curl_list headers_;
  curl_list resolve_;
  std::array<char, CURL_ERROR_SIZE> words_{};
  std::string body_;
  std::size_t header_bytes_ = 0;
  std::size_t header_lines_ = 0;
  bool whole_head_ = false;   ///< the empty line behind the headers has come
  std::string_view refused_;  ///< the kind of an address that it may not connect to
  std::string too_large_;
  std::uint64_t connections_ = 0;
  std::uint32_t sent_ = 0;
  bool abandoned_ = false;
  bool looked_up_ = false;
  std::unique_ptr<CURL, curl_easy_deleter> easy_;  // goes first: it points to the others
};

}  // namespace waggle
