#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace waggle {

/// How much a change of a contract matters to who calls the service.
enum class severity : std::uint8_t {
  breaking,   ///< a call that was fine may fail, or its answer no longer be what was promised
  dangerous,  ///< every call goes on, but may do or answer something that the caller does not expect
  safe        ///< no caller notices
};
/// "breaking"
[[nodiscard]] std::string_view to_string(severity s);

/// What may change between two contracts. Their names, severities and effects are rows of `change_kinds`.
enum class change_kind : std::uint8_t {
  service_removed,
  service_added,
  service_name_changed,
  service_name_added,
  version_changed,
  singleton_changed,
  pool_changed,
  memory_changed,
  timeout_lowered,
  timeout_raised,
  auth_narrowed,
  auth_widened,
  uses_added,
  uses_removed,
  root_type_renamed,
  method_removed,
  method_added,
  query_became_mutation,
  mutation_became_query,
  subscription_changed,
  method_answer_changed,
  method_answer_narrowed,
  bare_added,
  bare_removed,
  bare_argument_added,
  bare_argument_renamed,
  internal_added,
  internal_removed,
  idempotent_added,
  idempotent_removed,
  schedule_changed,
  argument_removed,
  argument_required_added,
  argument_optional_added,
  argument_type_changed,
  argument_type_widened,
  argument_became_required,
  argument_became_optional,
  input_field_removed,
  input_field_required_added,
  input_field_optional_added,
  input_field_type_changed,
  input_field_type_widened,
  input_field_became_required,
  input_field_became_optional,
  default_changed,
  default_added,
  default_removed,
  constraint_narrowed,
  constraint_widened,
  answer_constraint_widened,
  one_of_added,
  one_of_removed,
  field_removed,
  field_added,
  field_type_changed,
  field_type_narrowed,
  type_removed,
  type_added,
  type_kind_changed,
  implementation_added,
  interface_removed,
  interface_added,
  union_member_removed,
  union_member_added,
  enum_value_removed,
  enum_value_added,
  input_enum_value_added,
  scalar_format_changed,
  scalar_specification_changed,
  directive_removed,
  directive_added,
  directive_argument_removed,
  directive_argument_required_added,
  directive_argument_optional_added,
  directive_argument_type_changed,
  directive_argument_type_widened,
  directive_argument_became_required,
  directive_argument_became_optional,
  directive_location_removed,
  directive_location_added,
  directive_repeatable_removed,
  directive_repeatable_added,
  directive_usage_changed,
  sensitive_changed,
  deprecation_changed,
  description_changed,
};

struct change_kind_row {
  change_kind kind;
  std::string_view id;  ///< in kebab-case; stays for programs
  severity level;
  std::string_view effect;  ///< what a caller, the service or its operator would notice
};

/// All kinds, in the order of the enumeration. docs/contract-changes.md has the same table.
[[nodiscard]] std::span<const change_kind_row> change_kinds();
[[nodiscard]] const change_kind_row& row_of(change_kind kind);

}  // namespace waggle
