#pragma once
#include <cstdint>
#include <string_view>

namespace waggle::graphql {

/// Scalars whose form waggle knows (design.md §5). The values of `none` and `json` are any JSON.
enum class known_scalar : std::uint8_t {
  none,
  long_integer,
  big_int,
  decimal,
  bytes,
  date,
  time,
  date_time,
  duration,
  uuid,
  url,
  json
};

/// By the URL of `@specifiedBy` (§3.5.5): `https://scalars.graphql.org/ORG/NAME`, with or without `.html` and a
/// fragment, http or https. A published scalar is known where each of its values has our form; where it has others
/// (a local time, a number as a decimal, a negative duration) it is `none`, as is every other address.
/// Nobody has published forms like our BigInt, Decimal, Time and Duration: for these the addresses
/// `https://scalars.graphql.org/waggle/{big-int,decimal,time,duration}` count. They are names, not pages.
[[nodiscard]] known_scalar scalar_specified_by(std::string_view url);

/// By name (`Long`, `BigInt`, `Decimal`, `Bytes`, `Date`, `Time`, `DateTime`, `Duration`, `UUID`, `URL`, `JSON`):
/// for okra's files and host contracts only.
[[nodiscard]] known_scalar scalar_named(std::string_view name);

/// The URL that `scalar_specified_by` knows it by, the nearest published one first; empty for `none` and `json`,
/// which need none.
[[nodiscard]] std::string_view specification_of(known_scalar scalar);

/// Does the text of a JSON string (escapes decoded) have the scalar's form? For the scalars that are strings in JSON;
/// true for `none` and `json`, false for `long_integer`, which is never a string. Any bytes may be given. Does not
/// allocate; linear in the text.
///
/// `big_int` `-?[0-9]+`; `decimal` `-?[0-9]+(\.[0-9]+)?`; `bytes` padded base64 without line breaks and with unused
/// bits zero (RFC 4648 §4); `date`, `time`, `date_time` RFC 3339 §5.6 (`full-date`, `full-time`, `date-time`; second
/// 60 only at 23:59:60 UTC); `duration` ISO 8601 without a sign (`P1Y2M3DT4H5M6S`, `P4W`; a fraction in the last
/// component only); `uuid` RFC 9562 §4, letters in either case; `url` RFC 3986 §3 with a scheme and an authority or a
/// path.
[[nodiscard]] bool has_form(known_scalar scalar, std::string_view text);

/// What is expected, for messages: "an RFC 3339 date such as 2026-01-31". Every scalar has one.
[[nodiscard]] std::string_view expected_form(known_scalar scalar);

}  // namespace waggle::graphql
