// Reads `CRON<TAB>ZONE<TAB>MS<TAB>N` lines and prints for each a line of JSON: the next N times after that of the cron in that
// zone, in milliseconds since 1970, fewer where there are no more, or `{"refused":"…"}`.
#include <iostream>
#include <sstream>

#include <fmt/format.h>

#include "runtime/calendar.h"

int main() {
  using namespace waggle;
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream in(line);
    std::string cron_text, zone;
    long long ms = 0;
    int n = 0;
    std::getline(in, cron_text, '\t');
    std::getline(in, zone, '\t');
    in >> ms >> n;
    const auto when = calendar::make(cron_text, zone);
    if (!when) {
      std::cout << fmt::format("{{\"refused\":{}}}\n", json_quote(when.error().message));
      continue;
    }
    std::string out;
    std::optional<wall_time> t{wall_time(std::chrono::milliseconds(ms))};
    for (; n > 0 && (t = when->next(*t)); --n)
      out += fmt::format("{}{}", out.empty() ? "" : ",",
                         std::chrono::duration_cast<std::chrono::milliseconds>(t->time_since_epoch()).count());
    std::cout << '[' << out << "]\n";
  }
}
