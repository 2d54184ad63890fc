#include "gateway/graphql_http.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "core/ascii.h"
#include "gateway/encoding.h"
#include "gateway/graphql_operation.h"
#include "gateway/graphql_source.h"

namespace waggle {
namespace {

/// What a response may be sent as (GraphQL over HTTP, "Media Types").
enum class media : std::uint8_t { json, graphql_json, events, none };
constexpr std::array<std::string_view, 3> media_types = {"application/json; charset=utf-8",
                                                         "application/graphql-response+json; charset=utf-8",
                                                         "text/event-stream; charset=utf-8"};

/// The weight of a media range (RFC 9110 §12.4.2), in thousandths.
unsigned weight(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view one = trim(take_until(parameters, ';'));
    if (!one.starts_with("q=") && !one.starts_with("Q=")) continue;
    const std::string_view text = one.substr(2);
    if (text.starts_with('1')) return 1000;
    if (!text.starts_with("0")) return 0;
    unsigned thousandths = 0;
    unsigned unit = 100;
    for (std::size_t i = 2; i < text.size() && i < 5 && text[i] >= '0' && text[i] <= '9'; ++i, unit /= 10)
      thousandths += unit * static_cast<unsigned>(text[i] - '0');
    return thousandths;
  }
  return 1000;
}

/// The best of what the client takes; of equals the first that it names. A client that does not say gets application/json.
media choose(std::string_view accept) {
  if (trim(accept).empty()) return media::json;
  media best = media::none;
  unsigned best_weight = 0;
  while (!accept.empty()) {
    std::string_view range = take_until(accept, ',');
    const std::string type = to_lower(trim(take_until(range, ';')));
    media m = media::none;
    if (type == "application/json" || type == "*/*" || type == "application/*") m = media::json;
    if (type == "application/graphql-response+json") m = media::graphql_json;
    if (type == "text/event-stream") m = media::events;
    const unsigned w = m == media::none ? 0 : weight(range);
    if (w > best_weight) best = m, best_weight = w;
  }
  return best;
}

error wrong(error_code code, std::string message) {
  error e;
  e.code = code;
  e.whose = fault::caller;
  e.message = std::move(message);
  return e;
}

/// A query or mutation whose response is waited for.
class waiting_answer final : public request_handler {
 public:
  waiting_answer(std::shared_ptr<graphql_operation> op, media as, void* self, void (*reply)(void*, http_reply))
      : op_(std::move(op)), as_(as), self_(self), reply_(reply) {}

  void start() {
    op_->start(this, [](void* self, std::string json) {
      const auto& me = *static_cast<waiting_answer*>(self);
      me.reply_(me.self_, {.content_type = media_types[static_cast<std::size_t>(me.as_)],
                           .body = std::move(json),
                           .headers = {},
                           .cost = me.op_->cost()});
    });
  }
  void stop() override { op_->stop(); }

 private:
  std::shared_ptr<graphql_operation> op_;
  media as_;
  void* self_;
  void (*reply_)(void*, http_reply);
};

/// What has to be said of a request before its document is looked at; nothing where all is well.
std::optional<http_reply> refuse_head(const http_head& head, media as) {
  const auto refuse = [&](unsigned status, error why, std::string headers) {
    const media m = as == media::graphql_json ? as : media::json;
    return http_reply{.status = status,
                      .content_type = media_types[static_cast<std::size_t>(m)],
                      .body = graphql_error(why, false),
                      .headers = std::move(headers)};
  };
  if (head.verb != http_verb::post && head.verb != http_verb::get && head.verb != http_verb::head)
    return refuse(405, wrong(error_code::unimplemented, "GraphQL takes POST, and GET for queries"),
                  "Allow: GET, HEAD, POST\r\n");
  if (as == media::none)
    return refuse(406,
                  wrong(error_code::invalid_argument,
                        "the answer can be application/json, application/graphql-response+json or text/event-stream; "
                        "the field Accept allows none of these"),
                  {});
  if (head.verb == http_verb::post && !is_json_type(head.content_type))
    return refuse(415, wrong(error_code::invalid_argument, "send content-type: application/json"),
                  "Accept-Post: application/json\r\n");
  return std::nullopt;
}

}  // namespace

std::shared_ptr<request_handler> answer_graphql(http_shared& shared, const http_head& head, std::string body,
                                                std::shared_ptr<const graphql::endpoint> asked, request_context context,
                                                void* self, void (*reply)(void* self, http_reply reply)) {
  const media as = choose(head.accept);
  const bool debug = shared.settings.show_debug;
  if (auto refused = refuse_head(head, as)) {
    reply(self, *std::move(refused));
    return nullptr;
  }
  const auto refuse = [&](unsigned status, std::string json, std::string headers = {}) {
    const media m = as == media::graphql_json ? as : media::json;
    reply(self, {.status = status,
                 .content_type = media_types[static_cast<std::size_t>(m)],
                 .body = std::move(json),
                 .headers = std::move(headers)});
    return nullptr;
  };
  std::string_view url = head.target;
  take_until(url, '?');
  const bool by_url = head.verb != http_verb::post;
  const auto params = by_url ? read_graphql_url(url) : read_graphql_json(body);
  if (!params) return refuse(400, graphql_error(params.error(), debug));
  auto begun = begin_graphql(*shared.graphql, asked, *params, debug);
  // With application/json a client looks into the response, whatever the status (GraphQL over HTTP, "application/json").
  if (!begun) return refuse(as == media::graphql_json || as == media::events ? 400 : 200, begun.error().response);
  const operation kind = begun->execution.kind();
  if (by_url && kind != operation::query && as != media::events)
    return refuse(405, graphql_error(wrong(error_code::unimplemented, "only queries are taken by GET"), debug),
                  "Allow: POST\r\n");
  if (by_url && kind == operation::mutation)
    return refuse(405, graphql_error(wrong(error_code::unimplemented, "only queries are taken by GET"), debug),
                  "Allow: POST\r\n");
  if (kind == operation::subscription && as != media::events)
    return refuse(
        406,
        graphql_error(wrong(error_code::invalid_argument,
                            "a subscription is a stream: send accept: text/event-stream, or use graphql-transport-ws"),
                      debug));
  const time_point latest = shared.time.now() + shared.graphql->settings.timeout;
  context.deadline = std::min(context.deadline.value_or(latest), latest);
  if (as == media::events) {
    reply(self,
          {.content_type = media_types[static_cast<std::size_t>(as)],
           .body = {},
           .headers = "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n",
           .stream = std::make_shared<graphql_events>(shared, *std::move(begun), std::move(context),
                                                      head.last_event_id.empty() ? params->cursor : head.last_event_id,
                                                      identify_again_by(shared, head))});
    return nullptr;
  }
  auto op = std::make_shared<graphql_operation>(shared, std::move(begun->execution), std::move(context));
  const auto handler = std::make_shared<waiting_answer>(std::move(op), as, self, reply);
  handler->start();
  return handler;
}

}  // namespace waggle
