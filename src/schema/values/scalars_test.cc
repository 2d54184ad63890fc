#include "schema/values/scalars.h"

#include <string>

#include <gtest/gtest.h>

namespace waggle::graphql {
namespace {

constexpr known_scalar all_scalars[] = {known_scalar::none,    known_scalar::long_integer, known_scalar::big_int,
                                        known_scalar::decimal, known_scalar::bytes,        known_scalar::date,
                                        known_scalar::time,    known_scalar::date_time,    known_scalar::duration,
                                        known_scalar::uuid,    known_scalar::url,          known_scalar::json};

struct form_case {
  std::string_view text;
  bool fits;
};

template <std::size_t N>
void expect_forms(known_scalar scalar, const form_case (&cases)[N]) {
  for (const form_case& c : cases) EXPECT_EQ(has_form(scalar, c.text), c.fits) << "\"" << c.text << "\"";
}

TEST(scalars, specified_by_accepts_published_addresses) {
  constexpr struct {
    std::string_view url;
    known_scalar scalar;
  } cases[] = {
      {"https://scalars.graphql.org/andimarek/date-time", known_scalar::date_time},
      {"https://scalars.graphql.org/andimarek/date-time.html", known_scalar::date_time},
      {"http://scalars.graphql.org/andimarek/date-time.html#sec-Overview", known_scalar::date_time},
      {"https://scalars.graphql.org/andimarek/local-date", known_scalar::date},
      {"https://scalars.graphql.org/apollographql/instant-v0.1", known_scalar::date_time},
      {"https://scalars.graphql.org/apollographql/localdate-v0.1.html", known_scalar::date},
      {"https://scalars.graphql.org/apollographql/long-v0.1", known_scalar::long_integer},
      {"https://scalars.graphql.org/chillicream/long.html", known_scalar::long_integer},
      {"https://scalars.graphql.org/chillicream/uuid.html", known_scalar::uuid},
      {"https://scalars.graphql.org/chillicream/url.html", known_scalar::url},
      {"https://scalars.graphql.org/chillicream/base64-string.html", known_scalar::bytes},
      {"https://scalars.graphql.org/waggle/big-int", known_scalar::big_int},
      // Other forms than ours.
      {"https://scalars.graphql.org/jakobmerrild/long.html", known_scalar::none},       // a string
      {"https://scalars.graphql.org/chillicream/decimal.html", known_scalar::none},     // a number
      {"https://scalars.graphql.org/chillicream/duration.html", known_scalar::none},    // has signs
      {"https://scalars.graphql.org/chillicream/local-time.html", known_scalar::none},  // has no offset
      {"https://scalars.graphql.org/chillicream/uri.html", known_scalar::none},         // may be relative
      // Other addresses.
      {"", known_scalar::none},
      {"#", known_scalar::none},
      {"https://", known_scalar::none},
      {".html", known_scalar::none},
      {"scalars.graphql.org/andimarek/date-time", known_scalar::none},
      {"https://example.com/andimarek/date-time", known_scalar::none},
      {"https://scalars.graphql.org/andimarek/date-time/", known_scalar::none},
      {"https://scalars.graphql.org/andimarek/Date-Time", known_scalar::none},
      {"https://scalars.graphql.org/andimarek/date-time.html.html", known_scalar::none},
  };
  for (const auto& c : cases) EXPECT_EQ(scalar_specified_by(c.url), c.scalar) << c.url;
}

TEST(scalars, every_known_scalar_has_a_name_an_expectation_and_an_address_that_leads_back) {
  for (const known_scalar scalar : all_scalars) {
    EXPECT_FALSE(expected_form(scalar).empty());
    const std::string_view url = specification_of(scalar);
    if (scalar == known_scalar::none || scalar == known_scalar::json) {
      EXPECT_EQ(url, "");
    } else {
      EXPECT_EQ(scalar_specified_by(url), scalar) << url;
    }
  }
  constexpr std::string_view names[] = {"Long",     "BigInt",   "Decimal", "Bytes", "Date", "Time",
                                        "DateTime", "Duration", "UUID",    "URL",   "JSON"};
  std::size_t i = 1;
  for (const std::string_view name : names) EXPECT_EQ(scalar_named(name), all_scalars[i++]) << name;
  EXPECT_EQ(scalar_named(""), known_scalar::none);
  EXPECT_EQ(scalar_named("date"), known_scalar::none);
  EXPECT_EQ(scalar_named("Currency"), known_scalar::none);
}

TEST(scalars, what_an_expectation_gives_as_an_example_fits) {
  for (const known_scalar scalar : all_scalars) {
    const std::string_view form = expected_form(scalar);
    constexpr std::string_view before = "such as ";
    const auto at = form.find(before);
    if (at == std::string_view::npos) continue;
    std::string_view example = form.substr(at + before.size());
    if (example.starts_with('"')) example = example.substr(1, example.size() - 2);
    EXPECT_TRUE(has_form(scalar, example)) << form;
  }
}

TEST(scalars, scalars_of_any_json_take_any_text_and_a_long_takes_none) {
  EXPECT_TRUE(has_form(known_scalar::none, "\xFF"));
  EXPECT_TRUE(has_form(known_scalar::json, ""));
  EXPECT_FALSE(has_form(known_scalar::long_integer, "1"));
}

TEST(scalars, big_int_is_digits) {
  constexpr form_case cases[] = {
      {"0", true},     {"-0", true},     {"007", true},     {"-12345678901234567890123", true},
      {"", false},     {"-", false},     {"+1", false},     {"1.0", false},
      {"1e3", false},  {" 1", false},    {"1 ", false},     {"--1", false},
      {"0x10", false}, {"1_000", false}, {"\u0661", false},
  };
  expect_forms(known_scalar::big_int, cases);
}

TEST(scalars, decimal_is_digits_with_a_point_between) {
  constexpr form_case cases[] = {
      {"0", true},    {"-0.00", true}, {"12.50", true}, {"0012.5", true}, {"", false},
      {"-", false},   {".5", false},   {"5.", false},   {"1.2.3", false}, {"1,5", false},
      {"1e3", false}, {"+1.0", false}, {"-.5", false},  {"NaN", false},
  };
  expect_forms(known_scalar::decimal, cases);
}

TEST(scalars, bytes_are_canonical_base_64_of_rfc_4648_section_4) {
  constexpr form_case cases[] = {
      {"", true},         {"Zg==", true},      {"Zm8=", true},  {"Zm9v", true},      {"Zm9vYg==", true},
      {"+/+/", true},     {"Zg=", false},      {"Zg", false},   {"Z", false},        {"Z===", false},
      {"====", false},    {"=", false},        {"==", false},   {"Zh==", false},     {"Zm9=", false},
      {"-_-_", false},    {"Zm9v\n", false},   {"Zm 9", false}, {"Zg==Zg==", false}, {"Zm8=Zm8=", false},
      {"Zm9\xFF", false}, {"Zm9v====", false}, {"=Zm9", false},
  };
  expect_forms(known_scalar::bytes, cases);
  EXPECT_FALSE(has_form(known_scalar::bytes, std::string_view("Zm9\0", 4)));
}

TEST(scalars, bytes_agree_with_an_encoder_about_every_last_quantum) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < 64; ++i) {
    const std::string last(1, alphabet[i]);
    EXPECT_TRUE(has_form(known_scalar::bytes, "AAA" + last));
    EXPECT_EQ(has_form(known_scalar::bytes, "AA" + last + "="), i % 4 == 0) << last;
    EXPECT_EQ(has_form(known_scalar::bytes, "A" + last + "=="), i % 16 == 0) << last;
  }
}

