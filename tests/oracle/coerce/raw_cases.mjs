// What generated values cannot reach, by hand: texts that are no JSON, bytes that are no text, and what graphql-js does not have (the
// known scalars, @constraint, @sensitive). A group: {name, sdl, method, kind?, depth?, cases: [[text, expected], …]}.
// A text is a string, or a Buffer where it is not UTF-8. Expected is: `same` (the bytes as they were), a string (exactly this comes
// out), `like('{…}')` (a JSON text of the same value), or `no('path', …)` (refused with violations at these paths and no others),
// which takes an object at its end: {code, count, silent: [texts that nothing in the error may contain], suggests: what the first
// violation suggests, '' for nothing, paths_too: the paths do not matter}.
export const same = true;
export const like = (json) => ({ like: json });
export const no = (...paths) => {
  const more = typeof paths.at(-1) === 'object' ? paths.pop() : {};
  return { paths, ...more };
};
const bytes = (before, hex, after) => Buffer.concat([Buffer.from(before), Buffer.from(hex, 'hex'), Buffer.from(after)]);
const nested = (open, depth, inside, close) => open.repeat(depth) + inside + close.repeat(depth);
const specified = (name) => `@specifiedBy(url: "https://scalars.graphql.org/${name}")`;

const plain = `scalar Any
enum E { RED GREEN }
input In { x: Int! y: [Int] }
type Query { m(a: Int, s: String, id: ID, f: Float, e: E, any: Any, l: [Int], in: In): Int }`;

