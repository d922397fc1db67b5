#pragma once

#include <cstdint>
#include <string_view>

#include <weft/net/native_endpoint.hpp>
#include <weft/net/native_unix_endpoint.hpp>
#include <weft/net/socket.hpp>

namespace weft::detail {

/// A socket_address in the system's form.
class any_address {
 public:
  /// Empty, for the system to fill in.
  any_address() noexcept = default;
  explicit any_address(const socket_address& value) noexcept;

  sockaddr* data() noexcept { return storage_.data(); }
  const sockaddr* data() const noexcept { return storage_.data(); }
  unsigned size() const noexcept { return storage_.size(); }
  static constexpr unsigned capacity() noexcept { return native_unix_endpoint::capacity(); }
  void resize(unsigned size) noexcept { storage_.resize(size); }

  /// Of what the system left empty, an unnamed unix_endpoint in the domain local, else an endpoint.
  socket_address value_in(socket_domain domain) const noexcept;

 private:
  // The largest of the forms; an IP address lies in the same bytes.
  native_unix_endpoint storage_;
};

/// What a host and a port mean in a domain. Looks host names up.
result<socket_address> address_of(socket_domain domain, std::string_view host, std::uint16_t port);

/// The text of an address for messages.
std::string text_of(const socket_address& address);

}  // namespace weft::detail