TEST(scalars, date_is_a_full_date_of_rfc_3339_with_a_real_day) {
  constexpr form_case cases[] = {
      {"2026-01-31", true},         {"2024-02-29", true},   {"2000-02-29", true},
      {"0000-02-29", true},         {"9999-12-31", true},   {"2026-02-28", true},
      {"2026-04-30", true},         {"0000-01-01", true},   {"2026-02-29", false},
      {"1900-02-29", false},        {"2100-02-29", false},  {"2026-04-31", false},
      {"2026-00-10", false},        {"2026-13-10", false},  {"2026-01-00", false},
      {"2026-01-32", false},        {"2026-1-31", false},   {"26-01-31", false},
      {"12026-01-31", false},       {"-2026-01-31", false}, {"2026/01/31", false},
      {"2026-01-31T", false},       {"2026-01-31 ", false}, {"20260131", false},
      {"2026-01", false},           {"2026-01-", false},    {"", false},
      {"2026-01-3\xD9\xA1", false}, {"2026-01-31Z", false}, {"+026-01-31", false},
  };
  expect_forms(known_scalar::date, cases);
}

TEST(scalars, time_is_a_full_time_of_rfc_3339) {
  constexpr form_case cases[] = {
      {"00:00:00Z", true},
      {"23:59:59z", true},
      {"14:30:00+02:00", true},
      {"14:30:00-23:59", true},
      {"14:30:00-00:00", true},
      {"14:30:00.1Z", true},
      {"14:30:00.123456789012345678901234567890Z", true},
      {"23:59:60Z", true},
      {"23:59:60.999Z", true},
      {"15:59:60-08:00", true},
      {"00:29:60+00:30", true},
      {"23:29:60-00:30", true},
      {"01:59:60+02:00", true},
      {"23:58:60+23:59", true},
      {"00:00:60-23:59", true},
      {"24:00:00Z", false},
      {"14:60:00Z", false},
      {"14:30:61Z", false},
      {"14:30:60Z", false},
      {"23:59:60+01:00", false},
      {"00:00:60Z", false},
      {"14:30:00", false},
      {"14:30Z", false},
      {"14:30:00.Z", false},
      {"14:30:00,5Z", false},
      {"14:30:00+24:00", false},
      {"14:30:00+02:60", false},
      {"14:30:00+0200", false},
      {"14:30:00+02", false},
      {"14:30:00+02:0", false},
      {"4:30:00Z", false},
      {"14:30:00Z ", false},
      {"14:30:00ZZ", false},
      {"14:30:00 Z", false},
      {"T14:30:00Z", false},
      {"14:30:00\xE2\x88\x92"
       "02:00",
       false},
      {"14:30:00*02:00", false},
      {"", false},
      {"14:30:00+-2:00", false},
  };
  expect_forms(known_scalar::time, cases);
}

