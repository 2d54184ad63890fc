#include "gateway/answer_head.h"

#include <array>
#include <chrono>
#include <ctime>

#include <fmt/compile.h>
#include <fmt/format.h>

namespace waggle {
namespace {

std::int64_t microseconds(duration d) { return std::max<std::int64_t>(0, d.count()) / 1000; }

std::string_view reason(unsigned status) {
  switch (status) {
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 499: return "Client Closed Request";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "";
  }
}

/// Server-Timing (W3C) counts in milliseconds; waggle-receipt is a dictionary (RFC 8941 §3.2).
void write_cost(std::string& out, const receipt& r) {
  const std::int64_t queue = microseconds(r.queue);
  const std::int64_t guest = microseconds(r.guest);
  const std::int64_t validate = microseconds(r.validate);
  fmt::format_to(std::back_inserter(out),
                 FMT_COMPILE("Server-Timing: queue;dur={}.{:03}, guest;dur={}.{:03}, validate;dur={}.{:03}\r\n"
                             "waggle-receipt: queue-us={}, validate-us={}, guest-us={}, calls={}, commit-us={}, "
                             "memory-kb={}, instance={}\r\n"),
                 queue / 1000, queue % 1000, guest / 1000, guest % 1000, validate / 1000, validate % 1000, queue,
                 validate, guest, r.calls, microseconds(r.commit), r.memory_kb, r.warm ? "warm" : "fresh");
}

}  // namespace

void write_fields(std::string& out, const http_answer& a) {
  const auto to = std::back_inserter(out);
  if (!a.content_type.empty()) fmt::format_to(to, FMT_COMPILE("Content-Type: {}\r\n"), a.content_type);
  if (a.chunked)
    out += "Transfer-Encoding: chunked\r\n";
  else if (a.has_length && a.status != 204)
    fmt::format_to(to, FMT_COMPILE("Content-Length: {}\r\n"), a.length);
  fmt::format_to(to, FMT_COMPILE("Date: {}\r\n"), a.date);
  if (a.cost != nullptr) write_cost(out, *a.cost);
  out += a.headers;
}

void write_head(std::string& out, const http_answer& a) {
  fmt::format_to(std::back_inserter(out), FMT_COMPILE("HTTP/1.1 {} {}\r\n"), a.status, reason(a.status));
  write_fields(out, a);
  if (!a.connection.empty()) fmt::format_to(std::back_inserter(out), FMT_COMPILE("Connection: {}\r\n"), a.connection);
  out += "\r\n";
}

std::string http_date(std::int64_t unix_seconds) {
  static constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = unix_seconds;
  std::tm t{};
  gmtime_r(&seconds, &t);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", days[static_cast<std::size_t>(t.tm_wday)], t.tm_mday,
                     months[static_cast<std::size_t>(t.tm_mon)], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

}  // namespace waggle
