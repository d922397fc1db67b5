#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>

#include <weft/runtime/duration_text.hpp>
#include <weft/runtime/explain.hpp>

/// Both ways work on the magnitude, unsigned, so that duration::min() needs no case of its own.
namespace weft {

namespace {

struct unit {
  std::string_view name;
  std::uint64_t nanoseconds;
};

/// From the largest to the smallest, as they are written.
constexpr std::array<unit, 7> units{{{"d", 86'400'000'000'000},
                                     {"h", 3'600'000'000'000},
                                     {"m", 60'000'000'000},
                                     {"s", 1'000'000'000},
                                     {"ms", 1'000'000},
                                     {"us", 1'000},
                                     {"ns", 1}}};
constexpr std::size_t second = 3;

constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

struct mistake {
  std::errc code;
  const char* sentence;
};

constexpr mistake out_of_range{std::errc::result_out_of_range, "a duration is at most 292 years"};

constexpr mistake malformed(const char* sentence) noexcept {
  return {std::errc::invalid_argument, sentence};
}

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// Takes the digits at the front off the text.
std::string_view take_digits(std::string_view& text) noexcept {
  const auto end = std::ranges::find_if_not(text, is_digit);
  const std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

/// `0.digits` of a unit, from the last digit to the first. Each step divides without a remainder
/// exactly if the whole does: what the digits behind one come to is then an integer too.
std::expected<std::uint64_t, mistake> fraction_of(std::string_view digits, std::uint64_t of) {
  std::uint64_t sum = 0;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    sum += static_cast<std::uint64_t>(*digit - '0') * of;
    if (sum % 10 != 0) {
      return std::unexpected(malformed("it is not a whole number of nanoseconds"));
    }
    sum /= 10;
  }
  return sum;
}

/// Reads the parts one by one, and remembers what may still follow.
class reader {
 public:
  reader(std::string_view text, std::uint64_t limit) noexcept : rest_(text), limit_(limit) {}

  std::expected<std::uint64_t, mistake> read() {
    if (rest_.empty()) {
      return std::unexpected(malformed("a number and a unit are missing"));
    }
    std::uint64_t sum = 0;
    while (!rest_.empty()) {
      const auto part = read_part();
      if (!part) {
        return part;
      }
      if (*part > limit_ - sum) {
        return std::unexpected(out_of_range);
      }
      sum += *part;
    }
    return sum;
  }

 private:
  std::expected<std::uint64_t, mistake> read_part() {
    if (has_fraction_) {
      return std::unexpected(malformed("only the last number may have a fraction"));
    }
    const std::string_view whole = take_digits(rest_);
    std::string_view fraction;
    if (!whole.empty() && rest_.starts_with('.')) {
      rest_.remove_prefix(1);
      fraction = take_digits(rest_);
      has_fraction_ = true;
    }
    if (whole.empty() || (has_fraction_ && fraction.empty())) {
      return std::unexpected(malformed("a number is missing"));
    }
    const auto factor = read_unit();
    if (!factor) {
      return factor;
    }
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), count);
    if (error != std::errc() || count > limit_ / *factor) {
      return std::unexpected(out_of_range);
    }
    const auto below = fraction_of(fraction, *factor);
    if (!below) {
      return below;
    }
    // Cannot overflow: both are at most 2^63, and the fraction is less than a unit.
    return count * *factor + *below;
  }

  std::expected<std::uint64_t, mistake> read_unit() {
    const auto end =
        std::ranges::find_if(rest_, [](char c) { return is_digit(c) || c == '.' || c == '-'; });
    const std::string_view name = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    if (name.empty()) {
      return std::unexpected(malformed("a unit is missing: one of d h m s ms us ns"));
    }
    const auto found = std::ranges::find(units, name, &unit::name);
    if (found == units.end()) {
      return std::unexpected(malformed("the units are d h m s ms us ns"));
    }
    const auto index = static_cast<std::size_t>(found - units.begin());
    if (index < next_unit_) {
      return std::unexpected(malformed("units go from the largest to the smallest, each once"));
    }
    next_unit_ = index + 1;
    rest_.remove_prefix(name.size());
    return found->nanoseconds;
  }

  std::string_view rest_;
  const std::uint64_t limit_;
  std::size_t next_unit_ = 0;
  bool has_fraction_ = false;
};

void append(std::string& text, std::uint64_t count, const unit& of) {
  text += std::to_string(count);
  text += of.name;
}

/// The rest, which is below a minute, in its largest unit with what is below that as a fraction.
void append_last(std::string& text, std::uint64_t rest) {
  const auto* of = &units[second];
  while (rest < of->nanoseconds) {
    ++of;
  }
  text += std::to_string(rest / of->nanoseconds);
  if (const std::uint64_t below = rest % of->nanoseconds) {
    // A one in front keeps the zeros.
    std::string digits = std::to_string(of->nanoseconds + below);
    digits.erase(digits.find_last_not_of('0') + 1);
    digits.front() = '.';
    text += digits;
  }
  text += of->name;
}

}  // namespace

result<duration> parse_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  const auto magnitude =
      reader(negative ? text.substr(1) : text, negative ? largest + 1 : largest).read();
  if (!magnitude) {
    const std::error_code error = std::make_error_code(magnitude.error().code);
    constexpr std::size_t shown = 60;
    detail::note_error(error, "duration \"" + std::string(text.substr(0, shown)) +
                                  (text.size() > shown ? "...\": " : "\": ") +
                                  magnitude.error().sentence);
    return fail(error);
  }
  // Modulo 2^64, as the conversion is: right for the magnitude of duration::min() too.
  return duration(static_cast<std::int64_t>(negative ? 0 - *magnitude : *magnitude));
}

std::string format_duration(duration span) {
  const bool negative = span < duration::zero();
  const auto bits = static_cast<std::uint64_t>(span.count());
  std::uint64_t rest = negative ? 0 - bits : bits;
  if (rest == 0) {
    return "0s";
  }
  std::string text(negative ? "-" : "");
  for (std::size_t i = 0; i < second; ++i) {
    if (const std::uint64_t count = rest / units[i].nanoseconds) {
      append(text, count, units[i]);
      rest %= units[i].nanoseconds;
    }
  }
  if (rest != 0) {
    append_last(text, rest);
  }
  return text;
}

}  // namespace weft
