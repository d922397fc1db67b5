#include <sys/socket.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/native_endpoint.hpp>
#include <weft/net/tcp_socket.hpp>

#include "socket.hpp"

namespace weft {

result<tcp_socket> tcp_socket::open_v4() noexcept {
  auto opened = detail::open_socket(AF_INET, SOCK_STREAM);
  return opened ? result<tcp_socket>(tcp_socket(std::move(*opened))) : fail(opened.error());
}

result<tcp_socket> tcp_socket::open_v6() noexcept {
  auto opened = detail::open_socket(AF_INET6, SOCK_STREAM);
  return opened ? result<tcp_socket>(tcp_socket(std::move(*opened))) : fail(opened.error());
}

result<void> tcp_socket::bind(const endpoint& where) const noexcept {
  const native_endpoint address(where);
  return detail::do_on(descriptor_, [&](int fd) noexcept {
    return detail::sys::bind(fd, address.data(), address.size());
  });
}

result<endpoint> tcp_socket::local_endpoint() const noexcept {
  return detail::local_endpoint_of(descriptor_);
}

result<tcp_listener> tcp_socket::listen(int backlog) && noexcept {
  const auto done = detail::do_on(descriptor_, [&](int fd) noexcept {
    return detail::sys::listen(fd, backlog > 0 ? backlog : SOMAXCONN);
  });
  if (!done) {
    return fail(done.error());
  }
  return tcp_listener::from(std::move(descriptor_));
}

result<tcp_stream> tcp_socket::connect(const endpoint& where) && noexcept {
  native_endpoint address(where);
  unsigned size = address.size();
  io::operation op{.code = io::opcode::connect, .data = address.data(), .address_size = &size};
  if (auto connected = descriptor_.perform(op); !connected) {
    return fail(connected.error());
  }
  return tcp_stream::from(std::move(descriptor_));
}

}  // namespace weft