const no_json = ['', ' ', '\n', '{', '}', '[', ']', '{]', '{} x', '{}{}', '{},', '{}]', '{}}', '{}\0', '\ufeff{}', '{}\ufeff', '// c\n{}', '{} // c', '/**/{}', '{"a":1,}', '{,}', '{"a"}', '{"a":}',
  '{"a" 1}', '{"a"::1}', '{"a":1 "s":""}', '{"a":1;"s":""}', '{a:1}', "{'a':1}", '{"a":01}', '{"a":-01}', '{"a":00}', '{"a":1.}', '{"a":.5}', '{"a":+1}', '{"a":-}', '{"a":1e}',
  '{"a":1e+}', '{"a":1.e3}', '{"a":0x10}', '{"a":1_000}', '{"a":NaN}', '{"a":Infinity}', '{"a":-Infinity}', '{"a":1 2}', '{"a":1a}', '{"f":1.5.5}', '{"f":1e5e5}', '{"f":--1}',
  '{"a":tru}', '{"a":nul}', '{"a":nullx}', '{"a":nulll}', '{"a":null1}', '{"any":truex}', '{"any":True}', '{"any":undefined}', '{"any":fals}', '{"any":[1,]}', '{"any":[,1]}', '{"any":[1 2]}', '{"any":[1}',
  '{"any":{"k":1]}', '{"any":{1:1}}', '{"any":{"k":1,}}', '{"any":{"k"}}', '{"s":"a', '{"s":"a}', '{"s":"\\"}', '{"s":"\\x41"}', '{"s":"\\u12"}', '{"s":"\\u12G4"}', '{"s":"\\u{41}"}', '{"s":"\\U0041"}', '{"s":"\\\'"}', '{"s":"\\0"}',
  '{"s":"a\nb"}', '{"s":"\t"}', '{"s":"\x1f"}', '{"s":"\0"}', '{"s":"a long string of more than thirty-two bytes, and then \x01"}', '{"any":"\x01"}', '{"any":["a\nb"]}', '{"a\n":1}', '{"l":[1,]}', '{"l":[1 2]}', '{"l":[,]}', '{"l":[1', '{"in":{"x":1}', '{"in":{"x":1,}}',
  '\f{}', '\v{}', '\u00a0{}', '{"a":\u00a01}', '{\u2028}', '{"a":1}\u0085', '\0', '"', '"\\', '-', '{"', '{"a', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,"', 'n', 't', 'f', '{"e":"RED}', '{"e":"\\u0052ED'];

const lone = ['{"s":"\\ud800"}', '{"s":"\\udc00"}', '{"s":"\\uD800\\u0041"}', '{"s":"\\udc1d\\ud83d"}', '{"s":"\\ud83d\\ud83d\\udc1d"}', '{"s":"\\ud83dx"}', '{"s":"\\ud83d\\n"}', '{"any":["\\ud800"]}',
  '{"any":{"\\udfff":1}}', '{"\\ud800":1}', '{"id":"\\ud800"}', '{"e":"\\ud800"}', '{"any":"\\udbff\\ue000"}', '{"s":"\\ud800\\\\udc00"}'];

const no_utf8 = ['80', 'bf', 'c0', 'c080', 'c1bf', 'c3', 'c328', 'e28282e2', 'e282', 'e08080', 'eda080', 'edbfbf', 'f0808080', 'f48fbf', 'f4908080', 'f5808080', 'f8888080', 'fe', 'ff', 'c3a9ff'].flatMap((hex) => [
  bytes('{"s":"', hex, '"}'), bytes('{"any":["', hex, '"]}'), bytes('{"', hex, '":1}'), bytes('{"a":1}', hex, ''), bytes('{"s":"é and more than thirty-two bytes before it: ', hex, '"}'), bytes('{"e":"', hex, '"}'), bytes('{"s":"', hex, '')]);

const ones = '1'.repeat(5000);
const zeros = '0'.repeat(1000);
const numbers = [
  [`{"id":${ones}}`, `{"id":"${ones}"}`], [`{"id":-${ones}}`, `{"id":"-${ones}"}`], [`{"id":"${ones}"}`, same], [`{"id":1e999999999}`, no('id')], ['{"id":1e-999999999}', no('id')],
  ['{"id":1e99999999999999999999999999}', no('id')], ['{"id":0e99999999999999999999999999}', '{"id":"0"}'], ['{"id":1e30}', `{"id":"1${'0'.repeat(30)}"}`], ['{"id":-1.50e2}', '{"id":"-150"}'],
  ['{"id":-0}', '{"id":"0"}'], ['{"id":-0.0e5}', '{"id":"0"}'], ['{"id":true}', no('id')], ['{"id":[4]}', no('id')], ['{"id":{}}', no('id')], ['{"id":4.00}', '{"id":"4"}'], ['{"id":40E-1}', '{"id":"4"}'],
  [`{"a":${ones}}`, no('a')], ['{"a":1e999999999}', no('a')], ['{"a":1e-999999999}', no('a')], ['{"a":1e99999999999999999999999999}', no('a')], ['{"a":1e-99999999999999999999999999}', no('a')],
  ['{"a":0e999999999}', '{"a":0}'], ['{"a":-0e-99999999999999999999999999}', '{"a":0}'], [`{"a":1${zeros}e-1000}`, '{"a":1}'], [`{"a":1${zeros}e-1001}`, no('a')], [`{"a":0.${zeros}1e1001}`, '{"a":1}'], [`{"a":0.${zeros}}`, '{"a":0}'],
  [`{"a":1e1${zeros}}`, no('a')], [`{"a":0e1${zeros}}`, '{"a":0}'], [`{"a":1e0${zeros}}`, '{"a":1}'], [`{"a":1e-0${zeros}3}`, no('a')], ['{"a":21474836.47e2}', '{"a":2147483647}'], ['{"a":-21474836.48e+2}', '{"a":-2147483648}'], ['{"a":21474836.48e2}', no('a')],
  ['{"a":4294967297}', no('a')], ['{"a":18446744073709551617}', no('a')], ['{"a":-18446744073709551615}', no('a')], ['{"a":340282366920938463463374607431768211457}', no('a')], ['{"a":1844674407370955161.7e1}', no('a')],
  ['{"f":1e999999999}', no('f')], ['{"f":-1e309}', no('f')], ['{"f":1e-999999999}', same], [`{"f":${ones}}`, no('f')], [`{"f":1${zeros}e-1000}`, same], [`{"f":0.${zeros}1}`, same], ['{"f":0e999999999}', same], ['{"f":-0.0}', same],
  ['{"f":1.7976931348623157e308}', same], ['{"f":1.7976931348623158e308}', same], ['{"f":1.7976931348623159e308}', no('f')], [`{"f":17976931348623157${'0'.repeat(292)}}`, same], [`{"f":17976931348623159${'0'.repeat(292)}}`, no('f')], ['{"f":"1"}', no('f')],
  ['{"any":1e999999999}', same], [`{"any":[-${ones}]}`, same], ['{"any":-0}', same], ['{"l":1e0}', '{"l":[1]}'], ['{"l":[-0,1.0,2]}', '{"l":[0,1,2]}'],
];

const texts = [
  ['{}', same], [' \t\r\n{ \t\r\n} \t\r\n', same], [' { "a" : 1 , "l" : [ 1 , 2 ] , "in" : { "x" : 3 , "y" : [ ] } , "any" : [ { } , [ ] , { "k" : null } ] } ', same], ['\n{\n"a"\n:\n1.0\n}\n', '\n{\n"a"\n:\n1\n}\n'],
  ['{"\\u0061":1}', same], ['{"\\u0061":1.0}', '{"\\u0061":1}'], ['{"\\u0069\\u006e":{"\\u0078":1e0}}', '{"\\u0069\\u006e":{"\\u0078":1}}'], ['{"a":1,"a":2}', no('a')], ['{"a":1,"\\u0061":1}', no('a')], ['{"\\u0061":1,"a":1}', no('a')], ['{"a":null,"a":null}', no('a')],
  ['{"in":{"x":1,"x":1}}', no('in.x')], ['{"in":{"x":1,"y":null,"x":"s"}}', no('in.x', { count: 2 })], ['{"e":"RED"}', same], ['{"e":"\\u0052ED"}', same], ['{"e":"RED\\u0000"}', no('e')], ['{"e":"RED "}', no('e')], ['{"e":"red"}', no('e')], ['{"e":""}', no('e')], ['{"e":0}', no('e')], ['{"e":["RED"]}', no('e')],
  ['{"s":"\\u0000\\/\\b\\f\\n\\r\\t\\"\\\\\x7f"}', same], ['{"s":"\\ud83d\\udc1d🐝\\uD83D\\uDC1D"}', same], ['{"s":"\u2028\u2029\ufeff\uffff"}', same], ['{"s":"\\uffff\\ufffe\\ufdd0"}', same], ['{"s":"\\\\ud800"}', same], ['{"s":1}', no('s')], ['{"s":["a"]}', no('s')],
  ['{"A":1}', no('A')], ['{"a ":1}', no('a ')], ['{"":1}', no('')], ['{"a\\u0000":1}', no({ paths_too: true })], ['{"__proto__":1}', no('__proto__')], ['{"constructor":1}', no('constructor')], ['{"__typename":"Query"}', no('__typename')], [`{"${'k'.repeat(10_000)}":1}`, no({ paths_too: true })],
  ['null', no('')], ['[]', no('')], ['[{"a":1}]', no('')], ['"a"', no('')], ['1', no('')], ['true', no('')], ['{"in":{}}', no('in.x')], ['{"in":null}', same], ['{"in":[]}', no('in')], ['{"in":{"x":null}}', no('in.x')], ['{"in":{"y":"z"}}', no('in.x', 'in.y')], ['{"l":[[1]]}', no('l[0]')], ['{"l":[null,"x",{}]}', no('l[1]', 'l[2]')],
  ['{"l":null}', same], ['{"l":[]}', same], ['{"in":{"x":1,"y":2}}', '{"in":{"x":1,"y":[2]}}'], ['{"any":{"k":1,"k":2}}', same],
  [`{"l":[${'"x",'.repeat(99)}"x"]}`, no({ paths_too: true, count: 100 })], [`{"l":[${'true,'.repeat(150_000)}0]}`, no({ paths_too: true, count: 150_000 })], [`{${'"q":1,'.repeat(100_000)}"a":1}`, no({ paths_too: true, count: 100_000 })], [`{"l":[${'1.0,'.repeat(200_000)}1]}`, `{"l":[${'1,'.repeat(200_000)}1]}`],
];

const deep = [
  [`{"any":${nested('[', 127, '1', ']')}}`, same], [`{"any":${nested('[', 128, '', ']')}}`, same], [`{"any":${nested('[', 128, '1', ']')}}`, no('', { code: 'resource_exhausted' })], [`{"any":${nested('{"k":', 127, '1', '}')}}`, same], [`{"any":${nested('{"k":', 128, '1', '}')}}`, no('', { code: 'resource_exhausted' })],
  [`{"any":${'['.repeat(500_000)}`, no('', { code: 'resource_exhausted' })], [`{"any":${'{"k":'.repeat(150_000)}`, no('', { code: 'resource_exhausted' })], [`{"l":${'['.repeat(500_000)}`, no('', { code: 'resource_exhausted' })], [`{"l":${nested('[', 100, '1', ']')}}`, no('l[0]')], ['['.repeat(1_000_000), no('', { code: 'resource_exhausted' })],
];

const defaults = `enum E { RED GREEN }
input P { x: Int! = 1 y: Float = 1e3 }
input O @oneOf { a: Int b: String }
type Query {
  m(a: Int = 3, s: String = "\\u00e9\\"\\n", id: ID = 4, e: [E!] = RED, p: P = {}, n: Int = null, o: O = {a: 1}, l: [[Int]] = [[1], null], r: Int): Int
  one(o: O!): Int
  deep(p: [P!]!): Int
}`;
const filled = '"s":"é\\"\\n","id":"4","e":["RED"],"p":{"x":1,"y":1000},"n":null,"o":{"a":1},"l":[[1],null]';
const default_cases = [
  ['{}', like(`{"a":3,${filled}}`)], ['{ }', like(`{"a":3,${filled}}`)], ['{"a":null}', like(`{"a":null,${filled}}`)], ['{"r":1.0}', like(`{"r":1,"a":3,${filled}}`)],
  ['{"a":1,"s":null,"id":null,"e":null,"p":null,"n":1,"o":null,"l":null}', same], ['{"a":1,"s":null,"id":null,"e":null,"p":{"x":null},"n":1,"o":null,"l":null}', no('p.x')],
  ['{"a":1,"s":null,"id":null,"e":"GREEN","p":{"y":2},"n":1,"o":{"b":"x"},"l":7}', like('{"a":1,"s":null,"id":null,"e":["GREEN"],"p":{"x":1,"y":2},"n":1,"o":{"b":"x"},"l":[[7]]}')],
];
const one_of_cases = [
  ['{"o":{"a":1}}', same], ['{"o":{"a":1.0}}', '{"o":{"a":1}}'], ['{"o":{"a":null}}', no('o')], ['{"o":{}}', no('o')], ['{"o":{"a":1,"b":null}}', no('o')], ['{"o":{"a":1,"b":"x"}}', no('o')], ['{"o":{"c":1}}', no('o.c')], ['{"o":null}', no('o')], ['{}', no('o')], ['{"o":{"a":"x"}}', no('o.a')],
  ['{"o":{"a":1,"a":1}}', no('o', 'o.a')], ['{"o":{"a":null,"b":null}}', no('o')], ['{"o":{"a":1,"c":1}}', no('o', 'o.c')],
];
const deep_defaults = [['{"p":[]}', same], ['{"p":{}}', like('{"p":[{"x":1,"y":1000}]}')], ['{"p":[{},{"x":2}]}', like('{"p":[{"x":1,"y":1000},{"x":2,"y":1000}]}')], ['{"p":[{},{"x":2},null]}', no('p[2]')], ['{"p":[{},{"z":2}]}', no('p[1].z')]];

const known = `scalar Long ${specified('chillicream/long.html')}
scalar BigInt ${specified('waggle/big-int')}
scalar Decimal ${specified('waggle/decimal')}
scalar Bytes ${specified('chillicream/base64-string.html')}
scalar Date ${specified('chillicream/date.html')}
scalar Time ${specified('waggle/time')}
scalar DateTime ${specified('chillicream/date-time.html')}
scalar Duration ${specified('waggle/duration')}
scalar UUID ${specified('chillicream/uuid.html')}
scalar URL ${specified('chillicream/url.html')}
scalar Odd @specifiedBy(url: "https://example.com/Date")
type Query { m(long: Long, big: BigInt, dec: Decimal, bytes: Bytes, date: Date, time: Time, at: DateTime, dur: Duration, uuid: UUID, url: URL, odd: Odd, longs: [Long!], bigs: [BigInt] = [1]): Int }`;
const of = (field, right, wrong) => [...right.map((v) => [`{"${field}":${v},"bigs":null}`, same]), ...wrong.map((v) => [`{"${field}":${v},"bigs":null}`, no(field)])];
const known_cases = [
  ...of('long', ['0', '-1', '9223372036854775807', '-9223372036854775808', 'null'], ['9223372036854775808', '-9223372036854775809', '1.5', '"1"', 'true', '[1]', '1e19', '1e-1', '{}']),
  ['{"long":1e3,"bigs":null}', '{"long":1000,"bigs":null}'], ['{"long":9223372036854775807.0,"bigs":null}', '{"long":9223372036854775807,"bigs":null}'], ['{"long":-0,"bigs":null}', '{"long":0,"bigs":null}'], ['{"longs":1e18,"bigs":null}', '{"longs":[1000000000000000000],"bigs":null}'],
  ...of('big', ['"0"', '"-1"', '"123456789012345678901234567890"', '"\\u0031"', 'null', '"007"'], ['"1.0"', '"1e3"', '""', '"+1"', '" 1"', '"1 "', '"-"', '"x"', '1.5', 'true', '[1]', '{}', '1e-3', '"１"']),
  ['{"big":4,"bigs":null}', '{"big":"4","bigs":null}'], ['{"big":-123456789012345678901234567890,"bigs":null}', '{"big":"-123456789012345678901234567890","bigs":null}'], ['{"big":1e3,"bigs":null}', '{"big":"1000","bigs":null}'], ['{"big":-0,"bigs":null}', '{"big":"0","bigs":null}'], ['{"bigs":2}', '{"bigs":["2"]}'], ['{}', '{"bigs":["1"]}'], ['{"bigs":["2",3,null]}', '{"bigs":["2","3",null]}'],
  ...of('dec', ['"0"', '"12.50"', '"-0.0001"', '"123456789012345678901234567890.123"', '"1"', 'null'], ['1', '1.5', '"1."', '".5"', '"1e3"', '"1,5"', '""', '"+1"', '"NaN"', 'true']),
  ...of('bytes', ['""', '"aGk="', '"aGVsbG8="', '"+/+/"', '"YQ=="', '"\\u0059Q=="'], ['"aGk"', '"aGk=="', '"a-_="', '"YQ==\\n"', '"Y Q="', '"YR=="', '"===="', '"A==="', '1', '"YQ=a"']),
  ...of('date', ['"2026-01-31"', '"2024-02-29"', '"0000-01-01"', '"2000-02-29"'], ['"2026-02-29"', '"1900-02-29"', '"2026-1-31"', '"2026-13-01"', '"2026-00-10"', '"2026-01-32"', '"2026-01-00"', '"2026-01-31T00:00:00Z"', '"20260131"', '""', '" 2026-01-31"', '20260131', '"２026-01-31"', '"+2026-01-31"']),
  ...of('time', ['"14:30:00Z"', '"00:00:00+00:00"', '"23:59:59.999999999-23:59"', '"23:59:60Z"', '"01:59:60+02:00"', '"12:00:00z"'], ['"14:30:00"', '"24:00:00Z"', '"14:60:00Z"', '"14:30:61Z"', '"14:30Z"', '"14:30:00.Z"', '"12:00:60Z"', '"14:30:00+2"', '"14:30:00+24:00"', '"4:30:00Z"', '""']),
  ...of('at', ['"2026-01-31T14:30:00Z"', '"2026-01-31t14:30:00.5z"', '"2026-12-31T23:59:60Z"', '"2026-01-31T14:30:00+01:00"'], ['"2026-01-31 14:30:00Z"', '"2026-01-31T14:30:00"', '"2026-02-30T14:30:00Z"', '"2026-01-31"', '"2026-01-31T14:30:00Zx"', '1769869800']),
  ...of('dur', ['"P1D"', '"PT1H"', '"P1Y2M3DT4H5M6S"', '"P4W"', '"PT0.5S"', '"PT36H"', '"P0D"'], ['"P"', '"PT"', '"P1DT"', '"1D"', '"P1S"', '"PT1D"', '"P-1D"', '"-P1D"', '"P1.5DT1H"', '"P1W1D"', '"P1D1Y"', '"P1H"', '"p1d"', '""']),
  ...of('uuid', ['"0190163d-8694-739b-aea5-966c26f8ad91"', '"0190163D-8694-739B-AEA5-966C26F8AD91"', '"00000000-0000-0000-0000-000000000000"'], ['"0190163d8694739baea5966c26f8ad91"', '"{0190163d-8694-739b-aea5-966c26f8ad91}"', '"0190163d-8694-739b-aea5-966c26f8ad9"', '"0190163g-8694-739b-aea5-966c26f8ad91"', '"urn:uuid:0190163d-8694-739b-aea5-966c26f8ad91"', '""', '1']),
  ...of('url', ['"https://example.com/"', '"http://[::1]:8080/a?b=c#d"', '"mailto:a@example.com"', '"ftp://a/b"'], ['"example.com"', '"/a/b"', '"https:// x"', '""', '"//example.com"', '"https://exa mple.com"', '1']),
  ...of('odd', ['"not a date"', '1', '{"a":[1.0]}', '[]', 'null', '1e999'], []),
];

const constraints = `scalar Score @constraint(max: 5)
scalar Short @constraint(maxLength: 2, max: 9)
scalar Big ${specified('waggle/big-int')}
input In { n: Int @constraint(min: 1, max: 10) s: String! @constraint(minLength: 1) }
type Query {
  m(n: Int @constraint(min: 1, max: 10), x: Float @constraint(exclusiveMin: 0, exclusiveMax: 1), t: Float @constraint(multipleOf: 0.1), k: Int @constraint(multipleOf: 7),
    s: String @constraint(minLength: 2, maxLength: 3), p: String @constraint(pattern: "^a+$"), q: String @constraint(pattern: "b"), uni: String @constraint(pattern: "^.$"), id: ID @constraint(minLength: 3, pattern: "^[0-9]+$"),
    l: [Int] @constraint(minItems: 1, maxItems: 2, min: 5), ll: [[Int]] @constraint(maxItems: 1, max: 3), u: [Float] @constraint(uniqueItems: true), us: [String!] @constraint(uniqueItems: true), ui: [ID] @constraint(uniqueItems: true),
    ua: [Short] @constraint(uniqueItems: true), score: Score, tight: Score @constraint(min: 2), short: Short, big: Big @constraint(max: 100), in: In, ins: [In!], d: Int = 5 @constraint(min: 5)): Int
  b(v: Int! @constraint(min: 1)): Int @bare
}`;
const fits = (field, right, wrong) => [...right.map((v) => [`{"${field}":${v},"d":5}`, same]), ...wrong.map((v) => [`{"${field}":${v},"d":5}`, no(field)])];
const constraint_cases = [
  ...fits('n', ['1', '10', 'null'], ['0', '11', '-1', '2147483647']), ['{"n":1e1,"d":5}', '{"n":10,"d":5}'], ['{"n":0.0,"d":5}', no('n')],
  ...fits('x', ['0.5', '1e-300', '0.99999999999999999999', '1e-999', 'null'], ['0', '1', '1.0', '-0.0', '1.00000000000000000001', '2']),
  ...fits('t', ['0.3', '0', '-0.7', '1e-1', '3e-1', '1e10', '123456789.1', '0.30'], ['0.35', '0.05', '1e-2', '0.30000000000000004', '123456789.11']), ...fits('k', ['7', '-14', '0'], ['8', '1']), ['{"k":7e1,"d":5}', '{"k":70,"d":5}'],
  ...fits('s', ['"ab"', '"🐝🐝"', '"éé"', '"\\ud83d\\udc1dx"', '"\\u0000\\n"', '"a\\u0301b"', 'null'], ['""', '"a"', '"🐝"', '"\\ud83d\\udc1d"', '"abcd"', '"🐝🐝🐝🐝"']),
  ...fits('p', ['"a"', '"aaa"', '"\\u0061"'], ['""', '"ab"', '"a\\n"', '"\\na"']), ...fits('q', ['"b"', '"abc"', '"\\u0062"'], ['""', '"B"', '"ac"']), ...fits('uni', ['"a"', '"é"', '"🐝"', '"\\ud83d\\udc1d"'], ['""', '"ab"', '"a\\u0301"']),
  ...fits('id', ['"123"'], ['"12"', '"abc"', '12']), ['{"id":123,"d":5}', '{"id":"123","d":5}'], ['{"id":1e2,"d":5}', '{"id":"100","d":5}'], ['{"id":10.0,"d":5}', no('id')],
  ['{"l":[5],"d":5}', same], ['{"l":[5,null],"d":5}', same], ['{"l":[],"d":5}', no('l')], ['{"l":[5,6,7],"d":5}', no('l')], ['{"l":[4],"d":5}', no('l[0]')], ['{"l":7,"d":5}', '{"l":[7],"d":5}'], ['{"l":4,"d":5}', no('l')], ['{"l":null,"d":5}', same], ['{"l":[1,2,5],"d":5}', no('l', 'l[0]', 'l[1]')],
  ['{"ll":[[1,2,3]],"d":5}', same], ['{"ll":[[4]],"d":5}', no('ll[0][0]')], ['{"ll":[[1],[2]],"d":5}', no('ll')], ['{"ll":3,"d":5}', '{"ll":[[3]],"d":5}'],
  ['{"u":[1,2,-1,null],"d":5}', same], ['{"u":[1,1.0],"d":5}', no('u')], ['{"u":[10,1e1],"d":5}', no('u')], ['{"u":[0,-0.0],"d":5}', no('u')], ['{"u":[null,null],"d":5}', no('u')], ['{"u":[9007199254740992,9007199254740993],"d":5}', same], ['{"u":[],"d":5}', same], ['{"u":1,"d":5}', '{"u":[1],"d":5}'], ['{"u":[0.1,0.10],"d":5}', no('u')],
  ['{"us":["a","b",""],"d":5}', same], ['{"us":["a","\\u0061"],"d":5}', no('us')], ['{"us":["🐝","\\ud83d\\udc1d"],"d":5}', no('us')], ['{"us":["a","A","a "],"d":5}', same], ['{"us":["/","\\/"],"d":5}', no('us')], ['{"ui":[4,"4"],"d":5}', no('ui')], ['{"ui":[4,"5"],"d":5}', '{"ui":["4","5"],"d":5}'], ['{"ui":[4,4.0],"d":5}', no('ui')],
  ['{"ua":[{"a":1,"b":2},{"b":2,"a":1}],"d":5}', no('ua')], ['{"ua":[{"a":1,"b":[2]},{"b":[2.0],"a":1e0}],"d":5}', no('ua')], ['{"ua":[{"a":1},{"a":2},[1],[1,1],"1",1,true,false,null,{},[]],"d":5}', same], ['{"ua":[[1,2],[2,1]],"d":5}', same], ['{"ua":[true,1,"1"],"d":5}', same], ['{"ua":[[],[]],"d":5}', no('ua')],
  ...fits('score', ['5', '"any text"', '-1', '{"a":100}', '[100]', 'null', '5.0'], ['6', '5.0001', '1e9']), ...fits('tight', ['2', '5', '3.5'], ['1', '6']), ...fits('short', ['"ab"', '9', 'true'], ['"abc"', '10']),
  ...fits('big', ['"100"', '"-5"', '"0100"'], ['"101"', '101', '"1000000000000000000000"']), ['{"big":100,"d":5}', '{"big":"100","d":5}'],
  ['{"in":{"n":5,"s":"x"},"d":5}', same], ['{"in":{"n":0,"s":""},"d":5}', no('in.n', 'in.s')], ['{"ins":[{"s":"x"},{"s":""},{"n":11,"s":"y"}],"d":5}', no('ins[1].s', 'ins[2].n')], ['{"ins":{"s":"x","n":10.0},"d":5}', '{"ins":[{"s":"x","n":10}],"d":5}'], ['{}', '{"d":5}'], ['{"d":4}', no('d')], ['{"d":null}', same],
  ['{"n":0,"x":5,"s":"","d":5}', no('n', 'x', 's')],
];

const secret = { silent: ['hunter2', '4242', 'hunter'] };
const sensitive = `enum Mood { HAPPY SAD }
scalar Any
scalar Date ${specified('chillicream/date.html')}
input Card { number: String! @constraint(pattern: "^[0-9]{16}$") exp: Int mood: Mood more: [Card!] }
input Login { user: String! password: String! @sensitive @constraint(minLength: 20) }
type Query {
  m(password: String @sensitive @constraint(minLength: 20, pattern: "^[a-z]+$"), pin: Int @sensitive @constraint(max: 999), card: Card @sensitive, mood: Mood @sensitive, moods: [Mood!] @sensitive, day: Date @sensitive, id: ID @sensitive,
    x: Float @sensitive @constraint(multipleOf: 0.5), flag: Boolean @sensitive, any: Any @sensitive, u: [String] @sensitive @constraint(uniqueItems: true), login: Login, open: Int): Int
  b(v: Int @sensitive): Int @bare
  out: Account
}
type Account { id: ID! secret: String! @sensitive mood: Mood @sensitive open: Mood more: Account @sensitive }`;
const sensitive_cases = [
  ['{"password":"hunter2"}', no('password', secret)], ['{"password":4242}', no('password', secret)], ['{"password":{"hunter2":4242}}', no('password', secret)], ['{"pin":4242}', no('pin', secret)], ['{"pin":"hunter2"}', no('pin', secret)], ['{"pin":4242.5}', no('pin', secret)], ['{"pin":42424242424242}', no('pin', secret)], ['{"pin":4242e99999}', no('pin', secret)],
  ['{"card":{"number":"4242"}}', no('card.number', secret)], ['{"card":{"number":"4242424242424242","exp":"hunter2"}}', no('card.exp', secret)], ['{"card":{"number":"4242424242424242","hunter2":1}}', no('card', secret)], ['{"card":{"number":"4242424242424242","mood":"hunter2"}}', no('card.mood', secret)], ['{"card":"hunter2"}', no('card', secret)], ['{"card":{"number":"4242424242424242","more":{"number":"hunter2"}}}', no('card.more.number', secret)],
  ['{"card":{"number":"4242424242424242","more":[{"hunter2":"4242","number":"4242424242424242"}]}}', no('card.more[0]', secret)], ['{"mood":"hunter2"}', no('mood', secret)], ['{"mood":"HAPPI"}', no('mood', { silent: ['HAPPI', 'HAPPY'] })], ['{"moods":["SAD","hunter2"]}', no('moods[1]', secret)], ['{"day":"hunter2"}', no('day', secret)], ['{"day":4242}', no('day', secret)], ['{"id":4242.5}', no('id', secret)], ['{"id":["hunter2"]}', no('id', secret)],
  ['{"x":4242.3}', no('x', secret)], ['{"x":"hunter2"}', no('x', secret)], ['{"flag":"hunter2"}', no('flag', secret)], ['{"flag":4242}', no('flag', secret)], ['{"u":["hunter2","hunter2"]}', no('u', secret)], ['{"login":{"user":"u","password":"hunter2"}}', no('login.password', secret)], ['{"login":{"user":1,"password":"hunter2"}}', no('login.user', 'login.password', secret)],
  ['{"pin":1,"pin":4242}', no('pin', secret)], ['{"password":"hunter2\x01"}', no('', secret)], ['{"password":"hunter2\\x"}', no('', secret)], ['{"password":"hunter2\\ud800"}', no('', secret)], ['{"pin":4242hunter2}', no('', secret)], ['{"pin":hunter2}', no('', secret)], ['{"password":"hunter2"hunter2}', no('', secret)], ['{"card":{hunter2}}', no('', secret)], ['{"password":"hunter2', no('', secret)], ['{"any":{"hunter2":[4242}}', no('', secret)], [bytes('{"password":"hunter2', 'ff', '"}'), no('', secret)],
  ['{"open":"visible"}', no('open')], ['{"pin":4.0}', '{"pin":4}'], ['{"id":4242}', '{"id":"4242"}'],
];
const sensitive_answers = [
  ['{"id":1,"secret":"hunter2"}', same], ['{"id":1,"secret":4242}', no('secret', secret)], ['{"id":1,"secret":null}', no('secret', secret)], ['{"id":1,"secret":"s","mood":"hunter2"}', no('mood', secret)], ['{"id":1,"secret":"s","more":{"id":true,"hunter2":1}}', no({ paths_too: true, count: 3, ...secret })], ['{"id":1,"secret":"hunter2\\ud800"}', no('', secret)], ['{"id":1,"secret":"s","open":"visible"}', no('open')],
];

const answers = `scalar Any
enum E { RED }
interface Node { id: ID! }
type A implements Node { id: ID! a: Int any: Any e: E next: Node }
type B implements Node { id: ID! b: [Float!] u: U }
union U = A | B
type Query { m: U! nodes: [Node!]! a: A s: String! i: Int l: [[Int]] any: Any }`;
const answer_cases = [
  ['{"__typename":"A","id":1}', same], ['{"id":1,"__typename":"A"}', same], ['{"id":"x","b":[1,2.5,1e3],"__typename":"B","u":{"b":null,"id":"y","__typename":"B"}}', same], [' { "id" : 1 , "\\u005f_typename" : "\\u0041" } ', same], ['{"id":1}', no('__typename')], ['{"id":1,"__typename":"C"}', no('__typename')], ['{"id":1,"__typename":"Node"}', no('__typename')], ['{"id":1,"__typename":"U"}', no('__typename')],
  ['{"id":1,"__typename":null}', no('__typename')], ['{"id":1,"__typename":1}', no('__typename')], ['{"__typename":"A"}', no('id')], ['{"__typename":"A","id":null}', no('id')], ['{"__typename":"A","id":1.5}', no('id')], ['{"__typename":"A","id":1,"b":[]}', no('b')], ['{"__typename":"A","id":1,"id":1}', no('id')], ['{"__typename":"A","id":1,"__typename":"A"}', no('__typename')], ['{"__typename":"A","id":1,"__typename":"B"}', no('__typename', { count: 2 })],
  ['{"__typename":"B","id":1,"b":2.5}', no('b')], ['{"__typename":"B","id":1,"b":[null]}', no('b[0]')], ['{"__typename":"A","id":1,"a":1.0}', same], ['{"__typename":"A","id":1,"a":1e3}', same], ['{"__typename":"A","id":1,"a":1.5}', no('a')], ['{"__typename":"A","id":1,"a":2147483648}', no('a')], ['{"__typename":"A","id":1,"a":"1"}', no('a')], ['{"__typename":"A","id":1,"any":{"k":1,"k":1e999}}', same], ['{"__typename":"A","id":1,"any":"\\ud800"}', no('')],
  ['{"__typename":"A","id":1,"next":{"__typename":"A","id":2,"next":{"id":3}}}', no('next.next.__typename')], ['{"next":{"next":{"id":3,"__typename":"B"},"id":2,"__typename":"A"},"id":1,"__typename":"A"}', same], ['{"__typename":"A","id":1,"e":"\\u0052ED"}', same], ['{"__typename":"A","id":1,"e":"red"}', no('e')], [`{"__typename":"A","id":${ones}}`, same], ['{"__typename":"A","id":1,"unknown":{"__typename":"B"}}', no('unknown')], ['null', no('')], ['[]', no('')], ['{}', no('__typename')],
  ['{"any":{"__typename":"B"},"id":1,"__typename":"A"}', same], ['{"__typename":"A","id":1}x', no('')], ['', no('')], ['{"__typename":"A","id":1,}', no('')], [`${'{"__typename":"A","id":1,"next":'.repeat(127)}null${'}'.repeat(127)}`, same], [`${'{"id":1,"next":'.repeat(100)}null${',"__typename":"A"}'.repeat(100)}`, same],
];

const near = `enum Mood { HAPPY SAD }
input In { firstName: String lastName: String aVeryLongNameThatIsLongerThanMost: Int mood: Mood }
type Query { m(input: In, limit: Int, secret: In @sensitive): Int }`;
const near_cases = [
  ['{"limt":1}', no('limt', { suggests: 'limit' })], ['{"Limit":1}', no('Limit', { suggests: 'limit' })], ['{"limits":1}', no('limits', { suggests: 'limit' })], ['{"lmiit":1}', no('lmiit', { suggests: 'limit' })], ['{"completely_different":1}', no('completely_different', { suggests: '' })], ['{"input":{"first_name":"x"}}', no('input.first_name', { suggests: 'firstName' })], ['{"input":{"aVeryLongNameThatIsLongerThenMost":1}}', no('input.aVeryLongNameThatIsLongerThenMost', { suggests: 'aVeryLongNameThatIsLongerThanMost' })],
  ['{"input":{"mood":"happy"}}', no('input.mood', { suggests: 'HAPPY' })], ['{"input":{"mood":"SADD"}}', no('input.mood', { suggests: 'SAD' })], ['{"input":{"mood":"ANGRY_AND_MORE"}}', no('input.mood', { suggests: '' })], ['{"secret":{"mood":"happy"}}', no('secret.mood', { suggests: '', silent: ['happy'] })], ['{"secret":{"frstName":"x"}}', no('secret', { suggests: '', silent: ['frst'] })],
];

const many = (count, before, after) => `[${Array.from({ length: count }, (_, i) => `{${before}"id":${i}${after}}`).join(',')}]`;
const okra = `@okra(namespace: "auth.users", version: "v1")
type Ask { day: Date! ids: [ID!] }
service Users {
  day(input: Ask): String
  plain(when: DateTime!): Long
  list(ids: [BigInt!]!): [Decimal]
}`;

export const groups = [
  { name: 'no JSON', sdl: plain, cases: no_json.map((t) => [t, no('')]) },
  { name: 'lone surrogates', sdl: plain, cases: lone.map((t) => [t, no('')]) },
  { name: 'no UTF-8', sdl: plain, cases: no_utf8.map((t) => [t, no('')]) },
  { name: 'numbers', sdl: plain, cases: numbers },
  { name: 'texts', sdl: plain, cases: texts },
  { name: 'depth', sdl: plain, cases: deep },
  { name: 'depth that the operator sets', sdl: plain, depth: 3, cases: [['{"any":[[1]]}', same], ['{"any":[[[]]]}', same], ['{"any":[[[1]]]}', no('', { code: 'resource_exhausted' })]] },
  { name: 'length', sdl: plain, bytes: 20, cases: [['{"s":"12345678901"}', same], ['{"s":"1234567890123"}', no('', { code: 'resource_exhausted' })]] },
  { name: 'length with what is filled in', sdl: defaults, bytes: 40, cases: [['{}', no({ paths_too: true, code: 'resource_exhausted' })]] },
  { name: 'defaults', sdl: defaults, cases: default_cases },
  { name: '@oneOf', sdl: defaults, method: 'one', cases: one_of_cases },
  { name: 'defaults within lists', sdl: defaults, method: 'deep', cases: deep_defaults },
  { name: 'known scalars', sdl: known, cases: known_cases },
  { name: '@constraint', sdl: constraints, cases: constraint_cases },
  { name: '@constraint of a bare method', sdl: constraints, method: 'b', cases: [['1', same], [' 1.0 ', ' 1 '], ['0', no('')], ['null', no('')], ['"1"', no('')]] },
  { name: '@sensitive', sdl: sensitive, cases: sensitive_cases },
  { name: '@sensitive of a bare method', sdl: sensitive, method: 'b', cases: [['"hunter2"', no('', secret)], ['4242.5', no('', secret)], ['hunter2', no('', secret)], ['[4242', no('', secret)]] },
  { name: '@sensitive in answers', sdl: sensitive, method: 'out', kind: 'answer', cases: sensitive_answers },
  { name: 'answers', sdl: answers, kind: 'answer', cases: answer_cases },
  { name: 'answers that are lists of interfaces', sdl: answers, method: 'nodes', kind: 'answer', cases: [['[]', same], ['[{"id":1,"__typename":"A"},{"__typename":"B","id":2}]', same], ['{"id":1,"__typename":"A"}', no('')], ['[null]', no('[0]')], ['[{"id":1,"__typename":"A"},{"id":1}]', no('[1].__typename')]] },
  { name: 'answers that say their types late', sdl: answers, method: 'nodes', kind: 'answer', cases: [[many(20_000, '', ',"__typename":"A"'), same], [many(20_000, '"any":null,', ',"__typename":"A"'), same], [many(10_000, '', ',"next":{"id":1,"__typename":"B"},"__typename":"A"'), same], [many(20_000, '', ''), no({ paths_too: true, count: 20_000 })]] },
  { name: 'near names', sdl: near, cases: near_cases },
  { name: 'answers that are objects', sdl: answers, method: 'a', kind: 'answer', cases: [['null', same], ['{"id":1}', same], ['{"id":1,"__typename":"A"}', same], ['{"id":1,"__typename":"B"}', no('__typename')], ['{"id":1,"__typename":null}', no('__typename')], ['{"a":1}', no('id')], ['[{"id":1}]', no('')]] },
  { name: 'answers that are scalars', sdl: answers, method: 'i', kind: 'answer', cases: [['null', same], [' 1 ', same], ['1.0', same], ['-0', same], ['1.5', no('')], ['"1"', no('')], ['[1]', no('')], ['2147483648', no('')], ['1 1', no('')]] },
  { name: 'answers that are lists', sdl: answers, method: 'l', kind: 'answer', cases: [['null', same], ['[]', same], ['[null,[],[1,null]]', same], ['[1]', no('[0]')], ['1', no('')], ['[[["x"]]]', no('[0][0]')], ['[[1],["x"]]', no('[1][0]')]] },
  { name: 'okra: an input type', sdl: okra, method: 'day', cases: [['{"day":"2026-01-31"}', same], ['{"day":"2026-01-31","ids":4}', '{"day":"2026-01-31","ids":["4"]}'], ['null', same], ['{"day":"31.1.2026"}', no('day')], ['{"input":{"day":"2026-01-31"}}', no('input', 'day')]] },
  { name: 'okra: a scalar by its name', sdl: okra, method: 'plain', cases: [['"2026-01-31T14:30:00Z"', same], ['"2026-01-31"', no('')], ['null', no('')]] },
  { name: 'okra: a list', sdl: okra, method: 'list', cases: [['["1",2]', '["1","2"]'], ['3', '["3"]'], ['[1.5]', no('[0]')]] },
  { name: 'okra: an answer', sdl: okra, method: 'plain', kind: 'answer', cases: [['9223372036854775807', same], ['1e3', same], ['9223372036854775808', no('')], ['"1"', no('')]] },
];
