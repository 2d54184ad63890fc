// Where waggle and graphql-js 17.1 differ about a text on purpose. `ours`: waggle alone finds an error, each of which matches one of
// these rows. `theirs`: graphql-js alone does. A row that matches nothing fails the test.
export const explained = [
  // What graphql-js lets pass and the specification does not.
  {ours: / of @\S+: .*\(§3\.13\)$/, why: '§5.6, §3.13: constants as arguments of directives fit their types; graphql-js does not look'},
  {ours: /directive @\S+ needs itself/, why: '§3.13: a directive does not reach itself; graphql-js does not look'},
  {ours: /is built in and cannot be defined/, why: '§3.3: no type has the name of a built-in scalar; graphql-js takes the file\'s'},
  {ours: /is built in; leave this definition out or write/, why: '§3.13: built-in directives are what they are; graphql-js takes the file\'s'},
  {ours: /@oneOf cannot stand on an extension/, why: '§3.10.2: @oneOf is not for extensions; graphql-js ignores it there'},
  {ours: /expected Float, found \S*e999/, why: '§3.5.2: a Float is finite; graphql-js takes the literal as infinity'},
  {ours: /holds definitions only, no operations or fragments/, why: '§3: operations and fragments are no part of a schema; graphql-js skips them'},
  // What graphql-js has of later drafts.
  {ours: /a directive cannot be extended/, why: 'draft: extensions of directives, not in September 2025'},
];
