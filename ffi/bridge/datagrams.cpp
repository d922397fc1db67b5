#include "datagrams.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <sys/socket.h>

#include <weft/io/detail/syscalls.hpp>

#include "codes.hpp"
#include "library.hpp"
#include "limits.hpp"
#include "local_datagrams.hpp"
#include "options.hpp"

namespace weft::dart {

namespace sys = weft::detail::sys;

namespace {

/// Writes who has sent a datagram.
void write_head(const native_address& from, std::byte* head) noexcept {
  std::memset(head, 0, datagram_head);
  sockaddr_in v4;
  sockaddr_in6 v6;
  std::memcpy(&v4, from.storage.data(), sizeof v4);
  std::memcpy(&v6, from.storage.data(), sizeof v6);
  const bool is_v4 = v4.sin_family == AF_INET;
  const std::size_t size = is_v4 ? ipv4_size : ipv6_size;
  if (is_v4) {
    std::memcpy(head, &v4.sin_addr, size);
  } else {
    std::memcpy(head, &v6.sin6_addr, size);
  }
  head[16] = static_cast<std::byte>(size);
  std::memcpy(head + 18, is_v4 ? &v4.sin_port : &v6.sin6_port, 2);  // network order already
}

msghdr message_of(const native_address& name, iovec& part) noexcept {
  msghdr made{};
  made.msg_name = const_cast<std::byte*>(name.storage.data());
  made.msg_namelen = name.size;
  made.msg_iov = &part;
  made.msg_iovlen = 1;
  return made;
}

std::ptrdiff_t send_one(int fd, std::span<const std::byte> data,
                        const native_address& to) noexcept {
  iovec part{const_cast<std::byte*>(data.data()), data.size()};
  const msghdr whole = message_of(to, part);
  return sys::send_message(fd, &whole, MSG_NOSIGNAL);
}

bool set(int fd, int level, int name, int value) noexcept {
  return sys::set_option(fd, level, name, &value, sizeof value) == 0;
}

/// A socket that is bound, or why not.
std::int64_t open_bound(const bind_at& where) noexcept {
  const auto* name = reinterpret_cast<const sockaddr*>(where.address.storage.data());
  const int fd = sys::socket(name->sa_family, SOCK_DGRAM, 0);
  if (fd < 0) {
    const bool is_shortage = fd == -EMFILE || fd == -ENFILE || fd == -ENOBUFS || fd == -ENOMEM;
    return code::explained(is_shortage ? code::out_of_memory : code::bind_failed, fd);
  }
  const bool is_v6 = name->sa_family == AF_INET6;
  const bool prepared = (!where.shared || (set(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
                                           set(fd, SOL_SOCKET, SO_REUSEPORT, 1))) &&
                        (!is_v6 || set(fd, IPPROTO_IPV6, IPV6_V6ONLY, where.v6_only ? 1 : 0));
  int bound = prepared ? sys::bind(fd, name, where.address.size) : -EINVAL;
  if (bound == -EADDRINUSE) {
    // It may be that of an isolate that is no more.
    sweep_dead_ports();
    bound = sys::bind(fd, name, where.address.size);
  }
  if (bound != 0) {
    sys::close(fd);
    return prepared ? code::explained(code::bind_failed, bound) : code::option_failed;
  }
  return fd;
}

bool is_v6(const socket_slot& slot) noexcept {
  sockaddr_storage name{};
  unsigned size = sizeof name;
  return sys::local_name(slot.fd, reinterpret_cast<sockaddr*>(&name), &size) == 0 &&
         name.ss_family == AF_INET6;
}

struct option_name {
  int level;
  int name;
};

option_name name_of(const socket_slot& slot, udp_option which) noexcept {
  switch (which) {
    case udp_option::broadcast:
      return {SOL_SOCKET, SO_BROADCAST};
    case udp_option::multicast_loop:
      return is_v6(slot) ? option_name{IPPROTO_IPV6, IPV6_MULTICAST_LOOP}
                         : option_name{IPPROTO_IP, IP_MULTICAST_LOOP};
    case udp_option::multicast_hops:
      return is_v6(slot) ? option_name{IPPROTO_IPV6, IPV6_MULTICAST_HOPS}
                         : option_name{IPPROTO_IP, IP_MULTICAST_TTL};
  }
  return {};
}

}  // namespace

std::ptrdiff_t receive_datagram(socket_slot& slot, read_buffer& into) noexcept {
  native_address from;
  from.size = from.storage.size();
  const std::size_t head = slot.is_local ? local_datagram_head : datagram_head;
  iovec part{into.data() + head, limits::read_size - head};
  msghdr message = message_of(from, part);
  const std::ptrdiff_t got = sys::receive_message(slot.fd, &message, 0);
  if (got < 0) {
    return got;
  }
  if ((message.msg_flags & MSG_TRUNC) != 0) {
    return -EMSGSIZE;
  }
  from.size = message.msg_namelen;
  slot.is_local ? write_local_head(from, into.data()) : write_head(from, into.data());
  return got + static_cast<std::ptrdiff_t>(head);
}

std::int64_t start_send(socket_slot& slot, std::int64_t id, std::span<const std::byte> data,
                        const native_address& to) noexcept {
  if (is_overfull(slot)) {
    return code::out_of_memory;
  }
  const auto total = static_cast<std::int64_t>(data.size());
  if (slot.waiting_out.is_empty()) {
    const std::ptrdiff_t sent = send_one(slot.fd, data, to);
    if (sent != -EAGAIN) {
      reply(slot, id, sent < 0 ? code::explained(code::write_failed, sent) : total);
      return code::ok;
    }
  }
  const bool is_first = slot.waiting_out.is_empty();
  const std::int64_t queued = queue_write(slot, id, total, data, to);
  if (queued == code::ok && is_first && slot.is_local) {
    serve_sends(slot);
  }
  return queued;
}

void serve_sends(socket_slot& slot) noexcept {
  while (!slot.waiting_out.is_empty() && !slot.orphaned) {
    auto& front = static_cast<write_request&>(slot.waiting_out.front());
    const std::ptrdiff_t sent = send_one(slot.fd, front.unsent(), front.to);
    if (sent == -EAGAIN && (!slot.is_local || await_room(slot))) {
      return;
    }
    reply(slot, front.id, sent < 0 ? code::explained(code::write_failed, sent) : front.total);
    drop_write(slot);
  }
}

std::int64_t start_bind(port owner, std::int64_t id, const bind_at& where) noexcept {
  // Before the slot is taken: an address in use has the slots swept.
  const std::int64_t opened = open_bound(where);
  return opened < 0 ? opened : begin(owner, id, static_cast<int>(opened), stage::datagrams);
}

std::int64_t set_membership(const socket_slot& slot, std::span<const std::byte> group,
                            int interface_index, bool joins) noexcept {
  int result = 0;
  if (group.size() == ipv4_size) {
    ip_mreqn wanted{};
    std::memcpy(&wanted.imr_multiaddr, group.data(), ipv4_size);
    wanted.imr_ifindex = interface_index;
    result = sys::set_option(slot.fd, IPPROTO_IP, joins ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP,
                             &wanted, sizeof wanted);
  } else {
    ipv6_mreq wanted{};
    std::memcpy(&wanted.ipv6mr_multiaddr, group.data(), ipv6_size);
    wanted.ipv6mr_interface = static_cast<unsigned>(interface_index);
    result = sys::set_option(slot.fd, IPPROTO_IPV6, joins ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP,
                             &wanted, sizeof wanted);
  }
  return result != 0 ? code::option_failed : code::ok;
}

std::int64_t option_of(const socket_slot& slot, udp_option which) noexcept {
  const option_name option = name_of(slot, which);
  int value = 0;
  unsigned size = sizeof value;
  const int result = sys::get_option(slot.fd, option.level, option.name, &value, &size);
  return result != 0 ? code::option_failed : value;
}

std::int64_t set_option(const socket_slot& slot, udp_option which, int value) noexcept {
  const option_name option = name_of(slot, which);
  return set(slot.fd, option.level, option.name, value) ? code::ok : code::option_failed;
}

}  // namespace weft::dart
