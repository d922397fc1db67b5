// Reads addresses without the C library, so that every system takes the same texts and none of the
// historic forms (octal, hexadecimal, fewer than four parts), which different programs read as
// different addresses.

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <weft/net/address_errc.hpp>
#include <weft/net/ip_address.hpp>

#include "interface_name.hpp"

namespace weft {
namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::string_view hex_digits = "0123456789abcdefABCDEF";

/// The number that the whole text is, without sign, blank or prefix.
template <class Number>
std::optional<Number> parse_number(std::string_view text, int base) noexcept {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc{} || stop != end) {
    return std::nullopt;
  }
  return number;
}

/// Cuts off what precedes the first `separator`, or everything, and the separator.
std::string_view take_until(std::string_view& text, char separator) noexcept {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

bool parse_v4(std::string_view text, std::span<std::uint8_t, 4> out) noexcept {
  if (std::ranges::count(text, '.') != 3) {
    return false;
  }
  for (std::uint8_t& octet : out) {
    const std::string_view part = take_until(text, '.');
    const auto number = parse_number<std::uint8_t>(part, 10);
    if (!number || (part.size() > 1 && part.front() == '0')) {
      return false;
    }
    octet = *number;
  }
  return true;
}

/// The state of reading one IPv6 address from left to right.
class v6_reader {
 public:
  bool read(std::string_view text) noexcept {
    if (text.starts_with("::")) {
      gap_ = 0;
      text.remove_prefix(2);
    }
    while (!text.empty()) {
      const std::string_view part = text.substr(0, text.find(':'));
      text.remove_prefix(part.size());
      if (!read_part(part, text.empty())) {
        return false;
      }
      if (!text.empty() && !read_separator(text)) {
        return false;
      }
    }
    return close_gap();
  }

  const ip_address::v6_octets& octets() const noexcept { return octets_; }

 private:
  bool read_part(std::string_view part, bool is_last) noexcept {
    if (is_last && part.find('.') != std::string_view::npos) {
      if (filled_ > 12 || !parse_v4(part, std::span(octets_).subspan(filled_).first<4>())) {
        return false;
      }
      filled_ += 4;
      return true;
    }
    const auto group = parse_number<std::uint16_t>(part, 16);
    if (filled_ > 14 || part.size() > 4 || !group) {
      return false;
    }
    octets_[filled_++] = static_cast<std::uint8_t>(*group >> 8);
    octets_[filled_++] = static_cast<std::uint8_t>(*group & 0xff);
    return true;
  }

  /// A colon with something behind it, or the one double colon.
  bool read_separator(std::string_view& text) noexcept {
    text.remove_prefix(1);
    if (!text.starts_with(':')) {
      return !text.empty();
    }
    text.remove_prefix(1);
    return std::exchange(gap_, filled_) == none;
  }

  /// Moves what followed the double colon to the end. It stands for at least one group.
  bool close_gap() noexcept {
    if (gap_ == none) {
      return filled_ == octets_.size();
    }
    std::rotate(octets_.begin() + static_cast<std::ptrdiff_t>(gap_),
                octets_.begin() + static_cast<std::ptrdiff_t>(filled_), octets_.end());
    return filled_ < octets_.size();
  }

  static constexpr std::size_t none = ~std::size_t{0};

  ip_address::v6_octets octets_{};
  std::size_t filled_ = 0;
  std::size_t gap_ = none;  // where the double colon was
};

/// Digits are always an index, even if an interface should be named by digits: what `%2` means must
/// not depend on the machine's names.
result<std::uint32_t> parse_scope(std::string_view text) noexcept {
  if (text.empty()) {
    return fail(address_errc::bad_scope);
  }
  if (text.find_first_not_of(digits) == std::string_view::npos) {
    const auto index = parse_number<std::uint32_t>(text, 10);
    return index ? result<std::uint32_t>(*index) : fail(address_errc::bad_scope);
  }
  const std::uint32_t index = detail::interface_index(text);
  return index != 0 ? result<std::uint32_t>(index) : fail(address_errc::unknown_interface);
}

bool is_host_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || static_cast<unsigned char>(c) >= 0x80;
}

/// A name that ends in a number is none: look-ups would read it as a historic form of an address.
bool is_host_name(std::string_view text) noexcept {
  constexpr std::size_t longest = 254;  // RFC 1035, and a final dot
  if (text.empty() || text.size() > longest || !std::ranges::all_of(text, is_host_character)) {
    return false;
  }
  if (text.ends_with('.')) {
    text.remove_suffix(1);
  }
  if (text.empty() || text.starts_with('.') || text.ends_with('.') ||
      text.find("..") != std::string_view::npos) {
    return false;
  }
  std::string_view last = text.substr(text.rfind('.') + 1);
  if (last.starts_with("0x") || last.starts_with("0X")) {
    last.remove_prefix(2);
    return last.find_first_not_of(hex_digits) != std::string_view::npos;
  }
  return last.find_first_not_of("0123456789-_") != std::string_view::npos;
}

}  // namespace

result<ip_address> ip_address::parse(std::string_view text) noexcept {
  if (text.empty()) {
    return fail(address_errc::empty);
  }
  const std::size_t percent = text.find('%');
  const std::string_view numbers = text.substr(0, percent);
  v4_octets v4;
  if (parse_v4(numbers, v4)) {
    return percent == std::string_view::npos ? result<ip_address>(ip_address(v4))
                                             : fail(address_errc::bad_scope);
  }
  v6_reader v6;
  if (numbers.find(':') == std::string_view::npos || !v6.read(numbers)) {
    return fail(is_host_name(text) ? address_errc::host_name : address_errc::bad_address);
  }
  if (percent == std::string_view::npos) {
    return ip_address(v6.octets());
  }
  const auto scope_id = parse_scope(text.substr(percent + 1));
  if (!scope_id) {
    return fail(scope_id.error());
  }
  return ip_address(v6.octets(), *scope_id);
}

}  // namespace weft
