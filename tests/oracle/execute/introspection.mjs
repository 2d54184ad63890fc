// What is asked of every schema.
import {getIntrospectionQuery} from 'graphql';

export const introspection_cases = [
  {whole: true, text: getIntrospectionQuery({specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true, oneOf: true})},
  {text: 'query Q($n: String!, $d: Boolean! = true) { a: __type(name: $n) { ...T } b: __type(name: "In0") { ...T } c: __type(name: "U0") { ...T } d: __type(name: "No") { name } ' +
    'e: __type(name: "__TypeKind") { ...T } __schema { queryType { name } mutationType { kind } __typename } } ' +
    'fragment T on __Type { __typename kind name isOneOf specifiedByURL ofType { name } enumValues(includeDeprecated: $d) { name isDeprecated deprecationReason } ' +
    'inputFields { name defaultValue type { ...R } } fields(includeDeprecated: $d) { name args { name defaultValue } type { ...R } } possibleTypes { name } interfaces { name } } ' +
    'fragment R on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }',
  variables: {n: 'E0'}},
  {text: '{ __type(name: "Float") { name fields { name } } w: __type(name: "WagglePool") { name } __typename }'},
];
