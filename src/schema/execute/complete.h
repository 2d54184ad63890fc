#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/execute/json_tape.h"
#include "schema/execute/response_text.h"

namespace waggle::graphql {

/// Value completion (§6.4.3): what is selected of the whole value that a method answered, with null bubbling (§6.4.4).
/// Scalars are copied as they are written. What does not fit is an error of the guest's at its place.
class completion {
 public:
  /// All must outlive this.
  completion(plan_source& plans, response_text& text, const endpoint::part& of, const json_tape& answer)
      : plans_(plans), text_(text), part_(of), answer_(answer) {}

  /// Writes the value of a root field, whose answer is the tape's whole value. False where it cannot be null and failed:
  /// nothing is written then.
  [[nodiscard]] bool root(const planned_field& f) { return value(f, f.definition->type.modifiers, 0); }

 private:
  static constexpr std::uint32_t absent = static_cast<std::uint32_t>(-1);

  bool value(const planned_field& f, std::string_view modifiers, std::uint32_t at);
  bool present(const planned_field& f, std::string_view modifiers, std::uint32_t at);
  bool list(const planned_field& f, std::string_view inner, std::uint32_t at);
  bool object(const planned_field& f, std::uint32_t at);
  bool members(const object_plan& plan, std::uint32_t at);
  void find_members(const object_plan& plan, std::uint32_t at, std::size_t slots);
  const query_schema::composite* resolve(const query_schema::composite& type, std::uint32_t at);
  bool scalar(const planned_field& f, std::uint32_t at);
  bool integer(std::uint32_t at);
  bool id(std::uint32_t at);
  bool misfit(const planned_field& f, std::string_view wanted, std::uint32_t at);
  bool fail(std::string message);
  bool copy(std::uint32_t at) {
    text_.out += answer_.raw(at);
    return true;
  }

  plan_source& plans_;
  response_text& text_;
  const endpoint::part& part_;
  const json_tape& answer_;
  std::vector<std::uint32_t> slots_;  ///< of the objects that are being written: where their sources are
  std::string decoded_;
};

}  // namespace waggle::graphql
