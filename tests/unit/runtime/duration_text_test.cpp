#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/duration_text.hpp>
#include <weft/runtime/explain.hpp>

using namespace std::chrono_literals;
using weft::duration;
using weft::format_duration;
using weft::parse_duration;
using weft::testing::error_of;

namespace {

constexpr auto day = 24h;

struct spelling {
  std::string_view text;
  duration value;
};

}  // namespace

TEST_CASE("[row 73] a duration is read from numbers with units") {
  for (const auto& [text, value] : {spelling{"1h30m", 90min},
                                    {"250ms", 250ms},
                                    {"1.5s", 1500ms},
                                    {"-2m", -2min},
                                    {"0s", 0s},
                                    {"-0ns", 0s},
                                    {"1ns", 1ns},
                                    {"12us", 12us},
                                    {"2d", 2 * day},
                                    {"1d2h3m4s5ms6us7ns", day + 2h + 3min + 4'005'006'007ns},
                                    {"1h5ns", 1h + 5ns},
                                    {"-1m0.25s", -60'250ms},
                                    {"90m", 90min},
                                    {"007s", 7s},
                                    {"0.000000001s", 1ns},
                                    {"1.500000000000000000000000s", 1500ms},
                                    {"0.1m", 6s},
                                    {"0.0009765625h", 3'515'625us},
                                    {"0.5d", 12h}}) {
    CAPTURE(text);
    CHECK(parse_duration(text) == value);
  }
}

TEST_CASE("[row 73] what is not a duration is refused") {
  for (const std::string_view text : {"",
                                      "-",
                                      "1",
                                      "0",
                                      "90",
                                      "s",
                                      "ms",
                                      ".5s",
                                      "1.s",
                                      "1.",
                                      ".",
                                      "1..5s",
                                      "1.5.5s",
                                      "--1s",
                                      "+1s",
                                      "1-s",
                                      "1m-5s",
                                      " 1s",
                                      "1s ",
                                      "1 s",
                                      "1h 5m",
                                      "1S",
                                      "1min",
                                      "1sec",
                                      "1x",
                                      "1hm",
                                      "1m1h",
                                      "1s1s",
                                      "5ms1s",
                                      "1.5h30m",
                                      "1,5s",
                                      "1e3s",
                                      "0x1s",
                                      "inf",
                                      "nan",
                                      "1s\n",
                                      "1h30",
                                      "0.5ns",
                                      "1.0000000001s",
                                      "0.3333333333us",
                                      "\xc2\xb5s",
                                      "1\xc2\xb5s"}) {
    CAPTURE(text);
    CHECK(error_of(parse_duration(text)) == std::errc::invalid_argument);
  }
  CHECK(error_of(parse_duration(std::string_view("1s\0", 3))) == std::errc::invalid_argument);
}

TEST_CASE("[row 73] what does not fit is refused, what just fits is not") {
  CHECK(parse_duration("9223372036854775807ns") == duration::max());
  CHECK(parse_duration("-9223372036854775808ns") == duration::min());
  CHECK(parse_duration("106751d23h47m16.854775807s") == duration::max());
  CHECK(parse_duration("-106751d23h47m16.854775808s") == duration::min());
  for (const std::string_view text :
       {"9223372036854775808ns", "-9223372036854775809ns", "106751d23h47m16.854775808s",
        "-106751d23h47m16.854775809s", "106752d", "106751.999999d", "-106752d", "300000000h",
        "18446744073709551616ns", "99999999999999999999999999999s"}) {
    CAPTURE(text);
    CHECK(error_of(parse_duration(text)) == std::errc::result_out_of_range);
  }
}

TEST_CASE("the error names the text and what is wrong with it") {
  const auto outcome = parse_duration("90");
  REQUIRE_FALSE(outcome);
  CHECK(weft::explain(outcome.error()) ==
        "duration \"90\": a unit is missing: one of d h m s ms us ns");
  const auto lengthy = parse_duration(std::string(1000, 'x'));
  REQUIRE_FALSE(lengthy);
  CHECK(weft::explain(lengthy.error()) ==
        "duration \"" + std::string(60, 'x') + "...\": a number is missing");
}

TEST_CASE("[row 73] a duration is written in its largest units") {
  for (const auto& [text, value] : {spelling{"0s", 0s},
                                    {"1ns", 1ns},
                                    {"999ns", 999ns},
                                    {"1us", 1us},
                                    {"1.5us", 1500ns},
                                    {"250ms", 250ms},
                                    {"1.000001ms", 1'000'001ns},
                                    {"1s", 1s},
                                    {"1.5s", 1500ms},
                                    {"10.05s", 10'050ms},
                                    {"1m", 1min},
                                    {"1h30m", 90min},
                                    {"1m250ms", 60'250ms},
                                    {"1d2h3m4.5s", day + 2h + 3min + 4500ms},
                                    {"-2m", -2min},
                                    {"-1.5s", -1500ms},
                                    {"106751d23h47m16.854775807s", duration::max()},
                                    {"-106751d23h47m16.854775808s", duration::min()}}) {
    CAPTURE(text);
    CHECK(format_duration(value) == text);
  }
}

TEST_CASE("[row 73] what is written is read as exactly the same") {
  std::mt19937_64 random(73);
  for (std::size_t i = 0; i < weft::testing::rounds(200'000); ++i) {
    // All sizes, and round numbers among them.
    auto count = static_cast<std::int64_t>(random() >> (random() % 64));
    if (i % 3 == 0) {
      count -= count % 1'000'000;
    }
    const duration value(i % 2 ? count : -count);
    const std::string text = format_duration(value);
    if (parse_duration(text) != value) {
      FAIL_CHECK(text << " for " << value.count());
    }
  }
}
