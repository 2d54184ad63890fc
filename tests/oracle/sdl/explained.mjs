// Where waggle and graphql-js 17.1 differ about a text on purpose. `ours`: waggle alone finds errors, each of which matches a row (or one
// of which matches a row that `suffices`). `theirs`: graphql-js alone finds errors. A row that matches nothing fails the test.
export const explained = [
  // What graphql-js lets pass and the specification does not.
  {ours: / of @\S+: .*\(§3\.13\)$/, why: '§5.6, §3.13: constants as arguments of directives fit their types; graphql-js does not look'},
  {ours: /directive @\S+ needs itself/, why: '§3.13: a directive does not reach itself; graphql-js does not look'},
  {ours: /is built in and cannot be defined/, suffices: true, why: '§3.3: no type has the name of a built-in scalar; graphql-js ignores the definition and what is in it'},
  {ours: /is built in; leave this definition out or write/, why: '§3.13: built-in directives are what they are; graphql-js takes the file\'s'},
  {ours: /@oneOf cannot stand on an extension/, why: '§3.10.2: @oneOf is not for extensions; graphql-js ignores it there'},
  {ours: /expected \S*Float\S*, found \S*e999/, why: '§3.5.2: a Float is finite; graphql-js takes the literal as infinity'},
  {ours: /holds definitions only, no operations or fragments/, why: '§3: operations and fragments are no part of a schema; graphql-js skips them'},
  // What graphql-js has of later drafts.
  {ours: /a directive cannot be extended/, why: 'draft: extensions of directives, not in September 2025'},
  // What is waggle's own (design.md §5, the prelude).
  {ours: /all methods of a service share one namespace/, why: 'ours: the methods of all roots share one namespace'},
  {ours: /names that begin with Waggle are waggle's own/, suffices: true, why: 'ours: the prelude\'s names; the definition does not count'},
  {ours: /is waggle's own and implied/, why: 'ours: the prelude\'s directives'},
  {ours: /type __\w+ is not defined/, why: 'ours: introspection\'s types are no part of a contract'},
  {theirs: /^Query root type must be provided/, why: 'ours: mutations alone are a service'},
  {theirs: /^Unknown (directive "@(timeout|internal|link)"|type "Waggle\w+")/, why: 'ours: the prelude and @link are implied'},
];
