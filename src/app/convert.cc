#include <fmt/format.h>

#include "app/commands.h"
#include "app/targets.h"
#include "schema/convert.h"

namespace waggle {

int convert(const std::string& file, const std::string& reads) {
  const auto text = read_schema_file(file);
  if (!text) {
    fmt::print(stderr, "{}\n", to_string(text.error()));
    return exit_failed;
  }
  const converted_schema converted = convert_schema(*text, file, reads);
  if (print(converted.findings)) return exit_failed;
  fmt::print("{}", converted.text);
  return exit_fine;
}

}  // namespace waggle
