#include "host/otlp.h"

#include <fmt/format.h>

namespace waggle {
namespace {

constexpr int kind_internal = 1;
constexpr int kind_server = 2;
constexpr int status_error = 2;

std::string text_attribute(std::string_view key, std::string_view value) {
  return fmt::format(R"({{"key":"{}","value":{{"stringValue":{}}}}})", key, json_quote(value));
}

/// 64-bit numbers are texts in Protobuf's JSON.
std::string number_attribute(std::string_view key, std::int64_t value) {
  return fmt::format(R"({{"key":"{}","value":{{"intValue":"{}"}}}})", key, value);
}

std::int64_t microseconds(duration d) { return std::chrono::duration_cast<std::chrono::microseconds>(d).count(); }

/// Which codes are the callee's failure, by the semantic conventions for Connect; to a caller every one is an error.
bool is_servers(error_code code) {
  switch (code) {
    case error_code::unknown:
    case error_code::deadline_exceeded:
    case error_code::unimplemented:
    case error_code::internal:
    case error_code::unavailable:
    case error_code::data_loss: return true;
    default: return false;
  }
}

std::string attributes(const span& s) {
  std::string out = text_attribute("rpc.system.name", "connectrpc");
  const auto add = [&out](const std::string& attribute) { out += "," + attribute; };
  add(text_attribute("rpc.method", s.method.empty() ? "_OTHER" : s.service + "/" + s.method));
  if (s.code != error_code{}) {
    add(text_attribute("rpc.response.status_code", to_string(s.code)));
    if (is_servers(s.code)) add(text_attribute("error.type", to_string(s.code)));
    add(text_attribute("waggle.fault", to_string(s.whose)));
  }
  if (s.request != 0) add(text_attribute("waggle.request", std::to_string(s.request)));
  const auto part = [&add](std::string_view key, duration d) {
    if (d > duration(0)) add(number_attribute(key, microseconds(d)));
  };
  part("waggle.queue_us", s.cost.queue);
  part("waggle.guest_us", s.cost.guest);
  part("waggle.waited_us", s.cost.waited);
  part("waggle.commit_us", s.cost.commit);
  return out;
}

}  // namespace

void otlp_batch::add(const span& s, time_point now, wall_time wall) {
  const auto at = [&](time_point t) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(wall.time_since_epoch()).count() + (t - now).count();
  };
  std::string& out = by_service_[{s.service, s.version}];
  if (!out.empty()) out += ',';
  fmt::format_to(std::back_inserter(out), R"({{"traceId":"{}","spanId":"{}")", s.at.trace_id(), span_id(s.at.span));
  if (s.parent != 0) fmt::format_to(std::back_inserter(out), R"(,"parentSpanId":"{}")", span_id(s.parent));
  fmt::format_to(std::back_inserter(out),
                 R"(,"flags":{},"name":{},"kind":{},"startTimeUnixNano":"{}","endTimeUnixNano":"{}","attributes":[{}])",
                 s.at.flags, json_quote(s.service + "/" + (s.method.empty() ? "_OTHER" : s.method)),
                 s.from_outside ? kind_server : kind_internal, at(s.began), at(s.ended), attributes(s));
  if (is_servers(s.code))
    fmt::format_to(std::back_inserter(out), R"(,"status":{{"code":{}{}}})", status_error,
                   s.message.empty() ? "" : ",\"message\":" + json_quote(s.message));
  out += '}';
  ++size_;
}

std::string otlp_batch::take() {
  std::string out = R"({"resourceSpans":[)";
  for (const auto& [service, spans] : by_service_) {
    const auto& [name, version] = service;
    std::string resource = text_attribute("service.name", name);
    if (!version.empty()) resource += "," + text_attribute("service.version", version);
    if (!node_.empty()) resource += "," + text_attribute("service.instance.id", node_);
    fmt::format_to(
        std::back_inserter(out),
        R"({}{{"resource":{{"attributes":[{}]}},"scopeSpans":[{{"scope":{{"name":"waggle","version":{}}},"spans":[{}]}}]}})",
        out.ends_with('[') ? "" : ",", resource, json_quote(WAGGLE_VERSION), spans);
  }
  by_service_.clear();
  size_ = 0;
  return out + "]}";
}

}  // namespace waggle
