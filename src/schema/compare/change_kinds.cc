#include "schema/compare/change_kinds.h"

#include <algorithm>
#include <array>

namespace waggle {
namespace {

using enum change_kind;
using enum severity;

// clang-format off
constexpr change_kind_row rows[] = {
    {service_removed, "service-removed", breaking, "calls of this service find nothing"},
    {service_added, "service-added", safe, "nobody called it before"},
    {service_name_changed, "service-name-changed", breaking, "calls to the old address find nothing"},
    {service_name_added, "service-name-added", safe, "it could not be served without a name"},
    {version_changed, "version-changed", safe, "the version is only shown"},
    {singleton_changed, "singleton-changed", dangerous, "the service runs once in the whole cluster, or no longer does"},
    {pool_changed, "pool-changed", safe, "how many calls run and wait at the same time"},
    {memory_changed, "memory-changed", safe, "how much memory an instance of the service may have"},
    {timeout_lowered, "timeout-lowered", dangerous, "a call that takes long may be ended earlier"},
    {timeout_raised, "timeout-raised", safe, "a call may take longer"},
    {auth_narrowed, "auth-narrowed", breaking, "some who could call are refused"},
    {auth_widened, "auth-widened", dangerous, "some who were refused may call"},
    {uses_added, "uses-added", dangerous, "the service's own calls fail until the operator grants it"},
    {uses_removed, "uses-removed", safe, "the service needs one grant less"},
    {root_type_renamed, "root-type-renamed", safe, "no payload and no answer has its name"},
    {method_removed, "method-removed", breaking, "calls of it fail"},
    {method_added, "method-added", safe, "nobody called it before"},
    {query_became_mutation, "query-became-mutation", breaking, "calls by GET and calls by queries are refused"},
    {mutation_became_query, "mutation-became-query", dangerous, "it may be called by GET, and what it writes is refused"},
    {subscription_changed, "subscription-changed", breaking, "one answer became a stream of them, or the other way round"},
    {method_answer_changed, "method-answer-changed", breaking, "answers may be something that callers cannot read"},
    {method_answer_narrowed, "method-answer-narrowed", safe, "every answer is one that was possible before"},
    {bare_added, "bare-added", breaking, "the payload is the argument's value, no longer an object of arguments"},
    {bare_removed, "bare-removed", breaking, "the payload is an object of arguments, no longer the argument's value"},
    {bare_argument_added, "bare-argument-added", breaking, "the payload, which could be anything, must be the argument's value"},
    {bare_argument_renamed, "bare-argument-renamed", dangerous, "payloads do not have the name, but queries and generated code do"},
    {internal_added, "internal-added", breaking, "calls from outside are refused"},
    {internal_removed, "internal-removed", safe, "it may be called from outside too"},
    {idempotent_added, "idempotent-added", safe, "a call may be repeated with the same Idempotency-Key"},
    {idempotent_removed, "idempotent-removed", breaking, "a repeated call is done twice in spite of its Idempotency-Key"},
    {schedule_changed, "schedule-changed", safe, "when the node itself calls it"},
    {argument_removed, "argument-removed", breaking, "calls that give it are refused"},
    {argument_required_added, "argument-required-added", breaking, "calls without it are refused"},
    {argument_optional_added, "argument-optional-added", safe, "nobody could give it before"},
    {argument_type_changed, "argument-type-changed", breaking, "values that were accepted may be refused"},
    {argument_type_widened, "argument-type-widened", safe, "every value that was accepted still is"},
    {argument_became_required, "argument-became-required", breaking, "calls without it are refused"},
    {argument_became_optional, "argument-became-optional", safe, "it may be left out"},
    {input_field_removed, "input-field-removed", breaking, "payloads that have it are refused"},
    {input_field_required_added, "input-field-required-added", breaking, "payloads without it are refused"},
    {input_field_optional_added, "input-field-optional-added", safe, "nobody could give it before"},
    {input_field_type_changed, "input-field-type-changed", breaking, "values that were accepted may be refused"},
    {input_field_type_widened, "input-field-type-widened", safe, "every value that was accepted still is"},
    {input_field_became_required, "input-field-became-required", breaking, "payloads without it are refused"},
    {input_field_became_optional, "input-field-became-optional", safe, "it may be left out"},
    {default_changed, "default-changed", dangerous, "who leaves it out gets the other value"},
    {default_added, "default-added", dangerous, "who leaves it out gets this value"},
    {default_removed, "default-removed", dangerous, "who leaves it out gets no value"},
    {constraint_narrowed, "constraint-narrowed", breaking, "values that were accepted may be refused"},
    {constraint_widened, "constraint-widened", safe, "every value that was accepted still is"},
    {answer_constraint_widened, "answer-constraint-widened", dangerous, "answers may have values that were not possible before"},
    {one_of_added, "one-of-added", breaking, "payloads with another number of entries than one are refused"},
    {one_of_removed, "one-of-removed", safe, "every payload that was accepted still is"},
    {field_removed, "field-removed", breaking, "callers that read it find nothing"},
    {field_added, "field-added", safe, "callers that do not know it do not read it"},
    {field_type_changed, "field-type-changed", breaking, "answers may have values that callers cannot read"},
    {field_type_narrowed, "field-type-narrowed", safe, "every value is one that was possible before"},
    {type_removed, "type-removed", breaking, "whatever has it by name finds nothing"},
    {type_added, "type-added", safe, "nobody knew it before"},
    {type_kind_changed, "type-kind-changed", breaking, "values have another form"},
    {implementation_added, "implementation-added", dangerous, "answers of the interface may be of a type that callers do not know"},
    {interface_removed, "interface-removed", breaking, "who asks for the interface no longer gets this type"},
    {interface_added, "interface-added", dangerous, "answers of the interface may be of a type that callers do not expect there"},
    {union_member_removed, "union-member-removed", breaking, "who asks for the union no longer gets this type"},
    {union_member_added, "union-member-added", dangerous, "answers may be of a type that callers do not know"},
    {enum_value_removed, "enum-value-removed", breaking, "who gives it is refused, and who waits for it waits in vain"},
    {enum_value_added, "enum-value-added", dangerous, "answers may have a value that callers do not know"},
    {input_enum_value_added, "input-enum-value-added", safe, "it is only ever given, never answered"},
    {scalar_format_changed, "scalar-format-changed", breaking, "values that were accepted may be refused, and answers look different"},
    {scalar_specification_changed, "scalar-specification-changed", dangerous, "values may mean something else; waggle does not look into them"},
    {directive_removed, "directive-removed", breaking, "what uses it is refused"},
    {directive_added, "directive-added", safe, "nobody used it before"},
    {directive_argument_removed, "directive-argument-removed", breaking, "what gives it is refused"},
    {directive_argument_required_added, "directive-argument-required-added", breaking, "what does not give it is refused"},
    {directive_argument_optional_added, "directive-argument-optional-added", safe, "nobody could give it before"},
    {directive_argument_type_changed, "directive-argument-type-changed", breaking, "values that were accepted may be refused"},
    {directive_argument_type_widened, "directive-argument-type-widened", safe, "every value that was accepted still is"},
    {directive_argument_became_required, "directive-argument-became-required", breaking, "what does not give it is refused"},
    {directive_argument_became_optional, "directive-argument-became-optional", safe, "it may be left out"},
    {directive_location_removed, "directive-location-removed", breaking, "what uses it there is refused"},
    {directive_location_added, "directive-location-added", safe, "nobody used it there before"},
    {directive_repeatable_removed, "directive-repeatable-removed", breaking, "what uses it twice is refused"},
    {directive_repeatable_added, "directive-repeatable-added", safe, "it may be used more than once"},
    {directive_usage_changed, "directive-usage-changed", safe, "it means nothing to waggle"},
    {sensitive_changed, "sensitive-changed", safe, "whether values are kept out of logs and messages"},
    {deprecation_changed, "deprecation-changed", safe, "calls go on as before"},
    {description_changed, "description-changed", safe, "only people read it"},
};
// clang-format on

constexpr bool in_order() {
  std::size_t i = 0;
  return std::ranges::all_of(rows, [&](const change_kind_row& r) { return static_cast<std::size_t>(r.kind) == i++; });
}
static_assert(in_order() && std::size(rows) == static_cast<std::size_t>(description_changed) + 1);

}  // namespace

std::string_view to_string(severity s) {
  constexpr std::array<std::string_view, 3> words = {"breaking", "dangerous", "safe"};
  return words[static_cast<std::size_t>(s)];
}

std::span<const change_kind_row> change_kinds() { return rows; }
const change_kind_row& row_of(change_kind kind) { return rows[static_cast<std::size_t>(kind)]; }

}  // namespace waggle
