#include "any_address.hpp"

#include <cstring>
#include <string>

#include <weft/net/resolve.hpp>

namespace weft::detail {

namespace {

bool fits(socket_domain domain, const endpoint& where) noexcept {
  return domain == socket_domain::ipv4 ? where.is_v4() : where.is_v6();
}

}  // namespace

any_address::any_address(const socket_address& value) noexcept {
  if (const auto* local = std::get_if<unix_endpoint>(&value)) {
    storage_ = native_unix_endpoint(*local);
    return;
  }
  const native_endpoint ip(std::get<endpoint>(value));
  std::memcpy(storage_.data(), ip.data(), ip.size());
  storage_.resize(ip.size());
}

socket_address any_address::value_in(socket_domain domain) const noexcept {
  if (domain == socket_domain::local) {
    return storage_.to_endpoint().value_or(unix_endpoint());
  }
  return endpoint::from_native(storage_.data(), storage_.size()).value_or(endpoint());
}

result<socket_address> address_of(socket_domain domain, std::string_view host, std::uint16_t port) {
  if (domain == socket_domain::local) {
    const auto parsed = unix_endpoint::parse(host);
    return parsed ? result<socket_address>(*parsed) : fail(parsed.error());
  }
  if (host.empty()) {
    return domain == socket_domain::ipv4 ? endpoint::any_v4(port) : endpoint::any_v6(port);
  }
  const auto found = resolve(host, port);
  if (!found) {
    return fail(found.error());
  }
  for (const endpoint& candidate : *found) {
    if (fits(domain, candidate)) {
      return candidate;
    }
  }
  // An IPv6 socket reaches IPv4 by mapped addresses.
  if (domain == socket_domain::ipv6) {
    return found->front().mapped();
  }
  return fail(std::make_error_code(std::errc::address_family_not_supported));
}

std::string text_of(const socket_address& address) {
  return std::visit([](const auto& value) { return value.to_string(); }, address);
}

}  // namespace weft::detail
