#include <cstdio>
#include <filesystem>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "app/archive_files.h"
#include "app/commands.h"
#include "app/data_folder.h"
#include "app/operator_client.h"
#include "host/state_answers.h"
#include "state/archive.h"
#include "state/rocks_store.h"

namespace waggle {
namespace {

namespace fs = std::filesystem;

/// The most entries that are asked for at a time.
constexpr std::size_t page_size = 1000;

int failed(const error& e) {
  fmt::print(stderr, "{}\n", to_json(e));
  return exit_failed;
}

fs::path folder_of(const configuration& c) { return fs::path(c.data) / "state"; }

/// The store for this process alone. It is not made where there is none.
result<std::unique_ptr<state_keeper>> open_state(const configuration& c, const clock_source& clock) {
  std::error_code odd;
  if (!fs::exists(folder_of(c), odd))
    return fail(error_code::not_found, fault::caller,
                fmt::format("there is no state in {}; --data names another data folder", folder_of(c).string()));
  return state_keeper::open(folder_of(c), clock);
}

/// One question to the node that runs on the folder, or else to the store itself.
class state_source {
 public:
  explicit state_source(const configuration& c) : config_(c) {}

  result<std::string> entry(const std::string& service, const std::string& key) {
    auto live = ask_operator(config_.data, "stateEntry",
                             fmt::format(R"({{"service":{},"key":{}}})", json_quote(service), json_quote(key)));
    if (!live) return std::unexpected(std::move(live.error()));
    if (*live) return **std::move(live);
    auto t = begin(service);
    if (!t) return std::unexpected(std::move(t.error()));
    auto found = (*t)->get(key);
    if (!found) return std::unexpected(std::move(found.error()));
    return answer_of(*found);
  }

  result<std::string> page(const std::string& service, const std::string& prefix,
                           const std::optional<std::string>& after) {
    auto live = ask_operator(config_.data, "state",
                             fmt::format(R"({{"service":{},"prefix":{},"after":{},"first":{}}})", json_quote(service),
                                         json_quote(prefix), after ? json_quote(*after) : "null", page_size));
    if (!live) return std::unexpected(std::move(live.error()));
    if (*live) return **std::move(live);
    auto t = begin(service);
    if (!t) return std::unexpected(std::move(t.error()));
    auto found = (*t)->list(prefix, after, page_size);
    if (!found) return std::unexpected(std::move(found.error()));
    return answer_of(*found);
  }

 private:
  result<std::shared_ptr<transaction>> begin(const std::string& service) {
    if (!keeper_) {
      auto opened = open_state(config_, clock_);
      if (!opened) return std::unexpected(std::move(opened.error()));
      keeper_ = *std::move(opened);
    }
    auto t = keeper_->begin(service, nullptr, true, nullptr);
    t->may_block(true);
    return t;
  }

