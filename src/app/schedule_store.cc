#include "app/schedule_store.h"

#include <utility>

namespace waggle {
namespace {

using std::chrono::milliseconds;

}  // namespace

void schedule_store::load(std::string name, std::move_only_function<void(result<std::optional<kept_run>>)> done) {
  blocking_.run([this, name = std::move(name), done = std::move(done)]() mutable {
    auto kept = state_.load_time(name);
    result<std::optional<kept_run>> run;
    if (!kept)
      run = std::unexpected(std::move(kept.error()));
    else if (*kept)
      run = kept_run{wall_time(milliseconds((*kept)->ms)), std::move((*kept)->text)};
    core_.post([run = std::move(run), done = std::move(done)]() mutable { done(std::move(run)); });
  });
}

void schedule_store::save(std::string name, kept_run run, std::move_only_function<void(result<void>)> done) {
  const auto ms = std::chrono::duration_cast<milliseconds>(run.next.time_since_epoch()).count();
  state_.save_time(name, {ms, std::move(run.timetable)}, core_, std::move(done));
}

}  // namespace waggle
