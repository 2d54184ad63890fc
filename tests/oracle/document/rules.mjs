// Which of graphql-js's rules stands for which section of §5 (September 2025), as waggle's messages name it at their end.
export const rule_of = {
  '§5.2.1.1': 'KnownOperationTypes',
  '§5.2.2.1': 'UniqueOperationNames',
  '§5.2.3.1': 'LoneAnonymousOperation',
  '§5.2.4.1': 'SingleFieldSubscriptions',
  '§5.3.1': 'FieldsOnCorrectType',
  '§5.3.2': 'OverlappingFieldsCanBeMerged',
  '§5.3.3': 'ScalarLeafs',
  '§5.4.1': 'KnownArgumentNames',
  '§5.4.2': 'UniqueArgumentNames',
  '§5.4.3': 'ProvidedRequiredArguments',
  '§5.5.1.1': 'UniqueFragmentNames',
  '§5.5.1.2': 'KnownTypeNames',
  '§5.5.1.3': 'FragmentsOnCompositeTypes',
  '§5.5.1.4': 'NoUnusedFragments',
  '§5.5.2.1': 'KnownFragmentNames',
  '§5.5.2.2': 'NoFragmentCycles',
  '§5.5.2.3': 'PossibleFragmentSpreads',
  '§5.6.1': 'ValuesOfCorrectType',
  '§5.6.2': 'ValuesOfCorrectType',
  '§5.6.3': 'UniqueInputFieldNames',
  '§5.6.4': 'ValuesOfCorrectType',
  '§5.7.1': 'KnownDirectives',
  '§5.7.2': 'KnownDirectives',
  '§5.7.3': 'UniqueDirectivesPerLocation',
  '§5.8.1': 'UniqueVariableNames',
  '§5.8.2': 'VariablesAreInputTypes',
  '§5.8.3': 'NoUndefinedVariables',
  '§5.8.4': 'NoUnusedVariables',
  '§5.8.5': 'VariablesInAllowedPosition',
};

/// The rule that a finding of waggle is about.
export function rule_of_finding(finding) {
  const section = /\((§[\d.]+)\)$/.exec(finding)?.[1];
  // Two of graphql-js's rules are one section.
  if (section === '§5.8.2' && finding.includes('is not defined')) return 'KnownTypeNames';
  return rule_of[section] ?? 'syntax or limit';
}
