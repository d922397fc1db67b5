#include <charconv>
#include <ostream>

#include <weft/net/endpoint.hpp>
#include <weft/net/host_port.hpp>

#include "hash.hpp"

namespace weft {

result<endpoint> endpoint::parse(std::string_view text) noexcept {
  const auto halves = split_host_port(text);
  if (!halves) {
    return fail(halves.error());
  }
  ip_address address = ip_address::any_v4();
  if (!halves->host.empty()) {
    const auto parsed = ip_address::parse(halves->host);
    if (!parsed) {
      return fail(parsed.error());
    }
    address = *parsed;
  }
  const auto port = parse_port(halves->port);
  if (!port) {
    return fail(port.error());
  }
  return endpoint(address, *port);
}

endpoint endpoint::mapped() const noexcept {
  return {address_.mapped(), port_, flow_info_};
}

endpoint endpoint::unmapped() const noexcept {
  return {address_.unmapped(), port_, flow_info_};
}

std::string_view endpoint::format_to(std::span<char, text_capacity> buffer) const noexcept {
  char* at = buffer.data();
  if (is_v6()) {
    *at++ = '[';
  }
  at +=
      address_.format_to(std::span<char, ip_address::text_capacity>(at, ip_address::text_capacity))
          .size();
  if (is_v6()) {
    *at++ = ']';
  }
  *at++ = ':';
  at = std::to_chars(at, buffer.data() + buffer.size(), port_).ptr;
  return {buffer.data(), at};
}

std::string endpoint::to_string() const {
  std::array<char, text_capacity> buffer;
  return std::string(format_to(buffer));
}

std::ostream& operator<<(std::ostream& out, const endpoint& value) {
  std::array<char, endpoint::text_capacity> buffer;
  return out << value.format_to(buffer);
}

}  // namespace weft

std::size_t std::hash<weft::endpoint>::operator()(const weft::endpoint& value) const noexcept {
  const std::uint64_t rest = std::uint64_t{value.port()} << 32 | value.flow_info();
  return weft::detail::hash_of(value.address(), weft::detail::scramble(rest));
}
