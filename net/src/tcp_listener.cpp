#include <algorithm>
#include <cerrno>
#include <new>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/native_endpoint.hpp>
#include <weft/net/tcp_listener.hpp>
#include <weft/runtime/sleep.hpp>

#include "socket.hpp"

namespace weft {

namespace {

/// Whether the error is that of a connection that was to be accepted, not the listener's: on Linux
/// accept() reports what has happened to the connection meanwhile.
bool peer_gave_up(std::error_code error) noexcept {
  if (error.category() != std::system_category()) {
    return false;
  }
  switch (error.value()) {
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case ENOPROTOOPT:
      return true;
    default:
      return false;
  }
}

result<tcp_stream> adopt(std::size_t fd) noexcept {
  try {
    return tcp_stream::from(io::descriptor::adopt_nonblocking(static_cast<int>(fd)));
  } catch (const std::bad_alloc&) {
    detail::sys::close(static_cast<int>(fd));
    return fail(std::make_error_code(std::errc::not_enough_memory));
  }
}

/// Where the peer's address goes, if anyone wants it.
struct peer_name {
  native_endpoint address;
  unsigned size = native_endpoint::capacity();

  io::operation accepting() noexcept {
    size = native_endpoint::capacity();
    return {.code = io::opcode::accept, .data = address.data(), .address_size = &size};
  }
  endpoint value() noexcept {
    address.resize(size);
    return address.to_endpoint().value_or(endpoint());
  }
};

result<tcp_stream> accept_on(const io::descriptor& listening, peer_name* name) noexcept {
  duration pause = std::chrono::milliseconds(5);
  for (;;) {
    io::operation op = name ? name->accepting() : io::operation{.code = io::opcode::accept};
    auto accepted = listening.perform(op);
    if (accepted) {
      return adopt(*accepted);
    }
    if (peer_gave_up(accepted.error())) {
      continue;
    }
    if (!detail::is_shortage(accepted.error())) {
      return fail(accepted.error());
    }
    if (auto slept = sleep_for(pause); !slept) {
      return fail(slept.error());
    }
    pause = std::min<duration>(pause * 2, std::chrono::seconds(1));
  }
}

}  // namespace

result<tcp_stream> tcp_listener::accept() const noexcept {
  return accept_on(descriptor_, nullptr);
}

result<tcp_stream> tcp_listener::accept(endpoint& peer) const noexcept {
  peer_name name;
  auto accepted = accept_on(descriptor_, &name);
  if (accepted) {
    peer = name.value();
  }
  return accepted;
}

result<tcp_stream> tcp_listener::try_accept() const noexcept {
  for (;;) {
    io::operation op{.code = io::opcode::accept};
    auto accepted = descriptor_.try_perform(op);
    if (accepted) {
      return adopt(*accepted);
    }
    if (!peer_gave_up(accepted.error())) {
      return fail(accepted.error());
    }
  }
}

result<endpoint> tcp_listener::local_endpoint() const noexcept {
  return detail::local_endpoint_of(descriptor_);
}

}  // namespace weft
