#include "host/config_service.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/grants.h"
#include "core/utf8.h"
#include "host/contracts.h"
#include "host/guest_call.h"

namespace waggle {
namespace {

/// Keys are the guest's, so what is remembered of them is bounded.
constexpr std::size_t most_remembered = 1024;

/// Answers with the secret; what goes wrong is told without it.
void answer(service_call& call, const result<std::optional<std::string>>& secret) {
  if (!secret) return call.finish(secret.error());
  if (!*secret) {
    call.response.output = "null";
  } else if (!is_utf8(**secret)) {
    return call.finish(fail(error_code::failed_precondition, fault::host,
                            "this secret is not UTF-8 text; the operator may keep it in base64")
                           .error());
  } else {
    call.response.output = json_quote(**secret);
  }
  call.finish();
}

}  // namespace

config_service::config_service(core_loop& core, blocking_pool& files, std::shared_ptr<const config_values> values)
    : core_(core),
      files_(files),
      values_(std::move(values)),
      contract_(compiled_host_contract("config.graphql")),
      here_(std::make_shared<config_service*>(this)) {}

config_service::~config_service() = default;

void config_service::ask(service_call& call) {
  const auto guest = calling_guest(call);
  if (!guest) return call.finish(guest.error());
  const auto in = payload_of(call);
  if (!in) return call.finish(in.error());
  const std::string key = text_of(*in, "key");
  const std::string& who = (*guest)->service;
  const auto& granted = (*guest)->granted->config.keys;
  if (!granted.empty() && std::ranges::find(granted, key) == granted.end()) {
    error why;
    why.code = error_code::permission_denied;
    why.whose = fault::guest;
    why.message = fmt::format(
        "{} is not granted the key {}: the operator has to add it to config = {{ keys = […] }} in its [[grant]]", who,
        json_quote(key));
    return call.finish(std::move(why));
  }
  if (call.request.method == "secret") return ask_for_secret(call, who, key);
  const std::string* const value = values_->value(who, key);
  call.response.output = value != nullptr ? *value : "null";
  call.finish();
}

void config_service::ask_for_secret(service_call& call, const std::string& who, const std::string& key) {
  if (auto set = values_->secret_from_environment(who, key)) return answer(call, std::move(set));
  auto name = secret_file(who, key);
  if (!values_->has_folder() || !name) return answer(call, std::nullopt);
  if (const auto known = known_.find(*name); known != known_.end() && core_.now() < known->second.until)
    return answer(call, known->second.secret);
  const std::uint64_t number = waiting_.add(call);
  files_.run([number, values = values_, who, key, name = *std::move(name), &core = core_,
              here = std::weak_ptr(here_)]() mutable {
    found secret = values->secret_from_folder(who, key);
    core.post([number, name = std::move(name), secret = std::move(secret), here = std::move(here)]() mutable {
      if (const auto self = here.lock()) (*self)->was_read(number, std::move(name), std::move(secret));
    });
  });
}

void config_service::was_read(std::uint64_t number, std::string name, found secret) {
  const time_point now = core_.now();
  if (known_.size() >= most_remembered) std::erase_if(known_, [&](const auto& e) { return e.second.until <= now; });
  if (known_.size() >= most_remembered) known_.clear();
  service_call* const call = waiting_.take(number);
  if (call == nullptr) {
    known_.insert_or_assign(std::move(name), remembered{std::move(secret), now + remember});
    return;
  }
  known_.insert_or_assign(std::move(name), remembered{secret, now + remember});
  answer(*call, secret);
}

}  // namespace waggle
