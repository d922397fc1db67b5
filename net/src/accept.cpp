#include "accept.hpp"

#include <algorithm>
#include <cerrno>
#include <new>

#include <sys/socket.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/runtime/sleep.hpp>

#include "socket.hpp"
#include "socket_option_names.hpp"

namespace weft::detail {

namespace {

/// Whether the error is that of a connection that was to be accepted, not the listener's: on Linux
/// accept() reports what has happened to the connection meanwhile.
bool peer_gave_up(std::error_code error) noexcept {
  if (error.category() != system_error_of(-ECONNABORTED).category()) {
    return false;
  }
  switch (error.value()) {
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENOPROTOOPT:
      return true;
    default:
      return error.value() == machine_off_network;
  }
}

result<io::descriptor> adopt(std::size_t fd) noexcept {
  try {
    return io::descriptor::adopt_nonblocking(static_cast<int>(fd));
  } catch (const std::bad_alloc&) {
    sys::close(static_cast<int>(fd));
    return fail(std::make_error_code(std::errc::not_enough_memory));
  }
}

}  // namespace

result<io::descriptor> accept_on(const io::descriptor& listening, void* peer,
                                 unsigned* peer_size) noexcept {
  const unsigned room = peer_size ? *peer_size : 0;
  duration pause = std::chrono::milliseconds(5);
  for (;;) {
    if (peer_size) {
      *peer_size = room;
    }
    io::operation op{.code = io::opcode::accept, .data = peer, .address_size = peer_size};
    const auto accepted = listening.perform(op);
    if (accepted) {
      return adopt(*accepted);
    }
    if (peer_gave_up(accepted.error())) {
      continue;
    }
    if (!is_shortage(accepted.error())) {
      return fail(accepted.error());
    }
    if (auto slept = sleep_for(pause); !slept) {
      return fail(slept.error());
    }
    pause = std::min<duration>(pause * 2, std::chrono::seconds(1));
  }
}

result<io::descriptor> try_accept_on(const io::descriptor& listening) noexcept {
  for (;;) {
    io::operation op{.code = io::opcode::accept};
    const auto accepted = listening.try_perform(op);
    if (accepted) {
      return adopt(*accepted);
    }
    if (!peer_gave_up(accepted.error())) {
      return fail(accepted.error());
    }
  }
}

}  // namespace weft::detail