TEST(scalars, date_time_is_a_date_time_of_rfc_3339) {
  constexpr form_case cases[] = {
      // §5.8's examples
      {"1985-04-12T23:20:50.52Z", true},
      {"1996-12-19T16:39:57-08:00", true},
      {"1990-12-31T23:59:60Z", true},
      {"1990-12-31T15:59:60-08:00", true},
      {"1937-01-01T12:00:27.87+00:20", true},
      {"2026-01-31t14:30:00z", true},
      {"0000-01-01T00:00:00Z", true},
      {"9999-12-31T23:59:59.999999-23:59", true},
      {"2026-01-31 14:30:00Z", false},
      {"2026-01-31T14:30:00", false},
      {"2026-01-31", false},
      {"14:30:00Z", false},
      {"2026-02-29T14:30:00Z", false},
      {"2026-01-31TT14:30:00Z", false},
      {"2026-01-31T24:00:00Z", false},
      {"2026-01-31T14:30:00Z\n", false},
      {"20260131T143000Z", false},
      {"2026-W05-6T14:30:00Z", false},
      {"2026-01-31T14:30:00+02:00[Europe/Berlin]", false},
      {"", false},
      {"T", false},
  };
  expect_forms(known_scalar::date_time, cases);
}

TEST(scalars, duration_is_iso_8601_without_a_sign) {
  constexpr form_case cases[] = {
      {"P3Y6M4DT12H30M5S", true},
      {"P4W", true},
      {"P1Y", true},
      {"P1M", true},
      {"PT1M", true},
      {"P1Y1D", true},
      {"PT1H1S", true},
      {"P0D", true},
      {"PT0S", true},
      {"P0003Y", true},
      {"PT0.5S", true},
      {"PT0,5S", true},
      {"P1DT1.25H", true},
      {"P0.5Y", true},
      {"P1.5W", true},
      {"PT36H", true},
      {"P99999999999999999999D", true},
      {"", false},
      {"P", false},
      {"PT", false},
      {"P1DT", false},
      {"1D", false},
      {"-P1D", false},
      {"+P1D", false},
      {"P-1D", false},
      {"p1d", false},
      {"P1", false},
      {"P1D2M", false},
      {"P1D1D", false},
      {"P1H", false},
      {"PT1D", false},
      {"PT1W", false},
      {"P1Y1W", false},
      {"P1W1D", false},
      {"PD", false},
      {"P1.5DT1H", false},
      {"P1.D", false},
      {"P.5D", false},
      {"P1..5D", false},
      {"PT1S1M", false},
      {"PTT1S", false},
      {"P1DT1HT1M", false},
      {"P 1D", false},
      {"P1D ", false},
      {"P1X", false},
      {"PT1.5H30M", false},
      {"P1,5.5D", false},
  };
  expect_forms(known_scalar::duration, cases);
  EXPECT_FALSE(has_form(known_scalar::duration, std::string_view("P1\0", 3)));
}

