#include "host/http_service.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "core/ascii.h"
#include "core/base64.h"
#include "host/contracts.h"
#include "host/guest_call.h"

namespace waggle {
namespace {

std::unexpected<error> wrong(std::string message) {
  return fail(error_code::invalid_argument, fault::guest, std::move(message));
}

http_headers headers_of(const simdjson::dom::object& in) {
  http_headers out;
  simdjson::dom::array given;
  if (in.at_key("headers").get_array().get(given)) return out;
  for (const simdjson::dom::element one : given)
    if (simdjson::dom::object header; !one.get_object().get(header))
      out.emplace_back(text_of(header, "name"), text_of(header, "value"));
  return out;
}

std::optional<std::int64_t> number_of(const simdjson::dom::object& in, const char* name) {
  std::int64_t value = 0;
  if (in.at_key(name).get_int64().get(value)) return std::nullopt;
  return value;
}

bool has(const simdjson::dom::object& in, const char* name) {
  simdjson::dom::element value;
  return in.at_key(name).get(value) == simdjson::SUCCESS && !value.is_null();
}

/// Null where there is none.
result<std::shared_ptr<const std::string>> body_of(const simdjson::dom::object& in, std::string_view method) {
  const bool text = has(in, "body");
  const bool bytes = has(in, "bytes");
  if (!text && !bytes) return nullptr;
  if (text && bytes) return wrong("body, bytes: at most one of them");
  if (method == "GET" || method == "HEAD") return wrong(fmt::format("body, bytes: {} has none", method));
  if (text) return std::make_shared<const std::string>(text_of(in, "body"));
  auto decoded = base64_decode(text_of(in, "bytes"));
  if (!decoded) return wrong("bytes: this is no padded base64 (RFC 4648 §4)");
  return std::make_shared<const std::string>(*std::move(decoded));
}

std::string answer_of(const outbound_response& r, const http_url& url) {
  std::string out = fmt::format(R"({{"status":{},"headers":[)", r.status);
  bool first = true;
  for (const auto& [name, value] : r.headers) {
    out += fmt::format(R"({}{{"name":{},"value":{}}})", first ? "" : ",", json_quote(name), json_quote(value));
    first = false;
  }
  out += "],";
  out += r.content;
  out += fmt::format(R"(,"url":{}}})", json_quote(url.text));
  return out;
}

}  // namespace

/// A request on its way, over all of its redirects.
struct http_service::flight {
  http_service* of = nullptr;
  std::uint64_t number = 0;
  std::string service;
  std::shared_ptr<const service_grants> granted;
  outbound_request request;
  std::int64_t redirects_left = 0;
  http_client::permit place;
  std::uint64_t exchange = 0;
  duration allowed{0};
  time_point until{};
  bool callers_time = false;  // `until` is the call's own deadline
  timer late{this, [](void* self) {
               auto& f = *static_cast<flight*>(self);
               f.of->is_late(f);
             }};
};

http_service::http_service(core_loop& core, http_client& client, std::size_t most_answer_bytes)
    : core_(core),
      client_(client),
      most_answer_bytes_(most_answer_bytes),
      contract_(compiled_host_contract("http.graphql")),
      waiting_([this](std::uint64_t number) {
        if (const auto node = flights_.extract(number)) client_.cancel(node.mapped()->exchange);
      }),
      here_(std::make_shared<http_service*>(this)) {}

http_service::~http_service() {
  for (const auto& [number, f] : flights_) client_.cancel(f->exchange);
}

result<std::unique_ptr<http_service::flight>> http_service::read(service_call& call) const {
  const auto guest = calling_guest(call);
  if (!guest) return std::unexpected(guest.error());
  (*guest)->repeatable = false;  // what was sent is sent
  const auto in = payload_of(call);
  if (!in) return std::unexpected(in.error());
  auto f = std::make_unique<flight>();
  f->service = (*guest)->service;
  f->granted = (*guest)->granted;
  outbound_request& r = f->request;
  r.method = call.request.method == "get" ? "GET" : text_of(*in, "method");
  if (r.method == "CONNECT" || r.method == "TRACE")
    return wrong(fmt::format("method: {} is not for services", r.method));
  auto url = read_url(text_of(*in, "url"));
  if (!url) return std::unexpected(std::move(url.error()));
  r.url = *std::move(url);
  if (auto fine = check_granted(f->service, *f->granted, r.method, r.url); !fine)
    return std::unexpected(std::move(fine.error()));
  r.headers = headers_of(*in);
  if (auto fine = check_headers(r.headers); !fine) return std::unexpected(std::move(fine.error()));
  // What is done there is part of the trace; a service that traces by itself has set it.
  if (const trace_context& trace = call.request.context.trace;
      trace &&
      std::ranges::none_of(r.headers, [](const auto& h) { return equal_ignoring_case(h.first, "traceparent"); }))
    r.headers.emplace_back("traceparent", trace.traceparent());
  auto body = body_of(*in, r.method);
  if (!body) return std::unexpected(std::move(body.error()));
  r.body = *std::move(body);
  if (r.body && r.body->size() > f->granted->http.bytes)
    return fail(error_code::resource_exhausted, fault::guest,
                fmt::format("the body has {} bytes, {} is granted {} (http = {{ bytes = … }} in its [[grant]])",
                            r.body->size(), f->service, f->granted->http.bytes));
  f->redirects_left = number_of(*in, "redirects").value_or(0);
  f->allowed = longest;
  if (const auto ms = number_of(*in, "timeoutMs"))
    f->allowed = std::min<duration>(longest, std::chrono::milliseconds(std::clamp<std::int64_t>(*ms, 1, 1'000'000)));
  return f;
}

void http_service::ask(service_call& call) {
  auto made = read(call);
  if (!made) return call.finish(std::move(made.error()));
  flight& f = **made;
  auto place = client_.admit(f.service);
  if (!place) return call.finish(std::move(place.error()));
  f.place = *std::move(place);
  f.of = this;
  f.until = core_.now() + f.allowed;
  if (const auto& deadline = call.request.context.deadline; deadline && *deadline < f.until) {
    f.until = *deadline;
    f.callers_time = true;
  }
  f.number = waiting_.add(call);
  flights_.emplace(f.number, *std::move(made));
  core_.start(f.late, f.until);
  send(f);
}

void http_service::send(flight& f) {
  f.exchange =
      client_.start(core_, f.request,
                    {.service = f.service,
                     .private_addresses = f.granted->http.private_addresses,
                     .body_bytes = f.granted->http.bytes},
                    f.place, [number = f.number, here = std::weak_ptr(here_)](result<outbound_response> response) {
                      if (const auto self = here.lock()) (*self)->came(number, std::move(response));
                    });
}

void http_service::came(std::uint64_t number, result<outbound_response> response) {
  const auto found = flights_.find(number);
  if (found == flights_.end()) return;  // stopped, or late
  flight& f = *found->second;
  if (!response) return end(number, std::unexpected(std::move(response.error())));
  const auto again = redirect(f, *response);
  if (!again) return end(number, std::unexpected(again.error()));
  if (*again) return send(f);
  std::string answer = answer_of(*response, f.request.url);
  if (answer.size() > most_answer_bytes_)
    return end(number, fail(error_code::resource_exhausted, fault::guest,
                            fmt::format("the response of {} has {} bytes as JSON, an answer has at most {}",
                                        f.request.url.origin(), answer.size(), most_answer_bytes_)));
  end(number, std::move(answer));
}

result<bool> http_service::redirect(flight& f, const outbound_response& response) {
  if (f.redirects_left == 0) return false;
  auto next = redirected(f.request, response);
  if (!next) return std::unexpected(std::move(next.error()));
  if (!*next) return false;
  if (auto fine = check_granted(f.service, *f.granted, (*next)->method, (*next)->url); !fine) {
    fine.error().message = fmt::format("{} redirects: {}", f.request.url.origin(), fine.error().message);
    return std::unexpected(std::move(fine.error()));
  }
  f.request = **std::move(next);
  --f.redirects_left;
  return true;
}

void http_service::end(std::uint64_t number, result<std::string> answer) {
  flights_.erase(number);
  service_call* const call = waiting_.take(number);
  if (call == nullptr) return;
  call->response.output = std::move(answer);
  call->finish();
}

void http_service::is_late(flight& f) {
  client_.cancel(f.exchange);
  const std::string origin = f.request.url.origin();
  if (f.callers_time)
    return end(f.number, fail(error_code::deadline_exceeded, fault::caller,
                              fmt::format("the caller's deadline was over before {} answered", origin)));
  end(f.number, fail(error_code::deadline_exceeded, fault::host,
                     fmt::format("{} did not answer within {} ms", origin,
                                 std::chrono::duration_cast<std::chrono::milliseconds>(f.allowed).count())));
}

}  // namespace waggle