  const configuration& config_;
  const steady_clock_source clock_;
  std::unique_ptr<state_keeper> keeper_;  // where no node runs
};

/// Removes all entries of a service.
result<void> clear(state_keeper& keeper, const std::string& service) {
  for (;;) {
    const auto t = keeper.begin(service, nullptr, false, nullptr);
    t->may_block(true);
    const auto page = t->list("", std::nullopt, page_size);
    if (!page) return std::unexpected(page.error());
    if (page->entries.empty()) return {};
    for (const state_entry& e : page->entries)
      if (const auto gone = t->remove(e.key); !gone) return std::unexpected(gone.error());
    if (auto done = keeper.commit_now(t); !done) return done;
  }
}

}  // namespace

int state_get(const configuration& c, const std::string& service, const std::string& key) {
  state_source source(c);
  const auto found = source.entry(service, key);
  if (!found) return failed(found.error());
  if (*found == "null")
    return failed(
        fail(error_code::not_found, fault::caller, fmt::format("{} has no key {}", service, json_quote(key))).error());
  fmt::print("{}\n", *found);
  return exit_fine;
}

int state_list(const configuration& c, const std::string& service, const std::string& prefix) {
  state_source source(c);
  simdjson::ondemand::parser parser;
  std::optional<std::string> after;
  do {
    const auto page = source.page(service, prefix, after);
    if (!page) return failed(page.error());
    const simdjson::padded_string text(*page);
    auto document = parser.iterate(text);
    for (auto entry : document["entries"].get_array())
      fmt::print("{}\n", std::string_view(simdjson::to_json_string(entry.value())));
    std::string_view next;
    after.reset();
    if (!document["next"].get_string().get(next)) after = std::string(next);
  } while (after);
  return exit_fine;
}

int state_export(const configuration& c, const std::string& service, const std::string& out) {
  const steady_clock_source clock;
  auto keeper = open_state(c, clock);
  std::unique_ptr<store> damaged;
  bool whole = true;
  if (!keeper) {
    if (keeper.error().code != error_code::data_loss) return failed(keeper.error());
    failed(keeper.error());
    auto opened = open_damaged_store(folder_of(c), {});
    if (!opened) return failed(opened.error());
    damaged = *std::move(opened);
    whole = false;
  }
  const auto view = damaged ? damaged->view() : (*keeper)->view();
  std::optional<archive_output> file;
  if (!out.empty()) {
    auto made = archive_output::make(out);
    if (!made) return failed(made.error());
    file.emplace(*std::move(made));
  }
  std::FILE* const to = file ? &file->file() : stdout;
  const auto lines = export_state(
      *view, service, [to](std::string_view line) { std::fwrite(line.data(), 1, line.size(), to); },
      [&whole](std::string_view after, std::string_view before, const error& why) {
        if (std::exchange(whole, false)) failed(why);
        fmt::print(stderr, "not read: what is between {} and {}: {}\n", after.empty() ? "the beginning" : after,
                   before.empty() ? "the end" : before, why.message);
      });
  if (!lines) return failed(lines.error());
  if (std::fflush(to) != 0 || std::ferror(to) != 0)
    return failed(fail(error_code::internal, fault::host,
                       fmt::format("{} cannot be written", out.empty() ? "standard output" : out))
                      .error());
  if (whole) {
    if (file)
      if (const auto done = file->finish(); !done) return failed(done.error());
    fmt::print(stderr, "{} entries\n", *lines);
    return exit_fine;
  }
  fmt::print(stderr, "{} entries were saved of a damaged store; what is not among them could not be read\n", *lines);
  if (!file) return exit_failed;
  const auto part = file->keep_part();
  if (!part) return failed(part.error());
  fmt::print(stderr, "they are in {}, since {} gets its name only when it is whole\n", *part, out);
  return exit_failed;
}

int state_import(const configuration& c, const std::string& in, bool replace) {
  auto file = archive_input::open(in);
  if (!file) return failed(file.error());
  const auto next = [&file] { return file->next(); };
  make_data_folder(c.data);
  const steady_clock_source clock;
  auto keeper = state_keeper::open(folder_of(c), clock);
  if (!keeper) return failed(keeper.error());
  // All of it is looked at before anything is changed.
  const auto services = check_archive(**keeper, next);
  if (!services) return failed(services.error());
  const auto checked = file->again();
  if (!checked) return failed(checked.error());
  if (replace)
    for (const std::string& service : *services)
      if (const auto done = clear(**keeper, service); !done) return failed(done.error());
  const auto entries = import_state(**keeper, next);
  if (!entries) return failed(entries.error());
  const auto imported = file->again();
  if (!imported) return failed(imported.error());
  if (*imported != *checked)
    return failed(fail(error_code::aborted, fault::caller,
                       fmt::format("{} was changed while it was imported: it had {} lines and then {}; import it again",
                                   in, checked->lines, imported->lines))
                      .error());
  fmt::print(stderr, "{} entries of {} service{}\n", *entries, services->size(), services->size() == 1 ? "" : "s");
  return exit_fine;
}

}  // namespace waggle