TEST(scalars, uuid_is_rfc_9562_in_either_case) {
  constexpr form_case cases[] = {
      {"0190163d-8694-739b-aea5-966c26f8ad91", true},
      {"0190163D-8694-739B-AEA5-966C26F8AD91", true},
      {"00000000-0000-0000-0000-000000000000", true},
      {"ffffffff-ffff-ffff-ffff-ffffffffffff", true},
      {"0190163d-8694-739b-aea5-966c26f8ad9", false},
      {"0190163d-8694-739b-aea5-966c26f8ad911", false},
      {"0190163d8694739baea5966c26f8ad91", false},
      {"{0190163d-8694-739b-aea5-966c26f8ad9}", false},
      {"0190163g-8694-739b-aea5-966c26f8ad91", false},
      {"0190163d-8694-739b-aea5_966c26f8ad91", false},
      {"0190163-d8694-739b-aea5-966c26f8ad91", false},
      {"", false},
      {"urn:uuid:0190163d-8694-739b-aea5-966c26f8ad91", false},
  };
  expect_forms(known_scalar::uuid, cases);
}

TEST(scalars, url_is_absolute_by_rfc_3986) {
  constexpr form_case cases[] = {
      // §1.1.2's examples
      {"ftp://ftp.is.co.za/rfc/rfc1808.txt", true},
      {"http://www.ietf.org/rfc/rfc2396.txt", true},
      {"ldap://[2001:db8::7]/c=GB?objectClass?one", true},
      {"mailto:John.Doe@example.com", true},
      {"news:comp.infosystems.www.servers.unix", true},
      {"tel:+1-816-555-1212", true},
      {"telnet://192.0.2.16:80/", true},
      {"urn:oasis:names:specification:docbook:dtd:xml:4.1.2", true},
      {"https://example.com", true},
      {"HTTPS://EXAMPLE.com/#f", true},
      {"https://example.com/%C3%A9?q=a%20b", true},
      {"file:///etc/hosts", true},
      {"https://user:pw@example.com:8080/", true},
      {"http://xn--bcher-kva.example/", true},
      {"", false},
      {"example.com", false},
      {"//example.com/", false},
      {"/path", false},
      {"http://", false},
      {"http:", false},
      {"http:?q", false},
      {"://example.com", false},
      {"1http://example.com", false},
      {"https://example.com/a b", false},
      {"https://example.com/%zz", false},
      {"https://example.com/%", false},
      {"https://b\xC3\xBC"
       "cher.example/",
       false},
      {" https://example.com", false},
      {"https://example.com\n", false},
      {"https://[::1", false},
      {"https://[v1]/", false},
      {"https://[v1.]/", false},
      {"https://[::1]x/", false},
      {"https://[1::2::3]/", false},
      {"https://[1:2:3:4:5:6:7:8:9]/", false},
      {"https://[::1%25eth0]/", false},
      {"https://[::01.2.3.4]/", false},
      {"https://a[::1]/", false},
      {"https://example.com/#a#b", false},
      {"https://example.com/[x]", false},
      {"https://example.com/?[x]", false},
      {"https://example.com/\"", false},
      {"x://?q", false},
      {"x:#f", false},
      {"https://example.com\\a", false},
      {"h_t:a", false},
      {"https://[]/", false},
      {"https://example.com:port/", false},
      {"https://a@b@c/", false},
      {"https://example.com/<a>", false},
  };
  expect_forms(known_scalar::url, cases);
  EXPECT_FALSE(has_form(known_scalar::url, std::string_view("https://example.com/\0", 21)));
}

TEST(scalars, long_texts_take_linear_time) {
  const std::string digits(std::size_t{4} << 20, '7');
  EXPECT_TRUE(has_form(known_scalar::big_int, digits));
  EXPECT_TRUE(has_form(known_scalar::decimal, digits + "." + digits));
  EXPECT_TRUE(has_form(known_scalar::bytes, digits));
  EXPECT_TRUE(has_form(known_scalar::duration, "P" + digits + "D"));
  EXPECT_TRUE(has_form(known_scalar::time, "00:00:00." + digits + "Z"));
  EXPECT_TRUE(has_form(known_scalar::url, "https://example.com/" + digits));
  EXPECT_FALSE(has_form(known_scalar::date, digits));
}

}  // namespace
}  // namespace waggle::graphql
