#include "options.hpp"

#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <weft/io/detail/syscalls.hpp>

#include "codes.hpp"

namespace weft::dart {

namespace sys = weft::detail::sys;

native_address native(std::span<const std::byte> address, std::int64_t port_number) noexcept {
  native_address made;
  const auto number = htons(static_cast<std::uint16_t>(port_number));
  if (address.size() == ipv4_size) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = number;
    std::memcpy(&name.sin_addr, address.data(), ipv4_size);
    std::memcpy(made.storage.data(), &name, sizeof name);
    made.size = sizeof name;
  } else {
    sockaddr_in6 name{};
    name.sin6_family = AF_INET6;
    name.sin6_port = number;
    std::memcpy(&name.sin6_addr, address.data(), ipv6_size);
    std::memcpy(made.storage.data(), &name, sizeof name);
    made.size = sizeof name;
  }
  return made;
}

namespace {

union any_name {
  sockaddr all;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

bool ask_name(const socket_slot& slot, whose_end end, any_name& name) noexcept {
  unsigned size = sizeof name;
  const int result = end == whose_end::ours ? sys::local_name(slot.fd, &name.all, &size)
                                            : sys::peer_name(slot.fd, &name.all, &size);
  return result == 0;
}

struct option_name {
  int level;
  int name;
};

option_name name_of(flag which) noexcept {
  return which == flag::keep_alive ? option_name{SOL_SOCKET, SO_KEEPALIVE}
                                   : option_name{IPPROTO_TCP, TCP_NODELAY};
}

}  // namespace

std::int64_t address_of(const socket_slot& slot, whose_end end, std::byte* out) noexcept {
  any_name name{};
  if (!ask_name(slot, end, name)) {
    return code::option_failed;
  }
  if (name.all.sa_family == AF_INET) {
    std::memcpy(out, &name.v4.sin_addr, ipv4_size);
    return ipv4_size;
  }
  if (name.all.sa_family != AF_INET6) {
    return code::option_failed;
  }
  std::memcpy(out, &name.v6.sin6_addr, ipv6_size);
  return ipv6_size;
}

std::int64_t port_of(const socket_slot& slot, whose_end end) noexcept {
  any_name name{};
  if (!ask_name(slot, end, name)) {
    return code::option_failed;
  }
  switch (name.all.sa_family) {
    case AF_INET:
      return ntohs(name.v4.sin_port);
    case AF_INET6:
      return ntohs(name.v6.sin6_port);
    default:
      return code::option_failed;
  }
}

std::int64_t flag_of(const socket_slot& slot, flag which) noexcept {
  const option_name option = name_of(which);
  int value = 0;
  unsigned size = sizeof value;
  const int result = sys::get_option(slot.fd, option.level, option.name, &value, &size);
  return result != 0 ? code::option_failed : value != 0 ? 1 : 0;
}

std::int64_t set_flag(const socket_slot& slot, flag which, bool on) noexcept {
  const option_name option = name_of(which);
  const int value = on ? 1 : 0;
  const int result = sys::set_option(slot.fd, option.level, option.name, &value, sizeof value);
  return result != 0 ? code::option_failed : code::ok;
}

}  // namespace weft::dart
