#pragma once
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "schema/compare/compare.h"
#include "schema/schema.h"

/// What the comparisons of services, methods and types share.
namespace waggle::graphql {

inline constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

/// Byte offsets of one thing in both texts.
struct place_pair {
  std::size_t before = nowhere;
  std::size_t after = nowhere;
};

/// Collects changes; lines and columns are counted once, at the end.
class change_list {
 public:
  /// The message is `what` and the kind's effect.
  void add(change_kind kind, std::string path, std::string_view what, place_pair at);
  /// Breaking ones first, then by path. Leaves this empty.
  [[nodiscard]] std::vector<contract_change> take(std::string_view text_before, std::string_view text_after);

 private:
  std::vector<contract_change> changes_;
  std::vector<place_pair> places_;
};

/// Goes through two maps side by side, in the order of their keys: each of the three is called with what its name says.
template <class Map, class Removed, class Added, class Kept>
void match(const Map& before, const Map& after, Removed&& removed, Added&& added, Kept&& kept) {
  auto b = before.begin();
  auto a = after.begin();
  while (b != before.end() || a != after.end()) {
    if (a == after.end() || (b != before.end() && b->first < a->first)) {
      removed(*b++);
    } else if (b == before.end() || a->first < b->first) {
      added(*a++);
    } else {
      kept(*b++, *a++);
    }
  }
}

enum class type_change : std::uint8_t { none, narrowed, widened, other };

/// What became of the set of values: `[Int]!` to `[Int!]!` is narrower. A change to another named type is `other`, and so is
/// what is narrower in one part and wider in another.
[[nodiscard]] type_change compare_types(const type_ref& before, const type_ref& after);

using directives_used = std::vector<const directive*>;
[[nodiscard]] directives_used used(const std::vector<directive>& directives);
[[nodiscard]] const directive* find(const directives_used& directives, std::string_view directive_name);

/// A definition's description, directives and places.
struct annotations {
  std::string_view description;
  directives_used directives;
  std::size_t offset = nowhere;
};
template <class Definition>
[[nodiscard]] annotations annotations_of(const Definition& d) {
  return {d.description, used(d.directives), d.id.offset};
}

/// Reports what changed of the description and of the directives, but for those in `handled`.
void compare_annotations(const std::string& path, const annotations& before, const annotations& after,
                         std::initializer_list<std::string_view> handled, change_list& into);

/// The same for `@constraint` alone. `answered`: the values are in answers too.
void compare_constraint(const std::string& path, const annotations& before, const annotations& after, bool answered,
                        change_list& into);

/// The kinds of one sort of inputs: arguments, input fields, or arguments of directives.
struct input_kinds {
  std::string_view noun;
  bool in_parentheses;  ///< `Owner(name:)`, otherwise `Owner.name`
  change_kind removed, required_added, optional_added, type_changed, type_widened, became_required, became_optional;
};
extern const input_kinds argument_kinds;
extern const input_kinds input_field_kinds;
extern const input_kinds directive_argument_kinds;

using inputs_by_name = std::map<std::string_view, const input_value*>;
[[nodiscard]] inputs_by_name by_name(const std::vector<input_value>& inputs);

/// The path of an input of that owner.
[[nodiscard]] std::string input_path(const input_kinds& kinds, const std::string& owner, std::string_view input_name);
/// Reports inputs that came, went or changed. `at` is the owner's place.
void compare_inputs(const input_kinds& kinds, const std::string& owner, const inputs_by_name& before,
                    const inputs_by_name& after, place_pair at, change_list& into);
/// Reports what changed of one input.
void compare_input(const input_kinds& kinds, const std::string& path, const input_value& before,
                   const input_value& after, change_list& into);

/// Reports types and definitions of directives that came, went or changed. The fields of root types are methods and left
/// out here.
void compare_types(const schema& before, const schema& after, change_list& into);
void compare_directive_definitions(const schema& before, const schema& after, change_list& into);

/// Values that mean the same have the same text: the fields of objects are sorted by name.
[[nodiscard]] std::string canonical(const value& v);

}  // namespace waggle::graphql
