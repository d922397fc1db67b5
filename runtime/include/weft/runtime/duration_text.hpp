#pragma once

#include <string>
#include <string_view>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

/// Durations as people write them in settings and on command lines: "1h30m", "250ms", "1.5s",
/// "-2m".
namespace weft {

/// Reads a duration: a minus sign where it is negative, then numbers, each with its unit: d, h, m,
/// s, ms, us or ns. Units come from the largest to the smallest, each once; the last number may
/// have a fraction. A day has 24 hours.
///
/// Errors: `invalid_argument` for everything else: blanks, a number without a unit ("90", "0"), a
///   unit without a number, parts out of order, fractions of a nanosecond. `result_out_of_range`
///   for what no duration can hold, which is about 292 years. explain() names the text and what is
///   wrong with it.
WEFT_API result<duration> parse_duration(std::string_view text);

/// Writes a duration so that parse_duration() reads exactly the same: "1d2h3m4.5s", and below a
/// second "250ms", "1.5us", "7ns"; zero is "0s".
WEFT_API std::string format_duration(duration span);

}  // namespace weft
