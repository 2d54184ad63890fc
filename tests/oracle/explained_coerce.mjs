// Where waggle and graphql-js 17.1 say different things about one payload, and why. An entry is for cases that the reference
// (coerce/reference.mjs) notes under the same name; waggle must still say exactly what the reference says. One that no case needs fails the test.
export const explained = [
  {
    note: 'Int beyond a double',
    reason: 'An Int is judged by its digits: 1.00000000000000000000001 is no integer, 1e-400 is not 0. JavaScript has rounded before it looks.',
  },
  {
    note: 'ID beyond a double',
    reason: 'An ID keeps its digits: 9007199254740993 stays odd, 1e21 becomes 1 and 21 zeros. JavaScript gives 9007199254740992 and "1e+21".',
  },
  {
    note: 'ID default of -0',
    reason: 'An ID written as -0 is "0", in a default as in a payload. graphql-js gives "0" for the payload and "-0" for the default.',
  },
  {
    note: 'duplicate key',
    reason: 'A field given twice is refused: RFC 8259 lets readers differ on which one counts. JSON.parse takes the last one.',
  },
  {
    note: 'lone surrogate',
    reason: 'A lone surrogate is refused: it cannot be written in UTF-8, so no guest could be given it. JavaScript strings may hold one.',
  },
];
