#include <charconv>

#include <weft/net/address_errc.hpp>
#include <weft/net/host_port.hpp>

namespace weft {
namespace {

/// Tells `::1:80`, which lacks its brackets, from `http://example.org:80`.
bool looks_like_v6(std::string_view text) noexcept {
  const std::string_view numbers = text.substr(0, text.find('%'));
  return !numbers.empty() &&
         numbers.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

/// The text begins with a bracket.
result<host_port> split_bracketed(std::string_view text) noexcept {
  // The last one, because the names of interfaces may have brackets in them and ports may not.
  const std::size_t close = text.rfind(']');
  if (close == std::string_view::npos) {
    return fail(address_errc::bad_brackets);
  }
  const std::string_view host = text.substr(1, close - 1);
  const std::string_view rest = text.substr(close + 1);
  // Only an IPv6 address has colons to protect.
  if (host.find(':') == std::string_view::npos) {
    return fail(address_errc::bad_brackets);
  }
  if (rest.empty() || rest == ":") {
    return fail(address_errc::missing_port);
  }
  if (rest.front() != ':') {
    return fail(address_errc::bad_brackets);
  }
  return host_port{host, rest.substr(1)};
}

}  // namespace

result<host_port> split_host_port(std::string_view text) noexcept {
  if (text.empty()) {
    return fail(address_errc::empty);
  }
  if (text.front() == '[') {
    return split_bracketed(text);
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return fail(address_errc::missing_port);
  }
  const std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (port.find(':') != std::string_view::npos) {
    return fail(looks_like_v6(text) ? address_errc::missing_brackets : address_errc::bad_address);
  }
  if (text.find_first_of("[]") != std::string_view::npos) {
    return fail(address_errc::bad_brackets);
  }
  if (port.empty()) {
    return fail(address_errc::missing_port);
  }
  return host_port{host, port};
}

result<std::uint16_t> parse_port(std::string_view text) noexcept {
  if (text.empty()) {
    return fail(address_errc::missing_port);
  }
  if (text.find_first_not_of("0123456789") != std::string_view::npos) {
    return fail(address_errc::bad_port);
  }
  std::uint32_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{} || number > 65535) {
    return fail(address_errc::port_out_of_range);
  }
  if (text.size() > 5) {
    return fail(address_errc::bad_port);
  }
  return static_cast<std::uint16_t>(number);
}

}  // namespace weft
