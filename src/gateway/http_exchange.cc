#include "gateway/http_exchange.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include <fmt/format.h>

#include "call/access.h"
#include "gateway/answer_head.h"
#include "gateway/authenticator.h"
#include "gateway/connect_stream.h"
#include "gateway/cors.h"
#include "gateway/encoding.h"
#include "gateway/graphql_front.h"
#include "gateway/graphql_http.h"
#include "gateway/graphql_ws.h"
#include "gateway/gzip.h"
#include "gateway/mcp.h"
#include "gateway/resource_metadata.h"

namespace waggle {
namespace {

/// The memory of a larger payload is given back after it.
constexpr std::size_t kept_input = std::size_t{64} * 1024;
constexpr std::size_t worth_gzip = 1024;
// Longer answers would hold the core for milliseconds: they go out as they are.
constexpr std::size_t longest_gzip = std::size_t{64} * 1024;
constexpr std::size_t no_limit = std::size_t{1} << 62;  // of what is our own

error not_found(std::string message) {
  error e;
  e.code = error_code::not_found;
  e.whose = fault::caller;
  e.message = std::move(message);
  return e;
}

std::string challenge_line(const error& e, bool had_credentials, std::string_view login) {
  const std::string value = challenge(e, had_credentials, login);
  return value.empty() ? value : fmt::format("WWW-Authenticate: {}\r\n", value);
}

}  // namespace

std::string_view http_shared::date() {
  if (const time_point now = time.now(); now >= date_until_) {
    date_ = http_date(std::time(nullptr));
    date_until_ = now + std::chrono::milliseconds(500);
  }
  return date_;
}

http_exchange::http_exchange(http_shared& shared, void* self, waker on_reply)
    : shared_(shared), self_(self), on_reply_(on_reply) {}

http_exchange::~http_exchange() {
  if (handler_ != nullptr) handler_->stop();
}

/// Who asks, by the fields of the request; the node's operator need not say.
result<std::shared_ptr<const caller>> http_exchange::identify(const http_head& head) const {
  if (shared_.identity == nullptr) return nullptr;
  return shared_.identity->verify(head.authorization, head.api_key, std::chrono::system_clock::now());
}

/// May whoever sends this head not ask there? Said before the body is read.
std::optional<error> http_exchange::denied(const http_head& head, const http_route& route) const {
  using kind = http_route::kind;
  const bool asks_services = route.of != nullptr || route.what == kind::graphql || route.what == kind::mcp;
  if (!asks_services || shared_.settings.for_operator) return std::nullopt;
  if (shared_.identity == nullptr && (route.of == nullptr || !route.of->auth)) return std::nullopt;
  const auto who = identify(head);
  if (!who) return who.error();
  return route.of != nullptr ? denies(*route.of, who->get()) : std::nullopt;
}

bool http_exchange::refuses(const http_head& head, bool on_hold) {
  const bool was_inside = std::exchange(inside_, true);
  form_ = error_form_of(head, shared_.settings);
  const auto route = find_route(head, true, shared_.directory, shared_.settings, shared_.loopback);
  cors_ = cors_fields(head, shared_.settings, shared_.loopback);  // the body may be too long, too
  std::optional<error> why;
  if (route && route->of != nullptr) why = route->target->refuses();
  if (route && !why) why = denied(head, *route);
  const bool refused = why || (!route && on_hold);
  if (refused) {
    gzip_ = false;
    named_ = !head.authorization.empty() || !head.api_key.empty();
    if (why)
      refuse_at(head, *route, *std::move(why));
    else
      refuse(route.error());
  }
  inside_ = was_inside;
  return refused;
}

/// Where the route leads to a method, its service counts and remembers the refusal.
void http_exchange::refuse_at(const http_head& head, const http_route& route, error why) {
  if (why.cause == failure_cause::credentials) http_stats::add(shared_.stats.bad_credentials);
  if (route.what == http_route::kind::mcp) login_ = metadata_parameter(shared_, head, route.path);
  if (route.of == nullptr) return refuse({std::move(why), 0, {}});
  call_.request.method = route.of->name;
  call_.request.input.clear();
  call_.request.context = {};
  call_.request.context.trace = trace_context::parse(head.traceparent).value_or(trace_context{});
  prepare();
  route.target->refuse(call_, std::move(why));
}

void http_exchange::begin(http_head& head) {
  const bool was_inside = std::exchange(inside_, true);
  form_ = error_form_of(head, shared_.settings);
  gzip_ = !head.accept_encoding.empty() && accepts_gzip(head.accept_encoding);
  cors_ = cors_fields(head, shared_.settings, shared_.loopback);
  named_ = !head.authorization.empty() || !head.api_key.empty();
  const auto route =
      find_route(head, !call_.request.input.empty(), shared_.directory, shared_.settings, shared_.loopback);
  if (!route)
    refuse(route.error());
  else
    follow(head, *route);
  inside_ = was_inside;
}

void http_exchange::follow(http_head& head, const http_route& route) {
  using kind = http_route::kind;
  if (route.what == kind::call || route.what == kind::stream || route.what == kind::graphql ||
      route.what == kind::mcp) {
    auto who = identify(head);
    if (!who) return refuse_at(head, route, std::move(who.error()));
    alone_ = head.verb != http_verb::post && *who != nullptr;
    if (route.what == kind::call) return ask(head, route, *std::move(who));
    if (route.what == kind::stream) return ask_stream(head, route, *std::move(who));
    if (route.what == kind::mcp) return ask_mcp(head, route.path, *std::move(who));
    return ask_graphql(head, route.path, *std::move(who));
  }
  if (route.what == kind::preflight)
    return give({.status = 204, .content_type = "", .body = {}, .headers = preflight_fields(head)});
  if (route.what == kind::contract)
    return give({.content_type = route.content_type, .body = *route.text, .headers = {}, .packed = route.gzipped});
  if (route.what == kind::mcp_login) {
    std::string document = resource_metadata(shared_, head, route.path);
    if (document.empty()) return refuse({not_found("tokens of an OAuth issuer are not taken here"), 0, {}});
    return give({.body = std::move(document), .headers = "Cache-Control: no-store\r\n"});
  }
  if (auto found = shared_.pages ? shared_.pages(route.path) : std::nullopt)
    return give({.status = found->status,
                 .content_type = found->content_type,
                 .body = std::move(found->body),
                 .headers = std::move(found->headers),
                 .packed = found->gzipped});
  refuse({not_found("there is nothing at this path"), 0, {}});
}

void http_exchange::ask(http_head& head, const http_route& route, std::shared_ptr<const caller> who) {
  const time_point now = head.connect_timeout.empty() ? time_point{} : shared_.time.now();
  if (auto filled = fill_request(head, *route.of, now, shared_.settings.body_limit, call_.request); !filled)
    return refuse(filled.error());
  call_.request.context.caller = std::move(who);
  call_.request.context.trusted = shared_.settings.for_operator;
  prepare();
  route.target->ask(call_);
}

void http_exchange::ask_graphql(http_head& head, std::string_view service, std::shared_ptr<const caller> who) {
  auto asked = shared_.graphql->find(service);
  if (asked == nullptr)
    return refuse(
        {not_found(service.empty() ? "no service is on this node yet"
                                   : fmt::format("there is no service {} on this node; /graphql has all of them",
                                                 json_quote(service.substr(0, 100)))),
         0,
         {}});
  auto context = read_context(head, shared_.time.now());
  if (!context) return refuse(context.error());
  context->caller = std::move(who);
  context->trusted = shared_.settings.for_operator;
  if (wants_websocket(head)) return give(open_graphql_ws(shared_, head, service, *std::move(context)));
  std::string body = std::move(call_.request.input);
  if (auto plain = decompress(head.content_encoding, "Content-Encoding", shared_.settings.body_limit, body); !plain)
    return refuse(plain.error());
  asking_ = true;
  auto handler =
      answer_graphql(shared_, head, std::move(body), std::move(asked), *std::move(context), this,
                     [](void* self, http_reply reply) { static_cast<http_exchange*>(self)->give(std::move(reply)); });
  if (asking_) handler_ = std::move(handler);
}

void http_exchange::ask_mcp(http_head& head, std::string_view path, std::shared_ptr<const caller> who) {
  const auto made = std::make_shared<mcp_handler>(shared_, path, this, [](void* self, http_reply reply) {
    static_cast<http_exchange*>(self)->give(std::move(reply));
  });
  asking_ = true;
  handler_ = made;  // before it begins: it may reply at once
  made->begin(head, std::move(call_.request.input), std::move(who));
}

void http_exchange::ask_stream(http_head& head, const http_route& route, std::shared_ptr<const caller> who) {
  service_request request;
  if (auto fine = check_connect_version(head); !fine) return refuse(fine.error());
  if (!head.content_encoding.empty() && head.content_encoding != "identity") {
    error e;
    e.code = error_code::unimplemented;
    e.whose = fault::caller;
    e.message = "a stream's request is taken uncompressed only: without Content-Encoding";
    return refuse({std::move(e), 0, {}});
  }
  auto context = read_context(head, shared_.time.now());
  if (!context) return refuse(context.error());
  request.method = route.of->name;
  request.context = *std::move(context);
  request.context.caller = std::move(who);
  request.context.trusted = shared_.settings.for_operator;
  give(answer_connect_stream(shared_, route.target->description().name, std::move(request), call_.request.input,
                             identify_again_by(shared_, head)));
}

std::string http_exchange::fields_of(const error& e) const {
  return error_fields(e) + challenge_line(e, named_, login_);
}

/// Of the call what is the same for each.
void http_exchange::prepare() {
  call_.request.id = shared_.next_id++;
  call_.response = {};
  call_.then(this, answered);
  asking_ = true;
}

void http_exchange::answered(void* self, service_call&) noexcept { static_cast<http_exchange*>(self)->answer_call(); }

void http_exchange::answer_call() {
  auto& output = call_.response.output;
  if (!output) return refuse({std::move(output.error()), 0, {}}, call_.response.cost);
  give({.body = std::move(*output), .headers = {}, .cost = call_.response.cost});
}

void http_exchange::refuse(const http_head& head, const http_refusal& why) {
  const bool was_inside = std::exchange(inside_, true);
  form_ = error_form_of(head, shared_.settings);
  refuse(why);
  inside_ = was_inside;
}

void http_exchange::refuse(const http_refusal& why, std::optional<receipt> cost) {
  const bool debug = shared_.settings.show_debug;
  // Connect's streams have status 200, whatever becomes of them; what is no stream to begin with is refused with a status.
  const bool as_stream = form_ == error_form::stream && why.status == 0;
  http_reply reply = as_stream ? refuse_connect_stream(why.why, debug) : http_reply{.body = {}, .headers = {}};
  if (!as_stream) {
    reply.status = why.status != 0 ? why.status : http_status(why.why.code);
    reply.body = form_ == error_form::graphql ? graphql_error(why.why, debug) : connect_error_json(why.why, debug);
  }
  reply.headers = fields_of(why.why) + why.headers;
  reply.cost = cost;
  give(std::move(reply));
}

void http_exchange::give(http_reply reply) {
  if (reply.packed && !gzip_) {
    reply.body = gunzip(reply.body, no_limit).bytes;
    reply.packed = false;
  }
  if (reply.body.size() >= worth_gzip || reply.packed) reply.headers += "Vary: Accept-Encoding\r\n";
  if (!reply.packed && gzip_ && reply.body.size() >= worth_gzip && reply.body.size() <= longest_gzip &&
      reply.stream == nullptr) {
    if (auto small = gzip(reply.body)) {
      reply.body = *std::move(small);
      reply.packed = true;
    }
  }
  if (reply.packed) reply.headers += "Content-Encoding: gzip\r\n";
  if (alone_ && reply.stream == nullptr) reply.headers += "Cache-Control: no-store\r\n";
  if (!cors_.empty()) reply.headers += cors_;
  if (reply.body.size() >= worth_counting && !reply.held.take(shared_.settings.answers.get(), reply.body.size()))
    return refuse({no_room_for_answer(), 0, {}}, reply.cost);
  reply_ = std::move(reply);
  handler_.reset();
  asking_ = false;
  if (!inside_) on_reply_(self_);
}

void http_exchange::stop() {
  if (!asking_) return;
  // It may finish at once; whoever calls this looks at the outcome.
  const bool was_inside = std::exchange(inside_, true);
  if (handler_ != nullptr) {
    std::exchange(handler_, nullptr)->stop();
    refuse({caller_gone(), 0, {}});
  } else {
    call_.stop(caller_gone());
  }
  inside_ = was_inside;
}

void http_exchange::reset() {
  cors_.clear();
  login_.clear();
  gzip_ = named_ = alone_ = false;
  form_ = error_form::connect;
  if (call_.request.input.capacity() > kept_input)
    std::string().swap(call_.request.input);
  else
    call_.request.input.clear();
}

}  // namespace waggle
