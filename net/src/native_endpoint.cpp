#include <cstddef>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <weft/net/native_endpoint.hpp>

#include "address_length.hpp"

namespace weft {

static_assert(sizeof(sockaddr_in) <= native_endpoint::capacity());
static_assert(sizeof(sockaddr_in6) <= native_endpoint::capacity());
static_assert(alignof(native_endpoint) >= alignof(sockaddr_in6));

namespace {

sockaddr_in v4_form(const endpoint& value) noexcept {
  sockaddr_in native{};
  native.sin_family = AF_INET;
  native.sin_port = htons(value.port());
  std::memcpy(&native.sin_addr, value.address().octets().data(), sizeof native.sin_addr);
  return native;
}

sockaddr_in6 v6_form(const endpoint& value) noexcept {
  sockaddr_in6 native{};
  native.sin6_family = AF_INET6;
  native.sin6_port = htons(value.port());
  native.sin6_flowinfo = htonl(value.flow_info());
  std::memcpy(&native.sin6_addr, value.address().octets().data(), sizeof native.sin6_addr);
  native.sin6_scope_id = value.address().scope_id();
  return native;
}

endpoint from_v4(const sockaddr_in& native) noexcept {
  ip_address::v4_octets octets;
  std::memcpy(octets.data(), &native.sin_addr, octets.size());
  return {ip_address(octets), ntohs(native.sin_port)};
}

endpoint from_v6(const sockaddr_in6& native) noexcept {
  ip_address::v6_octets octets;
  std::memcpy(octets.data(), &native.sin6_addr, octets.size());
  return {ip_address(octets, native.sin6_scope_id), ntohs(native.sin6_port),
          ntohl(native.sin6_flowinfo)};
}

/// Copies, because the caller's bytes may lie at any address and hold objects of any type.
template <class Native>
result<endpoint> convert(const void* data, std::size_t size,
                         endpoint (*from)(const Native&) noexcept) noexcept {
  if (size < sizeof(Native)) {
    return fail(std::make_error_code(std::errc::invalid_argument));
  }
  Native native;
  std::memcpy(&native, data, sizeof native);
  return from(native);
}

}  // namespace

native_endpoint::native_endpoint(const endpoint& value) noexcept {
  if (value.is_v4()) {
    const sockaddr_in native = v4_form(value);
    std::memcpy(storage_.data(), &native, sizeof native);
    size_ = sizeof native;
  } else {
    const sockaddr_in6 native = v6_form(value);
    std::memcpy(storage_.data(), &native, sizeof native);
    size_ = sizeof native;
  }
  detail::note_length(storage_.data(), size_);
}

result<endpoint> endpoint::from_native(const void* data, std::size_t size) noexcept {
  constexpr std::size_t family_offset = offsetof(sockaddr, sa_family);
  sa_family_t family;
  if (size < family_offset + sizeof family) {
    return fail(std::make_error_code(std::errc::invalid_argument));
  }
  std::memcpy(&family, static_cast<const std::byte*>(data) + family_offset, sizeof family);
  switch (family) {
    case AF_INET:
      return convert(data, size, from_v4);
    case AF_INET6:
      return convert(data, size, from_v6);
    default:
      return fail(std::make_error_code(std::errc::address_family_not_supported));
  }
}

}  // namespace weft
