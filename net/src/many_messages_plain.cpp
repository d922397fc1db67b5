#include <sys/socket.h>

#include <weft/io/detail/syscalls.hpp>

#include "many_messages.hpp"
#include "one_by_one.hpp"

/// macOS and Windows have no call for many messages, and FreeBSD's is such a loop in its library.
namespace weft::detail {

int receive_messages(int fd, std::span<numbered_message> messages) noexcept {
  return one_by_one(messages,
                    [&](msghdr& message) { return sys::receive_message(fd, &message, 0); });
}

int send_messages(int fd, std::span<numbered_message> messages) noexcept {
  return one_by_one(messages, [&](msghdr& message) { return sys::send_message(fd, &message, 0); });
}

}  // namespace weft::detail
