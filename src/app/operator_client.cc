#include "app/operator_client.h"

#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>
#include <simdjson.h>

#include "app/data_folder.h"
#include "host/admin_service.h"

namespace waggle {
namespace {

constexpr std::size_t longest_answer = std::size_t{64} << 20;
constexpr long longest_wait_s = 60;

std::size_t collect(char* bytes, std::size_t, std::size_t n, void* into) {
  auto& answer = *static_cast<std::string*>(into);
  if (answer.size() + n > longest_answer) return 0;
  answer.append(bytes, n);
  return n;
}

/// Connect's form of an error.
error read_error(const std::string& answer, long status) {
  simdjson::dom::parser parser;
  simdjson::dom::element in;
  std::string_view code;
  std::string_view message;
  error e;
  e.code = error_code::unavailable;
  if (parser.parse(answer).get(in) || in["code"].get_string().get(code) || in["message"].get_string().get(message)) {
    e.message = fmt::format("the node answered with HTTP {}", status);
    return e;
  }
  e.code = code_from(code).value_or(error_code::unknown);
  e.message = std::string(message);
  return e;
}

}  // namespace

result<std::optional<std::string>> ask_operator(const std::string& data, std::string_view method,
                                                const std::string& input) {
  const std::string socket = operator_socket(data);
  const std::string url = fmt::format("http://localhost/{}/{}", admin_service::name, method);
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), curl_easy_cleanup);
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(
      curl_slist_append(nullptr, "Content-Type: application/json"), curl_slist_free_all);
  if (!curl || !headers) return fail(error_code::internal, fault::host, "libcurl does not start");
  std::string answer;
  curl_easy_setopt(curl.get(), CURLOPT_UNIX_SOCKET_PATH, socket.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(input.size()));
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, input.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, longest_wait_s);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &collect);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer);
  const CURLcode outcome = curl_easy_perform(curl.get());
  // No socket, one that a node left behind, or a path that is too long for one.
  if (outcome == CURLE_COULDNT_CONNECT) return std::nullopt;
  if (outcome != CURLE_OK)
    return fail(error_code::unavailable, fault::host,
                fmt::format("the node on {} gave no answer: {}", socket, curl_easy_strerror(outcome)));
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) return std::unexpected(read_error(answer, status));
  return answer;
}

result<std::string> ask_running_node(const configuration& c, std::string_view method, const std::string& input) {
  auto answer = ask_operator(c.data, method, input);
  if (!answer) return std::unexpected(std::move(answer.error()));
  if (*answer) return **std::move(answer);
  return fail(error_code::unavailable, fault::caller,
              fmt::format("no node runs on the data folder {}; --data names another", c.data));
}

}  // namespace waggle
