// The shop's mailer, on waggle's kit for C++; mailer.graphql is the contract.
//
// State: done/ID mail that was sent and may still lie in the outbox; sent, refused: counts. It is a singleton: nobody else sends
// meanwhile, and its memory lasts between requests.
#include <set>

#include "orders.h"
#include "waggle/config.h"
#include "waggle/http.h"
#include "waggle/state.h"

using shop::orders::Mail;

/// The IDs under done/. The memory of a singleton goes with its instance (a trap, a restart, a new version), so it is only a copy
/// of what is in state, made again where there is none, and changed only after what it is a copy of.
static std::optional<std::set<std::string>> done;

static waggle::reply recall() {
  if (done) return true;
  std::set<std::string> found;
  for (std::optional<std::string> after = ""; after;) {
    const auto page = waggle::state::list({.prefix = "done/", .after = after});
    if (page.failed()) return page.error();
    for (const auto& entry : page->entries) found.insert(entry.key.substr(5));
    after = page->next;
  }
  done = std::move(found);
  return true;
}

enum class outcome { sent, refused, later };

static outcome deliver(const Mail& m, const std::string& webhook) {
  if (webhook.empty()) {
    waggle::log(waggle::level::info, "mail to " + m.to + ": " + m.subject + ". " + m.text);
    return outcome::sent;
  }
  const waggle::json body = waggle::object{{"to", m.to}, {"subject", m.subject}, {"text", m.text}};
  const auto answer = waggle::http::send("POST", webhook,
                                         {.headers = {{"content-type", "application/json"}, {"idempotency-key", m.id}},
                                          .body = body.print(),
                                          .timeoutMs = 2000});
  if (!answer.failed() && answer->status / 100 == 2) return outcome::sent;
  const std::string why = answer.failed() ? answer.code() + ": " + answer.message() : std::to_string(answer->status);
  const bool refused = !answer.failed() && answer->status / 100 == 4;
  waggle::log(refused ? waggle::level::error : waggle::level::warn,
              "mail " + m.id + (refused ? " was refused: " : " is to be sent later: ") + why);
  return refused ? outcome::refused : outcome::later;
}

/// Final at once: whatever becomes of this request, the mail is not sent again.
static waggle::reply note(const Mail& m, outcome how) {
  const auto noted = waggle::state::put("done/" + m.id);
  if (noted.failed()) return noted.error();
  const auto counted = waggle::state::increment(how == outcome::sent ? "sent" : "refused");
  if (counted.failed()) return counted.error();
  const auto final = waggle::state::commit();
  if (final.failed()) return final.error();
  done->insert(m.id);
  return true;
}

static waggle::reply poll(const waggle::json&) {
  if (const auto recalled = recall(); recalled.failed()) return recalled;
  const auto webhook = waggle::config::get("webhook");
  if (webhook.failed()) return webhook.error();
  const auto outbox = shop::orders::outbox({.first = 10});
  if (outbox.failed()) return outbox.error();

  int sent = 0;
  std::vector<std::string> handled;
  for (const Mail& m : outbox.value()) {
    if (!done->contains(m.id)) {
      const outcome how = deliver(m, webhook->text());
      if (how == outcome::later) break;
      if (const auto noted = note(m, how); noted.failed()) return noted;
      sent += how == outcome::sent;
    }
    handled.push_back(m.id);
  }
  if (handled.empty()) return sent;

  // Out of the outbox; then the notes are of no more use. Where this fails, the next poll does it.
  const auto told = shop::orders::sent(handled);
  if (told.failed()) return told.error();
  for (const std::string& id : handled) {
    const auto gone = waggle::state::delete_("done/" + id);
    if (gone.failed()) return gone.error();
  }
  for (const std::string& id : handled) done->erase(id);
  return sent;
}
WAGGLE_METHOD(poll);

static waggle::reply status(const waggle::json&) {
  waggle::object out;
  for (const char* name : {"sent", "refused"}) {
    const auto count = waggle::state::get(name);
    if (count.failed()) return count.error();
    out.push_back({name, count.value() ? count.value()->value : waggle::json(0)});
  }
  return out;
}
WAGGLE_METHOD(status);
