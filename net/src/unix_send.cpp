#include <sys/socket.h>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>

#include "address_length.hpp"
#include "datagram.hpp"
#include "socket.hpp"
#include "unix_socket.hpp"

/// A datagram socket without a peer counts as writable however full the receiver is, so waiting for
/// that would be waiting for nothing, or forever. Only a socket that is connected to the receiver
/// learns when there is room: send_to_unix() makes one for the time that it has to wait. That wait
/// is cut into short pieces, because closing the socket proper does not end it.
namespace weft::detail {

namespace {

bool would_block(const result<void>& outcome) noexcept {
  return !outcome && outcome.error() == std::errc::operation_would_block;
}

/// What the BSDs and macOS say of a full receiver, and then call the socket writable. Elsewhere it
/// is the system that has run out of something.
bool has_no_room(const result<void>& outcome) noexcept {
  return begins_with_length<sockaddr> && !outcome && outcome.error() == std::errc::no_buffer_space;
}

/// Whatever ends this, the next attempt to send tells why.
void wait_for_room(const io::descriptor& socket, const native_unix_endpoint& to) noexcept {
  using namespace std::chrono_literals;
  timeout_scope look_around(20ms);
  if (!wait_writable(socket)) {
    return;
  }
  const auto watcher = open_socket(AF_UNIX, SOCK_DGRAM);
  if (watcher && name_peer(*watcher, to.data(), to.size())) {
    (void)wait_writable(*watcher);
  } else {
    (void)sleep_for(1ms);
  }
}

}  // namespace

result<void> send_to_unix(const io::descriptor& socket, std::span<const std::byte> data,
                          const native_unix_endpoint& to) noexcept {
  for (;;) {
    if (auto open = may_go_on(); !open) {
      return open;
    }
    const auto sent = send_datagram(socket, data, to.data(), to.size(), waiting::refused);
    if (would_block(sent)) {
      wait_for_room(socket, to);
    } else if (has_no_room(sent)) {
      (void)sleep_for(std::chrono::milliseconds(1));
    } else {
      return sent;
    }
  }
}

}  // namespace weft::detail
