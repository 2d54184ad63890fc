#include "schema/language/findings.h"

#include <algorithm>

#include <fmt/format.h>

#include "schema/language/places.h"

namespace waggle {

std::string to_string(const diagnostic& d) {
  constexpr std::string_view levels[] = {"error", "warning", "note"};
  const std::string_view level = levels[static_cast<std::size_t>(d.level)];
  if (d.line == 0) return fmt::format("{}: {}: {}", d.file, level, d.message);
  return fmt::format("{}:{}:{}: {}: {}", d.file, d.line, d.column, level, d.message);
}

namespace graphql {

void findings::add(std::size_t offset, diagnostic::severity level, std::string message) {
  if (level == diagnostic::severity::error && ++errors_ > most_errors) return;
  entries_.push_back({offset == whole_file ? offset : std::min(offset, text_.size()), level, std::move(message)});
}

bool findings::follows_error(std::size_t offset) const {
  std::size_t line = offset >= text_.size() ? 0 : offset;
  while (line > 0 && text_[line - 1] != '\n' && text_[line - 1] != '\r') --line;
  return std::ranges::any_of(entries_, [&](const entry& e) {
    return e.level == diagnostic::severity::error && line <= e.offset && e.offset <= offset;
  });
}

std::vector<diagnostic> findings::take() {
  std::ranges::stable_sort(entries_, {}, &entry::offset);
  std::vector<diagnostic> out;
  out.reserve(entries_.size() + 1);
  place_walk walk(text_);
  for (entry& e : entries_) {
    diagnostic& d = out.emplace_back();
    d.file = file_;
    d.level = e.level;
    d.message = std::move(e.message);
    if (e.offset == whole_file) continue;
    const text_place place = walk.at(e.offset);
    d.line = place.line;
    d.column = place.column;
  }
  if (errors_ > most_errors) {
    diagnostic& d = out.emplace_back();
    d.file = file_;
    d.level = diagnostic::severity::note;
    d.message = fmt::format("{} more errors are not shown", errors_ - most_errors);
  }
  entries_.clear();
  return out;
}

}  // namespace graphql
}  // namespace waggle
